"""Many machines' models queued at once on a running server: all end, and it answers meanwhile."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.api.machines import MACHINES, NDJSON, hourly, lines
from tests.stack import Stack, eventually

MODEL_TYPES = ("baseline", "anomaly")
COUNT = 20
DAYS = 21
TRIGGER = "/api/v1/model-performance/retrain/trigger"
JOBS = "/api/v1/model-performance/jobs"
PAGES = ("/api/v1/machines/?page_size=100", f"{JOBS}?page_size=100", "/healthz")


def made(stack: Stack, name: str, readings: bytes) -> str:
    """Make a machine with readings and return its id."""
    token = stack.token()
    machine = stack.request("POST", MACHINES, token, json={"name": name}).json()["id"]
    kind = {"Content-Type": NDJSON}
    sent = stack.request(
        "POST", f"{MACHINES}{machine}/readings", token, data=readings, headers=kind
    )
    assert sent.status_code == 201, sent.text
    return str(machine)


def triggered(stack: Stack, machine: str, model_type: str) -> str:
    """Queue a training and return its id."""
    asked = {"model_type": model_type, "machine_id": machine, "trigger_type": "manual"}
    answer = stack.request("POST", TRIGGER, stack.token(), json=asked).json()
    assert answer["triggered"], answer
    return str(answer["training_job_id"])


@pytest.mark.slow
def test_all_models_of_many_machines_are_trained_and_the_server_answers_meanwhile(
    stack: Stack,
) -> None:
    readings = lines(hourly(24 * DAYS))
    stack.token()
    machines = [made(stack, f"Queued {number}", readings) for number in range(COUNT)]
    pairs = [(machine, model_type) for model_type in MODEL_TYPES for machine in machines]
    with ThreadPoolExecutor(4) as people:
        ids = set(people.map(lambda pair: triggered(stack, *pair), pairs))
    assert len(ids) == len(pairs)

    def states() -> dict[str, str]:
        for page in PAGES:
            assert stack.request("GET", page, stack.token()).status_code == 200, page
        rows = stack.request("GET", f"{JOBS}?page_size=100", stack.token()).json()["results"]
        return {row["id"]: row["status"] for row in rows if row["id"] in ids}

    def ended() -> dict[str, str] | None:
        found = states()
        return None if {"pending", "running"} & {*found.values()} else found

    assert eventually(ended, seconds=120) == dict.fromkeys(ids, "completed")
