"""What is to come: the forecast with its fan, and how such forecasts did so far."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.http import HttpRequest

from modelwright.catalog.models import Machine
from modelwright.catalog.readings import series_of
from modelwright.core.clock import moment_of, ms_of
from modelwright.engine.machines import MACHINE_MODEL_TYPES
from modelwright.engine.machines.cadence import step_of
from modelwright.engine.machines.downsample import is_summed
from modelwright.engine.machines.gathering import Bins
from modelwright.engine.machines.local_time import DAY_MS
from modelwright.engine.machines.series import Series
from modelwright.monitoring.models import MetricsRecord
from modelwright.monitoring.outlook import FORECASTS, Outlook, forecast_of
from modelwright.registry.models import ModelVersion
from modelwright.registry.selectors import champion_of
from modelwright.runs.machine_services import machine_subject
from modelwright.web.machine_range import Range
from modelwright.web.machine_sections.base import Section
from modelwright.web.machine_sections.lack import explained
from modelwright.web.machine_sections.times import cells, clock_times
from modelwright.web.units import unit_of, width_said

BEFORE_HORIZONS = 3
MOST_BEFORE = 1000
LINE = {"type": "scatter", "mode": "lines"}


@dataclass(frozen=True)
class BackTest:
    """How forecasts of a version did on its hold-out, beside the naive one.

    Parameters
    ----------
    version : ModelVersion
    title : str
        Of its type.
    mae, naive_mae : float or None
        Mean absolute errors, in the target's unit.
    coverage : float or None
        Share of the readings inside the band.
    """

    version: ModelVersion
    title: str
    mae: float | None
    naive_mae: float | None
    coverage: float | None

    @property
    def better(self) -> float | None:
        """Return by which share the error is smaller than the naive one."""
        if not self.mae or not self.naive_mae:
            return None
        return 1 - self.mae / self.naive_mae


def context(_request: HttpRequest, shown: Range) -> Mapping[str, Any]:
    """Return the fan and the back-tests; it begins with the last reading, whatever is shown."""
    machine = shown.machine
    outlook = forecast_of(machine)
    times = outlook.expected.times
    step = step_of(times)
    before = _before(machine, outlook, step)
    return {
        "outlook": outlook,
        "title": MACHINE_MODEL_TYPES[outlook.version.run.model_type].title,
        "band": f"{outlook.expected.coverage:.0%}",
        "unit": unit_of(outlook.target),
        "each": width_said(step),
        "tests": back_tests(machine),
        "figure": _figure(outlook, before, step, machine.timezone),
        "rows": [
            {
                "at": moment_of(int(times[i])),
                "mean": float(outlook.expected.mean[i]),
                "lower": float(outlook.expected.lower[i]),
                "upper": float(outlook.expected.upper[i]),
            }
            for i in range(times.size)
        ],
    }


def _before(machine: Machine, outlook: Outlook, step: int) -> Series:
    """Return the last readings in steps as the forecast has them."""
    span = min(MOST_BEFORE, max(BEFORE_HORIZONS * outlook.expected.times.size, 1)) * step
    known = ms_of(outlook.known_until)
    series = series_of(
        machine, start=known - max(span, DAY_MS), end=known + 1, channels=[outlook.target]
    )
    values = series.channels.get(outlook.target)
    if values is None:
        return Series(np.empty(0, dtype=np.int64), {"actual": np.empty(0)})
    phase = int(outlook.expected.times[0]) % step
    bins = Bins.of((series.times - phase) // step)
    gathered = bins.mean(values, np.ones(values.size))
    if is_summed(outlook.target):
        gathered = np.where(np.isfinite(gathered), bins.total(values), np.nan)
    return Series((series.times[bins.starts] - phase) // step * step + phase, {"actual": gathered})


def _figure(outlook: Outlook, before: Series, step: int, timezone: str) -> dict[str, Any]:
    expected = outlook.expected
    times = clock_times(expected.times, timezone)
    edge = {**LINE, "x": times, "series": 1, "band": True}
    unit = unit_of(outlook.target)
    return {
        "data": [
            {**edge, "y": cells(expected.lower), "name": "lower"},
            {**edge, "y": cells(expected.upper), "name": "upper", "fill": "tonexty"},
            {**LINE, "x": times, "y": cells(expected.mean), "name": "forecast", "series": 1},
            {
                **LINE,
                "x": clock_times(before.times, timezone),
                "y": cells(before.channels["actual"]),
                "name": "actual",
                "series": 0,
            },
        ],
        "layout": {
            "hovermode": "x",
            "xaxis": {"type": "date"},
            "yaxis": {"title": {"text": f"{unit} in {width_said(step)}"}, "rangemode": "tozero"},
        },
    }


def back_tests(machine: Machine) -> list[BackTest]:
    """Return the back-tests of the versions that answer, the best first."""
    found = []
    for name in FORECASTS:
        version = champion_of(machine_subject(name, machine))
        if version is not None:
            found.append(_back_test(version, MACHINE_MODEL_TYPES[name].title))
    return sorted(found, key=lambda test: test.mae if test.mae is not None else float("inf"))


def _back_test(version: ModelVersion, title: str) -> BackTest:
    record = MetricsRecord.objects.filter(
        model_id=version.run_id, source=MetricsRecord.Source.HOLD_OUT
    ).first()
    if record is None:
        return BackTest(version, title, None, None, None)
    mase, naive = record.metrics.get("mase"), record.metrics.get("mase_naive")
    naive_mae = record.mae * naive / mase if record.mae and mase and naive else None
    return BackTest(version, title, record.mae, naive_mae, record.metrics.get("coverage"))


SECTION = Section(
    "forecast",
    "Forecast",
    "machine/_forecast.html",
    explained("forecast_arima", context),
    figure=True,
)
