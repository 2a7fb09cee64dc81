"""The REST addresses. Those below `/api/` are good with and without their last slash."""

from django.urls import include, path, re_path
from django.views.generic import RedirectView

from modelwright.accounts.access import public
from modelwright.api.artifact_views import TrainingRunArtifactView
from modelwright.api.auth_views import (
    JwtLogoutView,
    JwtRefreshView,
    JwtView,
    MeView,
    TokenView,
)
from modelwright.api.elsewhere import without_slash
from modelwright.api.health import HealthView, ReadinessView
from modelwright.api.schema_views import DocsView, SchemaView
from modelwright.api.scrape_views import ScrapeView
from modelwright.api.training_views import (
    TrainingRunCancelView,
    TrainingRunEventsView,
    TrainingRunListView,
    TrainingRunView,
    TrainView,
)

RUN = "api/training/runs/<int:number>/"

urlpatterns = [
    path("api/training/train/", TrainView.as_view(), name="api-training-train"),
    path("api/training/runs/", TrainingRunListView.as_view(), name="api-training-runs"),
    path(RUN, TrainingRunView.as_view(), name="api-training-run"),
    path(f"{RUN}cancel/", TrainingRunCancelView.as_view(), name="api-training-run-cancel"),
    path(f"{RUN}events/", TrainingRunEventsView.as_view(), name="api-training-run-events"),
    path(f"{RUN}artifact/", TrainingRunArtifactView.as_view(), name="api-training-run-artifact"),
    path("api/auth/token/", TokenView.as_view(), name="api-auth-token"),
    path("api/auth/jwt/", JwtView.as_view(), name="api-auth-jwt"),
    path("api/auth/jwt/refresh/", JwtRefreshView.as_view(), name="api-auth-jwt-refresh"),
    path("api/auth/jwt/logout/", JwtLogoutView.as_view(), name="api-auth-jwt-logout"),
    path("api/auth/me/", MeView.as_view(), name="api-auth-me"),
    path("", include("modelwright.api.dataset_urls")),
    path("", include("modelwright.api.tuning_urls")),
    path("", include("modelwright.api.job_urls")),
    path("", include("modelwright.api.scheduler_urls")),
    path("", include("modelwright.api.machine_urls")),
    path("", include("modelwright.api.monitoring_urls")),
    path("", include("modelwright.api.serving_urls")),
    path("", include("modelwright.api.traffic_urls")),
    path("", include("modelwright.api.abtest_urls")),
    path("", include("modelwright.api.registry_urls")),
    path("", include("modelwright.api.policy_urls")),
    path("", include("modelwright.api.notification_urls")),
    path("healthz", HealthView.as_view(), name="healthz"),
    path("readyz", ReadinessView.as_view(), name="readyz"),
    path("metrics", ScrapeView.as_view(), name="metrics"),
    path("openapi.json", SchemaView.as_view(), name="openapi"),
    path("docs", DocsView.as_view(), name="docs"),
    path("docs/", public(RedirectView.as_view(pattern_name="docs"))),
    re_path("^api/", without_slash, name="api-elsewhere"),
]
