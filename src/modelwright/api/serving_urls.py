"""The addresses of predictions."""

from django.urls import path

from modelwright.api.serving_views import ActualsView, PredictView

SUBJECT = "api/v1/models/<str:subject>/"

urlpatterns = [
    path(f"{SUBJECT}predict/", PredictView.as_view(), name="api-predict"),
    path(f"{SUBJECT}actuals/", ActualsView.as_view(), name="api-actuals"),
]
