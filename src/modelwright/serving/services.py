"""Predicting, and taking the truth that comes later."""

import datetime as dt
import logging
import random
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connections, transaction

from modelwright.accounts.models import User
from modelwright.core.clock import now
from modelwright.core.errors import InvalidInputError, ModelwrightError
from modelwright.core.metering import PREDICTIONS
from modelwright.engine.serving.bodies import MAX_KEY_CHARS, MAX_ROWS
from modelwright.registry.errors import ArtifactChangedError
from modelwright.registry.models import ModelVersion, Subject
from modelwright.registry.selectors import champion_alone
from modelwright.serving.answering import RowAnswer, Table, version_ask
from modelwright.serving.errors import ModelFailedError, NoChampionError
from modelwright.serving.matching import actuals_waiting_match
from modelwright.serving.models import MILLISECONDS, Prediction, ServingSettings
from modelwright.serving.routing import Route, earlier_champions, routes_of
from modelwright.serving.selectors import serving_settings_of

log = logging.getLogger(__name__)

CHALLENGER = "b"
_shadows = ThreadPoolExecutor(max_workers=1, thread_name_prefix="shadow")

RefusedHook = Callable[[Subject, ModelVersion, str], None]
_refused_hooks: list[RefusedHook] = []


def on_artifact_refused(hook: RefusedHook) -> None:
    """Have `hook(subject, version, message)` called when a champion's file is refused."""
    if hook not in _refused_hooks:
        _refused_hooks.append(hook)


@dataclass(frozen=True)
class Request:
    """What somebody wants to know.

    Parameters
    ----------
    table : mapping
        Column -> cells, all of one length.
    keys : sequence of str
        One a row, or empty: what the rows are about; the same key is always answered by the same
        side of a test, and actual values may come for it.
    times : sequence of datetime
        One a row, or empty: the time that is predicted for.
    written, explain : bool
        As in `version_ask`.
    version : ModelVersion, optional
        Ask this one, whoever is champion; nothing of it counts for a test.
    """

    table: Table
    keys: Sequence[str] = ()
    times: Sequence[dt.datetime] = ()
    written: bool = False
    explain: bool = False
    version: ModelVersion | None = None

    @property
    def size(self) -> int:
        """Return the number of rows."""
        return len(next(iter(self.table.values()), []))

    def key(self, row: int) -> str:
        """Return the key of a row; empty: none."""
        return self.keys[row] if self.keys else ""


@dataclass(frozen=True)
class Given:
    """The answer to one row.

    Parameters
    ----------
    prediction_id : UUID
        By which its actual value may come.
    version : ModelVersion
    arm : str
    answer : RowAnswer
    is_logged : bool
        Whether it is kept.
    milliseconds : float or None
        That it took, of a row's share in its request; None where nobody compares it.
    """

    prediction_id: UUID
    version: ModelVersion
    arm: str
    answer: RowAnswer
    is_logged: bool
    milliseconds: float | None = None


def predict(*, subject: Subject, request: Request, user: User | None) -> list[Given]:
    """Answer, and keep what was answered.

    Raises
    ------
    InvalidInputError
        Too many rows, or keys and times that aren't one a row.
    NoChampionError
        Nobody can answer.
    RowsRefusedError, ModelFailedError, HostUnavailableError
        As `version_ask`.
    """
    _check(request)
    groups = _groups(subject, request)
    found: dict[int, Given] = {}
    kept = serving_settings_of(subject)
    logged = random.random() < kept.log_share  # noqa: S311  (which requests are kept is no secret)
    for route, rows in groups:
        begun = time.perf_counter()
        version, answers = _ask(subject, route, _part(request, rows), request)
        spent = _spent(begun, route, len(rows), request)
        for row, answer in zip(rows, answers, strict=True):
            arm = route.arm if version == route.version else ""
            found[row] = Given(uuid.uuid4(), version, arm, answer, logged, spent)
        if logged:
            given = [found[row] for row in rows]
            _keep(subject, route, request, rows, given, user, kept)
            if route.shadow is not None:
                _shadows.submit(_shadow, subject, route, request, rows, given)
    PREDICTIONS.labels(subject.model_type).inc(request.size)
    return [found[row] for row in range(request.size)]


def _spent(begun: float, route: Route, rows: int, request: Request) -> float | None:
    """Return the milliseconds of a row in a test.

    Where traffic is split, the larger side's rows come in larger parts, which take less a row:
    there only requests of one row are compared.
    """
    if route.test_id is None or (route.shadow is None and request.size > 1):
        return None
    return 1000 * (time.perf_counter() - begun) / rows


def _check(request: Request) -> None:
    if not 1 <= request.size <= MAX_ROWS:
        raise InvalidInputError(
            {"rows": [f"1 to {MAX_ROWS} rows at once; more as a batch prediction."]}
        )
    if request.keys and len(request.keys) != request.size:
        raise InvalidInputError({"keys": ["keys has one entry a row, or is left out."]})
    if request.times and len(request.times) != request.size:
        raise InvalidInputError({"times": ["times has one entry a row, or is left out."]})
    if any(len(key) > MAX_KEY_CHARS for key in request.keys):
        raise InvalidInputError({"keys": [f"A key has at most {MAX_KEY_CHARS} characters."]})


