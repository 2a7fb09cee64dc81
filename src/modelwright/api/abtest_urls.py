"""The addresses of A/B tests."""

from django.urls import path

from modelwright.api.abtest_views import (
    ABTestCancelView,
    ABTestConcludeView,
    ABTestListView,
    ABTestPlanView,
    ABTestResultsView,
    ABTestStartView,
)

TESTS = "api/v1/model-performance/ab-test/"
TEST = f"{TESTS}<str:test_id>/"

urlpatterns = [
    path(TESTS, ABTestListView.as_view(), name="api-ab-tests"),
    path(f"{TESTS}start/", ABTestStartView.as_view(), name="api-ab-test-start"),
    path(f"{TESTS}plan/", ABTestPlanView.as_view(), name="api-ab-test-plan"),
    path(f"{TEST}results/", ABTestResultsView.as_view(), name="api-ab-test-results"),
    path(f"{TEST}cancel/", ABTestCancelView.as_view(), name="api-ab-test-cancel"),
    path(f"{TEST}conclude/", ABTestConcludeView.as_view(), name="api-ab-test-conclude"),
]
