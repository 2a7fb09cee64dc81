"""Machines, their readings, and what is reckoned from these."""

from typing import Any

from modelwright.client.calls.base import Calls, Row, Rows, operation


class MachineCalls(Calls):
    """Machines, their readings, and what is reckoned from these."""

    @operation("machines_read")
    def machine(self, machine_id: str) -> Row:
        """Read one machine."""
        found: Row = self._http.request("GET", f"/api/v1/machines/{machine_id}/")
        return found

    @operation("machines_change")
    def machine_change(self, machine_id: str, **fields: Any) -> Row:
        """Change a machine.

        Further fields: `name`, `site`, `machine_type`, `rated_power_kw`,
        `energy_price_per_kwh`, `carbon_kg_per_kwh`, `timezone`, `tags`, `is_active`.
        """
        found: Row = self._http.request("PATCH", f"/api/v1/machines/{machine_id}/", body=fields)
        return found

    @operation("machines_delete")
    def machine_delete(self, machine_id: str, **filters: Any) -> None:
        """Delete a machine.

        Narrow it by `force`.
        """
        self._http.request("DELETE", f"/api/v1/machines/{machine_id}/", query=filters)

    @operation("machines_anomalies")
    def anomalies(self, machine_id: str, **filters: Any) -> Rows:
        """List what was out of the ordinary.

        Narrow it by `end`, `start`.
        """
        return self._pages(f"/api/v1/machines/{machine_id}/anomalies/", filters)

    @operation("machines_anomaly_mark")
    def anomaly_mark(self, machine_id: str, anomaly_id: str, **fields: Any) -> Row:
        """Say that an anomaly is a false alarm, or is none.

        Further fields: `is_false_alarm`.
        """
        found: Row = self._http.request(
            "PATCH", f"/api/v1/machines/{machine_id}/anomalies/{anomaly_id}/", body=fields
        )
        return found

    @operation("machine_data_quality")
    def data_quality(self, machine_id: str, **filters: Any) -> Row:
        """Find what is wrong with readings.

        Narrow it by `end`, `start`.
        """
        found: Row = self._http.request(
            "GET", f"/api/v1/machines/{machine_id}/data-quality/", query=filters
        )
        return found

    @operation("machines_forecast")
    def forecast(self, machine_id: str, **filters: Any) -> Row:
        """Read what is to be expected of a machine.

        Narrow it by `end`, `model_type`, `start`.
        """
        found: Row = self._http.request(
            "GET", f"/api/v1/machines/{machine_id}/forecast/", query=filters
        )
        return found

    @operation("machines_kpis")
    def kpis(self, machine_id: str, **filters: Any) -> Row:
        """Read the key figures of a machine's days.

        Narrow it by `end`, `start`.
        """
        found: Row = self._http.request(
            "GET", f"/api/v1/machines/{machine_id}/kpis/", query=filters
        )
        return found
