"""What was used, against what the baseline expected."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from django.http import HttpRequest

from modelwright.core.clock import moment_of
from modelwright.engine.machines.downsample import downsample
from modelwright.engine.machines.series import Series
from modelwright.monitoring.outlook import Compared, expected_actual
from modelwright.web.machine_range import Range
from modelwright.web.machine_sections.base import Section
from modelwright.web.machine_sections.lack import explained
from modelwright.web.machine_sections.times import cells, clock_times, ends_of
from modelwright.web.units import unit_of, width_said

POINTS = 800
SHOWN_ROWS = 50
LINE = {"type": "scatter", "mode": "lines"}


def compared_of(shown: Range) -> Compared:
    """Return the readings of a range and what the baseline expected of each. Raises as it does."""
    return expected_actual(shown.machine, "baseline", *ends_of(shown))


def context(_request: HttpRequest, shown: Range) -> Mapping[str, Any]:
    """Return the chart and the rows of its table: means of stretches where readings are many."""
    compared = compared_of(shown)
    expected = compared.expected
    columns = {
        "actual": compared.actual,
        "expected": expected.mean,
        "lower": expected.lower,
        "upper": expected.upper,
        "residual": compared.actual - expected.mean,
    }
    timezone = shown.machine.timezone
    drawn = downsample(Series(expected.times, columns, timezone), points=POINTS)
    means = {
        name: drawn.channels[name].mean
        if name in drawn.channels
        else np.full(drawn.times.size, np.nan)
        for name in columns
    }
    times = clock_times(drawn.times, timezone)
    unit = unit_of(compared.target)
    # over a gap the edges go on: the space between broken lines is filled askew
    edge = {**LINE, "x": times, "series": 1, "band": True, "connectgaps": True}
    figure = {
        "data": [
            {**edge, "y": cells(means["lower"]), "name": "lower"},
            {**edge, "y": cells(means["upper"]), "name": "upper", "fill": "tonexty"},
            {**LINE, "x": times, "y": cells(means["expected"]), "name": "expected", "series": 1},
            {**LINE, "x": times, "y": cells(means["actual"]), "name": "actual", "series": 0},
        ],
        "layout": {
            "hovermode": "x",
            "xaxis": {"type": "date"},
            "yaxis": {"title": {"text": f"{unit} a reading"}, "rangemode": "tozero"},
        },
    }
    there = np.flatnonzero((drawn.counts > 0) & np.isfinite(means["expected"]))[::-1][:SHOWN_ROWS]
    return {
        "version": compared.version,
        "target": compared.target,
        "unit": unit,
        "width": width_said(drawn.width_ms) if drawn.width_ms else "",
        "coverage": expected.coverage,
        "warnings": expected.warnings,
        "figure": figure,
        "rows": [
            {"at": moment_of(int(drawn.times[i]))}
            | {name: float(values[i]) for name, values in means.items()}
            for i in there.tolist()
        ],
    }


SECTION = Section(
    "expected",
    "Expected and actual",
    "machine/_expected.html",
    explained("baseline", context),
    figure=True,
)
