"""The addresses of the pages."""

from django.urls import path

from modelwright.web.views import (
    account,
    audit,
    compare,
    datasets,
    design,
    events,
    experiments,
    machines,
    models,
    run,
    runs,
    searches,
    session,
    training,
)

DATASET = "ui/datasets/<uuid:dataset_id>"
EXPERIMENT = "ui/experiments/<uuid:experiment_id>"
MACHINE = "ui/machines/<uuid:machine_id>"
MODEL = "ui/models/<uuid:run_id>"
SEARCH = "ui/searches/<uuid:search_id>"

urlpatterns = [
    path("", session.home, name="home"),
    path("favicon.ico", session.favicon, name="favicon"),
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
    path("ui/datasets", datasets.datasets, name="datasets"),
    path("ui/datasets/new", datasets.dataset_new, name="dataset_new"),
    path(
        "ui/datasets/uploads/<uuid:upload_id>/discard", datasets.upload_end, name="upload_discard"
    ),
    path(DATASET, datasets.dataset, name="dataset"),
    path(f"{DATASET}/delete", datasets.dataset_delete, name="dataset_delete"),
    path("ui/experiments", experiments.experiments, name="experiments"),
    path("ui/experiments/new", experiments.experiment_new, name="experiment_new"),
    path(EXPERIMENT, experiments.experiment, name="experiment"),
    path(f"{EXPERIMENT}/edit", experiments.experiment_edit, name="experiment_edit"),
    path(f"{EXPERIMENT}/delete", experiments.experiment_delete, name="experiment_delete"),
    path(f"{EXPERIMENT}/shares", experiments.experiment_share_add, name="experiment_share_add"),
    path(
        f"{EXPERIMENT}/shares/<int:share_id>/end",
        experiments.experiment_share_end,
        name="experiment_share_end",
    ),
    path(f"{EXPERIMENT}/train", models.model_new, name="model_new"),
    path(MODEL, models.model_run, name="model_run"),
    path(f"{MODEL}/events", models.model_run_events, name="model_run_events"),
    path(f"{MODEL}/cancel", models.model_run_cancel, name="model_run_cancel"),
    path(f"{MODEL}/notes", models.model_run_notes, name="model_run_notes"),
    path(f"{MODEL}/delete", models.model_run_remove, name="model_run_delete"),
    path(f"{MODEL}/model.pkl", models.model_run_file, name="model_run_file"),
    path(f"{MODEL}/search", searches.search_new, name="search_new"),
    path(f"{MODEL}/search/estimate", searches.search_estimate, name="search_estimate"),
    path("ui/searches", searches.searches, name="searches"),
    path(SEARCH, searches.search, name="search"),
    path(f"{SEARCH}/events", searches.search_events, name="search_events"),
    path(f"{SEARCH}/delete", searches.search_delete, name="search_delete"),
    path(f"{SEARCH}/cancel", searches.search_cancel, name="search_cancel"),
    path(f"{SEARCH}/continue", searches.search_continue, name="search_continue"),
    path(f"{SEARCH}/train", searches.search_train, name="search_train"),
    path(f"{SEARCH}/export/<str:kind>", searches.search_export, name="search_export"),
    path("ui/machines", machines.machines, name="machines"),
    path("ui/machines/new", machines.machine_new, name="machine_new"),
    path(MACHINE, machines.machine, name="machine"),
    path(f"{MACHINE}/edit", machines.machine_edit, name="machine_edit"),
    path(f"{MACHINE}/delete", machines.machine_delete, name="machine_delete"),
    path(f"{MACHINE}/readings", machines.machine_readings, name="machine_readings"),
    path(f"{MACHINE}/sections/<str:name>", machines.machine_section, name="machine_section"),
    path("ui/compare", compare.compare, name="compare"),
    path("ui/audit", audit.audit, name="audit"),
    path("ui/account", account.account, name="account"),
    path("ui/account/password", account.password, name="password"),
    path("ui/account/tokens", account.token_new, name="token_new"),
    path("ui/account/tokens/<str:key>/revoke", account.token_end, name="token_end"),
    path("ui/design", design.design, name="design"),
]
