"""Anomalies on public data: the Numenta benchmark (NAB), and a water pump (SKAB).

``python -m bench.anomaly [--files]``. The data lie in the folder ``MODELWRIGHT_BENCH_DATA``, by
default ``../shared/data`` beside the checkout, as ``anomaly/nab`` and ``anomaly/skab``; what isn't
there is skipped with a reason. Nothing is tuned on a file's name.

NAB is scored as Lavin and Ahmad (2015) say, standard profile: the first 15 % of a file (750
readings at most) are for learning, a window counts by its earliest alert, other alerts cost up to
0.11, and one threshold, the best for the corpus, holds for all files. The model is fitted to the
learning part and then sees one reading after the other; an alert is the beginning of a stretch.
"""

import argparse
import csv
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.errors import DataLoadError
from modelwright.engine.machines.anomalies.alarms import stretches
from modelwright.engine.machines.anomaly import AnomalyModel
from modelwright.engine.machines.series import Series

DATA = Path(os.environ.get("MODELWRIGHT_BENCH_DATA", Path(__file__).parents[2] / "shared" / "data"))
NAB_GOAL = 59.0
SKAB_GOAL = 0.70
SECONDS_GOAL = 1.0
SKAB_TRAINED = 400
SKAB_ALARMS = (1.0, 10.0, 100.0, 1000.0)
SKAB_QUOTED = 100.0
MACHINE_TEMPERATURE = "realKnownCause/machine_temperature_system_failure.csv"
MACHINE_GOAL = (3, 5)  # failures found, alerts at most
THRESHOLDS = np.arange(2.0, 16.0, 0.05)
FALSE_COST = 0.11

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class NabFile:
    """A file of NAB.

    Parameters
    ----------
    name : str
    series : Series
    learning : int
        Rows that are for learning; nothing in them counts.
    windows : list of (int, int)
        First and last row of each.
    """

    name: str
    series: Series
    learning: int
    windows: list[tuple[int, int]]

    def weights(self) -> tuple[Floats, NDArray[np.int64]]:
        """Return what an alert at each row is worth, and the window it lies in (-1: none)."""
        count = len(self.series)
        weights, owner = np.full(count, -1.0), np.full(count, -1)
        for first, last in self.windows:
            width = last - first + 1
            after = np.arange(last + 1, count)
            weights[after] = sigmoid((after - last) / (width - 1))
        weights *= FALSE_COST
        for number, (first, last) in enumerate(self.windows):
            rows = np.arange(first, last + 1)
            owner[rows] = number
            weights[rows] = sigmoid(-(last - rows + 1) / (last - first + 1)) / sigmoid(-1.0)
        return weights, owner


def sigmoid(position: Any) -> Any:
    """Return NAB's score of a position relative to a window, -1 (its beginning) to 3."""
    return np.where(
        np.asarray(position) > 3, -1.0, 2 / (1 + np.exp(5 * np.minimum(position, 3))) - 1
    )


def nab_files(folder: Path) -> Iterator[NabFile]:
    """Read the files that the windows name, where they are there."""
    windows = json.loads((folder / "combined_windows.json").read_text())
    for name in sorted(windows):
        if (folder / name).exists():
            yield nab_file(folder / name, name, windows[name])


def nab_file(path: Path, name: str, windows: Sequence[Sequence[str]]) -> NabFile:
    """Read a file; its times are taken as UTC."""
    with path.open(newline="") as file:
        rows = [(_milliseconds(row["timestamp"]), row["value"]) for row in csv.DictReader(file)]
    read = np.array([moment for moment, _ in rows], dtype=np.int64)
    values = np.array([float(value) for _, value in rows])
    found = [
        (int(np.searchsorted(read, begin)), int(np.searchsorted(read, end, side="right")) - 1)
        for begin, end in ((_milliseconds(a), _milliseconds(b)) for a, b in windows)
    ]
    times = read
    if not (np.diff(read) > 0).all():  # a record is a row in NAB, whatever its time
        times = read[0] + np.arange(read.size) * int(np.median(np.diff(read)))
    learning = min(int(0.15 * values.size), 750)
    return NabFile(name, Series(times, {"value": values}), learning, found)


