"""The role table: every address x everybody x every method has one expected answer.

A new address needs a row here, or `test_every_address_has_a_row` fails. Pages send anonymous
visitors to the sign-in page; REST answers 401.
"""

from typing import Any

import pytest
from django.contrib import admin
from django.http import HttpResponse
from django.urls import resolve

from modelwright.accounts.roles import ROLE_FOR_ACTION, Action, Role
from modelwright.api.base import ApiView
from modelwright.api.permissions import RolePermission
from tests.api.conftest import MakeRun
from tests.people import PEOPLE, browser, person, rest
from tests.routes import ADMIN, OURS

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
RANK = {name: rank for rank, name in enumerate(PEOPLE)}  # each may what those before them may

# address -> method -> the least of PEOPLE who may; HEAD goes as GET
TABLE: dict[str, dict[str, str]] = {
    # REST
    "api/training/train/": {"POST": "trainer"},
    "api/training/runs/": {"GET": "viewer"},
    "api/training/runs/<int:number>/": {"GET": "viewer", "PATCH": "trainer"},
    "api/training/runs/<int:number>/cancel/": {"POST": "trainer"},
    "api/training/runs/<int:number>/events/": {"GET": "viewer"},
    "api/training/runs/<int:number>/artifact/": {"GET": "viewer"},
    "api/auth/token/": {"POST": "anonymous", "DELETE": "stranger"},
    "api/auth/jwt/": {"POST": "anonymous"},
    "api/auth/jwt/refresh/": {"POST": "anonymous"},
    "api/auth/jwt/logout/": {"POST": "anonymous"},
    "api/auth/me/": {"GET": "stranger"},
    "api/v1/datasets/": {"GET": "viewer", "POST": "trainer"},
    "api/v1/datasets/uploads/": {"GET": "trainer", "POST": "trainer"},
    "api/v1/datasets/uploads/<str:upload_id>/": {"GET": "trainer", "PUT": "trainer",
                                                 "DELETE": "trainer"},
    "api/v1/datasets/uploads/<str:upload_id>/finish/": {"POST": "trainer"},
    "api/v1/datasets/<str:dataset_id>/": {"GET": "viewer", "DELETE": "trainer"},
    "api/v1/datasets/<str:dataset_id>/preview/": {"GET": "viewer"},
    "api/v1/datasets/<str:dataset_id>/profile/": {"GET": "viewer"},
    "api/v1/experiments/": {"GET": "viewer", "POST": "trainer"},
    "api/v1/experiments/<str:experiment_id>/": {
        "GET": "viewer", "PATCH": "trainer", "DELETE": "trainer",
    },
    "api/v1/experiments/<str:experiment_id>/shares/": {"GET": "viewer", "POST": "trainer"},
    "api/v1/experiments/<str:experiment_id>/shares/<int:share_id>/": {"DELETE": "trainer"},
    "api/v1/models/": {"GET": "viewer"},
    "api/v1/models/train/": {"POST": "trainer"},
    "api/v1/models/train/<str:run_id>/status/": {"GET": "viewer"},
    "api/v1/models/train/<str:run_id>/metrics/": {"GET": "viewer"},
    "api/v1/models/train/<str:run_id>/feature-importance/": {"GET": "viewer"},
    "api/v1/models/<str:run_id>/": {"GET": "viewer", "DELETE": "trainer"},
    "api/v1/tuning/tune/": {"GET": "viewer", "POST": "trainer"},
    "api/v1/tuning/tune/<str:tuning_run_id>/": {"GET": "viewer", "DELETE": "trainer"},
    "api/v1/tuning/tune/<str:tuning_run_id>/status/": {"GET": "viewer"},
    "api/v1/tuning/tune/<str:tuning_run_id>/results/": {"GET": "viewer"},
    "api/v1/tuning/tune/<str:tuning_run_id>/trials/": {"GET": "viewer"},
    "api/v1/tuning/tune/<str:tuning_run_id>/importance/": {"GET": "viewer"},
    "api/v1/tuning/tune/<str:tuning_run_id>/export/": {"GET": "viewer"},
    "api/v1/tuning/tune/<str:tuning_run_id>/cancel/": {"POST": "trainer"},
    "api/v1/tuning/tune/<str:tuning_run_id>/continue/": {"POST": "trainer"},
    "api/v1/tuning/tune/<str:tuning_run_id>/train-best/": {"POST": "trainer"},
    "api/v1/machines/": {"GET": "viewer", "POST": "trainer"},
    "api/v1/machines/<str:machine_id>/": {
        "GET": "viewer", "PATCH": "trainer", "DELETE": "trainer",
    },
    "api/v1/machines/<str:machine_id>/readings/": {"GET": "viewer", "POST": "trainer"},
    "api/v1/machines/<str:machine_id>/data-quality/": {"GET": "viewer"},
    "api/v1/machines/<str:machine_id>/kpis/": {"GET": "viewer"},
    "api/v1/machines/<str:machine_id>/anomalies/": {"GET": "viewer"},
    "api/v1/machines/<str:machine_id>/anomalies/<str:anomaly_id>/": {"PATCH": "trainer"},
    "api/v1/machines/<str:machine_id>/forecast/": {"GET": "viewer"},
    "api/v1/model-performance/metrics/record/": {"POST": "trainer"},
    "api/v1/model-performance/metrics/trend/": {"GET": "viewer"},
    "api/v1/model-performance/drift/check/": {"POST": "trainer"},
    "api/v1/model-performance/alerts/": {"GET": "viewer"},
    "api/v1/model-performance/alerts/active/": {"GET": "viewer"},
    "api/v1/model-performance/alerts/<str:alert_id>/": {"GET": "viewer"},
    "api/v1/model-performance/alerts/<str:alert_id>/acknowledge/": {"POST": "trainer"},
    "api/v1/model-performance/alerts/<str:alert_id>/resolve/": {"POST": "trainer"},
    "api/v1/model-performance/alerts/<str:alert_id>/silence/": {"POST": "trainer"},
    "api/v1/model-performance/alert-rules/": {"GET": "viewer", "POST": "trainer"},
    "api/v1/model-performance/alert-rules/<int:rule_id>/": {
        "GET": "viewer", "PATCH": "trainer", "DELETE": "trainer",
    },
    "api/v1/models/<str:subject>/predict/": {"POST": "viewer"},
    "api/v1/models/<str:subject>/actuals/": {"POST": "trainer"},
    "api/v1/models/<str:subject>/batches/": {"GET": "viewer", "POST": "trainer"},
    "api/v1/batches/<str:batch_id>/": {"GET": "viewer"},
    "api/v1/batches/<str:batch_id>/cancel/": {"POST": "trainer"},
    "api/v1/batches/<str:batch_id>/file/": {"GET": "viewer", "DELETE": "trainer"},
    "api/v1/models/<str:subject>/monitoring/": {"GET": "viewer"},
    "api/v1/models/<str:subject>/monitoring/metrics/": {"GET": "viewer"},
    "api/v1/models/<str:subject>/monitoring/check/": {"POST": "trainer"},
    "api/v1/model-performance/retrain/trigger/": {"POST": "trainer"},
    "api/v1/model-performance/jobs/": {"GET": "viewer"},
    "api/v1/model-performance/jobs/<str:job_id>/": {"GET": "viewer"},
    "api/v1/model-performance/jobs/<str:job_id>/cancel/": {"POST": "trainer"},
    "api/v1/model-performance/jobs/<str:job_id>/events/": {"GET": "viewer"},
    "api/v1/model-performance/ab-test/": {"GET": "viewer"},
    "api/v1/model-performance/ab-test/start/": {"POST": "trainer"},
    "api/v1/model-performance/ab-test/<str:test_id>/results/": {"GET": "viewer"},
    "api/v1/model-performance/ab-test/<str:test_id>/cancel/": {"POST": "trainer"},
    "api/v1/model-performance/ab-test/<str:test_id>/conclude/": {"POST": "trainer"},
    "api/v1/model-performance/ab-test/plan/": {"POST": "trainer"},
    "api/v1/subjects/": {"GET": "viewer"},
    "api/v1/subjects/<str:subject>/": {"GET": "viewer", "PATCH": "trainer"},
    "api/v1/subjects/<str:subject>/versions/": {"GET": "viewer"},
    "api/v1/subjects/<str:subject>/versions/<str:version>/": {
        "GET": "viewer", "PATCH": "trainer",
    },
    "api/v1/subjects/<str:subject>/promote/": {"POST": "trainer"},
    "api/v1/subjects/<str:subject>/rollback/": {"POST": "trainer"},
    "api/v1/subjects/<str:subject>/promotions/": {"GET": "viewer"},
    "api/v1/subjects/<str:subject>/aliases/<str:alias>/": {"PUT": "trainer", "DELETE": "trainer"},
    "api/v1/subjects/<str:subject>/versions/<str:version>/export/": {"GET": "viewer"},
    "api/v1/subjects/<str:subject>/comparisons/": {"GET": "viewer", "POST": "trainer"},
    "api/v1/comparisons/<str:comparison_id>/": {"GET": "viewer"},
    "api/v1/comparisons/<str:comparison_id>/cancel/": {"POST": "trainer"},
    "api/v1/versions/import/": {"POST": "trainer"},
    "api/v1/versions/signer/": {"GET": "viewer"},
    "api/v1/subjects/<str:subject>/timeline/": {"GET": "viewer"},
    "api/v1/subjects/<str:subject>/retention/": {
        "GET": "viewer", "PUT": "trainer", "DELETE": "trainer",
    },
    "api/v1/subjects/<str:subject>/retention/apply/": {"POST": "trainer"},
    "api/v1/subjects/<str:subject>/retention/predictions/": {"GET": "viewer", "PUT": "trainer"},
    "api/v1/retention/": {"GET": "viewer", "PUT": "admin", "DELETE": "admin"},
    "api/v1/retention/plans/": {"GET": "viewer"},
    "api/v1/policies/": {"GET": "viewer", "POST": "trainer"},
    "api/v1/policies/dry-run/": {"POST": "viewer"},
    "api/v1/policies/switch/": {"GET": "viewer", "PUT": "trainer", "DELETE": "trainer"},
    "api/v1/policies/<str:policy_id>/": {"GET": "viewer", "PATCH": "trainer", "DELETE": "trainer"},
    "api/v1/loops/": {"GET": "viewer"},
    "api/v1/loops/<str:loop_id>/": {"GET": "viewer"},
    "api/v1/loops/<str:loop_id>/decide/": {"POST": "trainer"},
    "api/v1/loops/<str:loop_id>/stop/": {"POST": "trainer"},
    "api/v1/scheduler/status/": {"GET": "viewer"},
    "api/v1/scheduler/trigger/<str:job_id>/": {"POST": "trainer"},
    "api/v1/scheduler/jobs/<str:job_id>/": {"GET": "viewer", "PATCH": "trainer"},
    "api/v1/scheduler/jobs/<str:job_id>/runs/": {"GET": "viewer"},
    "api/v1/notifications/channels/": {"GET": "viewer", "POST": "viewer"},
    "api/v1/notifications/channels/<str:channel_id>/": {
        "GET": "viewer", "PATCH": "viewer", "DELETE": "viewer",
    },
    "api/v1/notifications/channels/<str:channel_id>/try/": {"POST": "viewer"},
    "api/v1/events/": {"GET": "viewer"},
    "api/v1/notifications/deliveries/": {"GET": "viewer"},
    "healthz": {"GET": "anonymous"},
    "readyz": {"GET": "anonymous"},
    "metrics": {"GET": "admin"},
    "openapi.json": {"GET": "anonymous"},
    "docs": {"GET": "anonymous"},
    # pages
    "": {"GET": "stranger", "POST": "stranger", "PUT": "stranger", "PATCH": "stranger",
         "DELETE": "stranger"},
    "login": {"GET": "anonymous", "POST": "anonymous", "PUT": "anonymous"},
    "logout": {"POST": "stranger"},
    "ui/home": {"GET": "viewer"},
    "ui/runs": {"GET": "viewer"},
    "ui/runs/live": {"GET": "viewer"},
    "ui/runs/new": {"GET": "trainer", "POST": "trainer"},
    "ui/runs/<int:number>": {"GET": "viewer"},
    "ui/runs/<int:number>/events": {"GET": "viewer"},
    "ui/runs/<int:number>/cancel": {"POST": "trainer"},
    "ui/runs/<int:number>/notes": {"POST": "trainer"},
    "ui/runs/<int:number>/run.json": {"GET": "viewer"},
    "ui/runs/<int:number>/metrics.json": {"GET": "viewer"},
    "ui/runs/<int:number>/model.pkl": {"GET": "viewer"},
    "ui/datasets": {"GET": "viewer"},
    "ui/datasets/new": {"GET": "trainer", "POST": "trainer"},
    "ui/datasets/uploads/<uuid:upload_id>/discard": {"POST": "trainer"},
    "ui/datasets/<uuid:dataset_id>": {"GET": "viewer"},
    "ui/datasets/<uuid:dataset_id>/delete": {"POST": "trainer"},
    "ui/experiments": {"GET": "viewer"},
    "ui/experiments/new": {"GET": "trainer", "POST": "trainer"},
    "ui/experiments/<uuid:experiment_id>": {"GET": "viewer"},
    "ui/experiments/<uuid:experiment_id>/edit": {"POST": "trainer"},
    "ui/experiments/<uuid:experiment_id>/delete": {"POST": "trainer"},
    "ui/experiments/<uuid:experiment_id>/shares": {"POST": "trainer"},
    "ui/experiments/<uuid:experiment_id>/shares/<int:share_id>/end": {"POST": "trainer"},
    "ui/experiments/<uuid:experiment_id>/train": {"GET": "trainer", "POST": "trainer"},
    "ui/models/<uuid:run_id>": {"GET": "viewer"},
    "ui/models/<uuid:run_id>/events": {"GET": "viewer"},
    "ui/models/<uuid:run_id>/cancel": {"POST": "trainer"},
    "ui/models/<uuid:run_id>/notes": {"POST": "trainer"},
    "ui/models/<uuid:run_id>/delete": {"POST": "trainer"},
    "ui/models/<uuid:run_id>/model.pkl": {"GET": "viewer"},
    "ui/models/<uuid:run_id>/search": {"GET": "trainer", "POST": "trainer"},
    "ui/models/<uuid:run_id>/search/estimate": {"POST": "trainer"},
    "ui/searches": {"GET": "viewer"},
    "ui/searches/<uuid:search_id>": {"GET": "viewer"},
    "ui/searches/<uuid:search_id>/events": {"GET": "viewer"},
    "ui/searches/<uuid:search_id>/delete": {"POST": "trainer"},
    "ui/searches/<uuid:search_id>/cancel": {"POST": "trainer"},
    "ui/searches/<uuid:search_id>/continue": {"POST": "trainer"},
    "ui/searches/<uuid:search_id>/train": {"POST": "trainer"},
    "ui/searches/<uuid:search_id>/export/<str:kind>": {"GET": "viewer"},
    "ui/machines": {"GET": "viewer"},
    "ui/machines/new": {"GET": "trainer", "POST": "trainer"},
    "ui/machines/<uuid:machine_id>": {"GET": "viewer"},
    "ui/machines/<uuid:machine_id>/edit": {"GET": "trainer", "POST": "trainer"},
    "ui/machines/<uuid:machine_id>/delete": {"POST": "trainer"},
    "ui/machines/<uuid:machine_id>/readings": {"GET": "trainer", "POST": "trainer"},
    "ui/machines/<uuid:machine_id>/sections/<str:name>": {"GET": "viewer"},
    "ui/machines/<uuid:machine_id>/train": {"POST": "trainer"},
    "ui/machines/<uuid:machine_id>/expected.<str:kind>": {"GET": "viewer"},
    "ui/machines/<uuid:machine_id>/anomalies/<uuid:anomaly_id>": {"POST": "trainer"},
    "ui/model-performance": {"GET": "viewer"},
    "ui/model-performance/drift": {"POST": "trainer"},
    "ui/model-performance/ab-test": {"POST": "trainer"},
    "ui/model-performance/ab-test/<uuid:test_id>/end": {"POST": "trainer"},
    "ui/jobs/<uuid:job_id>/events": {"GET": "viewer"},
    "ui/jobs/<uuid:job_id>/cancel": {"POST": "trainer"},
    "ui/alerts": {"GET": "viewer"},
    "ui/alerts/<uuid:alert_id>/<str:what>": {"POST": "trainer"},
    "ui/registry": {"GET": "viewer"},
    "ui/registry/<slug:slug>": {"GET": "viewer"},
    "ui/registry/<slug:slug>/promote": {"POST": "trainer"},
    "ui/registry/<slug:slug>/rollback": {"POST": "trainer"},
    "ui/registry/<slug:slug>/mode": {"POST": "trainer"},
    "ui/registry/<slug:slug>/traffic": {"POST": "trainer"},
    "ui/registry/<slug:slug>/ab-test": {"GET": "trainer", "POST": "trainer"},
    "ui/predictions": {"GET": "viewer"},
    "ui/predictions/new": {"GET": "trainer", "POST": "trainer"},
    "ui/predictions/<uuid:batch_id>": {"GET": "viewer"},
    "ui/predictions/<uuid:batch_id>/row": {"GET": "viewer"},
    "ui/predictions/<uuid:batch_id>/cancel": {"POST": "trainer"},
    "ui/predictions/<uuid:batch_id>/file": {"GET": "viewer"},
    "ui/predictions/<uuid:batch_id>/file/delete": {"POST": "trainer"},
    "ui/ab-tests": {"GET": "viewer"},
    "ui/ab-tests/<uuid:test_id>": {"GET": "viewer"},
    "ui/ab-tests/<uuid:test_id>/<str:what>": {"POST": "trainer"},
    "ui/registry/<slug:slug>/policy": {"POST": "trainer"},
    "ui/registry/<slug:slug>/compare": {"GET": "viewer"},
    "ui/registry/<slug:slug>/compare/start": {"POST": "trainer"},
    "ui/comparisons/<uuid:comparison_id>": {"GET": "viewer"},
    "ui/import/version": {"GET": "trainer", "POST": "trainer"},
    "ui/registry/<slug:slug>/versions/<int:number>/export": {"GET": "viewer"},
    "ui/retention": {"GET": "viewer"},
    "ui/retention/save": {"POST": "admin"},
    "ui/registry/<slug:slug>/retention": {"GET": "viewer"},
    "ui/registry/<slug:slug>/retention/change": {"POST": "trainer"},
    "ui/registry/<slug:slug>/versions/<int:number>": {"GET": "viewer"},
    "ui/registry/<slug:slug>/versions/<int:number>/notes": {"POST": "trainer"},
    "ui/registry/<slug:slug>/versions/<int:number>/alias": {"POST": "trainer"},
    "ui/loops/<uuid:loop_id>/<str:what>": {"POST": "trainer"},
    "ui/policies": {"GET": "viewer"},
    "ui/policies/new": {"GET": "trainer", "POST": "trainer"},
    "ui/policies/switch": {"POST": "trainer"},
    "ui/policies/<uuid:policy_id>": {"GET": "viewer"},
    "ui/policies/<uuid:policy_id>/save": {"POST": "trainer"},
    "ui/policies/<uuid:policy_id>/<str:what>": {"POST": "trainer"},
    "ui/compare": {"GET": "viewer"},
    "ui/schedules": {"GET": "viewer"},
    "ui/schedules/<str:name>/edit": {"POST": "trainer"},
    "ui/schedules/<str:name>/run": {"POST": "trainer"},
    "ui/audit": {"GET": "admin"},
    "ui/status": {"GET": "admin"},
    "ui/account": {"GET": "stranger"},
    "ui/account/password": {"POST": "stranger"},
    "ui/account/tokens": {"POST": "stranger"},
    "ui/account/tokens/<str:key>/revoke": {"POST": "stranger"},
    "ui/account/notifications": {"GET": "viewer", "POST": "viewer"},
    "ui/account/notifications/<uuid:channel_id>": {"GET": "viewer", "POST": "viewer"},
    "ui/account/notifications/<uuid:channel_id>/<str:what>": {"POST": "viewer"},
    "ui/design": {"GET": "stranger"},
}  # fmt: skip
# Addresses that are the same for everybody and whatever the method.
SAME_FOR_ALL = {"docs/": 302, "^api/": 404, "favicon.ico": 302}
NOBODYS = "0b3c9a0e-7c2e-4d3c-9f57-1f5f3f0c7a11"
PARAMETERS = {
    "<int:number>": "1", "<str:key>": "abc", "<path:object_id>": "1", "<id>": "1",
    "<path:content_type_id>": "1", "<app_label>": "runs", "<str:pk>": "1",
    "<str:upload_id>": NOBODYS, "<uuid:upload_id>": NOBODYS,
    "<str:dataset_id>": NOBODYS, "<str:experiment_id>": NOBODYS, "<str:run_id>": NOBODYS,
    "<str:job_id>": NOBODYS, "<str:batch_id>": NOBODYS, "<uuid:batch_id>": NOBODYS,
    "<str:tuning_run_id>": NOBODYS, "<str:machine_id>": NOBODYS, "<uuid:machine_id>": NOBODYS,
    "<str:name>": "readings",
    "<str:alert_id>": NOBODYS, "<int:rule_id>": "1", "<str:anomaly_id>": NOBODYS,
    "<str:subject>": "nothing",
    "<str:test_id>": NOBODYS, "<str:version>": "1", "<str:alias>": "calm",
    "<uuid:anomaly_id>": NOBODYS,
    "<str:comparison_id>": NOBODYS, "<uuid:comparison_id>": NOBODYS,
    "<uuid:alert_id>": NOBODYS, "<str:what>": "stop", "<slug:slug>": "nothing",
    "<str:channel_id>": NOBODYS, "<uuid:channel_id>": NOBODYS, "<uuid:loop_id>": NOBODYS,
    "<uuid:test_id>": NOBODYS, "<uuid:job_id>": NOBODYS,
    "<str:policy_id>": NOBODYS, "<uuid:policy_id>": NOBODYS, "<str:loop_id>": NOBODYS,
    "<int:share_id>": "1", "<uuid:dataset_id>": NOBODYS, "<uuid:experiment_id>": NOBODYS,
    "<uuid:run_id>": NOBODYS, "<uuid:search_id>": NOBODYS, "<str:kind>": "csv",
}  # fmt: skip
# History is not deleted, runs are not typed in; autocomplete wants to know for which field.
NOT_EVEN_ADMINS = ("/add/", "/delete/", "/autocomplete/")
METHODLESS = {  # a stream has no HEAD
    "ui/runs/<int:number>/events": {"HEAD"},
    "ui/models/<uuid:run_id>/events": {"HEAD"},
    "ui/jobs/<uuid:job_id>/events": {"HEAD"},
    "ui/searches/<uuid:search_id>/events": {"HEAD"},
}

