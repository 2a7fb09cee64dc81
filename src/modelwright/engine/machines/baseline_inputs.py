"""From a machine's readings to what a baseline learns from."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from modelwright.engine.errors import DataLoadError
from modelwright.engine.machines.bills import calendar_months
from modelwright.engine.machines.cadence import step_of
from modelwright.engine.machines.candidates.base import Rows
from modelwright.engine.machines.candidates.frame import (
    BIN_MS,
    DAY,
    HOUR,
    PERIOD,
    Frame,
    Inputs,
    build_frame,
)
from modelwright.engine.machines.checks import (
    check_series,
    implausible_values,
    implausible_warning,
    target_channel,
    target_values,
)
from modelwright.engine.machines.holiday_days import holiday_days
from modelwright.engine.machines.local_time import DAY_MS
from modelwright.engine.machines.series import PRODUCTION, TEMPERATURE, Series, Values

AUTO, MONTH = "auto", "month"
HALF = 0.5
LEAST_ROWS = {HOUR: 24, DAY: 14, PERIOD: 9}
KEPT_SHARE = 0.8  # a training holds out the rest
FEW_LOST = 0.05
LONGEST_HOUR_STEP, LONGEST_DAY_STEP = DAY_MS // 2, DAY_MS * 3 // 2
DEFAULTS = {"temperature": TEMPERATURE, "production": PRODUCTION}


@dataclass(frozen=True)
class Prepared:
    """Readings, ready to learn from.

    Parameters
    ----------
    inputs : Inputs
    frame : Frame
    rows : ndarray of bool, shape (len(frame),)
        Which rows have all that is needed.
    warnings : list of str
    """

    inputs: Inputs
    frame: Frame
    rows: Rows
    warnings: list[str]


def prepare(series: Series, options: Mapping[str, Any], *, minimum: int) -> Prepared:
    """Choose channels and rows.

    Raises
    ------
    DataLoadError
        The readings can't be used; the message says what to do.
    """
    check_series(series, minimum=minimum)
    series = at_resolution(series, options)
    target = target_channel(series, options["target"])
    values = target_values(series, target, minimum=minimum)
    warnings: list[str] = []
    known = np.isfinite(values)
    step = step_of(series.times)
    resolution = _resolution(options["resolution"], step)
    bin_ms = BIN_MS.get(resolution, step)
    days: dict[int, str] = {}
    if options["holidays"] is not None:
        days = holiday_days(options["holidays"], series.times)
    inputs = Inputs(
        target=target,
        temperature=_channel(series, options, "temperature", known, warnings),
        production=_channel(series, options, "production", known, warnings),
        drivers=tuple(_driver(series, name, target, known) for name in options["drivers"]),
        resolution=resolution,
        step=bin_ms if 2 * step <= bin_ms else step,
        holidays=tuple(days),
    )
    frame = build_frame(series, inputs, gather=True)
    rows = _rows(frame, inputs, warnings)
    return Prepared(inputs, frame, rows, warnings)


def at_resolution(series: Series, options: Mapping[str, Any]) -> Series:
    """Return the readings as they are, or by calendar months where these are to be modelled."""
    return calendar_months(series) if options["resolution"] == MONTH else series


def _resolution(wanted: str, step: int) -> str:
    if wanted == MONTH:
        return PERIOD
    usual = HOUR if step <= LONGEST_HOUR_STEP else DAY if step <= LONGEST_DAY_STEP else PERIOD
    if wanted in (AUTO, usual):
        return usual
    if wanted == DAY and usual == HOUR:
        return DAY
    has = "a day" if usual == DAY else "more than a day"
    raise DataLoadError(
        f"The readings are {has} apart: set the option resolution to auto, or send them finer."
    )


def _channel(
    series: Series,
    options: Mapping[str, Any],
    option: str,
    known: Rows,
    warnings: list[str],
) -> str | None:
    """Return the channel of temperature or production, or None where there is too little of it."""
    name = options[option]
    if name is None or name == options["target"]:
        return None
    if name not in series.channels:
        if name != DEFAULTS[option]:
            raise _missing(series, name, option)
        if option == "temperature":
            warnings.append(f"There is no {name}: the weather's part is not explained.")
        return None
    share = _share(series.channels[name], known)
    if share < HALF:
        warnings.append(
            f"{name} was read at only {share:.0%} of the target's readings: it is not used."
        )
        return None
    return str(name)


def _driver(series: Series, name: str, target: str, known: Rows) -> str:
    if name == target:
        raise DataLoadError(f"{name!r} is the target: take it out of the option drivers.")
    if name not in series.channels:
        raise _missing(series, name, "drivers")
    share = _share(series.channels[name], known)
    if share < HALF:
        raise DataLoadError(
            f"Driver {name!r} was read at only {share:.0%} of the target's readings: send the rest,"
            " or take it out of the option drivers.",
            channel=name,
        )
    return name


def _missing(series: Series, name: str, option: str) -> DataLoadError:
    there = ", ".join(sorted(series.channels)[:20])
    return DataLoadError(
        f"There is no channel {name!r}: correct the option {option}; the readings have {there}.",
        channel=name,
    )


def _share(values: Values, known: Rows) -> float:
    return float(np.isfinite(values[known]).mean())


def _rows(frame: Frame, inputs: Inputs, warnings: list[str]) -> Rows:
    known = np.isfinite(frame.target)
    rows = known & frame.complete
    count = int(known.sum())
    least = LEAST_ROWS[inputs.resolution]
    if rows.sum() < least:
        raise DataLoadError(
            f"Only {int(rows.sum())} {inputs.resolution}s have all of {', '.join(inputs.features)}:"
            f" {least} are the least to learn from, send {math.ceil(least / KEPT_SHARE)} or more."
        )
    lost = 1 - rows.sum() / count
    if lost > FEW_LOST:
        warnings.append(f"{lost:.0%} of the {inputs.resolution}s lack a driver and were left out.")
    implausible = rows & implausible_values(frame.target, rows)
    if implausible.any():
        warnings.append(implausible_warning(inputs.target, int(implausible.sum())))
    return rows & ~implausible
