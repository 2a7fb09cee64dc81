"""How models do: records, drift, alerts, trainings of machines, A/B tests."""

from collections.abc import Mapping
from typing import Any

from modelwright.client.calls.base import Calls, Row, Rows, operation


class PerformanceCalls(Calls):
    """How models do: records, drift, alerts, trainings of machines, A/B tests."""

    @operation("ab_tests_list")
    def ab_tests(self, **filters: Any) -> Rows:
        """List A/B tests, newest first.

        Narrow it by `machine_id`, `model_type`, `status`.
        """
        return self._pages("/api/v1/model-performance/ab-test/", filters)

    @operation("ab_tests_cancel")
    def ab_test_cancel(self, test_id: str) -> Row:
        """End a test without a verdict."""
        found: Row = self._http.request(
            "POST", f"/api/v1/model-performance/ab-test/{test_id}/cancel/"
        )
        return found

    @operation("ab_tests_results")
    def ab_test_results(self, test_id: str) -> Row:
        """What is known by now."""
        found: Row = self._http.request(
            "GET", f"/api/v1/model-performance/ab-test/{test_id}/results/"
        )
        return found

    @operation("ab_tests_conclude")
    def ab_test_conclude(self, test_id: str) -> Row:
        """End a test now, with what is known."""
        found: Row = self._http.request(
            "POST", f"/api/v1/model-performance/ab-test/{test_id}/conclude/"
        )
        return found

    @operation("ab_tests_plan")
    def ab_test_plan(
        self, *, model_a_id: str, model_b_id: str, effect: float, **fields: Any
    ) -> Row:
        """Return how many rows and days a test would need.

        Further fields: `mode`, `traffic_split`, `alpha`, `power`.
        """
        body = {"model_a_id": model_a_id, "model_b_id": model_b_id, "effect": effect, **fields}
        found: Row = self._http.request(
            "POST", "/api/v1/model-performance/ab-test/plan/", body=body
        )
        return found

    @operation("ab_tests_start")
    def ab_test_start(
        self,
        *,
        test_name: str,
        model_a_id: str,
        model_b_id: str,
        duration_hours: float,
        **fields: Any,
    ) -> Row:
        """Test a challenger against the champion.

        Further fields: `model_type`, `machine_id`, `traffic_split`, `mode`, `margin`, `alpha`,
        `max_rows`.
        """
        found: Row = self._http.request(
            "POST",
            "/api/v1/model-performance/ab-test/start/",
            body={
                "test_name": test_name,
                "model_a_id": model_a_id,
                "model_b_id": model_b_id,
                "duration_hours": duration_hours,
                **fields,
            },
        )
        return found

    @operation("alert_rules_list")
    def alert_rules(self) -> Rows:
        """List the rules of alerts."""
        return self._pages("/api/v1/model-performance/alert-rules/")

    @operation("alert_rules_create")
    def alert_rule_create(self, *, alert_type: str, **fields: Any) -> Row:
        """Say how the alerts of a kind are treated.

        Further fields: `warning_at`, `critical_at`, `cooldown_minutes`, `is_muted`,
        `model_type`, `machine_id`.
        """
        found: Row = self._http.request(
            "POST",
            "/api/v1/model-performance/alert-rules/",
            body={"alert_type": alert_type, **fields},
        )
        return found

    @operation("alert_rules_get")
    def alert_rule(self, rule_id: int) -> Row:
        """Read a rule."""
        found: Row = self._http.request("GET", f"/api/v1/model-performance/alert-rules/{rule_id}/")
        return found

    @operation("alert_rules_change")
    def alert_rule_change(self, rule_id: int, **fields: Any) -> Row:
        """Change a rule.

        Further fields: `warning_at`, `critical_at`, `cooldown_minutes`, `is_muted`.
        """
        found: Row = self._http.request(
            "PATCH", f"/api/v1/model-performance/alert-rules/{rule_id}/", body=fields
        )
        return found

    @operation("alert_rules_delete")
    def alert_rule_delete(self, rule_id: int) -> None:
        """Delete a rule."""
        self._http.request("DELETE", f"/api/v1/model-performance/alert-rules/{rule_id}/")

    @operation("alerts_list")
    def alerts_all(self, **filters: Any) -> Rows:
        """List all alerts, resolved ones too.

        Narrow it by `alert_type`, `machine_id`, `model_type`, `severity`, `status`.
        """
        return self._pages("/api/v1/model-performance/alerts/", filters)

    @operation("alerts_get")
    def alert(self, alert_id: str) -> Row:
        """Read an alert."""
        found: Row = self._http.request("GET", f"/api/v1/model-performance/alerts/{alert_id}/")
        return found

    @operation("alerts_acknowledge")
    def alert_acknowledge(self, alert_id: str) -> Row:
        """Say that somebody looks after an alert."""
        found: Row = self._http.request(
            "POST", f"/api/v1/model-performance/alerts/{alert_id}/acknowledge/"
        )
        return found

    @operation("alerts_resolve")
    def alert_resolve(self, alert_id: str, **fields: Any) -> Row:
        """Close an alert.

        Further fields: `resolution`.
        """
        found: Row = self._http.request(
            "POST", f"/api/v1/model-performance/alerts/{alert_id}/resolve/", body=fields
        )
        return found

    @operation("alerts_silence")
    def alert_silence(self, alert_id: str, *, until: str) -> Row:
        """Have an alert tell nobody until a time."""
        found: Row = self._http.request(
            "POST", f"/api/v1/model-performance/alerts/{alert_id}/silence/", body={"until": until}
        )
        return found

    @operation("jobs_list")
    def jobs(self, **filters: Any) -> Rows:
        """List the trainings of machines' models.

        Narrow it by `machine_id`, `model_type`, `status`.
        """
        return self._pages("/api/v1/model-performance/jobs/", filters)

    @operation("jobs_read")
    def job(self, job_id: str) -> Row:
        """Read one training of a machine's model."""
        found: Row = self._http.request("GET", f"/api/v1/model-performance/jobs/{job_id}/")
        return found

    @operation("jobs_cancel")
    def job_cancel(self, job_id: str) -> Row:
        """Cancel a training of a machine's model."""
        found: Row = self._http.request("POST", f"/api/v1/model-performance/jobs/{job_id}/cancel/")
        return found

    @operation("jobs_events")
    def job_events(self, job_id: str, **filters: Any) -> Row:
        """Follow a training of a machine's model.

        Narrow it by `after`, `format`, `limit`.
        """
        found: Row = self._http.request(
            "GET", f"/api/v1/model-performance/jobs/{job_id}/events/", query=filters
        )
        return found

    @operation("metrics_record")
    def metrics_record(
        self,
        *,
        model_type: str,
        machine_id: str,
        evaluation_start: str,
        evaluation_end: str,
        metrics: Mapping[str, Any],
        **fields: Any,
    ) -> Row:
        """Record how a version did over a period.

        Further fields: `model_id`, `sample_count`.
        """
        found: Row = self._http.request(
            "POST",
            "/api/v1/model-performance/metrics/record/",
            body={
                "model_type": model_type,
                "machine_id": machine_id,
                "evaluation_start": evaluation_start,
                "evaluation_end": evaluation_end,
                "metrics": metrics,
                **fields,
            },
        )
        return found
