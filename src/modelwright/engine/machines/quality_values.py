"""Findings about what was read."""

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.machines.cadence import durations
from modelwright.engine.machines.finding import (
    Finding,
    Stretch,
    by_length,
    long,
    rows,
    stretches,
    told,
)
from modelwright.engine.machines.local_time import DAY_MS, local
from modelwright.engine.machines.series import (
    ENERGY,
    HOUR_MS,
    POWER,
    PRODUCTION,
    TEMPERATURE,
    Series,
    Values,
)

ABOVE_RATED = 1.5
MISMATCH = 1.3
STUCK_READINGS = 8
STUCK_MS = 2 * HOUR_MS
STUCK_FACTOR = 6
FEW_VALUES = 10  # a channel with fewer is a state or a set point, which rests by right
SLIP_DECADES = 3.0
SLIP_SLACK = 1.0
_RESTS_BY_RIGHT = (POWER, ENERGY, PRODUCTION)


def stuck(series: Series, name: str) -> list[Finding]:
    """Find runs of one value that are long for this channel.

    How long is long is taken from the runs there are: six times the 99th percentile, eight readings
    and two hours at least. Power, energy and production rest by right at nothing (see `dead`), and
    at a value that they come back to, such as that of standing by.
    """
    values, times = series.channels[name], series.times
    read = np.flatnonzero(np.isfinite(values))
    if read.size < 2 * STUCK_READINGS:
        return []
    kept = values[read]
    first = np.flatnonzero(np.diff(kept, prepend=kept[0] - 1.0))
    last = np.append(first[1:], kept.size) - 1
    lengths = last - first + 1
    usual = float(np.quantile(lengths, 0.99, method="lower"))
    if lengths.size < FEW_VALUES:
        usual = 1.0 if name == TEMPERATURE else np.inf
    lasting = times[read[last]] - times[read[first]]
    long_runs = lengths >= max(STUCK_READINGS, STUCK_FACTOR * usual)
    long_runs &= lasting >= STUCK_MS
    if name in _RESTS_BY_RIGHT:
        rests = _values_that_rest(kept[first], lengths)
        long_runs &= ~np.isin(kept[first], rests) & (kept[first] != 0)
    found = [
        _stuck_finding(
            series, name, Stretch(int(read[first[run]]), int(read[last[run]])), int(lengths[run])
        )
        for run in np.flatnonzero(long_runs)
    ]
    return told(found, lambda number, count: f"{number} more runs of one value, {count} readings.")


