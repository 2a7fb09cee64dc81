"""The addresses of the registry."""

from django.urls import path

from modelwright.api.comparison_views import (
    ComparisonCancelView,
    ComparisonListView,
    ComparisonView,
)
from modelwright.api.registry_views import (
    AliasView,
    PromoteView,
    PromotionListView,
    RollbackView,
    SubjectListView,
    SubjectView,
    TimelineView,
    VersionListView,
    VersionView,
)
from modelwright.api.retention_views import (
    RetentionApplyView,
    RetentionOfPredictionsView,
    RetentionOfSubjectView,
    RetentionPlansView,
    RetentionView,
)
from modelwright.api.transfer_views import SignerView, VersionExportView, VersionImportView

SUBJECTS = "api/v1/subjects/"
COMPARISON = "api/v1/comparisons/<str:comparison_id>/"
SUBJECT = f"{SUBJECTS}<str:subject>/"

urlpatterns = [
    path(SUBJECTS, SubjectListView.as_view(), name="api-subjects"),
    path(SUBJECT, SubjectView.as_view(), name="api-subject"),
    path(f"{SUBJECT}versions/", VersionListView.as_view(), name="api-versions"),
    path(f"{SUBJECT}versions/<str:version>/", VersionView.as_view(), name="api-version"),
    path(
        f"{SUBJECT}versions/<str:version>/export/",
        VersionExportView.as_view(),
        name="api-version-export",
    ),
    path("api/v1/versions/import/", VersionImportView.as_view(), name="api-version-import"),
    path("api/v1/versions/signer/", SignerView.as_view(), name="api-signer"),
    path(f"{SUBJECT}comparisons/", ComparisonListView.as_view(), name="api-comparisons"),
    path(f"{COMPARISON}", ComparisonView.as_view(), name="api-comparison"),
    path(f"{COMPARISON}cancel/", ComparisonCancelView.as_view(), name="api-comparison-cancel"),
    path(f"{SUBJECT}promote/", PromoteView.as_view(), name="api-promote"),
    path(f"{SUBJECT}rollback/", RollbackView.as_view(), name="api-rollback"),
    path(f"{SUBJECT}promotions/", PromotionListView.as_view(), name="api-promotions"),
    path(f"{SUBJECT}aliases/<str:alias>/", AliasView.as_view(), name="api-alias"),
    path(f"{SUBJECT}retention/", RetentionOfSubjectView.as_view(), name="api-retention-subject"),
    path(f"{SUBJECT}retention/apply/", RetentionApplyView.as_view(), name="api-retention-apply"),
    path(
        f"{SUBJECT}retention/predictions/",
        RetentionOfPredictionsView.as_view(),
        name="api-retention-predictions",
    ),
    path("api/v1/retention/", RetentionView.as_view(), name="api-retention"),
    path("api/v1/retention/plans/", RetentionPlansView.as_view(), name="api-retention-plans"),
    path(f"{SUBJECT}timeline/", TimelineView.as_view(), name="api-timeline"),
]
