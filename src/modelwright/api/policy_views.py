"""`/api/v1/policies/` and `/api/v1/loops/`."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response

from modelwright.accounts.roles import Action
from modelwright.api.base import actor_of
from modelwright.api.pagination import Pages
from modelwright.api.performance_base import PerformanceView, id_of
from modelwright.api.policy_serializers import (
    DecideSerializer,
    DryRunSerializer,
    LoopSerializer,
    PolicyChangeSerializer,
    PolicyCreateSerializer,
    PolicySerializer,
    ReasonSerializer,
    SwitchSerializer,
    WouldHaveSerializer,
)
from modelwright.api.training_docs import COMMON, problem
from modelwright.automation.loops import loop_decide, loop_stop
from modelwright.automation.models import Loop, Policy, PolicySwitch
from modelwright.automation.policies import (
    policies_go_on,
    policies_stop,
    policy_change,
    policy_create,
    policy_delete,
    policy_dry_run,
)
from modelwright.automation.policy_selectors import (
    loop_for_user,
    loops_visible,
    policies_visible,
    policy_for_user,
)
from modelwright.catalog.access import Level
from modelwright.registry.selectors import subject_for

TAG = "Policies"
POLICY_ID = OpenApiParameter("policy_id", str, OpenApiParameter.PATH)
LOOP_ID = OpenApiParameter("loop_id", str, OpenApiParameter.PATH)
WRONG = problem("A value is wrong", "Promoting by itself needs a test.")
REST: dict[Any, Any] = {404: problem("There is none", "There is no such policy."), 422: WRONG}
REST |= COMMON
NOT_NOW = problem("It is not where this could be done", "There is nothing to decide about.")


@extend_schema_view(
    get=extend_schema(
        operation_id="policies_list",
        tags=[TAG],
        summary="List policies",
        responses={200: PolicySerializer(many=True), **COMMON},
    ),
    post=extend_schema(
        operation_id="policies_create",
        tags=[TAG],
        summary="Say when to act for a subject, and what to do then",
        request=PolicyCreateSerializer,
        responses={
            201: PolicySerializer,
            409: problem("There is one for it", "Change that one."),
            **REST,
        },
    ),
)
class PolicyListView(PerformanceView, generics.ListAPIView[Policy]):
    """All policies."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW, "POST": Action.MODELS_PROMOTE}
    serializer_class = PolicySerializer
    pagination_class = Pages
    filter_backends = ()

    def get_queryset(self) -> QuerySet[Policy]:
        """Return those that one may see."""
        if getattr(self, "swagger_fake_view", False):
            return Policy.objects.none()
        return policies_visible(self.request.user)

    def post(self, request: Request) -> Response:
        """Make one."""
        body = PolicyCreateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = dict(body.validated_data)
        if "subject" in asked:
            asked["subject"] = subject_for(request.user, asked["subject"], Level.EDITOR)
        policy = policy_create(user=actor_of(request), **asked)
        return Response(PolicySerializer(policy).data, status=201)


@extend_schema_view(
    get=extend_schema(
        operation_id="policies_get",
        tags=[TAG],
        summary="One policy",
        parameters=[POLICY_ID],
        responses={200: PolicySerializer, **REST},
    ),
    patch=extend_schema(
        operation_id="policies_change",
        tags=[TAG],
        summary="Change it; loops that are on keep the rules they began with",
        parameters=[POLICY_ID],
        request=PolicyChangeSerializer,
        responses={200: PolicySerializer, **REST},
    ),
    delete=extend_schema(
        operation_id="policies_delete",
        tags=[TAG],
        summary="Remove it; loops that are on go on to their end",
        parameters=[POLICY_ID],
        responses={204: None, **REST},
    ),
)
class PolicyView(PerformanceView):
    """One policy."""

    actions: ClassVar = {
        "GET": Action.RUNS_VIEW,
        "PATCH": Action.MODELS_PROMOTE,
        "DELETE": Action.MODELS_PROMOTE,
    }

    def get(self, request: Request, policy_id: str) -> Response:
        """Return it."""
        found = policy_for_user(request.user, id_of(policy_id, "policy_id"))
        return Response(PolicySerializer(found).data)

    def patch(self, request: Request, policy_id: str) -> Response:
        """Change it."""
        found = policy_for_user(request.user, id_of(policy_id, "policy_id"), Level.EDITOR)
        body = PolicyChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        changed = policy_change(policy=found, user=actor_of(request), **body.validated_data)
        return Response(PolicySerializer(changed).data)

    def delete(self, request: Request, policy_id: str) -> Response:
        """Remove it."""
        found = policy_for_user(request.user, id_of(policy_id, "policy_id"), Level.EDITOR)
        policy_delete(policy=found, user=actor_of(request))
        return Response(status=204)