pytestmark = pytest.mark.django_db


def fill(route: str) -> str:
    for name, value in PARAMETERS.items():
        route = route.replace(name, value)
    if route.endswith("(?P<url>.*)$"):
        route = "admin/nothing-here/"
    if "(?P<app_label>" in route:
        route = "admin/runs/"
    assert "<" not in route, f"say in PARAMETERS what stands for the parameter of {route}"
    return f"/{route}"


def is_rest(route: str) -> bool:
    return hasattr(resolve(fill(route)).func, "cls")


def ask(route: str, who: str, method: str) -> Any:
    client = rest(who) if is_rest(route) else browser(who)
    client.handler.enforce_csrf_checks = False
    headers = {"Prefer": "wait=0"}
    return client.generic(
        method, fill(route), b"{}", content_type="application/json", headers=headers
    )


def expected(row: dict[str, str], who: str, method: str, *, rest_view: bool) -> set[int]:
    """Return the codes that are right; 200 stands for any answer of the view itself."""
    refused = ({401} if rest_view else {302}) if who == "anonymous" else {403}
    method = "GET" if method == "HEAD" else method
    if method in row:
        return {200} if RANK[who] >= RANK[row[method]] else refused
    least = min(row.values(), key=RANK.__getitem__)
    return {405} if RANK[who] >= RANK[least] else refused


