"""What was saved against the baseline: energy, money and carbon, with their uncertainty."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.http import HttpRequest

from modelwright.catalog.models import Machine
from modelwright.core.clock import moment_of, ms_of
from modelwright.engine.machines.savings import Cusum, Savings
from modelwright.monitoring.outlook import Saved, saved_against_baseline
from modelwright.web.machine_range import Range
from modelwright.web.machine_sections.base import Section
from modelwright.web.machine_sections.lack import explained
from modelwright.web.machine_sections.times import cells, clock_times, ends_of

POINTS = 1000
SHOWN_ROWS = 50
LINE = {"type": "scatter", "mode": "lines"}


@dataclass(frozen=True)
class Amount:
    """An amount that was saved, and between which limits it surely lies."""

    title: str
    unit: str
    value: float
    lower: float
    upper: float


def context(_request: HttpRequest, shown: Range) -> Mapping[str, Any]:
    """Return the amounts, the cumulative sum and its turns."""
    saved = saved_against_baseline(shown.machine, *ends_of(shown))
    total = saved.cusum
    kept = np.unique(np.linspace(0, total.times.size - 1, POINTS).round().astype(np.int64))
    return {
        "version": saved.version,
        "savings": saved.savings,
        "amounts": amounts_of(shown.machine, saved.savings),
        "learned_until": saved.version.run.period_end,
        "inside": _inside(saved),
        "figure": figure_of(total, kept, shown.machine.timezone),
        "turns": [
            {"at": moment_of(turn.time), "before": turn.before, "after": turn.after}
            for turn in total.turns
        ],
        "rows": [
            {
                "at": moment_of(int(total.times[i])),
                "total": float(total.total[i]),
                "reach": float(total.reach[i]),
            }
            for i in kept[::-1][:SHOWN_ROWS].tolist()
        ],
    }


def amounts_of(machine: Machine, savings: Savings) -> list[Amount]:
    """Return what was saved in kWh, and in money and carbon where the machine says how much."""
    found = [Amount("Energy saved", "kWh", savings.saved, savings.lower, savings.upper)]
    for title, unit, factor in (
        ("Cost saved", "at its price", machine.energy_price_per_kwh),
        ("CO₂ saved", "kg", machine.carbon_kg_per_kwh),
    ):
        if factor is not None:
            values = (factor * savings.saved, factor * savings.lower, factor * savings.upper)
            found.append(Amount(title, unit, *values))
    return found


def _inside(saved: Saved) -> bool:
    """Return whether the baseline learned from the very period, so that little can be saved."""
    end = saved.version.run.period_end
    return end is not None and saved.savings.end <= ms_of(end)


def figure_of(total: Cusum, kept: Any, timezone: str) -> dict[str, Any]:
    """Return the cumulative sum, in the reach of chance, with its turns."""
    times = clock_times(total.times[kept], timezone)
    edge = {**LINE, "x": times, "series": 5, "band": True}
    turns = clock_times(np.array([turn.time for turn in total.turns], dtype=np.int64), timezone)
    return {
        "data": [
            {**edge, "y": cells(-total.reach[kept]), "name": "chance"},
            {**edge, "y": cells(total.reach[kept]), "name": "chance", "fill": "tonexty"},
            {**LINE, "x": times, "y": cells(total.total[kept]), "name": "sum", "series": 0},
        ],
        "layout": {
            "showlegend": False,
            "hovermode": "x",
            "xaxis": {"type": "date"},
            "yaxis": {"title": {"text": "kWh more than expected"}},
            "shapes": [
                {"type": "line", "xref": "x", "yref": "paper", "x0": at, "x1": at, "y0": 0,
                 "y1": 1, "tone": "warn"}
                for at in turns
            ],
        },
    }  # fmt: skip


SECTION = Section(
    "savings", "Savings", "machine/_savings.html", explained("baseline", context), figure=True
)
