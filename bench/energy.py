"""Baselines, savings and forecasts on public data.

``python -m bench.energy [part …]``; parts are baselines, savings, forecasts, m4, prophet, imports.
The data lie in the folder ``MODELWRIGHT_BENCH_DATA``, by default ``../shared/data`` beside the
checkout, as ``baseline/*.csv`` and ``forecast/*.csv``; what isn't there is skipped with a reason.
The package ``prophet`` lives in an environment of its own: ``MODELWRIGHT_BENCH_PROPHET`` names its
Python, and the comparison is skipped without.

Nothing is tuned on a file: every model is the default one. Baselines are scored on weeks that they
hadn't seen (four folds of whole weeks), forecasts from rolling origins in the last fifth, in units
of the seasonal naive forecast's error over the eight weeks before (MASE). Times are CPU seconds.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modelwright.engine.machines.baseline import Baseline
from modelwright.engine.machines.files import machine_model_class
from modelwright.engine.machines.savings import savings
from modelwright.engine.machines.series import ENERGY, TEMPERATURE, Series
from modelwright.engine.results import plain

DATA = Path(os.environ.get("MODELWRIGHT_BENCH_DATA", Path(__file__).parents[2] / "shared" / "data"))
PROPHET = os.environ.get("MODELWRIGHT_BENCH_PROPHET", "")
HOUR_MS = 3_600_000
WEEK_HOURS = 168
YEAR_HOURS = 8766
FOLDS = 4
DAY = 24
SCALE_HOURS = 8 * WEEK_HOURS
ORIGINS = 40
M4_HORIZON = 48
BASELINE_SECONDS, FORECAST_SECONDS, M4_SECONDS, IMPORT_SECONDS = 0.5, 0.05, 1.5, 0.5
MASE_GOAL, M4_GOAL = 0.74, 1.00
PROPHET_WEEKS, PROPHET_ORIGINS, PROPHET_RATIO = 8, 20, 0.02
TRUE_SAVINGS = 10.0  # per cent, of the simulated meters
BLACKOUT = ("2016-12-26T06:00Z", "2017-01-04T06:00Z")
FORECAST_TYPES = ("forecast_arima", "forecast_prophet")

Floats = NDArray[np.float64]


def milliseconds(times: pd.Series) -> NDArray[np.int64]:
    """Return milliseconds UTC; times without a zone are taken as UTC."""
    return pd.DatetimeIndex(pd.to_datetime(times, utc=True)).as_unit("ms").asi8


def lbnl() -> Series:
    """Return a simulated building's year of hours."""
    table = pd.read_csv(DATA / "baseline/lbnl_rmv2_building3.csv")
    table = table[table.time.notna() & (table.period == "baseline")]
    table = table.drop_duplicates("time").sort_values("time")
    channels = {ENERGY: table.eload.to_numpy(float), TEMPERATURE: table.Temp.to_numpy(float)}
    return Series(milliseconds(table.time), channels)


def meter(kind: str) -> Series:
    """Return a simulated meter's two years of hours: its load falls by 10 % in between."""
    table = pd.read_csv(DATA / f"baseline/eemeter_il-{kind}-hourly.csv")
    celsius = (table.tempF.to_numpy(float) - 32) / 1.8
    channels = {ENERGY: table.value.to_numpy(float), TEMPERATURE: celsius}
    return Series(milliseconds(table.start), channels, "Etc/GMT+6")


def before(series: Series) -> Series:
    """Return a meter's readings before the works."""
    return series.between(0, int(milliseconds(pd.Series([BLACKOUT[0]]))[0]))


def house() -> Series:
    """Return a house's appliances, with the weather as drivers."""
    table = pd.read_csv(DATA / "baseline/appliances_hourly.csv")
    channels = {
        ENERGY: table.appliances_wh.to_numpy(float) / 1000,
        TEMPERATURE: table.T_out.to_numpy(float),
        "humidity": table.RH_out.to_numpy(float),
        "wind": table.Windspeed.to_numpy(float),
        "lights": table.lights_wh.to_numpy(float),
    }
    return Series(milliseconds(table.date), channels)