def to_sign_in(answer: HttpResponse) -> bool:
    return answer.status_code == 302 and answer["Location"].startswith("/login")


def test_every_address_has_a_row() -> None:
    known = set(TABLE) | set(SAME_FOR_ALL)
    assert set(OURS) - known == set(), "say in TABLE who may use the new addresses"
    assert known - set(OURS) == set(), "these addresses are gone: take their rows out"


def test_every_action_is_held_by_a_role() -> None:
    assert set(ROLE_FOR_ACTION) == set(Action)
    assert min(ROLE_FOR_ACTION[a] for a in Action if a is not Action.SIGNED_IN) == Role.VIEWER


def telling(row: dict[str, str], method: str) -> list[str]:
    """Return the people whose answers tell all: on both sides of each line, and at the ends.

    A role includes those below it, so what holds on both sides of a line holds for all.
    """
    named = row.get("GET" if method == "HEAD" else method)
    least = RANK[named] if named else min(RANK[who] for who in row.values())
    ranks = {0, max(0, least - 1), least, len(PEOPLE) - 1}
    return [PEOPLE[rank] for rank in sorted(ranks)]


@pytest.mark.parametrize("route", sorted(TABLE))
def test_who_may(route: str, make_run: MakeRun, silent_bell: list[str]) -> None:
    make_run()
    rest_view = is_rest(route)
    for method, who in ((m, who) for m in METHODS for who in telling(TABLE[route], m)):
        if method in METHODLESS.get(route, ()):
            continue
        right = expected(TABLE[route], who, method, rest_view=rest_view)
        answer = ask(route, who, method)
        code, what = answer.status_code, f"{who} {method} {fill(route)}: {answer.status_code}"
        assert code < 500 or route == "readyz", what
        if right == {200}:
            # a 401 of the sign-in itself is the view's own answer to an empty body
            assert code not in (403, 405), what
            assert code != 401, what
            assert who == "anonymous" or route == "logout" or not to_sign_in(answer), what
        elif right == {302}:
            assert to_sign_in(answer), what
        elif route == "login" and who != "anonymous":
            assert code == 302, what  # signed in already: sent on, whatever the method
        else:
            assert code in right, what
        if code == 401:
            assert answer["WWW-Authenticate"], what


