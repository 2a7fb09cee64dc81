"""The addresses of contract C: data sets, experiments, model runs."""

from django.urls import path

from modelwright.api.dataset_views import (
    DataSetListView,
    DataSetPreviewView,
    DataSetProfileView,
    DataSetView,
)
from modelwright.api.experiment_views import (
    ExperimentListView,
    ExperimentSharesView,
    ExperimentShareView,
    ExperimentView,
)
from modelwright.api.model_views import (
    ModelImportanceView,
    ModelListView,
    ModelMetricsView,
    ModelStatusView,
    ModelTrainView,
    ModelView,
)
from modelwright.api.upload_views import UploadFinishView, UploadListView, UploadView

DATASET = "api/v1/datasets/<str:dataset_id>/"
UPLOADS = "api/v1/datasets/uploads/"
UPLOAD = f"{UPLOADS}<str:upload_id>/"
EXPERIMENT = "api/v1/experiments/<str:experiment_id>/"
TRAINING = "api/v1/models/train/<str:run_id>/"

urlpatterns = [
    path("api/v1/datasets/", DataSetListView.as_view(), name="api-datasets"),
    path(UPLOADS, UploadListView.as_view(), name="api-uploads"),
    path(UPLOAD, UploadView.as_view(), name="api-upload"),
    path(f"{UPLOAD}finish/", UploadFinishView.as_view(), name="api-upload-finish"),
    path(DATASET, DataSetView.as_view(), name="api-dataset"),
    path(f"{DATASET}preview/", DataSetPreviewView.as_view(), name="api-dataset-preview"),
    path(f"{DATASET}profile/", DataSetProfileView.as_view(), name="api-dataset-profile"),
    path("api/v1/experiments/", ExperimentListView.as_view(), name="api-experiments"),
    path(EXPERIMENT, ExperimentView.as_view(), name="api-experiment"),
    path(f"{EXPERIMENT}shares/", ExperimentSharesView.as_view(), name="api-experiment-shares"),
    path(
        f"{EXPERIMENT}shares/<int:share_id>/",
        ExperimentShareView.as_view(),
        name="api-experiment-share",
    ),
    path("api/v1/models/train/", ModelTrainView.as_view(), name="api-model-train"),
    path(f"{TRAINING}status/", ModelStatusView.as_view(), name="api-model-status"),
    path(f"{TRAINING}metrics/", ModelMetricsView.as_view(), name="api-model-metrics"),
    path(
        f"{TRAINING}feature-importance/",
        ModelImportanceView.as_view(),
        name="api-model-feature-importance",
    ),
    path("api/v1/models/", ModelListView.as_view(), name="api-models"),
    path("api/v1/models/<str:run_id>/", ModelView.as_view(), name="api-model"),
]
