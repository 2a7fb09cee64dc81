"""The key figures of each day."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from modelwright.core.clock import ms_of
from modelwright.monitoring.kpis import day_of, kpi_totals, kpis_of
from modelwright.monitoring.models import KpiDay
from modelwright.web.machine_range import Range
from modelwright.web.machine_sections.base import Section
from modelwright.web.machine_sections.lack import NOTHING_READ, explained
from modelwright.web.machine_sections.times import ends_of

SHOWN_ROWS = 62
MOST_DAYS = 1100
"""So many days at most are drawn: the last of them."""


def context(_request: HttpRequest, shown: Range) -> Mapping[str, Any]:
    """Return totals, charts and rows; right however late readings came."""
    machine = shown.machine
    start, end = ends_of(shown)
    last = day_of(machine, ms_of(end) - 1)
    first = max(day_of(machine, ms_of(start)), last - dt.timedelta(days=MOST_DAYS))
    days = kpis_of(machine, first, last)
    if not days:
        return {"lack": NOTHING_READ}
    return {
        "totals": kpi_totals(days),
        "days": len(days),
        "figures": [
            ("kpi-energy", "Energy a day", _energy(days)),
            ("kpi-power", "Peak and mean demand", _power(days)),
        ],
        "has_production": any(day.production_count is not None for day in days),
        "has_cost": machine.energy_price_per_kwh is not None,
        "has_carbon": machine.carbon_kg_per_kwh is not None,
        "rows": days[::-1][:SHOWN_ROWS],
    }


def _energy(days: list[KpiDay]) -> dict[str, Any]:
    return {
        "data": [
            {
                "type": "bar",
                "name": "energy",
                "x": [day.day.isoformat() for day in days],
                "y": [_short(day.energy_kwh) for day in days],
            }
        ],
        "layout": {
            "showlegend": False,
            "xaxis": {"type": "date"},
            "yaxis": {"title": {"text": "kWh"}, "rangemode": "tozero"},
        },
    }


def _power(days: list[KpiDay]) -> dict[str, Any]:
    line = {"type": "scatter", "mode": "lines", "x": [day.day.isoformat() for day in days]}
    means = [
        day.peak_kw * day.load_factor
        if day.peak_kw is not None and day.load_factor is not None
        else None
        for day in days
    ]
    return {
        "data": [
            {**line, "name": "peak", "y": [_short(day.peak_kw) for day in days], "series": 1},
            {**line, "name": "mean", "y": [_short(mean) for mean in means], "series": 0},
        ],
        "layout": {
            "hovermode": "x",
            "xaxis": {"type": "date"},
            "yaxis": {"title": {"text": "kW"}, "rangemode": "tozero"},
        },
    }


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.5g}")


SECTION = Section(
    "kpis", "Key figures", "machine/_kpis.html", explained("baseline", context), figure=True
)
