"""What sample machines do in an hour: weather, shifts, holidays, and power that follows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.machines.local_time import DAY_MS, hour_of_week, local
from modelwright.engine.machines.sample_draws import Draws
from modelwright.engine.machines.series import HOUR_MS, POWER, PRODUCTION, Times, Values

_EPOCH = date(1970, 1, 1)
# mean of the year, half the difference between summer and winter, half that of a day (degC)
_CLIMATE = {"Europe/Berlin": (10.5, 9.5, 3.5), "America/Chicago": (10.5, 13.5, 4.5)}


@dataclass(frozen=True)
class Hours:
    """Hours with all that a machine's work depends on.

    Parameters
    ----------
    index : ndarray of int64, shape (n,)
        Hours since 1970-01-01 UTC.
    day : ndarray of int64, shape (n,)
        Local days since 1970-01-01.
    hour, weekday : ndarray of int64, shape (n,)
        Local; Monday is 0.
    holiday : ndarray of bool, shape (n,)
    temperature : ndarray of float64, shape (n,)
        Outdoors, degC.
    """

    index: Times
    day: Times
    hour: Times
    weekday: Times
    holiday: NDArray[np.bool_]
    temperature: Values

    def shift(self, first: int, last: int, days: int = 5) -> Values:
        """Return 1 where work goes on: `first` to `last` o'clock on the first days of the week."""
        at_work = (self.weekday < days) & ~self.holiday & (self.hour >= first) & (self.hour < last)
        return at_work.astype(np.float64)


Formula: TypeAlias = Callable[[Hours, Draws], Mapping[str, Values]]


