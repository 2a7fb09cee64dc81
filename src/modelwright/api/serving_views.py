"""`/api/v1/models/{subject}/predict` and `…/actuals`."""

import csv
import io
from collections.abc import Mapping
from typing import IO, Any, ClassVar

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
    extend_schema_view,
)
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from modelwright.accounts.roles import Action
from modelwright.api.base import actor_of
from modelwright.api.parsers import BodyTooLargeError, StrictJSONParser
from modelwright.api.performance_base import PerformanceView
from modelwright.api.serving_serializers import (
    ActualsSerializer,
    PredictedSerializer,
    PredictSerializer,
    RecordedSerializer,
)
from modelwright.api.throttling import PredictThrottle
from modelwright.api.training_docs import COMMON, problem
from modelwright.catalog.access import Level
from modelwright.registry.selectors import subject_for, version_named
from modelwright.serving.actuals import Truth, actuals_record
from modelwright.serving.services import Given, predict
from modelwright.serving.services import Request as Wanted

MAX_BYTES = 16 * 1024 * 1024
TAG = "Predictions"
SUBJECT = OpenApiParameter(
    "subject",
    str,
    OpenApiParameter.PATH,
    description="Slug or id of a subject, or the id of a training that made one of its versions.",
)


class RowsParser(StrictJSONParser):
    """Rows may be many, and come from programs: to look at each one's names would take longer."""

    max_bytes = MAX_BYTES
    names_looked_at = False


class CsvParser(BaseParser):
    """A table with a header line, as columns of texts."""

    media_type = "text/csv"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, list[str]]:
        """Return column -> cells."""
        raw = stream.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise BodyTooLargeError(f"The body is larger than {MAX_BYTES // 1024} kB.")
        try:
            lines = list(csv.reader(io.StringIO(raw.decode("utf-8-sig")), strict=True))
        except (UnicodeDecodeError, csv.Error) as error:
            raise ParseError(f"The body is no CSV: {error}") from error
        rows = [line for line in lines if line]
        if not rows or len(set(rows[0])) != len(rows[0]):
            raise ParseError("The first line must name the columns, each once.")
        for number, row in enumerate(rows[1:], start=2):
            if len(row) != len(rows[0]):
                raise ParseError(f"Line {number} has {len(row)} cells; the header {len(rows[0])}.")
        return {name: [row[i] for row in rows[1:]] for i, name in enumerate(rows[0])}


@extend_schema_view(
    post=extend_schema(
        operation_id="models_predict",
        tags=[TAG],
        summary="Predict with the champion of a subject",
        description=(
            "One row, many rows, or a CSV file whose first line names the columns (`key` and"
            " `time` among them are not the model's). Columns that the model doesn't know are left"
            " out; unknown categories are allowed. Each answer has an id by which its actual value"
            " may come later."
        ),
        parameters=[SUBJECT],
        request={"application/json": PredictSerializer, "text/csv": str},
        examples=[
            OpenApiExample(
                "One row",
                value={"row": {"age": 41, "site": "north"}, "key": "employee-7"},
                request_only=True,
            )
        ],
        responses={
            200: PredictedSerializer,
            404: problem("No such subject, or nobody can answer", "There is no model 'x'."),
            422: problem("The rows don't fit the model", "Column 'age' is missing."),
            503: problem("The models' process is away", "Try again."),
            **COMMON,
        },
    )
)
class PredictView(PerformanceView):
    """Predicting."""

    actions: ClassVar = {"POST": Action.MODELS_PREDICT}
    parser_classes = (RowsParser, CsvParser)
    throttle_classes = (PredictThrottle,)

    def post(self, request: Request, subject: str) -> Response:
        """Answer, and keep what was answered."""
        found = subject_for(request.user, subject)
        if request.content_type.startswith("text/csv"):
            wanted, version = _of_csv(request), request.query_params.get("version", "")
        else:
            body = PredictSerializer(data=request.data)
            body.is_valid(raise_exception=True)
            wanted, version = body.to_request(), body.validated_data.get("version", "")
        if version:
            wanted = Wanted(**{**vars(wanted), "version": version_named(found, version)})
        given = predict(subject=found, request=wanted, user=actor_of(request))
        return Response(_answer(found.slug, given))


def _of_csv(request: Request) -> Wanted:
    table = dict(request.data)
    if not table or not next(iter(table.values())):
        raise ParseError("The file has no row below its header.")
    fields: dict[str, Any] = {"explain": request.query_params.get("explain") == "true"}
    for name, many in (("key", "keys"), ("time", "times")):
        if name in table:
            fields[many] = table.pop(name)
    body = PredictSerializer(data={"columns": table, **fields})
    body.is_valid(raise_exception=True)
    return Wanted(**{**vars(body.to_request()), "written": True})


def _answer(slug: str, given: list[Given]) -> dict[str, Any]:
    versions = {one.version.number: one.version.name for one in given}
    number, name = next(iter(versions.items())) if len(versions) == 1 else (None, None)
    return {
        "subject": slug,
        "version": number,
        "model_version": name,
        "logged": all(one.is_logged for one in given),
        "predictions": [_one(one) for one in given],
    }


def _one(given: Given) -> dict[str, Any]:
    answer = given.answer
    return {
        "prediction_id": str(given.prediction_id),
        "prediction": answer.label or answer.value,
        "version": given.version.number,
        **answer.details,
    }


@extend_schema_view(
    post=extend_schema(
        operation_id="models_actuals",
        tags=[TAG],
        summary="Tell what really happened",
        description=(
            "By the prediction's id, or by the key (and the time) that it was asked with. In any"
            " order, late, early or twice: what has no prediction yet is kept until one comes."
        ),
        parameters=[SUBJECT],
        request=ActualsSerializer,
        responses={
            200: RecordedSerializer,
            404: problem("No such subject", "There is no model 'x'."),
            422: problem("An entry is wrong", "Entry 1 needs a prediction_id or a key."),
            **COMMON,
        },
    )
)
class ActualsView(PerformanceView):
    """Actual values."""

    actions: ClassVar = {"POST": Action.RUNS_TRAIN}
    parser_classes = (RowsParser,)
    throttle_classes = (PredictThrottle,)

    def post(self, request: Request, subject: str) -> Response:
        """Keep them, and say what became of them."""
        found = subject_for(request.user, subject, Level.EDITOR)
        body = ActualsSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        truths = [_truth(entry) for entry in body.validated_data["actuals"]]
        return Response(vars(actuals_record(subject=found, truths=truths)))


def _truth(entry: Mapping[str, Any]) -> Truth:
    actual = entry["actual"]
    is_label = isinstance(actual, str)
    return Truth(
        prediction_id=entry.get("prediction_id"),
        key=entry.get("key", ""),
        at=entry.get("time"),
        label=actual if is_label else "",
        value=None if is_label else float(actual),
    )
