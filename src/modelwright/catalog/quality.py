"""What is wrong with a machine's readings."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from modelwright.catalog.models import Machine
from modelwright.catalog.neighbours import neighbours_of
from modelwright.catalog.period import Period
from modelwright.catalog.readings import readings_between, series_of
from modelwright.core.clock import moment_of, ms_of
from modelwright.engine.machines.finding import Finding
from modelwright.engine.machines.local_time import DAY_MS
from modelwright.engine.machines.quality import findings
from modelwright.engine.machines.series import TEMPERATURE

USUAL_DAYS = 365
USUAL_READINGS = 100_000


@dataclass(frozen=True)
class Quality:
    """Findings, and what was looked at.

    Parameters
    ----------
    machine : Machine
    start, end : datetime, optional
        First and last reading; None where there are none.
    readings : int
    findings : sequence of Finding
        Gravest first.
    """

    machine: Machine
    start: dt.datetime | None
    end: dt.datetime | None
    readings: int
    findings: Sequence[Finding]


def quality_of(machine: Machine, period: Period | None = None) -> Quality:
    """Look at the readings of a period.

    Where it has no start, at a year before its end, or at the last 100,000 readings of that.
    """
    period = period or Period()
    start = _usual_start(machine, period) if period.start is None else period.start
    series = series_of(machine, start=start, end=period.end)
    if not len(series):
        return Quality(machine, None, None, 0, ())
    first, last = int(series.times[0]), int(series.times[-1])
    neighbours = (
        neighbours_of(machine, start=first, end=last) if TEMPERATURE in series.channels else ()
    )
    return Quality(
        machine,
        moment_of(first),
        moment_of(last),
        len(series),
        findings(series, rated_power_kw=machine.rated_power_kw, neighbours=neighbours),
    )


def _usual_start(machine: Machine, period: Period) -> int | None:
    if machine.last_reading_at is None:
        return None
    last = ms_of(machine.last_reading_at)
    start = min(last, period.end or last) - USUAL_DAYS * DAY_MS
    latest = readings_between(machine, start=start, end=period.end).order_by("-at")
    first = latest.values_list("at", flat=True)[USUAL_READINGS - 1 : USUAL_READINGS].first()
    return start if first is None else first
