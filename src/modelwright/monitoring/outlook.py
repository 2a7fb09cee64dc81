"""What models say of a machine's readings and of the time to come; for pages and REST."""

import datetime as dt
from dataclasses import dataclass

import numpy as np

from modelwright.catalog.models import Machine
from modelwright.catalog.readings import series_of
from modelwright.core.clock import ms_of
from modelwright.core.errors import InvalidInputError
from modelwright.engine.machines.base import Expected, MachineModel
from modelwright.engine.machines.baseline import Baseline
from modelwright.engine.machines.cadence import step_of
from modelwright.engine.machines.forecasting.model import MOST_HORIZON, ForecastModel
from modelwright.engine.machines.local_time import DAY_MS
from modelwright.engine.machines.savings import Cusum, Savings, cusum, savings
from modelwright.engine.machines.series import Series, Values
from modelwright.monitoring.errors import ModelNotFoundError, NoMetricsError
from modelwright.monitoring.models import MetricsRecord
from modelwright.monitoring.versions import version_for
from modelwright.registry.models import ModelVersion
from modelwright.registry.selectors import champion_of, machine_model_of
from modelwright.runs.machine_services import machine_subject

FORECASTS = ("forecast_arima", "forecast_prophet")
CONTEXT_DAYS = 35
"""Readings before a period that models may look back on."""
NOTHING = "No readings found for this period"


@dataclass(frozen=True)
class Compared:
    """Readings of a period and what a version expected.

    Parameters
    ----------
    version : ModelVersion
    target : str
        The channel.
    actual : ndarray of float64, shape (n,)
        NaN where it wasn't read.
    expected : Expected
        At the same times.
    """

    version: ModelVersion
    target: str
    actual: Values
    expected: Expected


@dataclass(frozen=True)
class Saved:
    """What was saved against the baseline over a period.

    Parameters
    ----------
    version : ModelVersion
    savings : Savings
    cusum : Cusum
    """

    version: ModelVersion
    savings: Savings
    cusum: Cusum


@dataclass(frozen=True)
class Outlook:
    """A forecast.

    Parameters
    ----------
    version : ModelVersion
    target : str
        The channel.
    expected : Expected
        Up to the last reading: what was forecast before each; after it: what is to come.
    known_until : datetime
        The last reading.
    """

    version: ModelVersion
    target: str
    expected: Expected
    known_until: dt.datetime


def expected_actual(
    machine: Machine,
    model_type: str,
    start: dt.datetime,
    end: dt.datetime,
    version: ModelVersion | None = None,
) -> Compared:
    """Return what was read in a period and what a version (the champion) expected.

    Raises
    ------
    ModelNotFoundError
        There is no model.
    NoMetricsError
        There are no readings.
    """
    version = version or version_for(machine, model_type)
    model = machine_model_of(version)
    return compare(model, version, _with_context(machine, start, end), ms_of(start))


def compare(model: MachineModel, version: ModelVersion, series: Series, start: int) -> Compared:
    """Return the readings from `start` on, and what the model expected of them."""
    found = model.expected(series)
    low = int((series.times < start).sum())
    actual = series.channels.get(model.target)
    if low >= len(series) or actual is None:
        raise NoMetricsError(NOTHING)
    part = Expected(
        found.times[low:],
        found.mean[low:],
        found.lower[low:],
        found.upper[low:],
        found.coverage,
        found.warnings,
    )
    return Compared(version, model.target, actual[low:], part)


def saved_against_baseline(machine: Machine, start: dt.datetime, end: dt.datetime) -> Saved:
    """Return the savings of a period against the baseline that answers, and their sum over time.

    Raises
    ------
    ModelNotFoundError
        There is no baseline.
    DataLoadError
        No reading of the period has what the baseline needs.
    """
    version = version_for(machine, "baseline")
    model = machine_model_of(version)
    if not isinstance(model, Baseline):
        raise TypeError(f"{version.name} is no baseline.")
    series = _with_context(machine, start, end)
    low, high = ms_of(start), ms_of(end)
    return Saved(
        version,
        savings(model, series, start=low, end=high),
        cusum(model, series, start=low, end=high),
    )


def forecast_of(
    machine: Machine,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
    model_type: str | None = None,
) -> Outlook:
    """Return the forecast of a machine for a period.

    Parameters
    ----------
    machine : Machine
    start, end : datetime, optional
        Default: from the last reading on, as many steps as the model was made for.
    model_type : str, optional
        Default: of those there are the one with the smaller error on its hold-out.

    Raises
    ------
    ModelNotFoundError
        There is no forecast model.
    NoMetricsError
        There are no readings.
    InvalidInputError
        The period is empty, or too long.
    """
    version = version_for(machine, model_type) if model_type else _best_forecast(machine)
    model = machine_model_of(version)
    if not isinstance(model, ForecastModel):
        raise TypeError(f"{version.name} makes no forecasts.")
    if machine.last_reading_at is None:
        raise NoMetricsError(NOTHING)
    known = machine.last_reading_at
    first = min(known, start) if start else known
    series = _with_context(machine, first, known + dt.timedelta(milliseconds=1))
    steps = _steps(model, series, start, end)
    parts = []
    if start is not None and start <= known:
        parts.append(compare(model, version, series, ms_of(start)).expected)
    if steps:
        parts.append(model.forecast(series, steps))
    return Outlook(version, model.target, _between(parts, start, end), known)


def _steps(
    model: ForecastModel, series: Series, start: dt.datetime | None, end: dt.datetime | None
) -> int:
    """Return how many steps after the last reading are asked for."""
    if start is not None and end is not None and end <= start:
        raise InvalidInputError({"end": ["end must be after start"]})
    if end is None:
        return model.horizon
    step = model.step or step_of(series.times)
    steps = -(-(ms_of(end) - int(series.times[-1])) // step)
    if steps > MOST_HORIZON:
        raise InvalidInputError(
            {"end": [f"end must be at most {MOST_HORIZON} steps after the last reading"]}
        )
    return max(steps, 0)


def _between(parts: list[Expected], start: dt.datetime | None, end: dt.datetime | None) -> Expected:
    if not parts:
        raise NoMetricsError(NOTHING)
    times, mean, lower, upper = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("times", "mean", "lower", "upper")
    )
    inside = np.ones(times.size, dtype=bool)
    if start is not None:
        inside &= times >= ms_of(start)
    if end is not None:
        inside &= times < ms_of(end)
    return Expected(times[inside], mean[inside], lower[inside], upper[inside], parts[0].coverage)


def _best_forecast(machine: Machine) -> ModelVersion:
    versions = [
        version
        for model_type in FORECASTS
        if (version := champion_of(machine_subject(model_type, machine))) is not None
    ]
    if not versions:
        raise ModelNotFoundError(
            f"There is no forecast model of {machine.name} yet: train {' or '.join(FORECASTS)}."
        )
    errors = dict(
        MetricsRecord.objects.filter(
            model_id__in=[version.run_id for version in versions],
            source=MetricsRecord.Source.HOLD_OUT,
        ).values_list("model_id", "rmse")
    )
    return min(versions, key=lambda version: errors.get(version.run_id) or float("inf"))


def _with_context(machine: Machine, start: dt.datetime, end: dt.datetime) -> Series:
    series = series_of(machine, start=ms_of(start) - CONTEXT_DAYS * DAY_MS, end=ms_of(end))
    if not len(series):
        raise NoMetricsError(NOTHING)
    return series
