"""The addresses of contract C: searches for hyperparameters."""

from django.urls import path

from modelwright.api.tuning_views import (
    TuneView,
    TuningCancelView,
    TuningContinueView,
    TuningExportView,
    TuningImportanceView,
    TuningResultsView,
    TuningStatusView,
    TuningTrainBestView,
    TuningTrialsView,
    TuningView,
)

TUNE = "api/v1/tuning/tune/"
RUN = f"{TUNE}<str:tuning_run_id>/"

urlpatterns = [
    path(TUNE, TuneView.as_view(), name="api-tune"),
    path(RUN, TuningView.as_view(), name="api-tuning"),
    path(f"{RUN}status/", TuningStatusView.as_view(), name="api-tuning-status"),
    path(f"{RUN}results/", TuningResultsView.as_view(), name="api-tuning-results"),
    path(f"{RUN}trials/", TuningTrialsView.as_view(), name="api-tuning-trials"),
    path(f"{RUN}importance/", TuningImportanceView.as_view(), name="api-tuning-importance"),
    path(f"{RUN}export/", TuningExportView.as_view(), name="api-tuning-export"),
    path(f"{RUN}cancel/", TuningCancelView.as_view(), name="api-tuning-cancel"),
    path(f"{RUN}continue/", TuningContinueView.as_view(), name="api-tuning-continue"),
    path(f"{RUN}train-best/", TuningTrainBestView.as_view(), name="api-tuning-train-best"),
]
