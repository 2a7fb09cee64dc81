"""Hourly series for tests and benchmarks: drawn and public ones, cut and judged by days."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from modelwright.engine.drift import DriftResult, Profile, drift_check
from modelwright.engine.drift.phases import DAY, HOUR

MONDAY = 1_736_121_600_000  # 2025-01-06 00:00 UTC
Table = dict[str, np.ndarray]


def plant(days: int, seed: int = 0, boost: float = 1.0) -> tuple[Table, np.ndarray]:
    """Return a machine's hours: two shifts, weekends, holidays, a stop, weather, its power."""
    random = np.random.default_rng(seed)
    hour = np.arange(24 * days)
    running = (hour % 24 >= 6) & (hour % 24 < 22) & (hour // 24 % 7 < 5)
    holidays = random.choice(np.arange(days), days // 40, replace=False)
    running &= ~np.isin(hour // 24, holidays)
    production = np.where(running, random.normal(100, 10, len(hour)) * boost, 0.0)
    stop = int(random.integers(0, max(1, len(hour) - 9)))
    production[stop : stop + 9] = 0.0
    noise = random.normal(size=len(hour)) * 0.8
    for step in range(1, len(noise)):
        noise[step] += 0.97 * noise[step - 1]
    temperature = 12 - 10 * np.cos(hour / 8766 * 2 * np.pi) + 4 * np.sin((hour % 24 - 9) / 3.82)
    temperature += noise
    power = 20 + 0.5 * production + abs(temperature - 15) + random.normal(0, 2, len(hour))
    table = {"production": production, "temperature": temperature, "power": power}
    return table, MONDAY + hour * HOUR


def cut(table: Table, times: np.ndarray, first: int, last: int) -> tuple[Table, np.ndarray]:
    """Return the rows of some days after the first Monday."""
    rows = (times >= MONDAY + first * DAY) & (times < MONDAY + last * DAY)
    return {name: column[rows] for name, column in table.items()}, times[rows]


def judge(profile: Profile, table: Table, times: np.ndarray) -> DriftResult:
    begin = int(times[0])
    counts = profile.count(table, times=times)
    return drift_check(profile, counts, at=(begin, int(times[-1]) + HOUR))


STUCK = {"ETTh1.csv": tuple(f"2017-07-{day}" for day in range(24, 30))}
"""LUFL is 8.28 and LULL 0 in every hour: the relation to HUFL and MUFL is rightly an alarm."""


def public_series(path: Path) -> tuple[Table, np.ndarray]:
    """Return a public series by the hour, without the days on which a meter was stuck."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    if "dteday" in rows[0]:
        when = [
            datetime.strptime(f"{r['dteday']} {r['hr']}", "%m/%d/%Y %H").replace(tzinfo=UTC)
            for r in rows
        ]
        names = ("temp", "hum", "windspeed", "casual", "registered")
    else:
        when = [datetime.fromisoformat(r["date"]).replace(tzinfo=UTC) for r in rows]
        names = ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")
    stuck = STUCK.get(path.name, ())
    kept = [i for i, w in enumerate(when) if f"{w:%Y-%m-%d}" not in stuck]
    times = np.array([int(when[i].timestamp() * 1000) for i in kept])
    return {n: np.array([float(rows[i][n]) for i in kept]) for n in names}, times


def windows(
    table: Table, times: np.ndarray, reference: int, length: int, step: int = 56
) -> Iterator[bool]:
    """Yield verdicts on the four weeks after references that move by so many days."""
    day = (times - times[0]) // DAY
    for end in range(reference, int(day[-1]) - 28, step):
        known = (day >= end - reference) & (day < end)
        profile = Profile.fit({n: c[known] for n, c in table.items()}, times=times[known])
        for first in range(end, end + 28, length):
            some = (day >= first) & (day < first + length)
            if int(some.sum()) >= 12 * length:
                rows = {name: column[some] for name, column in table.items()}
                yield judge(profile, rows, times[some]).drifted
