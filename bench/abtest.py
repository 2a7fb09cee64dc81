"""A/B tests looked at after every row: how often they err, and how soon they find what there is.

``python -m bench.abtest [--runs N] [--rows N]``. Kinds of loss are those of the tests, with more
rows and runs. Beside each stands what a t-test does that is looked at as often. Real pairs need the
folder that ``MODELWRIGHT_BENCH_DATA`` names: both models' errors on real rows, their labels swapped
at random in whole blocks, which makes the models equal and leaves the rows' dependence as it is.
"""

import argparse
import json
import math
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tests.engine.abtest import simulation
from tests.engine.abtest.scenarios import EFFECTS, MOST_ROWS, NULLS, Effect, Null
from threadpoolctl import threadpool_limits

from bench.energy import DATA
from modelwright.engine.abtest import Design, paired_deviation, split_deviation

RUNS = 2000
ROWS = 2000
PLANNED = 2500
POWER_RUNS = 2000
LIMIT = 0.05
POWER = 0.8
THIRD = 1 / 3
TRAFFIC_GOAL = 5.0
REAL_RUNS = 1000
PROCESSES = 2
DAY = 24
WEEK = 7 * DAY
Array = Any


def false_promotions(null: Null, rows: int = ROWS, runs: int = RUNS) -> dict[str, Any]:
    """Measure how often a challenger that isn't better is promoted."""
    ours, peeked = null.simulate(rows, runs, seed=2026)
    return _errors(f"A/B, no difference: {null.name}", ours, peeked, runs)


def power(effect: Effect, planned: int = PLANNED, runs: int = POWER_RUNS) -> list[dict[str, Any]]:
    """Measure how soon the planned effect is found, and twice of it."""
    once = effect.run(np.random.default_rng(1), planned, runs, times=1)
    twice = effect.run(np.random.default_rng(2), planned, runs, times=2)
    mean = twice.mean_rows(round(MOST_ROWS * planned)) / planned
    name = effect.null.name
    return [
        {
            "name": f"A/B, power by {MOST_ROWS} times the fixed sample: {name}",
            "ours": round(once.promoted, 4),
            "by_fixed_sample": round(once.promoted_by(planned), 4),
            "goal": POWER,
            "met": once.promoted >= POWER,
        },
        {
            "name": f"A/B, rows at twice the planned effect, of the fixed sample: {name}",
            "ours": round(mean, 4),
            "goal": round(THIRD, 4),
            "met": mean <= THIRD,
        },
    ]


def load_errors() -> tuple[Array, Array]:
    """Return absolute errors of two forecasts of a day ahead, hourly load, two years."""
    load = pd.read_csv(DATA / "forecast" / "aep_hourly_2015_2018.csv")["mw"].to_numpy()
    lags = (DAY, 2 * DAY, WEEK, 2 * WEEK)
    X = np.column_stack([np.roll(load, lag) for lag in lags])[max(lags) :]
    y = load[max(lags) :]
    fitted = len(y) // 2
    regression = Ridge().fit(X[:fitted], y[:fitted])
    few = Ridge().fit(X[:fitted, :2], y[:fitted])
    return (
        np.abs(y[fitted:] - few.predict(X[fitted:, :2])),
        np.abs(y[fitted:] - regression.predict(X[fitted:])),
    )


def hire_errors() -> tuple[Array, Array]:
    """Return absolute errors of two models of bicycles hired an hour."""
    frame = pd.read_csv(DATA / "drift" / "uci_bike_hour.csv")
    hours = pd.get_dummies(frame["hr"], dtype=float)
    weather = frame[["temp", "hum", "windspeed", "workingday"]]
    y = frame["cnt"].to_numpy(dtype=float)
    fitted = len(y) // 2
    found = []
    for X in (hours.to_numpy(), pd.concat([hours, weather], axis=1).to_numpy(dtype=float)):
        model = Ridge().fit(X[:fitted], y[:fitted])
        found.append(np.abs(y[fitted:] - model.predict(X[fitted:])))
    return found[0], found[1]


def rain_errors() -> tuple[Array, Array]:
    """Return wrong answers of two classifiers of rain, daily, some 25 years."""
    frame = pd.read_csv(DATA / "drift" / "noaa_weather.csv")
    X, y = frame.drop(columns="target").to_numpy(), frame["target"].to_numpy()
    fitted = len(y) // 2
    found = []
    for columns in ([0, 1, 2], list(range(X.shape[1]))):
        model = make_pipeline(StandardScaler(), LogisticRegression())
        model.fit(X[:fitted, columns], y[:fitted])
        found.append((model.predict(X[fitted:, columns]) != y[fitted:]).astype(float))
    return found[0], found[1]


