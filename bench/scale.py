"""What many machines need: service times measured here, and a queue simulated with them.

``python -m bench.scale`` needs PostgreSQL and Redis at their usual ports and a machine that does
nothing else. It sends a year of readings of some machines, trains their models, asks for
predictions, and takes what each cost a web server, a worker and the database. What more machines
need follows from these costs and, for the trainings, whose load comes in bursts, from a simulated
day. The table goes to `docs/explanation/scale.md`.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
import psycopg
from tests.load.fleet import machine_names
from tests.services import redis_url
from tests.stack import Stack, prepared_database

from bench.machines import JOBS, ingest, machine_ids, worked_off
from bench.page import page_write
from bench.queueing import Seconds, smallest, waits
from modelwright.engine.samples import future_skills_csv, future_skills_table

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/explanation/scale.md"
PREDICT = "/api/v1/models/future-skills/predict/"

MEASURED_MACHINES, DAYS = 20, 365
SINGLE_PREDICTIONS, BATCHES, BATCH_ROWS = 2000, 30, 1000
FLUSH_SECONDS = 5.0

SIZES = (10, 100, 1_000, 10_000, 100_000)
TRAININGS_A_MONTH, READINGS_A_SECOND, PREDICTIONS_A_SECOND = 100.0, 1 / 60, 1.0  # a machine
DAY_SECONDS, MONTH_DAYS, YEAR_DAYS = 86_400.0, 30.0, 365
NIGHT_SHARE = 0.7  # of the trainings are due at one moment, by a schedule
NIGHT_SECONDS = 6 * 3600.0  # in which they are to end
WAIT_SECONDS, WAIT_QUANTILE = 600.0, 0.95  # of all others
BUSY = 0.7  # of a core that is planned with


@dataclass(frozen=True)
class Costs:
    """Seconds of a core that one of each costs.

    Parameters
    ----------
    fits : list of float
        From the claim to the end, one for each training that was measured.
    job_database, job_web : float
        A training, beside its fit.
    reading_web, reading_database : float
        A reading, sent a year at a time.
    reading_bytes : float
        Of the table and its index.
    one_web, one_database : float
        A prediction that is asked for alone, and logged.
    row_web, row_database : float
        A prediction of a thousand that are asked for together, and logged.
    """

    fits: list[float]
    job_web: float
    job_database: float
    reading_web: float
    reading_database: float
    reading_bytes: float
    one_web: float
    one_database: float
    row_web: float
    row_database: float


class Meter:
    """What web server and database have used of the processor so far."""

    def __init__(self, stack: Stack) -> None:
        self._web = psutil.Process(stack.pids()["web"][0])
        servers = [p for p in psutil.process_iter(["name"]) if p.info["name"] == "postgres"]
        ids = {p.pid for p in servers}
        (self._postmaster,) = [p for p in servers if p.ppid() not in ids]

    @contextmanager
    def spent(self, times: int) -> Iterator[dict[str, float]]:
        """Yield what is filled, at the end of the block, with seconds for one of `times`."""
        found: dict[str, float] = {}
        web, database = _cpu(self._web), _cpu(self._postmaster)
        yield found
        found["web"] = (_cpu(self._web) - web) / times
        found["database"] = (_cpu(self._postmaster) - database) / times


def _cpu(process: psutil.Process) -> float:
    """Return the seconds of a process and all below it, those that have ended included."""
    total = sum(process.cpu_times()[:4])
    for child in process.children():
        try:
            total += _cpu(child)
        except psutil.NoSuchProcess:  # it is in its parent's sum the next time
            continue
    return total


def measure() -> tuple[Costs, dict[str, float]]:
    """Return the costs, and how well the simulation foretells the run that they come from."""
    cores = os.cpu_count() or 1
    with prepared_database() as database:
        env = {
            "MODELWRIGHT_DATABASE_URL": database,
            "MODELWRIGHT_BROKER_URL": redis_url(),
            "MODELWRIGHT_SLOTS": str(cores),
            "MODELWRIGHT_JOB_THREADS": "1",
            "MODELWRIGHT_WRITE_RATE": "60000/minute",
            "OPENBLAS_NUM_THREADS": "1",
        }
        with Stack(env=env) as stack:
            return _measured(stack, database, cores)


def _measured(stack: Stack, database: str, cores: int) -> tuple[Costs, dict[str, float]]:
    meter = Meter(stack)
    stack.token("admin")
    with meter.spent(MEASURED_MACHINES * DAYS * 24) as reading:
        sent = ingest(stack, machine_names(MEASURED_MACHINES), DAYS)
    ids = list(machine_ids(stack).values())
    worked_off(stack, ids[:cores])  # libraries are loaded
    done = _ended(stack)
    with meter.spent(2 * len(ids)) as job:
        _, _, seconds = worked_off(stack, ids)
    fits = [took for key, took in _ended(stack).items() if key not in done]
    foretold = float((waits(np.zeros(len(fits)), np.array(fits), cores) + np.array(fits)).max())
    one, row = _predictions(stack, meter)
    costs = Costs(
        fits,
        job["web"],
        job["database"],
        reading["web"],
        reading["database"],
        _bytes(database) / sent,
        one["web"],
        one["database"],
        row["web"],
        row["database"],
    )
    return costs, {"trainings": len(fits), "seconds": seconds, "simulated_seconds": foretold}


def _ended(stack: Stack) -> dict[str, float]:
    """Return how long each training took from its claim to its end."""
    answer = stack.request("GET", f"{JOBS}?status=completed&page_size=100", stack.token("admin"))
    answer.raise_for_status()
    return {
        str(one["id"]): (
            datetime.fromisoformat(one["finished_at"]) - datetime.fromisoformat(one["started_at"])
        ).total_seconds()
        for one in answer.json()["results"]
    }


def _bytes(database: str) -> float:
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT pg_total_relation_size('readings')").fetchone()
    return float(row[0]) if row else 0.0


def _predictions(stack: Stack, meter: Meter) -> tuple[dict[str, float], dict[str, float]]:
    """Return what a prediction costs that is asked for alone, and one of many."""
    stack.put_dataset("future_skills_dataset.csv", future_skills_csv())
    body = {"hyperparameters": {"n_estimators": 100}}
    answer = stack.request("POST", "/api/training/train/", stack.token(), json=body)
    answer.raise_for_status()
    table = pd.DataFrame(future_skills_table())
    cells = json.loads(table.iloc[:1].to_json(orient="records"))[0]
    asked: list[tuple[dict[str, Any], int]] = [
        ({"row": cells}, SINGLE_PREDICTIONS),
        ({"rows": [cells] * BATCH_ROWS}, BATCHES),
    ]
    found = []
    for sent, times in asked:
        _ask(stack, sent)  # the model is loaded
        rows = len(sent.get("rows", [cells]))
        with meter.spent(times * rows) as spent:
            for _ in range(times):
                _ask(stack, sent)
            time.sleep(FLUSH_SECONDS)  # what is logged is written a little later
        found.append(spent)
    return found[0], found[1]


def _ask(stack: Stack, body: dict[str, Any]) -> None:
    stack.request("POST", PREDICT, stack.token(), json=body).raise_for_status()


def trainings_of_a_day(
    machines: int, fits: Sequence[float], seed: int = 0
) -> tuple[Seconds, Seconds, Seconds]:
    """Return what each training of the night takes, and when those of the day come and take."""
    rng = np.random.default_rng(seed)
    jobs = rng.poisson(machines * TRAININGS_A_MONTH / MONTH_DAYS)
    night = rng.binomial(jobs, NIGHT_SHARE)
    taken = rng.choice(np.array(fits), jobs)
    arrivals = np.sort(rng.uniform(0, DAY_SECONDS, jobs - night))
    return taken[:night], arrivals, taken[night:]


def slots(machines: int, fits: Sequence[float]) -> int:
    """Return how many cores for trainings let those of the night end in it, and few others wait."""
    night, arrivals, day = trainings_of_a_day(machines, fits)

    def enough(count: int) -> bool:
        ends = waits(np.zeros(len(night)), night, count) + night
        late = np.quantile(waits(arrivals, day, count), WAIT_QUANTILE) if len(day) else 0.0
        return bool(ends.max(initial=0.0) <= NIGHT_SECONDS and late <= WAIT_SECONDS)

    return smallest(enough)


def needs(machines: int, costs: Costs) -> dict[str, float]:
    """Return the cores that each part needs, and what is stored in a year, for so many machines."""
    jobs = machines * TRAININGS_A_MONTH / MONTH_DAYS / DAY_SECONDS
    night = NIGHT_SHARE * jobs * DAY_SECONDS / NIGHT_SECONDS  # a second, while it lasts
    readings = machines * READINGS_A_SECOND
    predictions = machines * PREDICTIONS_A_SECOND
    year = YEAR_DAYS * DAY_SECONDS
    return {
        "machines": machines,
        "trainings_a_month": machines * TRAININGS_A_MONTH,
        "readings_a_second": readings,
        "predictions_a_second": predictions,
        "training_cores": slots(machines, costs.fits),
        "database_cores_trainings": max(jobs, night) * costs.job_database / BUSY,
        "database_cores_readings": readings * costs.reading_database / BUSY,
        "database_cores_predictions": predictions * costs.one_database / BUSY,
        "web_cores_readings": readings * costs.reading_web / BUSY,
        "web_cores_predictions": predictions * costs.one_web / BUSY,
        "web_cores_predictions_in_thousands": predictions * costs.row_web / BUSY,
        "database_cores_predictions_in_thousands": predictions * costs.row_database / BUSY,
        "readings_bytes_a_year": readings * year * costs.reading_bytes,
    }


def _table(costs: Costs, check: dict[str, float], load: float) -> str:
    fits = np.array(costs.fits)
    columns: list[tuple[str, Callable[[dict[str, float]], str]]] = [
        ("machines", lambda n: f"{n['machines']:,.0f}"),
        ("trainings a month", lambda n: f"{n['trainings_a_month']:,.0f}"),
        ("cores: trainings", lambda n: _cores(n["training_cores"])),
        ("database: trainings", lambda n: _cores(n["database_cores_trainings"])),
        ("web: readings", lambda n: _cores(n["web_cores_readings"])),
        ("database: readings", lambda n: _cores(n["database_cores_readings"])),
        ("readings a year", lambda n: _size(n["readings_bytes_a_year"])),
        ("web: predictions", lambda n: _cores(n["web_cores_predictions"])),
        ("database: predictions", lambda n: _cores(n["database_cores_predictions"])),
        (
            "web, database: predictions by the thousand",
            lambda n: (
                f"{_cores(n['web_cores_predictions_in_thousands'])},"
                f" {_cores(n['database_cores_predictions_in_thousands'])}"
            ),
        ),
    ]
    measured = [
        ("a training of a machine's model, mean (95 of 100 below)",
         f"{fits.mean():.2f} s ({np.quantile(fits, 0.95):.2f} s)"),
        ("a training, in the database", f"{1e3 * costs.job_database:.1f} ms"),
        ("a training, in the web server that is asked for it", f"{1e3 * costs.job_web:.1f} ms"),
        ("a reading, web and database",
         f"{1e6 * costs.reading_web:.1f} µs, {1e6 * costs.reading_database:.1f} µs"),
        ("a reading, stored", f"{costs.reading_bytes:.0f} bytes"),
        ("a prediction asked for alone, web and database",
         f"{1e3 * costs.one_web:.2f} ms, {1e3 * costs.one_database:.2f} ms"),
        ("a prediction of a thousand, web and database",
         f"{1e6 * costs.row_web:.0f} µs, {1e6 * costs.row_database:.0f} µs"),
        ("check: so many trainings queued at once, measured and simulated",
         f"{check['trainings']:.0f}: {check['seconds']:.1f} s, {check['simulated_seconds']:.1f} s"),
    ]  # fmt: skip
    rows = [needs(machines, costs) for machines in SIZES]
    return "\n".join(
        [
            "| seconds of a core | measured |",
            "|---|---|",
            *(f"| {name} | {value} |" for name, value in measured),
            "",
            f"| {' | '.join(name for name, _ in columns)} |",
            f"|{'---|' * len(columns)}",
            *(f"| {' | '.join(show(row) for _, show in columns)} |" for row in rows),
            "",
            f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, PostgreSQL and Redis on the"
            f" same machine, load {load:.1f} before.",
        ]
    )


def _cores(count: float) -> str:
    return f"{count:,.0f}" if count >= 10 else f"{count:.2g}"


def _size(count: float) -> str:
    power = min(4, max(2, int(np.log10(count) // 3)))
    return f"{count / 1000**power:.3g} {('MB', 'GB', 'TB')[power - 2]}"


def main() -> None:
    """Measure, simulate, and write the table and all figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--costs", type=Path, help="figures of an earlier run, to simulate anew")
    asked = parser.parse_args()
    load = os.getloadavg()[0]
    if asked.costs:
        earlier = json.loads(asked.costs.read_text())
        costs, check, load = Costs(**earlier["costs"]), earlier["check"], earlier["load"]
    else:
        costs, check = measure()
    found = {"costs": asdict(costs), "check": check, "load": load}
    target = ROOT / f"bench/results/scale-{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(found, indent=1) + "\n")
    table = _table(costs, check, load)
    page_write(PAGE, table)
    print(table)


if __name__ == "__main__":
    main()
