"""How often a drift check is wrong where nothing has drifted, and right where something has.

``python -m bench.drift_alarms``. Drawn tables, the sample machines and public series (from the
folder that ``MODELWRIGHT_BENCH_DATA`` names). Of each channel of the sample machines: how often
10 % more of it alone is found in three days: by the checks of its models, of data or of errors, or
beside the site's other thermometers.
"""

import json
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
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
from modelwright.engine.machines.quality_neighbours import off_neighbours
from modelwright.engine.machines.sample_machines import (
    SampleMachine,
    continued,
    sample_faults,
    sample_machines,
)
from modelwright.engine.machines.series import ENERGY, POWER, TEMPERATURE, Series
from modelwright.engine.machines.training import train_machine_model
from modelwright.engine.machines.watching import ErrorWatch

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
WARM = 3.0
"""Mean outdoor temperature, degC either way, below which a tenth of it is as good as nothing."""
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

    def check(self, series: Series, begin: int) -> tuple[DriftResult, bool]:
        """Return what a check finds in the readings from `begin` on: of the data, of the errors."""
        late = series.between(begin, int(series.times[-1]) + 1)
        rows = {name: late.channels[name] for name in self.model.features}
        errors = errors_of(self.model, series, begin)
        present, leaning = self.watch.window(errors), self.watch.leaning(errors)
        wrong = (present is not None and present.drifted) or (leaning is not None and leaning.leans)
        return judge(self.profile, rows, late.times), wrong


@dataclass(frozen=True)
class Window:
    """Three days without a fault of a sample machine.

    Parameters
    ----------
    series : Series
        The year before and these days.
    begin : int
        When they begin, milliseconds UTC.
    models : sequence of Watched
        That learned from the year before.
    neighbours : sequence of Series
        What other machines of the site read meanwhile.
    """

    series: Series
    begin: int
    models: Sequence[Watched]
    neighbours: Sequence[Series]

    def is_little(self, channel: str) -> bool:
        """Return whether a tenth more of the channel is as good as nothing on these days."""
        values = self.series.channels[channel][self.series.times >= self.begin]
        if channel == TEMPERATURE:
            return abs(float(np.nanmean(values))) < WARM
        return float(np.mean(values == 0)) >= STANDING

    def shifted(self, channel: str) -> "Window":
        """Return it with a tenth more of a channel."""
        channels = dict(self.series.channels)
        for name in _names(channel):
            factor = np.where(self.series.times >= self.begin, SHIFT, 1.0)
            channels[name] = channels[name] * factor
        return replace(self, series=replace(self.series, channels=channels))

    def verdict(self, channel: str = "") -> tuple[bool, bool, bool, bool]:
        """Return what is found by data, by errors, by neighbours, and by that channel's data."""
        end = int(self.series.times[-1]) + 1
        late = self.series.between(self.begin - CONTEXT_DAYS * DAY, end)
        checked = [model.check(late, self.begin) for model in self.models]
        return (
            any(data.drifted for data, _ in checked),
            any(wrong for _, wrong in checked),
            any(one.end >= self.begin for one in off_neighbours(self.series, self.neighbours)),
            any(name in data.drifted_columns for data, _ in checked for name in _names(channel)),
        )


def _names(channel: str) -> tuple[str, ...]:
    return (POWER, ENERGY) if channel == POWER else (channel,)


def machine_rows(machine: SampleMachine) -> Iterator[dict[str, Any]]:
    """Yield what is flagged of a sample machine's ordinary days, and what of shifted ones.

    Flagged is what the check of any of its models flags, for its data or its errors, and what the
    thermometers of the site's other machines tell.
    """
    flagged: list[bool] = []
    found: dict[str, list[tuple[bool, bool, bool, bool]]] = defaultdict(list)
    for window in _ordinary(machine):
        flagged.append(any(window.verdict()))
        for channel in window.series.channels:
            if channel != ENERGY and not window.is_little(channel):
                found[channel].append(window.shifted(channel).verdict(channel))
    share = float(np.mean(flagged))
    yield {
        "name": f"Drift, ordinary windows of three days flagged: {machine.name}",
        "ours": round(share, 4),
        "of": len(flagged),
        "goal": ORDINARY,
        "met": share <= ORDINARY,
    }
    for channel, verdicts in found.items():
        data, errors, neighbours, named = np.array(verdicts).T
        power = float(np.mean(data | errors | neighbours))
        yield {
            "name": f"Drift, 10 % more in three days: {machine.name}, {channel}",
            "found": round(power, 3),
            "by_data": round(float(data.mean()), 3),
            "by_errors": round(float(errors.mean()), 3),
            "by_neighbours": round(float(neighbours.mean()), 3),
            "by_name": round(float(named.mean()), 3),
            "of": len(verdicts),
            "goal": FOUND,
            "met": power >= FOUND,
        }


def _ordinary(machine: SampleMachine) -> Iterator[Window]:
    others = [m for m in sample_machines() if m.site == machine.site and m != machine]
    for start in STARTS:
        end = MONDAY + start * DAY
        first, last = end - REFERENCE_DAYS * DAY, end + AFTER_DAYS * DAY
        series = continued(machine, first, last)
        near = [continued(other, first, last) for other in others]
        models = [_watched(series.between(0, end), model_type) for model_type in MODEL_TYPES]
        for day in range(0, AFTER_DAYS - LENGTH + 1, 2):
            begin, until = end + day * DAY, end + (day + LENGTH) * DAY
            faults = sample_faults(machine, begin, until)
            enough = len(series.between(begin, until)) >= 12 * LENGTH
            if enough and all(fault.kind == "gap" for fault in faults):
                neighbours = [other.between(0, until) for other in near]
                yield Window(series.between(0, until), begin, models, neighbours)


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
