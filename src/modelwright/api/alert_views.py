"""Contract B: alerts, and the rules that say how they are treated."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_view
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from modelwright.accounts.roles import Action
from modelwright.api import alert_docs as docs
from modelwright.api.alert_serializers import (
    AlertDetailSerializer,
    AlertHistoryQuerySerializer,
    AlertRuleCreateSerializer,
    AlertRuleSerializer,
    AlertSerializer,
    AlertsQuerySerializer,
    NothingSerializer,
    ResolveSerializer,
    SilenceSerializer,
    TreatmentSerializer,
)
from modelwright.api.base import actor_of
from modelwright.api.pagination import Pages
from modelwright.api.performance_base import PerformanceView, id_of, parameters
from modelwright.catalog.access import Level
from modelwright.catalog.machines import machine_get
from modelwright.monitoring.alert_rules import (
    alert_rule_change,
    alert_rule_create,
    alert_rule_delete,
    alert_rule_get,
)
from modelwright.monitoring.alerts import alert_acknowledge, alert_resolve, alert_silence
from modelwright.monitoring.models import Alert, AlertRule
from modelwright.monitoring.selectors import alert_for, alerts_of


def alert_of(request: Request, text: str, level: Level = Level.EDITOR) -> Alert:
    """Return the alert of the address, if the user may do with it what `level` says."""
    return alert_for(request.user, id_of(text, "alert_id"), level)


def shown(alert: Alert) -> Response:
    """Return an alert in full."""
    return Response(AlertDetailSerializer(alert).data)


@extend_schema_view(get=docs.ACTIVE)
class AlertsActiveView(PerformanceView):
    """What somebody must look at."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}

    def get(self, request: Request) -> Response:
        """List the open alerts, newest first."""
        wanted = parameters(request, AlertsQuerySerializer).validated_data
        if "machine_id" in wanted:
            machine_get(wanted["machine_id"])
        found = alerts_of(user=request.user, **wanted, is_open=True)
        return Response(AlertSerializer(found, many=True).data)


@extend_schema_view(get=docs.HISTORY)
class AlertListView(PerformanceView, generics.GenericAPIView[Alert]):
    """All alerts."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}
    serializer_class = AlertDetailSerializer
    pagination_class = Pages
    filter_backends = ()

    def get(self, request: Request) -> Response:
        """List them, newest first."""
        wanted = parameters(request, AlertHistoryQuerySerializer).validated_data
        wanted = {n: v for n, v in wanted.items() if n not in ("page", "page_size")}
        page = self.paginate_queryset(alerts_of(user=request.user, **wanted)) or []
        return self.get_paginated_response(AlertDetailSerializer(page, many=True).data)


@extend_schema_view(get=docs.GET)
class AlertView(PerformanceView):
    """One alert."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW}

    def get(self, request: Request, alert_id: str) -> Response:
        """Return it."""
        return shown(alert_of(request, alert_id, Level.VIEWER))


@extend_schema_view(post=docs.ACKNOWLEDGE)
class AlertAcknowledgeView(PerformanceView):
    """Saying that somebody looks after it."""

    actions: ClassVar = {"POST": Action.RUNS_TRAIN}

    def post(self, request: Request, alert_id: str) -> Response:
        """Note it."""
        alert = alert_of(request, alert_id)
        parameters(request, NothingSerializer)
        return shown(alert_acknowledge(alert=alert, user=actor_of(request)))


@extend_schema_view(post=docs.RESOLVE)
class AlertResolveView(PerformanceView):
    """Closing it."""

    actions: ClassVar = {"POST": Action.RUNS_TRAIN}

    def post(self, request: Request, alert_id: str) -> Response:
        """Close it."""
        alert = alert_of(request, alert_id)
        body = parameters(request, ResolveSerializer).validated_data
        return shown(alert_resolve(alert=alert, user=actor_of(request), **body))


@extend_schema_view(post=docs.SILENCE)
class AlertSilenceView(PerformanceView):
    """Silencing it."""

    actions: ClassVar = {"POST": Action.RUNS_TRAIN}

    def post(self, request: Request, alert_id: str) -> Response:
        """Have it tell nobody until a time."""
        alert = alert_of(request, alert_id)
        body = parameters(request, SilenceSerializer).validated_data
        return shown(alert_silence(alert=alert, user=actor_of(request), **body))


@extend_schema_view(get=docs.RULES, post=docs.RULE_CREATE)
class AlertRuleListView(PerformanceView, generics.GenericAPIView[AlertRule]):
    """The rules."""

    actions: ClassVar = {"GET": Action.RUNS_VIEW, "POST": Action.RUNS_TRAIN}
    serializer_class = AlertRuleSerializer
    pagination_class = Pages
    filter_backends = ()

    def get(self, request: Request) -> Response:
        """List them."""
        rules = AlertRule.objects.select_related("machine").order_by(
            "alert_type", "machine__name", "model_type"
        )
        page = self.paginate_queryset(rules) or []
        return self.get_paginated_response(AlertRuleSerializer(page, many=True).data)

    def post(self, request: Request) -> Response:
        """Add one."""
        body: dict[str, Any] = dict(parameters(request, AlertRuleCreateSerializer).validated_data)
        machine_id = body.pop("machine_id", None)
        rule = alert_rule_create(
            machine=machine_get(machine_id) if machine_id else None, user=actor_of(request), **body
        )
        return Response(AlertRuleSerializer(rule).data, status=status.HTTP_201_CREATED)


@extend_schema_view(get=docs.RULE_GET, patch=docs.RULE_CHANGE, delete=docs.RULE_DELETE)
class AlertRuleView(PerformanceView):
    """One rule."""

    actions: ClassVar = {
        "GET": Action.RUNS_VIEW,
        "PATCH": Action.RUNS_TRAIN,
        "DELETE": Action.RUNS_TRAIN,
    }

    def get(self, request: Request, rule_id: int) -> Response:
        """Return it."""
        return Response(AlertRuleSerializer(alert_rule_get(rule_id)).data)

    def patch(self, request: Request, rule_id: int) -> Response:
        """Change how its alerts are treated."""
        rule = alert_rule_get(rule_id)
        body = parameters(request, TreatmentSerializer).validated_data
        rule = alert_rule_change(rule=rule, user=actor_of(request), **body)
        return Response(AlertRuleSerializer(rule).data)

    def delete(self, request: Request, rule_id: int) -> Response:
        """Delete it."""
        alert_rule_delete(rule=alert_rule_get(rule_id), user=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
