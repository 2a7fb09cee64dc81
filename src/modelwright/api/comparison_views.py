"""Comparing two versions on the same data: a job, and what came of it."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from modelwright.accounts.roles import Action
from modelwright.api.base import actor_of
from modelwright.api.identifiers import IdField
from modelwright.api.moments import ZonedMomentField
from modelwright.api.pagination import Pages
from modelwright.api.performance_base import PerformanceView, id_of
from modelwright.api.registry_views import REST, SUBJECT, TAG
from modelwright.api.training_serializers import ClosedSerializer, PlainTextField
from modelwright.catalog.access import Level, dataset_for
from modelwright.registry.comparing import comparison_for, comparison_submit, comparisons_of
from modelwright.registry.models import Comparison
from modelwright.registry.selectors import subject_for, version_named
from modelwright.runs.jobs import job_cancel
from modelwright.runs.states import Status

ID = OpenApiParameter("comparison_id", str, OpenApiParameter.PATH)


class CompareSerializer(ClosedSerializer):
    """Which versions, on which rows."""

    a = PlainTextField(help_text="Number, alias or name.")
    b = PlainTextField(help_text="Number, alias or name.")
    dataset_id = IdField(
        required=False, help_text="Every row of it; default: the newer version's hold-out."
    )
    start = ZonedMomentField(required=False, help_text="Of a machine's model: from here on.")
    end = ZonedMomentField(required=False, help_text="And up to here.")


class MetricComparedSerializer(serializers.Serializer[Any]):
    """One metric of both."""

    name = serializers.CharField()
    a = serializers.FloatField(allow_null=True)
    b = serializers.FloatField(allow_null=True)
    difference = serializers.FloatField(allow_null=True, help_text="b less a.")
    lower = serializers.FloatField(
        allow_null=True, help_text="Of the difference, with 95 % confidence; null: too few rows."
    )
    upper = serializers.FloatField(allow_null=True)
    better = serializers.ChoiceField(choices=("a", "b", "same", "unclear"))


class ComparedSerializer(serializers.Serializer[Any]):
    """What came of it."""

    rows = serializers.IntegerField()
    task = serializers.CharField()
    data_sha256 = serializers.CharField()
    metrics = MetricComparedSerializer(many=True)
    warnings = serializers.ListField(child=serializers.CharField())


class ComparisonSerializer(serializers.Serializer[Comparison]):
    """A comparison."""

    id = serializers.UUIDField()
    subject = serializers.CharField(source="subject.slug")
    a = serializers.IntegerField(source="version_a.number")
    b = serializers.IntegerField(source="version_b.number")
    compared_on = serializers.ChoiceField(choices=Comparison.Source.values, source="source")
    dataset_id = serializers.UUIDField(allow_null=True)
    period_start = serializers.DateTimeField(allow_null=True)
    period_end = serializers.DateTimeField(allow_null=True)
    status = serializers.ChoiceField(choices=Status.values)
    progress = serializers.FloatField(source="progress_percent")
    error_message = serializers.CharField()
    by = serializers.CharField(source="user.username", default=None, allow_null=True)
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    result = serializers.SerializerMethodField()

    @extend_schema_field(ComparedSerializer(allow_null=True))
    def get_result(self, comparison: Comparison) -> Any:
        """Return what came of it; null: nothing yet."""
        return ComparedSerializer(comparison.result).data if comparison.result else None


@extend_schema_view(
    get=extend_schema(
        operation_id="subjects_comparisons",
        tags=[TAG],
        summary="Comparisons of its versions, newest first",
        parameters=[SUBJECT],
        responses={200: ComparisonSerializer(many=True), **REST},
    ),
    post=extend_schema(
        operation_id="subjects_compare",
        tags=[TAG],
        summary="Compare two versions on the same data",
        description="A worker asks both about each row. The interval of a difference is a paired"
        " bootstrap: one look at fixed rows. To look again and again, start an A/B test.",
        parameters=[SUBJECT],
        request=CompareSerializer,
        responses={202: ComparisonSerializer, **REST},
    ),
)
class ComparisonListView(PerformanceView, generics.ListAPIView[Comparison]):
    """Comparing the versions of a subject."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW, "POST": Action.RUNS_TRAIN}
    serializer_class = ComparisonSerializer
    pagination_class = Pages
    filter_backends = ()

    def get_queryset(self) -> QuerySet[Comparison]:
        """Return them."""
        if getattr(self, "swagger_fake_view", False):
            return Comparison.objects.none()
        return comparisons_of(subject_for(self.request.user, self.kwargs["subject"]))

    def post(self, request: Request, subject: str) -> Response:
        """Queue one."""
        found = subject_for(request.user, subject, Level.EDITOR)
        body = CompareSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = dict(body.validated_data)
        dataset_id = asked.pop("dataset_id", None)
        made = comparison_submit(
            a=version_named(found, asked.pop("a")),
            b=version_named(found, asked.pop("b")),
            user=actor_of(request),
            dataset=dataset_for(request.user, dataset_id) if dataset_id else None,
            **asked,
        )
        return Response(ComparisonSerializer(made).data, status=202)


@extend_schema_view(
    get=extend_schema(
        operation_id="comparisons_get",
        tags=[TAG],
        summary="One comparison",
        parameters=[ID],
        responses={200: ComparisonSerializer, **REST},
    )
)
class ComparisonView(PerformanceView):
    """One comparison."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}

    def get(self, request: Request, comparison_id: str) -> Response:
        """Return it."""
        found = comparison_for(request.user, id_of(comparison_id, "comparison_id"))
        return Response(ComparisonSerializer(found).data)


@extend_schema_view(
    post=extend_schema(
        operation_id="comparisons_cancel",
        tags=[TAG],
        summary="Cancel a comparison that has not ended",
        parameters=[ID],
        request=None,
        responses={200: ComparisonSerializer, **REST},
    )
)
class ComparisonCancelView(PerformanceView):
    """Cancelling."""

    actions: ClassVar = {"POST": Action.RUNS_CANCEL}

    def post(self, request: Request, comparison_id: str) -> Response:
        """Cancel it; one that has ended stays as it is."""
        key = id_of(comparison_id, "comparison_id")
        job_cancel(comparison_for(request.user, key, Level.EDITOR))
        return Response(ComparisonSerializer(comparison_for(request.user, key)).data)