REAL = {
    "load a day ahead": (load_errors, WEEK, {"period": DAY, "horizon": DAY}),
    "load a day ahead, season not told": (load_errors, WEEK, {}),
    "bicycles hired": (hire_errors, WEEK, {"period": DAY}),
    "rain": (rain_errors, 7, {"discordance": 0.1}),
}
"""Name -> errors, rows whose labels are swapped together, settings of the test."""


def real(name: str, runs: int = REAL_RUNS) -> list[dict[str, Any]]:
    """Measure false promotions and the traffic that pairing saves on real rows."""
    errors, together, settings = REAL[name]
    first, second = errors()
    random = np.random.default_rng(3)
    blocks = math.ceil(len(first) / together)
    signs = np.repeat(random.choice([-1.0, 1.0], size=(blocks, runs)), together, axis=0)
    differences = (first - second)[:, None] * signs[: len(first)]
    design = Design(planned_rows=len(first) // 2, **settings)
    wrong = bool(np.isin(first, (0.0, 1.0)).all())
    run = simulation.beta_binomial if wrong else simulation.asymptotic
    parts = [
        (run(differences[:, i : i + 500], design), simulation.naive(differences[:, i : i + 500]))
        for i in range(0, runs, 500)
    ]
    ours = simulation.joined([part[0] for part in parts])
    peeked = simulation.joined([part[1] for part in parts])
    rows = [_errors(f"A/B on real pairs, labels swapped: {name}", ours, peeked, runs)]
    period = settings.get("period")
    paired = paired_deviation(first, second, period)
    split = math.hypot(split_deviation(first, 0.5), paired)
    saved = (split / paired) ** 2
    alone = float((first - second).std(ddof=1))
    apart = (math.hypot(split_deviation(first, 0.5), alone) / alone) ** 2
    rows.append(
        {
            "name": f"A/B on real pairs, traffic of a split test over a paired one: {name}",
            "ours": round(saved, 1),
            "were_rows_independent": round(apart, 1),
            "goal": TRAFFIC_GOAL,
            "met": saved >= TRAFFIC_GOAL,
        }
    )
    return rows


def run(runs: int = RUNS, rows: int = ROWS) -> list[dict[str, Any]]:
    """Return what was measured, one row each; what needs data that isn't there says so.

    Parameters
    ----------
    runs : int
        Simulated tests of each kind of loss.
    rows : int
        Of each; planned are half of them.
    """
    there = Path(DATA, "forecast").exists() and Path(DATA, "drift").exists()
    # the longest first, so that no process is left alone with one at the end
    with threadpool_limits(1), ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        pairs = [pool.submit(real, name) for name in REAL if there]
        nulls = [pool.submit(_null, number, rows, runs) for number in range(len(NULLS))]
        effects = [pool.submit(_effect, number) for number in range(len(EFFECTS))]
        found = [job.result() for job in nulls]
        found += [row for job in [*effects, *pairs] for row in job.result()]
    if not there:
        found += [{"name": name, "skipped": "its data are not there"} for name in REAL]
    return found


def _null(number: int, rows: int, runs: int) -> dict[str, Any]:
    """Measure one kind of loss, by its number: what draws it can't be sent to a process."""
    return false_promotions(NULLS[number], rows, runs)


def _effect(number: int) -> list[dict[str, Any]]:
    return power(EFFECTS[number])


def _errors(name: str, ours: Any, peeked: Any, runs: int) -> dict[str, Any]:
    upper = simulation.upper_limit(round(ours.promoted * runs), runs)
    return {
        "name": name,
        "ours": round(ours.promoted, 4),
        "upper_limit": round(upper, 4),
        "any_winner": round(ours.decided, 4),
        "any_winner_upper_limit": round(
            simulation.upper_limit(round(ours.decided * runs), runs), 4
        ),
        "peer": round(peeked.decided, 4) if peeked else None,
        "goal": LIMIT,
        "met": upper <= LIMIT,
    }


def main() -> None:
    """Print the results as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--rows", type=int, default=ROWS)
    given = parser.parse_args()
    print(json.dumps(run(given.runs, given.rows), indent=1))


if __name__ == "__main__":
    main()
