"""Contract B: `/api/v1/model-performance/ab-test/`."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response

from modelwright.abtests.models import ABTest
from modelwright.abtests.planning import ab_test_plan
from modelwright.abtests.selectors import ab_test_for, ab_tests_visible
from modelwright.abtests.services import (
    ABTestRequest,
    ab_test_cancel,
    ab_test_conclude,
    ab_test_look,
    ab_test_start,
)
from modelwright.accounts.roles import Action
from modelwright.api.abtest_serializers import (
    ABPlanRequestSerializer,
    ABPlanSerializer,
    ABResultsSerializer,
    ABTestQuerySerializer,
    ABTestSerializer,
    ABTestStartSerializer,
    results_of,
)
from modelwright.api.base import actor_of
from modelwright.api.pagination import Pages
from modelwright.api.performance_base import PerformanceView, id_of, parameters
from modelwright.api.training_docs import COMMON, problem
from modelwright.catalog.access import Level
from modelwright.catalog.machines import machine_get
from modelwright.core.errors import InvalidInputError
from modelwright.registry.models import ModelVersion
from modelwright.registry.selectors import subject_for

TAG = "A/B tests"
ID = OpenApiParameter("test_id", str, OpenApiParameter.PATH)
NO_TEST = problem("No such test", "There is no such A/B test.")
WRONG = problem("A value is wrong", "The two models must be different versions.")


def ab_test_of(request: Request, text: str, level: Level = Level.VIEWER) -> ABTest:
    """Return the test of an address, if the user may do with it what `level` says."""
    return ab_test_for(request.user, id_of(text, "test_id"), level)


def _version(request: Request, field: str, model_id: UUID) -> ModelVersion:
    """Return the version that a training made, if the user may use it.

    Raises
    ------
    InvalidInputError
        That training made none.
    """
    found = (
        ModelVersion.objects.filter(run_id=model_id).select_related("run", "run__machine").first()
    )
    if found is None:
        raise InvalidInputError({field: [f"There is no model {model_id}."]})
    subject_for(request.user, str(model_id), Level.EDITOR)
    return found


@extend_schema_view(
    get=extend_schema(
        operation_id="ab_tests_list",
        tags=[TAG],
        summary="List A/B tests, newest first",
        parameters=[ABTestQuerySerializer],
        responses={200: ABTestSerializer(many=True), 422: WRONG, **COMMON},
    )
)
class ABTestListView(PerformanceView, generics.ListAPIView[ABTest]):
    """All tests."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}
    serializer_class = ABTestSerializer
    pagination_class = Pages
    filter_backends = ()

    def get_queryset(self) -> QuerySet[ABTest]:
        """Return those that one may see, narrowed as the query says."""
        if getattr(self, "swagger_fake_view", False):
            return ABTest.objects.none()
        query = ABTestQuerySerializer(data=self.request.query_params)
        query.is_valid(raise_exception=True)
        found = ab_tests_visible(self.request.user)
        for name in ("status", "model_type", "machine_id"):
            if name in query.validated_data:
                found = found.filter(**{name: query.validated_data[name]})
        return found


@extend_schema_view(
    post=extend_schema(
        operation_id="ab_tests_start",
        tags=[TAG],
        summary="Test a challenger against the champion",
        description=(
            "Both are versions of one subject. Errors come from predictions and their actual"
            " values (`shadow`, `split`), or from both versions on the same readings that arrived"
            " after either was trained (`back_test`). One may look at any time: the statistics"
            " allow it."
        ),
        request=ABTestStartSerializer,
        responses={
            201: ABTestSerializer,
            404: problem("No such machine", "Machine not found"),
            409: problem("A test of the same subject is on", "An A/B test is on."),
            422: WRONG,
            **COMMON,
        },
    )
)
class ABTestStartView(PerformanceView):
    """Starting."""

    actions: ClassVar = {"POST": Action.RUNS_TRAIN}

    def post(self, request: Request) -> Response:
        """Start it."""
        asked: dict[str, Any] = parameters(request, ABTestStartSerializer).validated_data
        version_a = _version(request, "model_a_id", asked["model_a_id"])
        version_b = _version(request, "model_b_id", asked["model_b_id"])
        _check_subject(asked, version_a)
        test = ab_test_start(
            request=ABTestRequest(
                name=asked["test_name"],
                version_a=version_a,
                version_b=version_b,
                **{
                    name: asked[name]
                    for name in (
                        "duration_hours", "mode", "traffic_split", "margin", "alpha", "max_rows",
                        "guards", "segment_column", "segment_tolerance",
                    )
                    if name in asked
                },
            ),
            user=actor_of(request),
        )  # fmt: skip
        return Response(ABTestSerializer(test).data, status=201)


