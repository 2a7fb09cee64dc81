"""The times of a section: its ends, and what the machine's clock shows."""

import datetime as dt

import numpy as np

from modelwright.core.clock import moment_of, ms_of
from modelwright.engine.machines.local_time import local
from modelwright.engine.machines.series import Times, Values
from modelwright.monitoring.errors import NoMetricsError
from modelwright.monitoring.outlook import NOTHING
from modelwright.web.machine_range import Range

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def ends_of(shown: Range) -> tuple[dt.datetime, dt.datetime]:
    """Return the first moment of a range and that after its last.

    Raises
    ------
    NoMetricsError
        The machine has no readings.
    """
    machine, period = shown.machine, shown.period
    if machine.first_reading_at is None or machine.last_reading_at is None:
        raise NoMetricsError(NOTHING)
    start = ms_of(machine.first_reading_at) if period.start is None else period.start
    end = ms_of(machine.last_reading_at) + 1 if period.end is None else period.end
    return moment_of(start), moment_of(max(end, start + 1))


def clock_times(times: Times, timezone: str) -> list[str]:
    """Return times as the machine's clock shows them, for charts."""
    shown = local(times, timezone).astype("datetime64[ms]")
    found: list[str] = np.datetime_as_string(shown, unit="s").tolist()
    return found


def clock_time(moment: dt.datetime, timezone: str) -> str:
    """Return one of them."""
    return clock_times(np.array([ms_of(moment)], dtype=np.int64), timezone)[0]


def cells(values: Values) -> list[float | None]:
    """Return numbers as JSON can hold them, with five digits that matter."""
    return [float(f"{value:.5g}") if np.isfinite(value) else None for value in values.tolist()]
