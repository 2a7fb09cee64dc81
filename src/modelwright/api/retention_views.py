"""`/api/v1/retention/` and a subject's own: which files are kept, and giving up the others."""

from typing import Any, ClassVar

from django.http import JsonResponse
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from modelwright.accounts.roles import Action
from modelwright.api.base import actor_of
from modelwright.api.performance_base import PerformanceView
from modelwright.api.registry_views import REST, SUBJECT, TAG
from modelwright.api.retention_serializers import (
    ApplySerializer,
    FreedSerializer,
    PlanDetailSerializer,
    PlansSerializer,
    PredictionsFields,
    PredictionsPlanSerializer,
    RuleFields,
    RuleSerializer,
)
from modelwright.api.training_docs import COMMON
from modelwright.registry.models import Subject
from modelwright.registry.retention import (
    plan_of,
    plans_all,
    retention_apply,
    retention_require,
    rule_default,
    rule_drop,
    rule_of,
    rule_save,
)
from modelwright.registry.selectors import subject_for, subjects_visible
from modelwright.serving.retention import (
    predictions_old,
    predictions_plan,
    serving_settings_change,
)

RULE_OR_NULL = {"allOf": [{"$ref": "#/components/schemas/Rule"}], "nullable": True}


def _saved(request: Request, subject: Subject | None) -> Response:
    body = RuleFields(data=request.data)
    body.is_valid(raise_exception=True)
    rule = rule_save(subject=subject, user=actor_of(request), **body.validated_data)
    return Response(RuleSerializer(rule).data)


def _dropped(request: Request, subject: Subject | None) -> Response:
    if not rule_drop(subject=subject, user=actor_of(request)):
        return Response({"detail": "There is no such rule."}, status=404)
    return Response(status=204)


@extend_schema_view(
    get=extend_schema(
        operation_id="retention_get",
        tags=[TAG],
        summary="The rule of all models that have none of their own; null: all is kept",
        responses={200: RULE_OR_NULL, **COMMON},
    ),
    put=extend_schema(
        operation_id="retention_set",
        tags=[TAG],
        summary="Make or change it",
        request=RuleFields,
        responses={200: RuleSerializer, **REST},
    ),
    delete=extend_schema(
        operation_id="retention_remove",
        tags=[TAG],
        summary="Remove it",
        responses={204: None, **REST},
    ),
)
class RetentionView(PerformanceView):
    """The default rule."""

    actions: ClassVar = {
        "GET": Action.RUNS_VIEW,
        "PUT": Action.RETENTION_DEFAULT,
        "DELETE": Action.RETENTION_DEFAULT,
    }

    def get(self, _request: Request) -> JsonResponse:
        """Return it; past the renderer, which makes nothing of null."""
        rule = rule_default()
        return JsonResponse(None if rule is None else RuleSerializer(rule).data, safe=False)

    def put(self, request: Request) -> Response:
        """Save it."""
        return _saved(request, None)

    def delete(self, request: Request) -> Response:
        """Remove it."""
        return _dropped(request, None)


@extend_schema_view(
    get=extend_schema(
        operation_id="retention_plans",
        tags=[TAG],
        summary="What may be deleted of each model and how many bytes that frees: a dry run",
        responses={200: PlansSerializer, **COMMON},
    )
)
class RetentionPlansView(PerformanceView):
    """The dry run over all subjects."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}

    def get(self, request: Request) -> Response:
        """Return it."""
        plans = plans_all(subjects_visible(request.user))
        found: dict[str, Any] = {
            "rule": rule_default(),
            "total_bytes": sum(plan.total_bytes for plan in plans),
            "frees_bytes": sum(plan.frees_bytes for plan in plans),
            "old_predictions": predictions_old(subjects_visible(request.user)),
            "subjects": plans,
        }
        return Response(PlansSerializer(found).data)


@extend_schema_view(
    get=extend_schema(
        operation_id="subjects_retention",
        tags=[TAG],
        summary="What its rule keeps of a model, why, and what may be deleted: a dry run",
        parameters=[SUBJECT],
        responses={200: PlanDetailSerializer, **REST},
    ),
    put=extend_schema(
        operation_id="subjects_retention_set",
        tags=[TAG],
        summary="Give a model a rule of its own, or change it",
        parameters=[SUBJECT],
        request=RuleFields,
        responses={200: RuleSerializer, **REST},
    ),
    delete=extend_schema(
        operation_id="subjects_retention_remove",
        tags=[TAG],
        summary="Let the default rule hold for it again",
        parameters=[SUBJECT],
        responses={204: None, **REST},
    ),
)
class RetentionOfSubjectView(PerformanceView):
    """One subject's rule."""

    actions: ClassVar = {
        "GET": Action.RUNS_VIEW,
        "PUT": Action.MODELS_PROMOTE,
        "DELETE": Action.MODELS_PROMOTE,
    }

    def get(self, request: Request, subject: str) -> Response:
        """Return what it means now."""
        found = subject_for(request.user, subject)
        return Response(PlanDetailSerializer(plan_of(found, rule_of(found))).data)

    def put(self, request: Request, subject: str) -> Response:
        """Save it."""
        found = subject_for(request.user, subject)
        retention_require(request.user, found)
        return _saved(request, found)

    def delete(self, request: Request, subject: str) -> Response:
        """Remove it."""
        found = subject_for(request.user, subject)
        retention_require(request.user, found)
        return _dropped(request, found)


@extend_schema_view(
    post=extend_schema(
        operation_id="subjects_retention_apply",
        tags=[TAG],
        summary="Delete the files of versions that the dry run has shown; their record stays",
        parameters=[SUBJECT],
        request=ApplySerializer,
        responses={200: FreedSerializer, **REST},
    )
)
class RetentionApplyView(PerformanceView):
    """Giving files up."""

    actions: ClassVar = {"POST": Action.MODELS_PROMOTE}

    def post(self, request: Request, subject: str) -> Response:
        """Give them up; the same again changes nothing."""
        found = subject_for(request.user, subject)
        retention_require(request.user, found)
        body = ApplySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        freed = retention_apply(
            subject=found,
            user=actor_of(request),
            only=frozenset(body.validated_data["versions"]),
        )
        return Response(FreedSerializer(freed).data)


@extend_schema_view(
    get=extend_schema(
        operation_id="subjects_retention_predictions",
        tags=[TAG],
        summary="What is kept of a model's predictions, and what the clean-up deletes: a dry run",
        parameters=[SUBJECT],
        responses={200: PredictionsPlanSerializer, **REST},
    ),
    put=extend_schema(
        operation_id="subjects_retention_predictions_set",
        tags=[TAG],
        summary="Change what is kept of a model's predictions, and for how long",
        parameters=[SUBJECT],
        request=PredictionsFields,
        responses={200: PredictionsPlanSerializer, **REST},
    ),
)
class RetentionOfPredictionsView(PerformanceView):
    """What is kept of one subject's predictions."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW, "PUT": Action.MODELS_PROMOTE}

    def get(self, request: Request, subject: str) -> Response:
        """Return it with what goes."""
        found = subject_for(request.user, subject)
        return Response(PredictionsPlanSerializer(predictions_plan(found)).data)

    def put(self, request: Request, subject: str) -> Response:
        """Save it; nothing is deleted by that alone."""
        found = subject_for(request.user, subject)
        retention_require(request.user, found)
        body = PredictionsFields(data=request.data)
        body.is_valid(raise_exception=True)
        serving_settings_change(subject=found, user=actor_of(request), **body.validated_data)
        return Response(PredictionsPlanSerializer(predictions_plan(found)).data)