@pytest.mark.parametrize("route", sorted(ADMIN))
def test_the_admin_site_is_for_admins(route: str, make_run: MakeRun) -> None:
    make_run()
    for method, who in ((m, who) for m in ("GET", "POST") for who in PEOPLE):
        answer = ask(route, who, method)
        what = f"{who} {method} {fill(route)}: {answer.status_code}"
        if who == "anonymous":
            assert to_sign_in(answer), what
        elif who != "admin":
            assert answer.status_code == 403, what
        else:
            assert answer.status_code < 500, what
            assert route == "admin/logout/" or not to_sign_in(answer), what
            if method == "GET" and not route.endswith(NOT_EVEN_ADMINS):
                assert answer.status_code != 403, what


def test_the_admin_site_shows_our_own_tables_only() -> None:
    shown = {model._meta.label for model in admin.site._registry}
    assert shown == {
        "accounts.User", "accounts.AuditEntry", "auth.Group", "runs.TrainingRun", "runs.Worker",
        "accounts.Channel", "accounts.Delivery",
        "registry.Subject", "registry.ModelVersion", "registry.ModelAlias",
        "registry.Promotion", "registry.RetentionRule", "registry.Comparison",
        "automation.Schedule", "automation.ScheduleRun", "automation.SchedulerProcess",
        "automation.Policy", "automation.Loop",
        "abtests.ABTest",
        "monitoring.Alert", "monitoring.AlertRule", "monitoring.MetricsRecord",
        "catalog.DataSet", "catalog.Experiment", "catalog.Machine",
        "tuning.TuningRun",
        "serving.ServingSettings",
    }  # fmt: skip