@extend_schema_view(
    post=extend_schema(
        operation_id="policies_dry_run",
        tags=[TAG],
        summary="When it would have acted on the recorded past; nothing is done",
        request=DryRunSerializer,
        responses={200: WouldHaveSerializer(many=True), **REST},
    )
)
class DryRunView(PerformanceView):
    """Trying rules on the past."""

    actions: ClassVar = {"POST": Action.RUNS_VIEW}

    def post(self, request: Request) -> Response:
        """Return what would have been."""
        body = DryRunSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = dict(body.validated_data)
        asked["subject"] = subject_for(request.user, asked["subject"])
        found = policy_dry_run(**asked)
        return Response([WouldHaveSerializer(one).data for one in found])


@extend_schema_view(
    get=extend_schema(
        operation_id="policies_switch",
        tags=[TAG],
        summary="Whether policies act at all",
        responses={200: SwitchSerializer, **COMMON},
    ),
    put=extend_schema(
        operation_id="policies_stop",
        tags=[TAG],
        summary="Stop every policy at once",
        request=ReasonSerializer,
        responses={200: SwitchSerializer, **REST},
    ),
    delete=extend_schema(
        operation_id="policies_go_on",
        tags=[TAG],
        summary="Let them act again",
        responses={200: SwitchSerializer, **COMMON},
    ),
)
class SwitchView(PerformanceView):
    """The kill switch."""

    actions: ClassVar = {
        "GET": Action.RUNS_VIEW,
        "PUT": Action.MODELS_PROMOTE,
        "DELETE": Action.MODELS_PROMOTE,
    }

    def get(self, request: Request) -> Response:
        """Return where it stands."""
        switch = PolicySwitch.objects.select_related("pulled_by").first()
        by = switch.pulled_by if switch else None
        return Response(
            {
                "stopped": switch is not None,
                "reason": switch.reason if switch else "",
                "stopped_at": switch.pulled_at if switch else None,
                "stopped_by": by.username if by else None,
            }
        )

    def put(self, request: Request) -> Response:
        """Pull it."""
        body = ReasonSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        policies_stop(user=actor_of(request), reason=body.validated_data["reason"])
        return self.get(request)

    def delete(self, request: Request) -> Response:
        """Let go."""
        policies_go_on(user=actor_of(request))
        return self.get(request)


@extend_schema_view(
    get=extend_schema(
        operation_id="loops_list",
        tags=[TAG],
        summary="Turns of policies, newest first",
        parameters=[
            OpenApiParameter("subject", str, description="Slug or id."),
            OpenApiParameter("open", bool, description="Only those that are on."),
        ],
        responses={200: LoopSerializer(many=True), **REST},
    )
)
class LoopListView(PerformanceView, generics.ListAPIView[Loop]):
    """All loops."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}
    serializer_class = LoopSerializer
    pagination_class = Pages
    filter_backends = ()

    def get_queryset(self) -> QuerySet[Loop]:
        """Return those that one may see."""
        if getattr(self, "swagger_fake_view", False):
            return Loop.objects.none()
        found = loops_visible(self.request.user)
        if subject := self.request.query_params.get("subject"):
            found = found.filter(subject=subject_for(self.request.user, subject))
        if self.request.query_params.get("open") == "true":
            found = found.filter(ended_at__isnull=True)
        return found


@extend_schema_view(
    get=extend_schema(
        operation_id="loops_get",
        tags=[TAG],
        summary="One loop with its steps",
        parameters=[LOOP_ID],
        responses={200: LoopSerializer, **REST},
    )
)
class LoopView(PerformanceView):
    """One loop."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}

    def get(self, request: Request, loop_id: str) -> Response:
        """Return it."""
        return Response(LoopSerializer(loop_for_user(request.user, id_of(loop_id, "loop_id"))).data)


@extend_schema_view(
    post=extend_schema(
        operation_id="loops_decide",
        tags=[TAG],
        summary="Decide about a challenger that waits for a person",
        parameters=[LOOP_ID],
        request=DecideSerializer,
        responses={200: LoopSerializer, 409: NOT_NOW, **REST},
    )
)
class LoopDecideView(PerformanceView):
    """Deciding."""

    actions: ClassVar = {"POST": Action.MODELS_PROMOTE}

    def post(self, request: Request, loop_id: str) -> Response:
        """Promote, or keep the champion."""
        found = loop_for_user(request.user, id_of(loop_id, "loop_id"), Level.EDITOR)
        body = DecideSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        decided = loop_decide(loop=found, user=actor_of(request), **body.validated_data)
        return Response(LoopSerializer(decided).data)


@extend_schema_view(
    post=extend_schema(
        operation_id="loops_stop",
        tags=[TAG],
        summary="End a loop where it stands",
        parameters=[LOOP_ID],
        request=ReasonSerializer,
        responses={200: LoopSerializer, 409: NOT_NOW, **REST},
    )
)
class LoopStopView(PerformanceView):
    """Stopping."""

    actions: ClassVar = {"POST": Action.MODELS_PROMOTE}

    def post(self, request: Request, loop_id: str) -> Response:
        """End it."""
        found = loop_for_user(request.user, id_of(loop_id, "loop_id"), Level.EDITOR)
        body = ReasonSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        stopped = loop_stop(loop=found, user=actor_of(request), **body.validated_data)
        return Response(LoopSerializer(stopped).data)
