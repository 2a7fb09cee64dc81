"""How often a drift check is wrong where nothing has drifted, and right where something has.

``python -m bench.drift_alarms``. Drawn tables, the sample machines and public series (from the
folder that ``MODELWRIGHT_BENCH_DATA`` names). Of each channel of the sample machines: how often
10 % more of it alone is found in three days, and the smallest shift that would have been.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from tests.engine.drift.helpers import mixed_table, upper_limit
from tests.engine.drift.series import Table, cut, judge, public_series, windows

from bench.energy import DATA
from modelwright.engine.drift import Profile, drift_check
from modelwright.engine.drift.phases import DAY
from modelwright.engine.machines.sample_machines import (
    SampleMachine,
    continued,
    sample_faults,
    sample_machines,
)
from modelwright.engine.machines.series import ENERGY

ALPHA = 0.01
MONDAY = 1_736_121_600_000
REFERENCE_DAYS = 364
AFTER_DAYS = 60
STARTS = (0, 182)
"""Days after a Monday in January at which references of the sample machines end."""
LENGTH = 3
SHIFT = 1.1
STANDING = 0.6
"""Share of hours at a standstill from which on more of nothing is nothing."""
FOUND = 0.9
ORDINARY = 0.02
SIZES = ((10_000, 50, 300), (10_000, 500, 300), (10_000, 10_000, 60))
"""Rows of reference and window, and how many checks."""
SERIES = ("drift/uci_bike_hour.csv", "forecast/ETTh1.csv")


def without_drift() -> Iterator[dict[str, Any]]:
    """Yield how often tables of 20 columns raise any alarm."""
    for reference, window, runs in SIZES:
        random = np.random.default_rng([reference, window])
        alarms = 0
        for run in range(runs):
            if run % 10 == 0:
                profile = Profile.fit(mixed_table(reference, random))
            counts = profile.count(mixed_table(window, random))
            alarms += drift_check(profile, counts, alpha=ALPHA).drifted
        yield {
            "name": f"Drift, none in {window:,} rows x 20 after {reference:,}: any alarm",
            "ours": alarms / runs,
            "upper_limit": round(upper_limit(alarms, runs), 4),
            "goal": ALPHA,
            "met": alarms / runs <= ALPHA,
        }


def with_drift() -> Iterator[dict[str, Any]]:
    """Yield how often a quarter of a deviation is found, and what one outlier changes."""
    random = np.random.default_rng(9)
    profile = Profile.fit(mixed_table(10_000, random))
    tables = [mixed_table(500, random, shift=0.25) for _ in range(200)]
    found = [drift_check(profile, profile.count(table)).drifted_columns for table in tables]
    power = float(np.mean(["normal 0.0" in columns for columns in found]))
    yield {
        "name": "Drift, 0.25 sd in one of 20 columns, 500 rows: found",
        "ours": power,
        "goal": FOUND,
        "met": power >= FOUND,
    }
    changed = 0
    for table, before in zip(tables, found, strict=True):
        table["normal 0.1"][0] = 1e9
        changed += drift_check(profile, profile.count(table)).drifted_columns != before
    yield {
        "name": "Drift, one value of 1e9: verdicts that change, of 200",
        "ours": changed,
        "goal": 0,
        "met": changed == 0,
    }


def public() -> Iterator[dict[str, Any]]:
    """Yield how many ordinary windows of public series are flagged."""
    for name in SERIES:
        if not (DATA / name).exists():
            yield {"name": f"Drift, ordinary windows: {name}", "skipped": "its data are not there"}
            continue
        table, times = public_series(DATA / name)
        flagged = [
            verdict
            for reference in (182, 364)
            for length in (1, 3)
            for verdict in windows(table, times, reference, length)
        ]
        share = float(np.mean(flagged))
        yield {
            "name": f"Drift, ordinary windows of one and three days flagged: {name}",
            "ours": round(share, 4),
            "of": len(flagged),
            "goal": ORDINARY,
            "met": share <= ORDINARY,
        }


def machine_rows(machine: SampleMachine) -> Iterator[dict[str, Any]]:
    """Yield what is flagged of a sample machine's ordinary days, and what of shifted ones."""
    flagged: list[bool] = []
    found: dict[str, list[bool]] = defaultdict(list)
    named: Counter[str] = Counter()
    smallest: dict[str, list[float]] = defaultdict(list)
    for profile, rows, at in _ordinary(machine):
        result = judge(profile, rows, at)
        flagged.append(result.drifted)
        for feature in result.features:
            if feature.detectable_percent is not None:
                smallest[feature.name].append(feature.detectable_percent)
        for channel, values in rows.items():
            if np.mean(values == 0) < STANDING:
                shifted = judge(profile, {**rows, channel: values * SHIFT}, at)
                found[channel].append(shifted.drifted)
                named[channel] += channel in shifted.drifted_columns
    share = float(np.mean(flagged))
    yield {
        "name": f"Drift, ordinary windows of three days flagged: {machine.name}",
        "ours": round(share, 4),
        "of": len(flagged),
        "goal": ORDINARY,
        "met": share <= ORDINARY,
    }
    for channel, which in found.items():
        power = float(np.mean(which))
        yield {
            "name": f"Drift, 10 % more in three days: {machine.name}, {channel}",
            "found": round(power, 3),
            "by_name": round(named[channel] / len(which), 3),
            "of": len(which),
            "smallest_found_percent": round(float(np.median(smallest[channel] or [0.0])), 1),
            "goal": FOUND,
            "met": power >= FOUND,
        }


def _ordinary(machine: SampleMachine) -> Iterator[tuple[Profile, Table, Any]]:
    """Yield windows of three days without a fault, and the profile of the year before."""
    for start in STARTS:
        end = MONDAY + start * DAY
        series = continued(machine, end - REFERENCE_DAYS * DAY, end + AFTER_DAYS * DAY)
        table = {name: own for name, own in series.channels.items() if name != ENERGY}
        known = series.times < end
        profile = Profile.fit(
            {name: own[known] for name, own in table.items()},
            times=series.times[known],
            timezone=machine.timezone,
        )
        for day in range(0, AFTER_DAYS - LENGTH + 1, 2):
            rows, at = cut(table, series.times, start + day, start + day + LENGTH)
            faults = sample_faults(machine, end + day * DAY, end + (day + LENGTH) * DAY)
            if len(at) >= 12 * LENGTH and all(fault.kind == "gap" for fault in faults):
                yield profile, rows, at


PARTS: tuple[Callable[[], Iterator[dict[str, Any]]], ...] = (without_drift, with_drift, public)


def run() -> list[dict[str, Any]]:
    """Return what was measured, one row each."""
    rows = [row for part in PARTS for row in part()]
    return rows + [row for machine in sample_machines() for row in machine_rows(machine)]


def main() -> None:
    """Print the rows as JSON."""
    print(json.dumps(run(), indent=1))


if __name__ == "__main__":
    main()