def by_day(series: Series) -> Series:
    """Return daily totals and mean temperatures, as somebody with daily data only has them."""
    day = (series.times - 6 * HOUR_MS) // (DAY * HOUR_MS)
    _, first, which, counts = np.unique(
        day, return_index=True, return_inverse=True, return_counts=True
    )
    whole = counts == DAY
    energy = np.bincount(which, series.channels[ENERGY])[whole]
    warmth = (np.bincount(which, series.channels[TEMPERATURE]) / counts)[whole]
    channels = {ENERGY: energy, TEMPERATURE: warmth}
    return Series(series.times[first][whole], channels, series.timezone)


def unseen(series: Series, options: dict[str, Any]) -> tuple[float, float, str]:
    """Return CV(RMSE) in per cent on weeks that the fit hadn't seen, CPU seconds, and the model."""
    actual = series.channels[ENERGY]
    fold = (series.times - series.times[0]) // (WEEK_HOURS * HOUR_MS) % FOLDS
    truth, said, seconds, name = [], [], [], ""
    for k in range(FOLDS):
        masked = {**series.channels, ENERGY: np.where(fold == k, np.nan, actual)}
        known = replace(series, channels=masked)
        begun = time.process_time()
        model = Baseline(options).fit(known)
        seconds.append(time.process_time() - begun)
        found, kept = _compared(model, series, fold == k, options)
        truth.append(kept)
        said.append(found)
        name = model.describe()["model"]["name"]
    a, b = np.concatenate(truth), np.concatenate(said)
    rmse = float(np.sqrt(np.mean((a - b) ** 2)))
    return 100 * rmse / float(a.mean()), statistics.median(seconds), name


def _compared(
    model: Baseline, series: Series, held: NDArray[np.bool_], options: dict[str, Any]
) -> tuple[Floats, Floats]:
    expected, actual = model.expected(series).mean[held], series.channels[ENERGY][held]
    if options.get("resolution") != "day":
        return expected, actual
    day = (series.times[held] - 6 * HOUR_MS) // (DAY * HOUR_MS)
    _, which, counts = np.unique(day, return_inverse=True, return_counts=True)
    whole = counts == DAY
    return np.bincount(which, expected)[whole], np.bincount(which, actual)[whole]


def baselines() -> dict[str, Any]:
    """Score baselines on unseen weeks."""
    drivers = {"drivers": ["humidity", "wind", "lights"]}
    cases: dict[str, tuple[Callable[[], Series], dict[str, Any], float | None]] = {
        "LBNL building, hours": (lbnl, {}, 16.5),
        "LBNL building, hours, holidays US": (lbnl, {"holidays": "US"}, None),
        "electricity meter, days of hours": (
            lambda: before(meter("electricity-cdd-hdd")),
            {"resolution": "day"},
            25.5,
        ),
        "electricity meter, days": (
            lambda: by_day(before(meter("electricity-cdd-hdd"))),
            {},
            25.5,
        ),
        "electricity meter, hours": (lambda: before(meter("electricity-cdd-hdd")), {}, None),
        "gas meter, days of hours": (
            lambda: before(meter("gas-hdd-only")),
            {"resolution": "day"},
            None,
        ),
        "appliances, hours": (house, drivers, None),
    }
    rows = {}
    for name, (read, options, goal) in cases.items():
        series = read()
        score, seconds, model = unseen(series, options)
        years = max(len(series) / YEAR_HOURS, 1.0)
        rows[name] = {
            "cv_rmse": round(score, 2),
            "goal": goal,
            "met": goal is None or score <= goal,
            "model": model,
            "fit_seconds_a_year": round(seconds / years, 3),
            "fit_seconds_goal": BASELINE_SECONDS,
            "met_seconds": seconds / years <= BASELINE_SECONDS,
        }
    return rows


def saved() -> dict[str, Any]:
    """Say what was saved at the meters whose true savings are known."""
    rows = {}
    start = int(milliseconds(pd.Series([BLACKOUT[1]]))[0])
    for kind in ("electricity-cdd-hdd", "gas-hdd-only"):
        series = meter(kind)
        for resolution in ("hour", "day"):
            model = Baseline({"resolution": resolution}).fit(before(series))
            found = savings(model, series, start=start, end=start + YEAR_HOURS * HOUR_MS)
            true = TRUE_SAVINGS / 100 * found.expected
            rows[f"{kind}, {resolution}"] = {
                "percent": round(found.percent or 0.0, 2),
                "from_to": [
                    round(100 * found.lower / found.expected, 2),
                    round(100 * found.upper / found.expected, 2),
                ],
                "true_percent": TRUE_SAVINGS,
                "met": found.lower <= true <= found.upper,
            }
    return rows


