"""Findings about when readings were taken."""

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.machines.cadence import step_of, steps_by_day
from modelwright.engine.machines.finding import Finding, by_length, long, told
from modelwright.engine.machines.local_time import DAY_MS, clock_changes, local
from modelwright.engine.machines.series import (
    ENERGY,
    HOUR_MS,
    POWER,
    PRODUCTION,
    Series,
    Times,
    Values,
)

FUTURE_MS = 300_000  # clocks differ a little
IRREGULAR = 0.05
FEW_GAPS = 10  # where there are more, one at a change of the clocks is chance
PROFILE_WEEKS = 3


def duplicates(series: Series) -> tuple[Series, list[Finding]]:
    """Return the series in order and each time once, and what had to be put right for it."""
    if len(series) < 2 or (np.diff(series.times) > 0).all():
        return series, []
    order = np.argsort(series.times, kind="stable")
    last = np.append(np.diff(series.times[order]) > 0, True)
    repeated = series.times[order][~last]
    clean = Series(
        series.times[order][last],
        {name: values[order][last] for name, values in series.channels.items()},
        series.timezone,
    )
    if not repeated.size:
        return clean, []
    start, end = int(repeated[0]), int(repeated[-1])
    message = (
        f"{repeated.size} readings repeat a time that was there before; the later ones count."
        " Check that two loggers don't write to the same machine."
    )
    if _at_change(series, start, end):
        message = (
            "An hour is there twice where the clocks change: the logger writes local time."
            " Let it write UTC or the offset."
        )
        return clean, [
            Finding("daylight_saving", "", start, end, repeated.size, "warning", message)
        ]
    return clean, [Finding("duplicate", "", start, end, repeated.size, "info", message)]


def _at_change(series: Series, start: int, end: int) -> bool:
    """Is it about an hour at a change of the clock?"""
    if end - start > HOUR_MS:
        return False
    moments, _ = clock_changes(start - DAY_MS, end + DAY_MS, series.timezone)
    return any(abs(int(moment) - start) <= HOUR_MS for moment in moments[1:])


def gaps(series: Series) -> list[Finding]:
    """Find missing readings, of the machine and of single channels."""
    found = _gaps_of(series, series.times, "")
    for name, values in series.channels.items():
        read = np.isfinite(values)
        if 1 < read.sum() < read.size:
            found += _silent(series, read, name)
    return found


def _gaps_of(series: Series, times: Times, channel: str) -> list[Finding]:
    if times.size < 2:
        return []
    distances, steps = np.diff(times), steps_by_day(times)[:-1]
    # Readings that keep to no step have no gap before several are missing.
    factor = 5.0 if _off_step(times).mean() > IRREGULAR else 1.5
    found, hours = [], []
    ats = np.flatnonzero(distances > steps * factor)
    for at in ats:
        step, distance = int(steps[at]), int(distances[at])
        start, end = int(times[at]) + step, int(times[at]) + distance - step
        count = max(1, round(distance / step) - 1)
        if distance - step == HOUR_MS and ats.size <= FEW_GAPS and _at_change(series, start, start):
            hours.append(_lost_hour(channel, start, max(start, end), count))
        else:
            found.append(_gap(channel, start, max(start, end), count, distance - step))
    return hours + told(found, _gaps_together)


def _gap(channel: str, start: int, end: int, count: int, lasting: int) -> Finding:
    what = f"no value of {channel}" if channel else "no reading"
    return Finding(
        "gap",
        channel,
        start,
        end,
        count,
        by_length(lasting),
        f"For {long(lasting)} there is {what} ({count} missing): check the logger and its network,"
        " and import them where the logger kept them.",
    )


def _gaps_together(number: int, count: int) -> str:
    return f"{number} shorter gaps, {count} readings missing: check the logger and its network."


def _lost_hour(channel: str, start: int, end: int, count: int) -> Finding:
    return Finding(
        "daylight_saving",
        channel,
        start,
        end,
        count,
        "warning",
        "An hour is missing where the clocks change: the logger writes local time, and one of two"
        " equal hours replaced the other. Let it write UTC or the offset, and import the hour.",
    )


def _silent(series: Series, read: NDArray[np.bool_], name: str) -> list[Finding]:
    """A channel may be read more rarely than the machine; longer silences are gaps."""
    times = series.times[read]
    distances, steps = np.diff(times), steps_by_day(times)[:-1]
    before = np.flatnonzero(read)
    found = []
    for at in np.flatnonzero((distances > steps * 1.5) & (np.diff(before) > 1)):
        step, first, last = int(steps[at]), before[at] + 1, before[at + 1] - 1
        start, end = int(series.times[first]), int(series.times[last])
        count = max(1, min(round(int(distances[at]) / step) - 1, int(last - first) + 1))
        found.append(_gap(name, start, end, count, end - start + step))
    return told(found, _gaps_together)