def _check_subject(asked: dict[str, Any], version: ModelVersion) -> None:
    """Check that the models are of the machine and type that were named with them."""
    if "machine_id" in asked:
        machine = machine_get(asked["machine_id"])
        if version.run.machine != machine:
            raise InvalidInputError(
                {"model_a_id": [f"The model is not one of the machine {machine.name}."]}
            )
    if "model_type" in asked and version.run.model_type != asked["model_type"]:
        raise InvalidInputError({"model_a_id": [f"The model is of type {version.run.model_type}."]})


@extend_schema_view(
    get=extend_schema(
        operation_id="ab_tests_results",
        tags=[TAG],
        summary="What is known by now",
        parameters=[ID],
        responses={200: ABResultsSerializer, 404: NO_TEST, 422: WRONG, **COMMON},
    )
)
class ABTestResultsView(PerformanceView):
    """Results; looking counts what is new."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}

    def get(self, request: Request, test_id: str) -> Response:
        """Look."""
        return Response(results_of(ab_test_look(test=ab_test_of(request, test_id))))


@extend_schema_view(
    post=extend_schema(
        operation_id="ab_tests_cancel",
        tags=[TAG],
        summary="End a test without a verdict",
        parameters=[ID],
        request=None,
        responses={
            200: ABTestSerializer,
            404: NO_TEST,
            409: problem("It has ended already", "The test has already ended (completed)."),
            422: WRONG,
            **COMMON,
        },
    )
)
class ABTestCancelView(PerformanceView):
    """Cancelling."""

    actions: ClassVar = {"POST": Action.RUNS_TRAIN}

    def post(self, request: Request, test_id: str) -> Response:
        """End it."""
        test = ab_test_of(request, test_id, Level.EDITOR)
        return Response(ABTestSerializer(ab_test_cancel(test=test, user=actor_of(request))).data)


@extend_schema_view(
    post=extend_schema(
        operation_id="ab_tests_conclude",
        tags=[TAG],
        summary="End a test now, with what is known",
        description="Without a verdict by now it is inconclusive, and the champion is kept.",
        parameters=[ID],
        request=None,
        responses={
            200: ABResultsSerializer,
            404: NO_TEST,
            409: problem("It has ended already", "The test has already ended (completed)."),
            422: WRONG,
            **COMMON,
        },
    )
)
class ABTestConcludeView(PerformanceView):
    """Concluding."""

    actions: ClassVar = {"POST": Action.RUNS_TRAIN}

    def post(self, request: Request, test_id: str) -> Response:
        """End it."""
        test = ab_test_of(request, test_id, Level.EDITOR)
        return Response(results_of(ab_test_conclude(test=test, user=actor_of(request))))


@extend_schema_view(
    post=extend_schema(
        operation_id="ab_tests_plan",
        tags=[TAG],
        summary="How many rows and days a test would need",
        description="From the errors of the last 30 days; nothing is started.",
        request=ABPlanRequestSerializer,
        responses={200: ABPlanSerializer, 422: WRONG, **COMMON},
    )
)
class ABTestPlanView(PerformanceView):
    """Planning."""

    actions: ClassVar = {"POST": Action.RUNS_TRAIN}

    def post(self, request: Request) -> Response:
        """Reckon it."""
        asked: dict[str, Any] = dict(parameters(request, ABPlanRequestSerializer).validated_data)
        version_a = _version(request, "model_a_id", asked.pop("model_a_id"))
        version_b = _version(request, "model_b_id", asked.pop("model_b_id"))
        if version_a.subject != version_b.subject:
            raise InvalidInputError(
                {"model_b_id": ["The two models must be versions of the same subject."]}
            )
        found = ab_test_plan(version_a=version_a, version_b=version_b, **asked)
        return Response(ABPlanSerializer(found).data)