def loads() -> dict[str, Floats]:
    """Return the two hourly series that are forecast."""
    aep = pd.read_csv(DATA / "forecast/aep_hourly_2015_2018.csv").mw.to_numpy(float)
    return {"AEP": aep, "ETTh1": pd.read_csv(DATA / "forecast/ETTh1.csv").OT.to_numpy(float)}


def hourly(values: Floats) -> Series:
    """Return values as hours of a machine's energy."""
    return Series(np.arange(values.size, dtype=np.int64) * HOUR_MS, {ENERGY: values})


def origins(size: int, count: int) -> list[int]:
    """Return origins in the last fifth, at all hours of the day."""
    return np.linspace(int(0.8 * size), size - DAY, count).astype(int).tolist()


def scale(values: Floats) -> float:
    """Return the mean absolute error of the day before over the last eight weeks."""
    last = values[-SCALE_HOURS:]
    return float(np.abs(last[DAY:] - last[:-DAY]).mean())


def forecasts(kinds: tuple[str, ...] = FORECAST_TYPES) -> dict[str, Any]:
    """Score forecasts of a day from rolling origins: each is a fit to all that was before."""
    rows: dict[str, Any] = {}
    for kind in kinds:
        model = machine_model_class(kind)
        found: dict[str, Any] = {}
        for name, values in loads().items():
            errors, inside, seconds = [], [], []
            for at in origins(values.size, ORIGINS):
                past, future = hourly(values[:at]), values[at : at + DAY]
                begun = time.process_time()
                fitted = model().fit(past)
                seconds.append(time.process_time() - begun)
                said = fitted.forecast(past, DAY)
                errors.append(np.abs(said.mean - future).mean() / scale(values[:at]))
                inside.append(((said.lower <= future) & (future <= said.upper)).mean())
            found[name] = {
                "mase": round(statistics.mean(errors), 3),
                "coverage_of_90": round(100 * statistics.mean(inside), 1),
                "fit_seconds": round(statistics.median(seconds), 4),
            }
        rows[kind] = found
    naive = {
        name: statistics.mean(
            float(np.abs(values[at : at + DAY] - values[at - DAY : at]).mean()) / scale(values[:at])
            for at in origins(values.size, ORIGINS)
        )
        for name, values in loads().items()
    }
    rows["seasonal naive"] = {name: {"mase": round(value, 3)} for name, value in naive.items()}
    mean = {k: statistics.mean(row["mase"] for row in rows[k].values()) for k in kinds}
    best = min(mean, key=lambda k: mean[k])
    slowest = max(row["fit_seconds"] for row in rows[best].values())
    rows["best"] = {
        "type": best,
        "mean_mase": round(mean[best], 3),
        "goal": MASE_GOAL,
        "met": mean[best] <= MASE_GOAL,
        "fit_seconds": slowest,
        "fit_seconds_goal": FORECAST_SECONDS,
        "met_seconds": slowest <= FORECAST_SECONDS,
    }
    return rows


def m4_series() -> Iterator[tuple[Floats, Floats]]:
    """Yield (past, future) of each series."""
    table = pd.read_csv(DATA / "forecast/m4_hourly_50.csv")
    for _, rows in table.groupby("unique_id", sort=False):
        past = rows.split == "train"
        yield rows.y[past].to_numpy(float), rows.y[~past].to_numpy(float)


def m4(kinds: tuple[str, ...] = FORECAST_TYPES) -> dict[str, Any]:
    """Score forecasts of two days on hourly series of the M4 competition."""
    rows = {}
    for kind in kinds:
        model = machine_model_class(kind)
        mase, smape, seconds = [], [], 0.0
        for past, future in m4_series():
            series = hourly(past)
            begun = time.process_time()
            said = model({"horizon": M4_HORIZON}).fit(series).forecast(series, future.size).mean
            seconds += time.process_time() - begun
            error = np.abs(said - future)
            mase.append(float(error.mean() / np.abs(past[DAY:] - past[:-DAY]).mean()))
            smape.append(float(200 * (error / (np.abs(said) + np.abs(future))).mean()))
        rows[kind] = {
            "series": len(mase),
            "mase": round(statistics.mean(mase), 3),
            "smape": round(statistics.mean(smape), 2),
            "seconds_for_all": round(seconds, 2),
        }
    best = min(kinds, key=lambda k: rows[k]["mase"])
    rows["best"] = {
        "type": best,
        "mase": rows[best]["mase"],
        "goal": M4_GOAL,
        "met": rows[best]["mase"] <= M4_GOAL,
        "seconds_goal": M4_SECONDS,
        "met_seconds": rows[best]["seconds_for_all"] <= M4_SECONDS,
    }
    return rows