@pytest.mark.parametrize("route", sorted(SAME_FOR_ALL))
@pytest.mark.parametrize("who", PEOPLE)
def test_what_is_the_same_for_all(route: str, who: str) -> None:
    url = {"^api/": "/api/nothing/here/"}.get(route, f"/{route}")
    assert rest(who).get(url).status_code == SAME_FOR_ALL[route]


@pytest.mark.parametrize(
    "url",
    [
        "/api//training/runs/", "//api/training/runs/", "/API/training/runs/",
        "/api/training/runs//", "/api/training/runs/1//", "/api/training/../training/runs/",
        "/api/training/runs/%2e%2e/runs/", "/api/training/runs/;x=1/", "/api/training/runs/.json",
        "/static/../api/training/runs/", "/admin/../api/training/runs/", "/Admin/", "/admin//",
        "//admin/", "/ui//runs", "/UI/runs", "/ui/runs/", "/ui/runs;x",
    ],
)  # fmt: skip
def test_no_other_spelling_opens_an_address(url: str) -> None:
    answer = rest("anonymous").get(url)
    assert answer.status_code in (301, 302, 400, 401, 403, 404)
    if answer.status_code in (301, 302):
        assert to_sign_in(answer) or rest("anonymous").get(answer["Location"]).status_code in (
            302, 401, 403, 404,
        )  # fmt: skip


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PROPFIND", "CONNECT", "X"])
@pytest.mark.parametrize("route", [r for r in sorted(TABLE) if r.startswith("api/training")])
def test_odd_methods_open_nothing(route: str, method: str, make_run: MakeRun) -> None:
    make_run()
    assert ask(route, "anonymous", method).status_code == 401
    assert ask(route, "stranger", method).status_code == 403
    assert ask(route, "trainer", method).status_code in (200, 405)


def test_a_view_that_does_not_say_is_closed_to_everybody() -> None:
    class Forgotten(ApiView):
        def get(self, request: Any) -> None: ...

    class HalfForgotten(ApiView):
        actions = {"GET": Action.SIGNED_IN}

        def get(self, request: Any) -> None: ...
        def post(self, request: Any) -> None: ...

    def allowed(view: ApiView, method: str) -> bool:
        request: Any = type("Request", (), {})()
        request.user, request.method = person("admin"), method
        return RolePermission().has_permission(request, view)

    assert not allowed(Forgotten(), "GET")
    assert not allowed(Forgotten(), "OPTIONS")
    assert allowed(HalfForgotten(), "GET")
    assert not allowed(HalfForgotten(), "POST")
