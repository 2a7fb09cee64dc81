"""How often a drift check is wrong where nothing has drifted, and right where something has.

``python -m bench.drift_alarms``. Drawn tables, the sample machines and public series (from the
folder that ``MODELWRIGHT_BENCH_DATA`` names). Of each channel of the sample machines: how often
10 % more of it alone is found in three days by the checks of its models, by data or by errors.
"""

import json
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tests.engine.drift.helpers import mixed_table, upper_limit
from tests.engine.drift.series import judge, public_series, windows

from bench.energy import DATA
from modelwright.engine.drift import DriftResult, Profile, drift_check
from modelwright.engine.drift.phases import DAY
from modelwright.engine.machines.base import MachineModel
from modelwright.engine.machines.files import machine_model_read
from modelwright.engine.machines.model_errors import errors_of
from modelwright.engine.machines.sample_machines import (
    SampleMachine,
    continued,
    sample_faults,
    sample_machines,
)
from modelwright.engine.machines.series import ENERGY, POWER, Series
from modelwright.engine.machines.training import train_machine_model
from modelwright.engine.machines.watching import ErrorWatch, WindowErrors

ALPHA = 0.01
MONDAY = 1_736_121_600_000
REFERENCE_DAYS = 364
AFTER_DAYS = 60
MODEL_TYPES = ("baseline", "anomaly")
CONTEXT_DAYS = 35
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


@dataclass(frozen=True)
class Watched:
    """A model of a sample machine, and what its checks compare with.

    Parameters
    ----------
    model : MachineModel
    profile : Profile
        Of the readings that it learned from.
    watch : ErrorWatch
        Of the errors on its hold-out.
    """

    model: MachineModel
    profile: Profile
    watch: ErrorWatch

    def check(self, series: Series, begin: int) -> tuple[DriftResult, WindowErrors | None]:
        """Return what a check finds in the readings from `begin` on: of the data, of the errors."""
        late = series.between(begin, int(series.times[-1]) + 1)
        rows = {name: late.channels[name] for name in self.model.features}
        errors = errors_of(self.model, series, begin)
        return judge(self.profile, rows, late.times), self.watch.window(errors)


def machine_rows(machine: SampleMachine) -> Iterator[dict[str, Any]]:
    """Yield what is flagged of a sample machine's ordinary days, and what of shifted ones.

    Flagged is what the check of any of its models flags, for its data or its errors.
    """
    flagged: list[bool] = []
    found: dict[str, list[tuple[bool, bool, bool]]] = defaultdict(list)
    for models, series, begin in _ordinary(machine):
        flagged.append(any(_verdict(models, series, begin, "")))
        now = series.times >= begin
        for channel, values in series.channels.items():
            if channel != ENERGY and np.mean(values[now] == 0) < STANDING:
                shifted = dict(series.channels)
                for name in (POWER, ENERGY) if channel == POWER else (channel,):
                    shifted[name] = np.where(now, SHIFT, 1.0) * shifted[name]
                changed = Series(series.times, shifted, series.timezone)
                found[channel].append(_verdict(models, changed, begin, channel))
    share = float(np.mean(flagged))
    yield {
        "name": f"Drift, ordinary windows of three days flagged: {machine.name}",
        "ours": round(share, 4),
        "of": len(flagged),
        "goal": ORDINARY,
        "met": share <= ORDINARY,
    }
    for channel, verdicts in found.items():
        data, errors, named = np.array(verdicts).T
        power = float(np.mean(data | errors))
        yield {
            "name": f"Drift, 10 % more in three days: {machine.name}, {channel}",
            "found": round(power, 3),
            "by_data": round(float(data.mean()), 3),
            "by_errors": round(float(errors.mean()), 3),
            "by_name": round(float(named.mean()), 3),
            "of": len(verdicts),
            "goal": FOUND,
            "met": power >= FOUND,
        }


def _verdict(
    models: Sequence[Watched], series: Series, begin: int, channel: str
) -> tuple[bool, bool, bool]:
    """Return whether any check finds the data drifted, the errors, and that channel's data."""
    names = (POWER, ENERGY) if channel == POWER else (channel,)
    checked = [one.check(series, begin) for one in models]
    return (
        any(data.drifted for data, _ in checked),
        any(errors is not None and errors.drifted for _, errors in checked),
        any(name in data.drifted_columns for data, _ in checked for name in names),
    )


def _ordinary(machine: SampleMachine) -> Iterator[tuple[list[Watched], Series, int]]:
    """Yield windows of three days without a fault, the month before them, and the models."""
    for start in STARTS:
        end = MONDAY + start * DAY
        series = continued(machine, end - REFERENCE_DAYS * DAY, end + AFTER_DAYS * DAY)
        models = [_watched(series.between(0, end), model_type) for model_type in MODEL_TYPES]
        for day in range(0, AFTER_DAYS - LENGTH + 1, 2):
            begin, until = end + day * DAY, end + (day + LENGTH) * DAY
            faults = sample_faults(machine, begin, until)
            enough = len(series.between(begin, until)) >= 12 * LENGTH
            if enough and all(fault.kind == "gap" for fault in faults):
                yield models, series.between(begin - CONTEXT_DAYS * DAY, until), begin


def _watched(series: Series, model_type: str) -> Watched:
    """Train as a job does."""
    watches = []

    def keep(trial: MachineModel, readings: Series, held_out: int) -> None:
        watches.append(ErrorWatch.fit(errors_of(trial, readings, held_out)))

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.json")
        train_machine_model(series, model_type, path=path, judge=keep)
        model = machine_model_read(path.read_bytes())
    features = {name: series.channels[name] for name in model.features}
    profile = Profile.fit(features, times=series.times, timezone=series.timezone)
    return Watched(model, profile, watches[0])


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