def _off_step(times: Times) -> NDArray[np.bool_]:
    shares = np.diff(times) / steps_by_day(times)[:-1]
    return (np.abs(shares - np.round(shares)) > 0.02) | (shares < 0.98)


def irregular(series: Series) -> list[Finding]:
    """Find series whose readings don't keep to their step."""
    if len(series) < 20:
        return []
    off = _off_step(series.times)
    if off.mean() <= IRREGULAR:
        return []
    at = np.flatnonzero(off)
    return [
        Finding(
            "irregular",
            "",
            int(series.times[at[0]]),
            int(series.times[at[-1] + 1]),
            int(at.size),
            "info",
            f"{off.mean():.0%} of the readings don't come at the usual"
            f" {long(step_of(series.times))}: let the logger read at a fixed interval, or draw them"
            " together before importing.",
        )
    ]


def future(series: Series, now_ms: int) -> list[Finding]:
    """Find readings that claim to be of a time to come."""
    late = series.times > now_ms + FUTURE_MS
    if not late.any():
        return []
    ahead = series.times[late]
    return [
        Finding(
            "future",
            "",
            int(ahead[0]),
            int(ahead[-1]),
            int(ahead.size),
            "warning",
            f"{ahead.size} readings lie up to {long(int(ahead[-1]) - now_ms)} in the future: set"
            " the logger's clock, check the offset from UTC, and delete them.",
        )
    ]


def shifted_days(series: Series) -> list[Finding]:
    """Find days that shift by an hour when the clocks change.

    The mean day of the weeks before a change is laid over that of the weeks after it, once as the
    machine's clock shows it and once an hour to either side. Work follows the clock; where an hour
    to the side fits much better, and better than the weeks before fit among themselves, the times
    are wrong (or the work doesn't follow the clock). Outdoor temperature follows the sun and isn't
    looked at.
    """
    if len(series) < 2:
        return []
    names = [n for n in (PRODUCTION, POWER, ENERGY) if n in series.channels]
    moments, _ = clock_changes(int(series.times[0]), int(series.times[-1]), series.timezone)
    shown = local(series.times, series.timezone)
    return [
        finding
        for moment in moments[1:]
        for finding in [_shifted(series, shown, int(moment), names)]
        if finding is not None
    ]


def _shifted(series: Series, shown: Times, moment: int, names: list[str]) -> Finding | None:
    weeks = PROFILE_WEEKS * 7 * DAY_MS
    for name in names:
        values = series.channels[name]
        before = (series.times >= moment - weeks) & (series.times < moment)
        after = (series.times >= moment) & (series.times < moment + weeks)
        half = series.times < moment - weeks // 2
        days = [
            _mean_day(shown[r], values[r]) for r in (before, after, before & half, before & ~half)
        ]
        if any(day is None for day in days):
            continue
        shift = _best_shift(*[day for day in days if day is not None])
        if shift:
            last = series.times[after][-1]
            return _shift_finding(name, moment, int(last), int(after.sum()), shift)
    return None


def _mean_day(shown: Times, values: Values) -> Values | None:
    """Return the mean working day by the hour; None where an hour has fewer than three values."""
    use = np.isfinite(values) & ((shown // DAY_MS + 3) % 7 < 5)
    hour = shown[use] % DAY_MS // HOUR_MS
    counts = np.bincount(hour, minlength=24)
    if counts.min() < 3:
        return None
    return np.asarray(np.bincount(hour, weights=values[use], minlength=24) / counts)


def _best_shift(before: Values, after: Values, early: Values, late: Values) -> int:
    def apart(one: Values, two: Values) -> float:
        return float(((one - one.mean() - two + two.mean()) ** 2).sum())

    still = apart(before, after)
    usual = apart(early, late)
    shift = min((-1, 1), key=lambda hours: apart(before, np.roll(after, hours)))
    moved = apart(before, np.roll(after, shift))
    return shift if still > 4 * moved and still > 4 * usual else 0


def _shift_finding(name: str, start: int, end: int, count: int, shift: int) -> Finding:
    return Finding(
        "daylight_saving",
        name,
        start,
        end,
        count,
        "warning",
        f"From the change of the clocks on, the day's pattern of {name} comes an hour"
        f" {'later' if shift < 0 else 'earlier'}: the logger probably doesn't follow the change."
        " Let it write UTC or the offset. Nothing is wrong if the work doesn't follow the clock.",
    )


def all_times(series: Series, now_ms: int) -> list[Finding]:
    """Return all findings about times; the series is in order."""
    found = gaps(series) + irregular(series) + future(series, now_ms)
    return found + shifted_days(series)
