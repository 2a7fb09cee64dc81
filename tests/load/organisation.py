"""An organisation on a server: people who read, people who submit, machines, models."""

import json
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import requests

from modelwright.engine.machines.downsample import is_summed
from modelwright.engine.machines.sample_machines import sample_readings
from modelwright.engine.machines.series import HOUR_MS, Series
from modelwright.engine.samples import future_skills_csv, future_skills_table
from tests.load.fleet import machine_create, machine_names, readings_send
from tests.stack import PASSWORD, Stack, eventually
from tests.tuning.analyst import Analyst

ENV = {
    "MODELWRIGHT_JOB_THREADS": "1",
    "MODELWRIGHT_WEB_PROCESSES": "2",  # a hundred people read
    "MODELWRIGHT_SIGN_IN_RATE": "10000/minute",  # all of them come from one address
    "MODELWRIGHT_WRITE_RATE": "60000/minute",  # `admin` sets all up
}
TARGET = "future_need_level"
TRIGGER = "/api/v1/model-performance/retrain/trigger"
JOBS = "/api/v1/model-performance/jobs"
LONGEST_SECONDS = 1800.0
MINUTE_MS = 60_000
MAKE_PEOPLE = """
import json, sys, django
django.setup()
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from modelwright.accounts.models import User
from modelwright.accounts.services import token_create
wanted, password = json.load(sys.stdin)
hashed, tokens = make_password(password), {}
for name, group in wanted.items():
    user = User.objects.create(username=name, password=hashed)
    user.groups.add(Group.objects.get(name=group))
    tokens[name] = token_create(user=user)
print(json.dumps(tokens))
"""


@dataclass
class Fleet:
    """Machines, and what they will read.

    Parameters
    ----------
    ids : list of str
    coming : list of Series
        What each will send, a minute a row.
    """

    ids: list[str] = field(default_factory=list)
    coming: list[Series] = field(default_factory=list)


@dataclass(frozen=True)
class Organisation:
    """Who is there.

    Parameters
    ----------
    stack : Stack
    sessions : list of str
        The cookie of each reader.
    readers, submitters : list of str
        The API token of each.
    service : str
        The token of what asks for predictions.
    fleet : Fleet
    runs : list of int
        Numbers of trainings that have ended.
    datasets : list of str
        What is submitted to be trained on.
    rows : list of dict
        What predictions are asked for.
    searched : str
        The model run whose hyperparameters are searched for.
    before : dict of str to int
        How many trainings and predictions there were when it was founded.
    """

    stack: Stack
    sessions: list[str]
    readers: list[str]
    submitters: list[str]
    service: str
    fleet: Fleet
    runs: list[int]
    datasets: list[str]
    rows: list[dict[str, Any]]
    searched: str
    before: dict[str, int]


def organisation_found(
    stack: Stack,
    *,
    readers: int,
    submitters: int,
    machines: int,
    modelled: int,
    days: int,
    minutes: int,
) -> Organisation:
    """Found one.

    Parameters
    ----------
    stack : Stack
        Started with `ENV`.
    readers, submitters, machines : int
        How many of each.
    modelled : int
        How many machines have a model that looks for anomalies.
    days : int
        Of hourly readings that each machine has.
    minutes : int
        How many readings each will send; one of the first ends an hour.
    """
    names = {f"reader{n}": "viewer" for n in range(readers)}
    names |= {f"submitter{n}": "trainer" for n in range(submitters)}
    tokens = _people(stack, {**names, "service": "viewer"})
    with ThreadPoolExecutor(4) as threads:
        sessions = list(threads.map(lambda n: _sign_in(stack, f"reader{n}"), range(readers)))
    fleet = _fleet(stack, machines, days, minutes)
    analyst = Analyst(stack)
    runs = [_champion(stack)]
    _train_machines(stack, fleet.ids[:modelled])
    table = pd.DataFrame(future_skills_table()).drop(columns=TARGET)
    return Organisation(
        stack,
        sessions,
        [tokens[f"reader{n}"] for n in range(readers)],
        [tokens[f"submitter{n}"] for n in range(submitters)],
        tokens["service"],
        fleet,
        runs,
        [
            stack.put_dataset(f"skills{n}.csv", future_skills_csv())
            for n in range(max(1, submitters * 3 // 4))
        ],
        json.loads(table.to_json(orient="records")),
        analyst.model_run,
        {
            name: int(stack.rows(f"SELECT count(*) FROM {name}")[0][0])
            for name in ("model_runs", "predictions", "tuning_runs")
        },
    )


def _people(stack: Stack, groups: dict[str, str]) -> dict[str, str]:
    """Make accounts, all at once, and return the token of each."""
    done = subprocess.run(
        [sys.executable, "-c", MAKE_PEOPLE],
        env={**stack.env, "DJANGO_SETTINGS_MODULE": "modelwright.config.settings"},
        input=json.dumps([groups, PASSWORD]),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    tokens: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return tokens


def _sign_in(stack: Stack, name: str) -> str:
    session = requests.Session()
    page = session.get(f"{stack.url}/login", timeout=60).text
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert found is not None, page
    fields = {"username": name, "password": PASSWORD, "csrfmiddlewaretoken": found[1]}
    answer = session.post(f"{stack.url}/login", data=fields, timeout=60, allow_redirects=False)
    assert answer.status_code == 302, answer.text
    return session.cookies["sessionid"]


def _fleet(stack: Stack, machines: int, days: int, minutes: int) -> Fleet:
    fleet = Fleet()
    end = (time.time_ns() // 1_000_000 // HOUR_MS - 2) * HOUR_MS
    for seed, (name, kind) in enumerate(machine_names(machines)):
        readings = sample_readings(kind, end_ms=end, days=days, seed=100 + seed)
        machine = machine_create(stack, name, kind)
        readings_send(stack, machine, readings)
        fleet.ids.append(machine)
        fleet.coming.append(_minutes(readings, end, minutes, seed))
    return fleet


def _minutes(readings: Series, end: int, count: int, seed: int) -> Series:
    """Return minutes like the last hour: the first ends an hour after `end`, less a minute."""
    times = end + HOUR_MS - MINUTE_MS + MINUTE_MS * np.arange(count, dtype=np.int64)
    rng = np.random.default_rng(seed)
    channels = {}
    for name, values in readings.channels.items():
        known = values[~np.isnan(values)]
        level = known[-1] / (60 if is_summed(name) else 1)
        channels[name] = np.round(level * rng.uniform(0.99, 1.01, count), 4)
    return Series(times, channels, readings.timezone)


def _champion(stack: Stack) -> int:
    stack.put_dataset("future_skills_dataset.csv", future_skills_csv())
    body = {"hyperparameters": {"n_estimators": 100}}
    answer = stack.request("POST", "/api/training/train/", stack.token(), json=body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["training_run_id"])


def _train_machines(stack: Stack, machines: list[str]) -> None:
    for machine in machines:
        body = {"model_type": "anomaly", "machine_id": machine, "trigger_type": "manual"}
        answer = stack.request("POST", TRIGGER, stack.token("admin"), json=body)
        assert answer.json()["triggered"], answer.text

    def all_completed() -> bool:
        time.sleep(0.5)  # each look is work for the server
        answer = stack.request("GET", f"{JOBS}?status=completed&page_size=1", stack.token("admin"))
        return bool(answer.json()["count"] == len(machines))

    eventually(all_completed, seconds=LONGEST_SECONDS, what="the machines have their models")
