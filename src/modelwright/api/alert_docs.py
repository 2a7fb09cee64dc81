"""How `/docs` describes alerts."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema

from modelwright.api.alert_serializers import (
    AlertDetailSerializer,
    AlertHistoryQuerySerializer,
    AlertRuleCreateSerializer,
    AlertRuleSerializer,
    AlertSerializer,
    AlertsQuerySerializer,
    ResolveSerializer,
    SilenceSerializer,
    TreatmentSerializer,
)
from modelwright.api.dataset_docs import NO_PAGE, uuid_parameter
from modelwright.api.training_docs import COMMON, THROTTLED, problem

TAG = "Alerts"
ID = uuid_parameter("alert_id")
RULE_ID = OpenApiParameter("rule_id", OpenApiTypes.INT, OpenApiParameter.PATH)
NO_ALERT = problem("No such alert", "Alert not found")
NO_RULE = problem("No such rule", "There is no such alert rule.")
NO_MACHINE = problem("No such machine", "Machine not found")
WRONG = problem("A value can't be meant", "severity: Must be one of info, warning, critical.")
CLOSED = problem("It is resolved", "The alert has been resolved already.")
ONE: dict[Any, Any] = {200: AlertDetailSerializer, 422: WRONG, **COMMON, 404: NO_ALERT}

ACTIVE = extend_schema(
    operation_id="alerts_active",
    tags=[TAG],
    summary="List the alerts that are open",
    description="Newest first.",
    parameters=[AlertsQuerySerializer],
    responses={200: AlertSerializer(many=True), 422: WRONG, **COMMON, 404: NO_MACHINE},
)
HISTORY = extend_schema(
    operation_id="alerts_list",
    tags=[TAG],
    summary="List all alerts, resolved ones too",
    description="Newest first, in pages.",
    parameters=[AlertHistoryQuerySerializer],
    responses={200: AlertDetailSerializer(many=True), 422: WRONG, **COMMON, 404: NO_PAGE},
)
GET = extend_schema(
    operation_id="alerts_get", tags=[TAG], summary="Read an alert", parameters=[ID], responses=ONE
)
ACKNOWLEDGE = extend_schema(
    operation_id="alerts_acknowledge",
    tags=[TAG],
    summary="Say that somebody looks after an alert",
    parameters=[ID],
    request=None,
    responses={**ONE, 409: CLOSED, 429: THROTTLED},
)
RESOLVE = extend_schema(
    operation_id="alerts_resolve",
    tags=[TAG],
    summary="Close an alert",
    parameters=[ID],
    request=ResolveSerializer,
    responses={**ONE, 429: THROTTLED},
)
SILENCE = extend_schema(
    operation_id="alerts_silence",
    tags=[TAG],
    summary="Have an alert tell nobody until a time",
    parameters=[ID],
    request=SilenceSerializer,
    responses={**ONE, 409: CLOSED, 429: THROTTLED},
)
RULES = extend_schema(
    operation_id="alert_rules_list",
    tags=[TAG],
    summary="List the rules of alerts",
    responses={200: AlertRuleSerializer(many=True), **COMMON, 404: NO_PAGE},
)
RULE_CREATE = extend_schema(
    operation_id="alert_rules_create",
    tags=[TAG],
    summary="Say how the alerts of a kind are treated",
    description="The most particular one counts: machine and model type, machine, type, all.",
    request=AlertRuleCreateSerializer,
    responses={
        201: AlertRuleSerializer,
        422: WRONG,
        **COMMON,
        404: NO_MACHINE,
        409: problem("There is one", "There is a rule for the same alerts already: change that."),
        429: THROTTLED,
    },
)
RULE_GET = extend_schema(
    operation_id="alert_rules_get",
    tags=[TAG],
    summary="Read a rule",
    parameters=[RULE_ID],
    responses={200: AlertRuleSerializer, **COMMON, 404: NO_RULE},
)
RULE_CHANGE = extend_schema(
    operation_id="alert_rules_change",
    tags=[TAG],
    summary="Change a rule",
    parameters=[RULE_ID],
    request=TreatmentSerializer,
    responses={200: AlertRuleSerializer, 422: WRONG, **COMMON, 404: NO_RULE, 429: THROTTLED},
)
RULE_DELETE = extend_schema(
    operation_id="alert_rules_delete",
    tags=[TAG],
    summary="Delete a rule",
    parameters=[RULE_ID],
    responses={204: None, **COMMON, 404: NO_RULE, 429: THROTTLED},
)