def sample_hours(times: Times, *, site: str, timezone: str, seed: int) -> Hours:
    """Return the hours with their calendar and weather; machines of a site share both.

    Parameters
    ----------
    times : ndarray of int64, shape (n,)
        Full hours, milliseconds UTC.
    site : str
        Weather is drawn for it.
    timezone : str
        One of the sample sites' zones.
    seed : int
    """
    shown = local(times, timezone)
    day, week_hour = shown // DAY_MS, hour_of_week(shown)
    days_off = np.isin(day, _holidays(day))
    index = times // HOUR_MS
    weather = _weather(index, day, week_hour % 24, timezone, Draws(seed, site, "weather"))
    return Hours(index, day, week_hour % 24, week_hour // 24, days_off, weather)


def _weather(index: Times, day: Times, hour: Times, timezone: str, draws: Draws) -> Values:
    mean, season, daily = _CLIMATE[timezone]
    phase = 2 * np.pi * (day / 365.2425 - 20 / 365.2425)  # coldest on 21 January
    sun = -np.cos(2 * np.pi * (hour - 3) / 24)
    cloud = 0.6 + 0.4 * draws.uniform(day, "cloud")
    return np.asarray(
        mean - season * np.cos(phase) + daily * cloud * sun + 3.2 * _fronts(index, draws),
        dtype=np.float64,
    )


def _fronts(index: Times, draws: Draws) -> Values:
    """Return unit-variance noise that lasts for days: half-days' draws, smoothed and joined."""
    half, within = index // 12, (index % 12) / 12
    weights = 0.75 ** np.arange(14)
    weights /= np.sqrt((weights**2).sum())
    lags = np.arange(14)
    ends = [
        draws.normal((half + step)[:, None] - lags[None, :], "front") @ weights for step in (0, 1)
    ]
    return np.asarray(ends[0] * (1 - within) + ends[1] * within, dtype=np.float64)


def _holidays(days: Times) -> Times:
    if not days.size:
        return days
    years = range(
        (_EPOCH + timedelta(days=int(days.min()))).year,
        (_EPOCH + timedelta(days=int(days.max()))).year + 1,
    )
    found = []
    for year in years:
        easter = _easter(year)
        found += [date(year, *md) for md in ((1, 1), (5, 1), (12, 24), (12, 25), (12, 26))]
        found += [easter - timedelta(days=2), easter + timedelta(days=1), date(year, 12, 31)]
    return np.array([(day - _EPOCH).days for day in found], dtype=np.int64)


def _easter(year: int) -> date:
    """Easter Sunday (Gauss' rule as completed by Lichtenberg, 1997)."""
    k, a = year // 100, year % 19
    m, s = 15 + (3 * k + 3) // 4 - (8 * k + 13) // 25, 2 - (3 * k + 3) // 4
    d = (19 * a + m) % 30
    r = (d + a // 11) // 29
    og = 21 + d - r
    sz = 7 - (year + year // 4 + s) % 7
    return date(year, 3, 1) + timedelta(days=og + (7 - (og - sz) % 7) - 1)


def _pace(hours: Hours, draws: Draws) -> Values:
    """Return how much is asked for, around 1: by the day, and by the hour."""
    daily, hourly = draws.normal(hours.day, "day"), draws.normal(hours.index, "hour")
    return np.asarray(np.clip(1 + 0.07 * daily + 0.05 * hourly, 0.6, 1.3), dtype=np.float64)


def _noisy(share: Values, hours: Hours, draws: Draws, size: float = 0.025) -> Values:
    return np.asarray(share * (1 + size * draws.normal(hours.index, "power")), dtype=np.float64)


def _compressor(hours: Hours, draws: Draws) -> Mapping[str, Values]:
    saturday = hours.shift(6, 14, 6) - hours.shift(6, 14)
    work = (hours.shift(6, 22) + 0.6 * saturday) * _pace(hours, draws)
    share = 0.14 + 0.56 * work + 0.003 * np.maximum(hours.temperature - 10, 0)
    pressure = 7.3 - 0.35 * work + 0.05 * draws.normal(hours.index, "pressure")
    return {
        POWER: _noisy(share, hours, draws),
        PRODUCTION: np.round(420 * work),
        "pressure_bar": pressure,
    }


def _chiller(hours: Hours, draws: Draws) -> Mapping[str, Values]:
    work = (0.35 + 0.65 * hours.shift(6, 22)) * _pace(hours, draws)
    heat = np.maximum(hours.temperature - 12, 0)
    share = 0.08 + 0.18 * work + 0.018 * heat * (0.6 + 0.4 * work)
    supply = 6.5 + 0.03 * heat + 0.15 * draws.normal(hours.index, "supply")
    return {
        POWER: _noisy(share, hours, draws),
        PRODUCTION: np.round(420 * hours.shift(6, 22) * work),
        "supply_temp_c": supply,
    }


def _injection_moulding(hours: Hours, draws: Draws) -> Mapping[str, Values]:
    month_day = hours.day % 365.2425
    closed = (month_day > 212) & (month_day < 226)  # two weeks in August
    on = hours.shift(0, 24) * ~closed
    work = on * _pace(hours, draws)
    share = 0.06 + 0.22 * on + 0.42 * work
    return {
        POWER: _noisy(share, hours, draws),
        PRODUCTION: np.round(1150 * work),
        "melt_temp_c": 60 + 165 * on + 1.5 * draws.normal(hours.index, "melt"),
    }


def _hvac(hours: Hours, draws: Draws) -> Mapping[str, Values]:
    people = hours.shift(6, 20) * _pace(hours, draws)
    cold = np.maximum(15 - hours.temperature, 0)
    warm = np.maximum(hours.temperature - 19, 0)
    share = 0.05 + 0.20 * people + (0.35 + 0.65 * people) * (0.017 * cold + 0.026 * warm)
    return {POWER: _noisy(share, hours, draws, 0.035)}


def _furnace(hours: Hours, draws: Draws) -> Mapping[str, Values]:
    pause = (hours.weekday == 6) & (hours.hour < 6)
    work = np.where(pause, 0.0, 1.0) * _pace(hours, draws)
    share = 0.30 + 0.45 * work - 0.0012 * hours.temperature
    return {
        POWER: _noisy(share, hours, draws, 0.015),
        PRODUCTION: np.round(64 * work),
        "bath_temp_c": 712 - 4 * work + 1.2 * draws.normal(hours.index, "bath"),
    }


FORMULAS: Mapping[str, Formula] = {
    "compressor": _compressor,
    "chiller": _chiller,
    "injection_moulding": _injection_moulding,
    "hvac": _hvac,
    "furnace": _furnace,
}
