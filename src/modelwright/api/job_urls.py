"""The addresses of contract B that are about trainings."""

from django.urls import path

from modelwright.api.job_views import (
    JobCancelView,
    JobEventsView,
    JobListView,
    JobView,
    RetrainView,
)

ROOT = "api/v1/model-performance/"
JOB = f"{ROOT}jobs/<str:job_id>/"

urlpatterns = [
    path(f"{ROOT}retrain/trigger/", RetrainView.as_view(), name="api-retrain-trigger"),
    path(f"{ROOT}jobs/", JobListView.as_view(), name="api-jobs"),
    path(JOB, JobView.as_view(), name="api-job"),
    path(f"{JOB}cancel/", JobCancelView.as_view(), name="api-job-cancel"),
    path(f"{JOB}events/", JobEventsView.as_view(), name="api-job-events"),
]