def prophet() -> dict[str, Any]:
    """Compare with the package `prophet`, eight weeks before each of the same origins."""
    if not PROPHET:
        return {"skipped": "MODELWRIGHT_BENCH_PROPHET names no Python that has prophet"}
    jobs = []
    for name, values in loads().items():
        for at in origins(values.size, PROPHET_ORIGINS):
            low = at - PROPHET_WEEKS * WEEK_HOURS
            jobs.append((name, hourly(values[:at]).times[low:], values[low:at], values[at:]))
    asked = [{"times": t.tolist(), "values": v.tolist(), "horizon": DAY} for _, t, v, _ in jobs]
    done = subprocess.run(
        [PROPHET, str(Path(__file__).with_name("energy_peer.py"))],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
    )
    answered = json.loads(done.stdout.splitlines()[-1])
    ours: dict[str, list[float]] = {}
    theirs: dict[str, list[float]] = {}
    model, seconds = machine_model_class("forecast_prophet"), 0.0
    for (name, times, past, future), said in zip(jobs, answered["forecasts"], strict=True):
        series = Series(times, {ENERGY: past})
        begun = time.process_time()
        found = model().fit(series).forecast(series, DAY).mean
        seconds += time.process_time() - begun
        unit = scale(past)
        ours.setdefault(name, []).append(float(np.abs(found - future[:DAY]).mean()) / unit)
        error = np.abs(np.array(said) - future[:DAY]).mean()
        theirs.setdefault(name, []).append(float(error) / unit)
    rows: dict[str, Any] = {}
    for name in ours:
        a, b = statistics.mean(ours[name]), statistics.mean(theirs[name])
        rows[name] = {
            "mase": round(a, 3),
            "prophet_mase": round(b, 3),
            "ratio": round(a / b, 4),
            "met": abs(a / b - 1) <= PROPHET_RATIO,
        }
    rows["seconds_a_forecast"] = round(seconds / len(jobs), 4)
    rows["prophet_seconds_a_forecast"] = round(answered["seconds"] / len(jobs), 3)
    return rows


def imports() -> dict[str, Any]:
    """Measure what loading a model type costs."""
    code = (
        "import time; begun = time.process_time();"
        " from modelwright.engine.machines.files import machine_model_class;"
        " machine_model_class({!r}); print(time.process_time() - begun)"
    )
    rows = {}
    for kind in ("baseline", *FORECAST_TYPES):
        seconds = [
            float(subprocess.check_output([sys.executable, "-c", code.format(kind)], text=True))
            for _ in range(3)
        ]
        middle = statistics.median(seconds)
        rows[kind] = {
            "seconds": round(middle, 3),
            "goal": IMPORT_SECONDS,
            "met": middle <= IMPORT_SECONDS,
        }
    return rows


PARTS: dict[str, tuple[Callable[[], dict[str, Any]], str]] = {
    "baselines": (baselines, "baseline/lbnl_rmv2_building3.csv"),
    "savings": (saved, "baseline/eemeter_il-gas-hdd-only-hourly.csv"),
    "forecasts": (forecasts, "forecast/ETTh1.csv"),
    "m4": (m4, "forecast/m4_hourly_50.csv"),
    "prophet": (prophet, "forecast/ETTh1.csv"),
    "imports": (imports, "."),
}


def run(parts: tuple[str, ...] = tuple(PARTS)) -> dict[str, Any]:
    """Return all figures, and why what is missing is missing."""
    found: dict[str, Any] = {}
    for name in parts:
        measure, needed = PARTS[name]
        there = (DATA / needed).exists() or needed == "."
        found[name] = measure() if there else {"skipped": f"There is no {needed} in {DATA}"}
    rows: dict[str, Any] = plain(found)
    return rows


def main() -> None:
    """Print the results as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", choices=[*PARTS, []], default=[])
    given = parser.parse_args()
    print(json.dumps(run(tuple(given.parts) or tuple(PARTS)), indent=2))


if __name__ == "__main__":
    main()