def _milliseconds(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def fitted(series: Series, rows: int, **options: Any) -> AnomalyModel:
    """Fit to the first rows, or to as many more as it takes for the value to change at all."""
    while True:
        try:
            return AnomalyModel(options).fit(_first(series, rows))
        except DataLoadError:
            if rows >= len(series):
                raise
            rows = min(len(series), rows + max(rows // 4, 10))


def _first(series: Series, rows: int) -> Series:
    channels = {name: values[:rows] for name, values in series.channels.items()}
    return Series(series.times[:rows], channels, series.timezone)


def nab_value(file: NabFile, alerts: Sequence[int]) -> float:
    """Return the raw score of a file: at most the number of its windows, at least minus it."""
    weights, owner = file.weights()
    at = np.array([row for row in alerts if row >= file.learning], dtype=np.int64)
    hits = owner[at]
    total = float(weights[at][hits < 0].sum())
    for number in range(len(file.windows)):
        found = weights[at][hits == number]
        total += float(found.max()) if found.size else -1.0
    return total


def normalised(total: float, windows: int) -> float:
    """Return NAB's score: 0 for no alert at all, 100 for all windows at once and nothing else."""
    return 100 * (total + windows) / (2 * windows)


def nab(folder: Path = DATA / "anomaly" / "nab") -> dict[str, Any]:
    """Score the corpus; also say what the default sensitivity does on it."""
    files = list(nab_files(folder))
    windows = sum(len(file.windows) for file in files)
    totals = np.zeros(THRESHOLDS.size)
    each: dict[str, list[float]] = {}
    default, seconds, alerts_by_default = 0.0, [], 0
    for file in files:
        model = fitted(file.series, file.learning, target="value")
        begun = time.process_time()
        watched = model.watch(file.series)
        seconds.append((time.process_time() - begun) / len(file.series) * 20_000)
        surprise = np.where(np.arange(len(file.series)) < file.learning, 0.0, watched.surprise)
        each[file.name] = [
            nab_value(file, _alerts(model, watched.times, surprise, threshold))
            for threshold in THRESHOLDS
        ]
        totals += each[file.name]
        alerts = _alerts(model, watched.times, surprise, model.threshold)
        alerts_by_default += len(alerts)
        default += nab_value(file, alerts)
    best = int(np.argmax(totals))
    return {
        "files": len(files),
        "windows": windows,
        "score": round(normalised(float(totals[best]), windows), 1),
        "goal": NAB_GOAL,
        "met": normalised(float(totals[best]), windows) >= NAB_GOAL,
        "threshold": round(float(THRESHOLDS[best]), 2),
        "score_at_default_sensitivity": round(normalised(default, windows), 1),
        "alerts_at_default_sensitivity": alerts_by_default,
        "cpu_seconds_for_20000_readings": round(max(seconds), 3),
        "each": {name: round(totals_[best], 2) for name, totals_ in each.items()},
    }


def _alerts(
    model: AnomalyModel, times: NDArray[np.int64], surprise: Floats, threshold: float
) -> list[int]:
    return [one.first for one in stretches(times, surprise, threshold, model.merged_within)]


def machine_temperature(folder: Path = DATA / "anomaly" / "nab") -> dict[str, Any]:
    """Say how many failures are found with five alerts at most."""
    windows = json.loads((folder / "combined_windows.json").read_text())
    if not (folder / MACHINE_TEMPERATURE).exists() or MACHINE_TEMPERATURE not in windows:
        return {"skipped": f"{MACHINE_TEMPERATURE} is not there"}
    file = nab_file(folder / MACHINE_TEMPERATURE, MACHINE_TEMPERATURE, windows[MACHINE_TEMPERATURE])
    model = fitted(file.series, file.learning, target="value")
    watched = model.watch(file.series)
    surprise = np.where(np.arange(len(file.series)) < file.learning, 0.0, watched.surprise)
    failures, most = MACHINE_GOAL
    best, used = 0, 0
    for threshold in THRESHOLDS:
        alerts = np.array(_alerts(model, watched.times, surprise, threshold))
        found = sum(bool(((alerts >= a) & (alerts <= b)).any()) for a, b in file.windows)
        if alerts.size <= most and found > best:
            best, used = found, int(alerts.size)
    goal = [failures, most]
    return {"failures_found": best, "alerts": used, "goal": goal, "met": best >= failures}


def skab(folder: Path = DATA / "anomaly" / "skab") -> dict[str, Any]:
    """Return F1 over all readings of the valve experiments at some sensitivities."""
    rows: dict[str, Any] = {}
    for alarms in SKAB_ALARMS:
        counts = np.zeros(4, dtype=np.int64)
        begun = time.process_time()
        for path in sorted(folder.glob("valve*/*.csv")):
            counts += _confusion(path, alarms)
        hit, false, missed, quiet = (int(count) for count in counts)
        rows[f"{alarms:g}"] = {
            "f1": round(2 * hit / max(2 * hit + false + missed, 1), 3),
            "false_alarm_share": round(false / max(false + quiet, 1), 3),
            "missed_share": round(missed / max(hit + missed, 1), 3),
            "cpu_seconds": round(time.process_time() - begun, 2),
        }
    quoted = rows[f"{SKAB_QUOTED:g}"]["f1"]
    return {
        "f1": quoted,
        "goal": SKAB_GOAL,
        "met": quoted >= SKAB_GOAL,
        "alarms_per_week": SKAB_QUOTED,
        "each": rows,
    }


def _confusion(path: Path, alarms: float) -> NDArray[np.int64]:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    names = [name for name in rows[0] if name not in ("datetime", "anomaly", "changepoint")]
    times = np.array([_milliseconds(row["datetime"]) for row in rows], dtype=np.int64)
    kept = np.append(True, np.diff(times) > 0)
    channels = {name: np.array([float(row[name]) for row in rows])[kept] for name in names}
    truth = np.array([float(row["anomaly"]) > 0 for row in rows])[kept]
    series = Series(times[kept], channels)
    model = fitted(series, SKAB_TRAINED, target=names[-1], drivers=(), alarms_per_week=alarms)
    said = np.zeros(truth.size, dtype=np.bool_)
    for one in model.detect(series):
        said |= (series.times >= one.start) & (series.times <= one.end)
    pairs = ((said, truth), (said, ~truth), (~said, truth), (~said, ~truth))
    return np.array([int((a & b).sum()) for a, b in pairs])


def run() -> dict[str, Any]:
    """Return all figures, and why what is missing is missing."""
    found: dict[str, Any] = {}
    for name, measure in (("nab", nab), ("machine_temperature", machine_temperature)):
        folder = DATA / "anomaly" / "nab"
        there = (folder / "combined_windows.json").exists()
        found[name] = measure(folder) if there else {"skipped": f"There is no {folder}"}
    folder = DATA / "anomaly" / "skab"
    there = folder.exists()
    found["skab"] = skab(folder) if there else {"skipped": f"There is no {folder}"}
    return found


def main() -> None:
    """Print the results as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", action="store_true", help="also each file of NAB")
    given = parser.parse_args()
    found = run()
    if not given.files:
        found["nab"].pop("each", None)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
