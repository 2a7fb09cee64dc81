"""Policies, their loops, and scheduled jobs."""

from collections.abc import Mapping
from typing import Any

from modelwright.client.calls.base import Calls, Row, Rows, operation


class AutomationCalls(Calls):
    """Policies, their loops, and scheduled jobs."""

    @operation("loops_list")
    def loops(self, **filters: Any) -> Rows:
        """Turns of policies, newest first.

        Narrow it by `open`, `subject`.
        """
        return self._pages("/api/v1/loops/", filters)

    @operation("loops_get")
    def loop(self, loop_id: str) -> Row:
        """One loop with its steps."""
        found: Row = self._http.request("GET", f"/api/v1/loops/{loop_id}/")
        return found

    @operation("loops_decide")
    def loop_decide(self, loop_id: str, *, promote: bool, **fields: Any) -> Row:
        """Decide about a challenger that waits for a person.

        Further fields: `reason`.
        """
        found: Row = self._http.request(
            "POST", f"/api/v1/loops/{loop_id}/decide/", body={"promote": promote, **fields}
        )
        return found

    @operation("loops_stop")
    def loop_stop(self, loop_id: str, **fields: Any) -> Row:
        """End a loop where it stands.

        Further fields: `reason`.
        """
        found: Row = self._http.request("POST", f"/api/v1/loops/{loop_id}/stop/", body=fields)
        return found

    @operation("policies_list")
    def policies(self) -> Rows:
        """List policies."""
        return self._pages("/api/v1/policies/")

    @operation("policies_create")
    def policy_create(self, *, name: str, rules: Mapping[str, Any], **fields: Any) -> Row:
        """Say when to act for a subject, and what to do then.

        Further fields: `subject`, `model_type`, `is_active`.
        """
        found: Row = self._http.request(
            "POST", "/api/v1/policies/", body={"name": name, "rules": rules, **fields}
        )
        return found

    @operation("policies_get")
    def policy(self, policy_id: str) -> Row:
        """One policy."""
        found: Row = self._http.request("GET", f"/api/v1/policies/{policy_id}/")
        return found

    @operation("policies_change")
    def policy_change(self, policy_id: str, **fields: Any) -> Row:
        """Change it; loops that are on keep the rules they began with.

        Further fields: `name`, `rules`, `is_active`.
        """
        found: Row = self._http.request("PATCH", f"/api/v1/policies/{policy_id}/", body=fields)
        return found

    @operation("policies_delete")
    def policy_delete(self, policy_id: str) -> None:
        """Remove it; loops that are on go on to their end."""
        self._http.request("DELETE", f"/api/v1/policies/{policy_id}/")

    @operation("policies_dry_run")
    def policy_dry_run(self, *, subject: str, rules: Mapping[str, Any], **fields: Any) -> Rows:
        """When it would have acted on the recorded past; nothing is done.

        Further fields: `days`.
        """
        found: Rows = self._http.request(
            "POST", "/api/v1/policies/dry-run/", body={"subject": subject, "rules": rules, **fields}
        )
        return found

    @operation("policies_switch")
    def policies_switch(self) -> Row:
        """Whether policies act at all."""
        found: Row = self._http.request("GET", "/api/v1/policies/switch/")
        return found

    @operation("policies_stop")
    def policies_stop(self, **fields: Any) -> Row:
        """Stop every policy at once.

        Further fields: `reason`.
        """
        found: Row = self._http.request("PUT", "/api/v1/policies/switch/", body=fields)
        return found

    @operation("policies_go_on")
    def policies_go_on(self) -> Row:
        """Let them act again."""
        found: Row = self._http.request("DELETE", "/api/v1/policies/switch/")
        return found

    @operation("scheduler_job")
    def schedule(self, job_id: str) -> Row:
        """Read one scheduled job."""
        found: Row = self._http.request("GET", f"/api/v1/scheduler/jobs/{job_id}/")
        return found

    @operation("scheduler_job_change")
    def schedule_change(self, job_id: str, **fields: Any) -> Row:
        """Change a schedule, pause it or go on with it.

        Further fields: `expression`, `timezone`, `is_enabled`.
        """
        found: Row = self._http.request("PATCH", f"/api/v1/scheduler/jobs/{job_id}/", body=fields)
        return found

    @operation("scheduler_job_runs")
    def schedule_runs(self, job_id: str) -> Rows:
        """List what a scheduled job did."""
        return self._pages(f"/api/v1/scheduler/jobs/{job_id}/runs/")

    @operation("scheduler_status")
    def scheduler_status(self) -> Row:
        """Ask what the scheduler does."""
        found: Row = self._http.request("GET", "/api/v1/scheduler/status/")
        return found

    @operation("scheduler_trigger")
    def schedule_run_now(self, job_id: str) -> Row:
        """Run a scheduled job now."""
        found: Row = self._http.request("POST", f"/api/v1/scheduler/trigger/{job_id}/")
        return found
