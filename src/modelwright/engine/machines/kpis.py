"""Key figures of a machine for each of its own days."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.machines.cadence import durations
from modelwright.engine.machines.local_time import DAY_MS, local, utc
from modelwright.engine.machines.series import ENERGY, HOUR_MS, POWER, PRODUCTION, Series, Values

QUARTER_MS = HOUR_MS // 4
COVERED = 0.5  # of a demand interval, for its mean to count
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class DailyKpis:
    """Key figures of one local day.

    Parameters
    ----------
    day : date
        The machine's own; its length is 23 or 25 hours where the clocks change.
    start, end : int
        When it begins and when the next does, milliseconds UTC.
    energy_kwh : float, optional
        Of the readings there are; nothing is made up for gaps. None where there was no usable one.
    production : float, optional
        Pieces; None where none were counted.
    specific_energy_kwh : float, optional
        For each piece, over the readings that have both; None without production.
    peak_demand_kw : float, optional
        The largest mean power of a demand interval that is covered by half at least.
    demand_minutes : int
        Length of a demand interval: 15, or 60 where readings are further apart than 15 minutes, or
        their distance where that is longer.
    load_factor : float, optional
        Mean power over peak demand.
    cost : float, optional
        In the currency of the price; None without a price.
    carbon_kg : float, optional
        None without a factor.
    coverage : float
        Share of the whole day with energy or power, 0 to 1.
    readings : int
    """

    day: date
    start: int
    end: int
    energy_kwh: float | None
    production: float | None
    specific_energy_kwh: float | None
    peak_demand_kw: float | None
    demand_minutes: int
    load_factor: float | None
    cost: float | None
    carbon_kg: float | None
    coverage: float
    readings: int


def daily_kpis(
    series: Series,
    *,
    price: float | None = None,
    carbon: float | None = None,
    days: Collection[date] | None = None,
) -> list[DailyKpis]:
    """Return the key figures of each day with readings, oldest first.

    Energy is that of the meter (``energy_kwh``), or ``power_kw`` times its duration where the
    meter has none. Negative readings of either are faults (see `quality`) and count as not read.

    Parameters
    ----------
    series : Series
        With whole days where these are to be right; a reading of the day before tells how long the
        first one lasts, and is not needed.
    price : float, optional
        For a kWh.
    carbon : float, optional
        Kilograms of CO2 for a kWh.
    days : collection of date, optional
        Only these, such as those that late readings belong to.

    Examples
    --------
    >>> hours = np.arange(24) * HOUR_MS
    >>> series = Series(hours, {"power_kw": np.full(24, 5.0), "production_count": np.ones(24)})
    >>> (kpis,) = daily_kpis(series, price=0.2)
    >>> kpis.energy_kwh, kpis.cost, kpis.specific_energy_kwh, kpis.load_factor, kpis.coverage
    (120.0, 24.0, 5.0, 1.0, 1.0)
    """
    if not len(series):
        return []
    hours = durations(series.times)
    energy = _energy(series, hours)
    number = local(series.times, series.timezone) // DAY_MS
    first = np.flatnonzero(np.diff(number, prepend=number[0] - 1))
    last = np.append(first[1:], number.size)
    found = []
    for low, high in zip(first, last, strict=True):
        day = _EPOCH + timedelta(days=int(number[low]))
        if days is None or day in days:
            rows = slice(int(low), int(high))
            found.append(_day(series, rows, hours[rows], energy[rows], day, price, carbon))
    return found


def _energy(series: Series, hours: Values) -> Values:
    nothing = np.full(len(series), np.nan)
    metered = series.channels.get(ENERGY, nothing)
    power = series.channels.get(POWER, nothing)
    return np.where(_usable(metered), metered, np.where(_usable(power), power * hours, np.nan))


def _usable(values: Values) -> NDArray[np.bool_]:
    return np.isfinite(values) & (values >= 0)


def _day(
    series: Series,
    rows: slice,
    hours: Values,
    energy: Values,
    day: date,
    price: float | None,
    carbon: float | None,
) -> DailyKpis:
    known = np.isfinite(energy)
    total = float(energy[known].sum()) if known.any() else None
    covered = float(hours[known].sum())
    number = (day - _EPOCH).days
    start, end = (utc(n * DAY_MS, series.timezone) for n in (number, number + 1))
    interval = _demand_interval(hours)
    shown = local(series.times[rows], series.timezone)
    peak = _peak(series.times[rows] - shown % interval, hours, energy, interval)
    production, specific = _production(series, rows, energy)
    return DailyKpis(
        day=day,
        start=start,
        end=end,
        energy_kwh=total,
        production=production,
        specific_energy_kwh=specific,
        peak_demand_kw=peak,
        demand_minutes=interval // 60_000,
        load_factor=None if total is None or not peak else min(1.0, total / covered / peak),
        cost=None if total is None or price is None else total * price,
        carbon_kg=None if total is None or carbon is None else total * carbon,
        coverage=min(1.0, covered * HOUR_MS / (end - start)),
        readings=int(hours.size),
    )


def _demand_interval(hours: Values) -> int:
    step = round(float(np.median(hours)) * HOUR_MS)
    if step <= QUARTER_MS:
        return QUARTER_MS
    return max(HOUR_MS, -(-step // 60_000) * 60_000)


def _peak(begins: NDArray[np.int64], hours: Values, energy: Values, interval: int) -> float | None:
    known = np.isfinite(energy) & (hours > 0)
    if not known.any():
        return None
    _, group = np.unique(begins[known], return_inverse=True)
    covered = np.bincount(group, weights=hours[known])
    demand = np.bincount(group, weights=energy[known]) / covered
    enough = covered >= COVERED * interval / HOUR_MS
    return float(demand[enough].max()) if enough.any() else None


def _production(series: Series, rows: slice, energy: Values) -> tuple[float | None, float | None]:
    if PRODUCTION not in series.channels:
        return None, None
    pieces = series.channels[PRODUCTION][rows]
    counted = _usable(pieces)
    if not counted.any():
        return None, None
    both = counted & np.isfinite(energy)
    made = float(pieces[both].sum())
    return float(pieces[counted].sum()), float(energy[both].sum()) / made if made else None
