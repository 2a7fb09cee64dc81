"""Machines in any number: the sample machines with other seeds."""

import numpy as np

from modelwright.engine.machines.sample_machines import SampleMachine, sample_machines
from modelwright.engine.machines.series import Series
from tests.stack import Stack

MACHINES = "/api/v1/machines/"


def machine_names(count: int) -> list[tuple[str, SampleMachine]]:
    """Return so many names, and the sample machine that each is like."""
    kinds = sample_machines()
    return [(f"Machine {n:03d}", kinds[n % len(kinds)]) for n in range(count)]


def as_csv(readings: Series) -> bytes:
    """Return readings as they are sent."""
    times = np.datetime_as_string(readings.times.astype("datetime64[ms]"), unit="s").tolist()
    columns = [values.tolist() for values in readings.channels.values()]
    head = ",".join(["timestamp", *readings.channels])
    rows = [
        f"{at}Z,{','.join(map(str, row))}"
        for at, row in zip(times, zip(*columns, strict=True), strict=True)
    ]
    return "\n".join([head, *rows]).encode()


def machine_create(stack: Stack, name: str, kind: SampleMachine) -> str:
    """Make a machine, and return its id."""
    fields = {
        "name": name,
        "machine_type": kind.machine_type,
        "site": kind.site,
        "timezone": kind.timezone,
        "rated_power_kw": kind.rated_power_kw,
    }
    made = stack.request("POST", MACHINES, stack.token("admin"), json=fields)
    made.raise_for_status()
    return str(made.json()["id"])


def readings_send(stack: Stack, machine: str, readings: Series) -> int:
    """Send readings, and return how many were new."""
    done = stack.request(
        "POST",
        f"{MACHINES}{machine}/readings",
        stack.token("admin"),
        data=as_csv(readings),
        headers={"Content-Type": "text/csv"},
    )
    done.raise_for_status()
    return int(done.json()["accepted"])
