"""The addresses of contract B that are about the scheduler."""

from django.urls import path

from modelwright.api.scheduler_views import (
    SchedulerStatusView,
    SchedulerTriggerView,
    ScheduleRunListView,
    ScheduleView,
)

ROOT = "api/v1/scheduler/"
JOB = f"{ROOT}jobs/<str:job_id>/"

urlpatterns = [
    path(f"{ROOT}status/", SchedulerStatusView.as_view(), name="api-scheduler-status"),
    path(
        f"{ROOT}trigger/<str:job_id>/",
        SchedulerTriggerView.as_view(),
        name="api-scheduler-trigger",
    ),
    path(JOB, ScheduleView.as_view(), name="api-schedule"),
    path(f"{JOB}runs/", ScheduleRunListView.as_view(), name="api-schedule-runs"),
]
