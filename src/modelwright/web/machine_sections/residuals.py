"""When the machine uses more or less than the baseline expects: by hour and day of the week."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from django.http import HttpRequest

from modelwright.engine.machines.local_time import hour_of_week, local
from modelwright.engine.machines.series import Values
from modelwright.web.machine_range import Range
from modelwright.web.machine_sections.base import Section
from modelwright.web.machine_sections.expected import compared_of
from modelwright.web.machine_sections.lack import explained
from modelwright.web.machine_sections.times import WEEKDAYS, cells
from modelwright.web.units import unit_of

HOURS = 24
DAYS = 7


def context(_request: HttpRequest, shown: Range) -> Mapping[str, Any]:
    """Return the mean residual of each hour of the week."""
    compared = compared_of(shown)
    residual = compared.actual - compared.expected.mean
    known = np.isfinite(residual)
    hour = hour_of_week(local(compared.expected.times, shown.machine.timezone))
    mean = _means(hour[known], residual[known])
    unit = unit_of(compared.target)
    hours = [f"{hour:02d}" for hour in range(HOURS)]
    figure = {
        "data": [
            {
                "type": "heatmap",
                "x": hours,
                "y": list(WEEKDAYS),
                "z": [cells(row) for row in mean],
                "scale": "diverging",
                "hovertemplate": f"%{{y}} %{{x}}:00: %{{z}} {unit}<extra></extra>",
                "colorbar": {"title": {"text": unit}},
            }
        ],
        "layout": {
            "xaxis": {"type": "category", "title": {"text": "hour"}},
            "yaxis": {"type": "category", "autorange": "reversed"},
        },
    }
    return {
        "version": compared.version,
        "unit": unit,
        "count": int(known.sum()),
        "figure": figure,
        "weekdays": WEEKDAYS,
        "rows": [(f"{hour:02d}:00", mean[:, hour].tolist()) for hour in range(HOURS)],
    }


def _means(hour: Any, residual: Values) -> Values:
    """Return the means, shape (7, 24); NaN where nothing was read."""
    size = DAYS * HOURS
    counts = np.bincount(hour, minlength=size)
    sums = np.bincount(hour, residual, minlength=size)
    mean: Values = np.divide(sums, counts, out=np.full(size, np.nan), where=counts > 0)
    return mean.reshape(DAYS, HOURS)


SECTION = Section(
    "residuals",
    "Residuals by hour and weekday",
    "machine/_residuals.html",
    explained("baseline", context),
    figure=True,
)
