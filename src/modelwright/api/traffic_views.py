"""`/api/v1/models/{subject}/monitoring/`: what a model's traffic shows."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from modelwright.accounts.roles import Action
from modelwright.api.performance_base import PerformanceView, parameters
from modelwright.api.serving_views import SUBJECT
from modelwright.api.traffic_serializers import (
    TrafficCheckSerializer,
    TrafficMetricsSerializer,
    TrafficQuerySerializer,
    TrafficSerializer,
)
from modelwright.api.training_docs import COMMON, problem
from modelwright.catalog.access import Level
from modelwright.monitoring.traffic.checks import traffic_check, traffic_facts
from modelwright.monitoring.traffic.following import traffic_catch_up
from modelwright.monitoring.traffic.selectors import last_check_of, metrics_over_time
from modelwright.registry.selectors import subject_for
from modelwright.serving.journaling import journal

TAG = "Monitoring"
CATCH_UP_SECONDS = 5.0
NO_SUBJECT = problem("No such subject", "There is no model 'x'.")


@extend_schema_view(
    get=extend_schema(
        operation_id="models_monitoring",
        tags=[TAG],
        summary="What the last check of a champion's traffic found",
        parameters=[SUBJECT],
        responses={200: TrafficSerializer, 404: NO_SUBJECT, **COMMON},
    )
)
class TrafficView(PerformanceView):
    """The last check."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}

    def get(self, request: Request, subject: str) -> Response:
        """Return it."""
        return Response(TrafficSerializer(last_check_of(subject_for(request.user, subject))).data)


@extend_schema_view(
    get=extend_schema(
        operation_id="models_monitoring_metrics",
        tags=[TAG],
        summary="Metrics from predictions and actual values, by version and time",
        description=(
            "Labels: accuracy, precision, recall, f1_score (weighted by support) and log_loss;"
            " numbers: mae, rmse and r2. An actual value counts for the hour that its prediction"
            " was for, however late it comes; a corrected one in place of the first."
        ),
        parameters=[SUBJECT, TrafficQuerySerializer],
        responses={
            200: TrafficMetricsSerializer,
            404: NO_SUBJECT,
            422: problem("A value is wrong", "step must be one of hour, day"),
            **COMMON,
        },
    )
)
class TrafficMetricsView(PerformanceView):
    """Metrics over time."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}

    def get(self, request: Request, subject: str) -> Response:
        """Return them."""
        found = subject_for(request.user, subject)
        asked = parameters(request, TrafficQuerySerializer).validated_data
        versions = metrics_over_time(
            found, days=asked["days"], step=asked["step"], number=asked.get("version")
        )
        body = {"subject": found.slug, "step": asked["step"], "versions": versions}
        return Response(TrafficMetricsSerializer(body).data)


@extend_schema_view(
    post=extend_schema(
        operation_id="models_monitoring_check",
        tags=[TAG],
        summary="Check a champion's traffic now",
        description=(
            "Inputs and predictions of the last day with enough of them are compared with those"
            " of the training, errors with those of the hold-out; alerts are raised, or closed."
            " The same is done every hour that has news."
        ),
        parameters=[SUBJECT],
        request=None,
        responses={
            200: TrafficCheckSerializer,
            404: problem("Nothing to check", "No prediction of version 1 is counted yet."),
            **COMMON,
        },
    )
)
class TrafficCheckView(PerformanceView):
    """Checking."""

    actions: ClassVar = {"POST": Action.RUNS_TRAIN}

    def post(self, request: Request, subject: str) -> Response:
        """Count what is new, and check."""
        found = subject_for(request.user, subject, Level.EDITOR)
        journal.settle()  # what was answered a moment ago is a prediction, too
        traffic_catch_up(CATCH_UP_SECONDS)
        checked = traffic_facts(traffic_check(subject=found))
        return Response(TrafficCheckSerializer(checked).data)
