"""The addresses of predictions."""

from django.urls import path

from modelwright.api.batch_views import (
    BatchCancelView,
    BatchFileView,
    BatchListView,
    BatchView,
)
from modelwright.api.serving_views import ActualsView, PredictView

SUBJECT = "api/v1/models/<str:subject>/"
BATCH = "api/v1/batches/<str:batch_id>/"

urlpatterns = [
    path(f"{SUBJECT}predict/", PredictView.as_view(), name="api-predict"),
    path(f"{SUBJECT}actuals/", ActualsView.as_view(), name="api-actuals"),
    path(f"{SUBJECT}batches/", BatchListView.as_view(), name="api-batches"),
    path(BATCH, BatchView.as_view(), name="api-batch"),
    path(f"{BATCH}cancel/", BatchCancelView.as_view(), name="api-batch-cancel"),
    path(f"{BATCH}file/", BatchFileView.as_view(), name="api-batch-file"),
]