def _groups(subject: Subject, request: Request) -> list[tuple[Route, list[int]]]:
    """Return who answers which rows: without a test, one for all."""
    if request.version is not None:
        return [(Route(request.version), list(range(request.size)))]
    by_key = routes_of(subject)
    if not request.keys:
        return [(by_key(""), list(range(request.size)))]
    groups: dict[tuple[int, str], tuple[Route, list[int]]] = {}
    for row, key in enumerate(request.keys):
        route = by_key(key)
        groups.setdefault((route.version.pk, route.arm), (route, []))[1].append(row)
    return list(groups.values())


def _part(request: Request, rows: list[int]) -> Table:
    if len(rows) == request.size:
        return request.table
    return {name: [cells[row] for row in rows] for name, cells in request.table.items()}


def _ask(
    subject: Subject, route: Route, table: Table, request: Request
) -> tuple[ModelVersion, list[RowAnswer]]:
    """Ask the version of the route; where its file is refused, the last good one answers."""
    for version in _candidates(subject, route, request):
        try:
            return version, version_ask(
                version, table, written=request.written, explain=request.explain
            )
        except ArtifactChangedError as error:
            log.error("Version %s of %s is refused: %s", version.number, subject, error.message)
            for hook in _refused_hooks:
                hook(subject, version, error.message)
            if request.version is not None:
                raise
        except ModelFailedError as error:
            if route.arm != CHALLENGER or version != route.version:
                raise
            log.warning("The challenger of %s failed; the champion answers: %s", subject, error)
    raise NoChampionError(
        f"No version of {subject.title} has the bytes that were recorded: train it again."
    )


def _candidates(subject: Subject, route: Route, request: Request) -> Iterator[ModelVersion]:
    """Yield who is to answer, then, should that one be refused, who answered before."""
    yield route.version
    if route.arm == CHALLENGER and (champion := champion_alone(subject.key)) is not None:
        yield champion
    if request.version is None:
        yield from (v for v in earlier_champions(subject) if v != route.version)


def _keep(
    subject: Subject,
    route: Route,
    request: Request,
    rows: list[int],
    given: list[Given],
    user: User | None,
    kept: ServingSettings,
) -> None:
    moment = now()
    made = [
        Prediction(
            request_id=one.prediction_id,
            subject=subject,
            version=one.version,
            version_number=one.version.number,
            role=Prediction.Role.GIVEN,
            arm=one.arm,
            test_id=route.test_id if one.arm or route.shadow else None,
            key=request.key(row),
            at=request.times[row] if request.times else moment,
            label=one.answer.label,
            value=one.answer.value,
            details=_details(one.answer, one.milliseconds),
            inputs=_inputs(request, row) if kept.keep_inputs else None,
            user=user,
        )
        for row, one in zip(rows, given, strict=True)
    ]
    if route.arm and route.shadow is None and given[0].version != route.version:
        made += _missed(subject, route, request, rows, given)
    with transaction.atomic():
        if request.keys:
            Subject.objects.select_for_update().get(pk=subject.pk)
        Prediction.objects.bulk_create(made)
        if request.keys:
            actuals_waiting_match(subject, made)


def _missed(
    subject: Subject, route: Route, request: Request, rows: list[int], given: list[Given]
) -> list[Prediction]:
    """Return what a side of a test did not answer, so that its guard rails see it."""
    return [
        Prediction(
            request_id=one.prediction_id,
            subject=subject,
            version=route.version,
            version_number=route.version.number,
            role=Prediction.Role.SHADOW,
            arm=route.arm,
            test_id=route.test_id,
            key=request.key(row),
            at=request.times[row] if request.times else now(),
        )
        for row, one in zip(rows, given, strict=True)
    ]


def _details(answer: RowAnswer, milliseconds: float | None) -> dict[str, Any]:
    details = dict(answer.details)
    if milliseconds is not None:
        details[MILLISECONDS] = round(milliseconds, 3)
    return details


def _inputs(request: Request, row: int) -> dict[str, Any]:
    return {name: cells[row] for name, cells in request.table.items()}


def _shadow(
    subject: Subject, route: Route, request: Request, rows: list[int], given: list[Given]
) -> None:
    """Ask the challenger too; whatever goes wrong with it is nobody's loss but the test's."""
    shadow = route.shadow
    assert shadow is not None  # noqa: S101  (asked by the caller)
    try:
        begun = time.perf_counter()
        answers = version_ask(shadow, _part(request, rows), written=request.written)
        spent = _spent(begun, route, len(rows), request)
        with transaction.atomic():
            Subject.objects.select_for_update().get(pk=subject.pk)
            made = [
                Prediction(
                    request_id=one.prediction_id,
                    subject=subject,
                    version=shadow,
                    version_number=shadow.number,
                    role=Prediction.Role.SHADOW,
                    arm="b",
                    test_id=route.test_id,
                    key=request.key(row),
                    at=request.times[row] if request.times else now(),
                    label=answer.label,
                    value=answer.value,
                    details=_details(answer, spent),
                )
                for row, one, answer in zip(rows, given, answers, strict=True)
            ]
            Prediction.objects.bulk_create(made)
            actuals_waiting_match(subject, made)
    except (ModelwrightError, DatabaseError) as error:
        log.warning("The challenger of %s gave no shadow answer: %s", subject, error)
    finally:
        connections.close_all()