def _values_that_rest(values: Values, lengths: NDArray[np.int64]) -> Values:
    """Return the values that have three or more runs of some length."""
    resting, times = np.unique(values[lengths >= STUCK_READINGS // 2], return_counts=True)
    return np.asarray(resting[times >= 3], dtype=np.float64)


def dead(series: Series, name: str) -> list[Finding]:
    """Find power or energy that is nothing while something is produced."""
    made = series.channels.get(PRODUCTION)
    if made is None:
        return []
    values = series.channels[name]
    busy = np.flatnonzero((made > 0) & np.isfinite(values))
    found = []
    for run in stretches(values[busy] == 0):
        if run.count >= STUCK_READINGS:
            stretch = Stretch(int(busy[run.first]), int(busy[run.last]))
            found.append(_stuck_finding(series, name, stretch, run.count))
    return told(found, lambda number, count: f"{number} more such stretches, {count} readings.")


def _stuck_finding(series: Series, name: str, stretch: Stretch, count: int) -> Finding:
    start, end = rows(series.times, stretch)
    value = series.channels[name][stretch.first]
    return Finding(
        "stuck",
        name,
        start,
        end,
        count,
        by_length(end - start, warning=6, critical=72),
        f"{name} reads {value:g} for {long(end - start)}, {count} times: check the sensor and its"
        " cable. Leave the stretch out of trainings if it didn't stand still.",
    )


def unit_slips(series: Series, name: str) -> tuple[NDArray[np.bool_], list[Finding]]:
    """Find stretches that are a thousand times too large or too small.

    Logarithms of the positive values are parted where there is a decade without any. A part that
    is small, comes in few stretches, varies as the main part does and goes on, three decades off,
    where the readings around it left off is the same quantity in another unit. (A machine that is
    on or off has two parts as well; but it changes often, and rests quietly.)

    Returns
    -------
    slipped : ndarray of bool, shape (n,)
    found : list of Finding
    """
    values = series.channels[name]
    slipped = np.zeros(values.size, dtype=np.bool_)
    at = np.flatnonzero(np.isfinite(values) & (values > 0))
    if at.size < 2 * STUCK_READINGS:
        return slipped, []
    decades = np.log10(values[at])
    main = _main_part(decades)
    found = []
    for direction, other in ((1, decades > main[1]), (-1, decades < main[0])):
        inside = (decades >= main[0]) & (decades <= main[1])
        runs = stretches(other)
        if not runs or other.sum() > 0.45 * at.size or len(runs) > max(3, at.size // 200):
            continue
        for run in runs:
            if _is_slip(decades, inside, run, direction * SLIP_DECADES):
                whole = Stretch(int(at[run.first]), int(at[run.last]))
                slipped[whole.first : whole.last + 1] = True
                found.append(_slip_finding(series, name, whole, direction))
    return slipped, told(found, lambda number, count: f"{number} more slips, {count} readings.")


def _main_part(decades: Values) -> tuple[float, float]:
    """Return the range of the fullest part between empty decades."""
    ordered = np.sort(decades)
    cuts = np.flatnonzero(np.diff(ordered) > 1.0)
    firsts, lasts = np.append(0, cuts + 1), np.append(cuts, ordered.size - 1)
    fullest = int(np.argmax(lasts - firsts))
    return float(ordered[firsts[fullest]]), float(ordered[lasts[fullest]])


def _is_slip(decades: Values, inside: NDArray[np.bool_], run: Stretch, shift: float) -> bool:
    put_right = decades[run.first : run.last + 1] - shift
    main = decades[inside]
    low, high = np.quantile(main, (0.01, 0.99))
    middle = float(np.median(put_right))
    if not low - 0.3 <= middle <= high + 0.3:
        return False
    at = np.arange(decades.size)
    before, after = decades[inside & (at < run.first)], decades[inside & (at > run.last)]
    steps = [
        abs(float(np.median(outside)) - float(np.median(edge)))
        for few in {1, min(6, run.count)}
        for outside, edge in (
            (before[-few:], put_right[:few]),
            (after[:few], put_right[-few:]),
        )
        if outside.size
    ]
    nearest = min(steps, default=np.inf)
    if shift > 0:  # nothing rests at a thousand times what is usual
        return run.count >= 24 or nearest <= SLIP_SLACK
    # What rests beside something that varies is off, not in another unit.
    varies = float(np.std(put_right)) / max(float(np.std(main)), 1e-12)
    if run.count >= 24 and varies > 0.3:
        return True
    return nearest <= (SLIP_SLACK if varies > 0.1 else 0.3)


def _slip_finding(series: Series, name: str, stretch: Stretch, direction: int) -> Finding:
    start, end = rows(series.times, stretch)
    size, put_right = ("large", "divide") if direction > 0 else ("small", "multiply")
    return Finding(
        "unit_slip",
        name,
        start,
        end,
        stretch.count,
        "critical",
        f"{name} is about 1000 times too {size}, {stretch.count} readings: probably another unit"
        f" (W and kW). Set the logger's unit, {put_right} these by 1000 and import them again.",
    )


def negative(series: Series, name: str) -> list[Finding]:
    """Find negative energy, power or production."""
    below = series.channels[name] < 0
    found = []
    for stretch in stretches(below, join=2):
        start, end = rows(series.times, stretch)
        count = int(below[stretch.first : stretch.last + 1].sum())
        least = float(np.nanmin(series.channels[name][stretch.first : stretch.last + 1]))
        found.append(
            Finding(
                "negative",
                name,
                start,
                end,
                count,
                "warning",
                f"{name} is negative, down to {least:g}, in {count} readings: a meter that was"
                " reset, or wired the wrong way round. They are left out of key figures.",
            )
        )
    return told(found, lambda number, count: f"{number} more stretches, {count} readings.")


def above_rated(
    series: Series, name: str, rated_power_kw: float, slipped: NDArray[np.bool_]
) -> list[Finding]:
    """Find power, or energy by the hour, far above what the machine can take up."""
    values = series.channels[name]
    power = values / durations(series.times) if name == ENERGY else values
    with np.errstate(invalid="ignore"):
        above = (power > ABOVE_RATED * rated_power_kw) & ~slipped
    found = []
    for stretch in stretches(above, join=2):
        start, end = rows(series.times, stretch)
        here = above[stretch.first : stretch.last + 1]
        most = float(power[stretch.first : stretch.last + 1][here].max())
        found.append(
            Finding(
                "above_rated",
                name,
                start,
                end,
                int(here.sum()),
                "critical" if most > 5 * rated_power_kw else "warning",
                f"{name} means up to {most:.4g} kW, and {rated_power_kw:g} kW are rated: check the"
                " meter's factor and the machine's rated power.",
            )
        )
    return told(found, lambda number, count: f"{number} more stretches, {count} readings.")


def energy_mismatch(series: Series, slipped: NDArray[np.bool_]) -> list[Finding]:
    """Find days whose energy isn't the power times its duration."""
    if ENERGY not in series.channels or POWER not in series.channels or len(series) < 2:
        return []
    energy = series.channels[ENERGY]
    integrated = series.channels[POWER] * durations(series.times)
    use = (energy >= 0) & (integrated >= 0) & ~slipped
    if not use.any():
        return []
    day = local(series.times, series.timezone) // DAY_MS
    days, group = np.unique(day[use], return_inverse=True)
    metered = np.bincount(group, weights=energy[use])
    wanted = np.bincount(group, weights=integrated[use])
    worth = np.maximum(metered, wanted) > 0.02 * max(float(np.median(wanted)), 1e-12)
    with np.errstate(divide="ignore", invalid="ignore"):
        off = worth & (np.abs(np.log(metered / wanted)) > np.log(MISMATCH))
    if not off.any():
        return []
    if off.sum() > 0.8 * worth.sum():
        ratio = float(np.median(metered[off] / np.maximum(wanted[off], 1e-12)))
        return [_mismatch(series, Stretch(0, len(series) - 1), ratio, "throughout")]
    found = []
    for run in stretches(off):
        here = np.flatnonzero(use & (day >= days[run.first]) & (day <= days[run.last]))
        ratio = float(
            metered[run.first : run.last + 1].sum()
            / max(wanted[run.first : run.last + 1].sum(), 1e-12)
        )
        stretch = Stretch(int(here[0]), int(here[-1]))
        found.append(_mismatch(series, stretch, ratio, f"on {run.count} days"))
    return told(found, lambda number, count: f"{number} more stretches, {count} readings.")


def _mismatch(series: Series, stretch: Stretch, ratio: float, when: str) -> Finding:
    start, end = rows(series.times, stretch)
    return Finding(
        "energy_mismatch",
        ENERGY,
        start,
        end,
        stretch.count,
        "critical" if max(ratio, 1 / max(ratio, 1e-12)) > 3 else "warning",
        f"{ENERGY} is {ratio:.3g} times {POWER} x time {when}: check the units, the meter's"
        " factor, and that energy is that of the interval and no running total.",
    )


def all_values(series: Series, rated_power_kw: float | None) -> list[Finding]:
    """Return all findings about values; the series is in order."""
    found: list[Finding] = []
    slipped = np.zeros(len(series), dtype=np.bool_)
    for name in series.channels:
        found += stuck(series, name)
        if name == TEMPERATURE:
            continue
        here, slips = unit_slips(series, name)
        found += slips
        if name in (POWER, ENERGY):
            slipped |= here
    for name in set(_RESTS_BY_RIGHT) & set(series.channels):
        found += negative(series, name)
    for name in {POWER, ENERGY} & set(series.channels):
        found += dead(series, name)
        if rated_power_kw:
            found += above_rated(series, name, rated_power_kw, slipped)
    return found + energy_mismatch(series, slipped)
