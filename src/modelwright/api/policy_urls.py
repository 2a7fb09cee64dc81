"""The addresses of policies and their loops."""

from django.urls import path

from modelwright.api.policy_views import (
    DryRunView,
    LoopDecideView,
    LoopListView,
    LoopStopView,
    LoopView,
    PolicyListView,
    PolicyView,
    SwitchView,
)

POLICIES = "api/v1/policies/"
LOOPS = "api/v1/loops/"
LOOP = f"{LOOPS}<str:loop_id>/"

urlpatterns = [
    path(POLICIES, PolicyListView.as_view(), name="api-policies"),
    path(f"{POLICIES}dry-run/", DryRunView.as_view(), name="api-policies-dry-run"),
    path(f"{POLICIES}switch/", SwitchView.as_view(), name="api-policies-switch"),
    path(f"{POLICIES}<str:policy_id>/", PolicyView.as_view(), name="api-policy"),
    path(LOOPS, LoopListView.as_view(), name="api-loops"),
    path(LOOP, LoopView.as_view(), name="api-loop"),
    path(f"{LOOP}decide/", LoopDecideView.as_view(), name="api-loop-decide"),
    path(f"{LOOP}stop/", LoopStopView.as_view(), name="api-loop-stop"),
]
