"""The addresses of the pages."""

from django.urls import path

from modelwright.web.views import (
    account,
    audit,
    compare,
    design,
    events,
    run,
    runs,
    session,
    training,
)

urlpatterns = [
    path("", session.home, name="home"),
    path("login", session.sign_in, name="login"),
    path("logout", session.sign_out, name="logout"),
    path("ui/runs", runs.runs, name="runs"),
    path("ui/runs/live", runs.runs_live, name="runs_live"),
    path("ui/runs/new", training.run_new, name="run_new"),
    path("ui/runs/<int:number>", run.run, name="run"),
    path("ui/runs/<int:number>/events", events.run_events, name="run_events"),
    path("ui/runs/<int:number>/cancel", run.run_cancel, name="run_cancel"),
    path("ui/runs/<int:number>/notes", run.run_notes, name="run_notes"),
    path("ui/runs/<int:number>/run.json", run.run_json, name="run_json"),
    path("ui/runs/<int:number>/metrics.json", run.run_metrics, name="run_metrics"),
    path("ui/runs/<int:number>/model.pkl", run.run_model, name="run_model"),
    path("ui/compare", compare.compare, name="compare"),
    path("ui/audit", audit.audit, name="audit"),
    path("ui/account", account.account, name="account"),
    path("ui/account/password", account.password, name="password"),
    path("ui/account/tokens", account.token_new, name="token_new"),
    path("ui/account/tokens/<str:key>/revoke", account.token_end, name="token_end"),
    path("ui/design", design.design, name="design"),
]
