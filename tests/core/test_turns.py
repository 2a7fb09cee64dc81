"""Requests take turns, those that only wait stand aside, and jobs give way to all of them."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil
import requests

from modelwright.core.turns import Turns, standing_aside
from modelwright.engine.samples import future_skills_csv
from tests.stack import Stack, eventually

TRAIN = "/api/training/train/"
SECONDS = 10.0


def most_at_once(count: int, asked: int, wait: Callable[[], None]) -> int:
    """Return how many of `asked` were in their turn together, of `count` turns."""
    inside, most = 0, 0

    async def one(turns: Turns) -> None:
        nonlocal inside, most
        async with turns.turn():
            inside += 1
            most = max(most, inside)
            await asyncio.to_thread(wait)
            inside -= 1

    async def all_of_them() -> None:
        turns = Turns(count)
        async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as group:
            for _ in range(asked):
                group.create_task(one(turns))

    asyncio.run(all_of_them())
    return most


def test_only_so_many_are_worked_on_at_once() -> None:
    assert most_at_once(3, 12, lambda: time.sleep(0.01)) == 3


def test_who_only_waits_stands_aside() -> None:
    everybody = threading.Barrier(4)

    def wait() -> None:
        with standing_aside():
            everybody.wait(SECONDS)

    assert most_at_once(3, 4, wait) == 4


def submit(stack: Stack, name: str, times: int, **headers: str) -> requests.Response:
    head, _, rows = future_skills_csv().partition(b"\n")
    body: dict[str, Any] = {
        "dataset_path": stack.put_dataset(f"{name}.csv", head + b"\n" + rows * times),
        "hyperparameters": {"n_estimators": 500},
    }
    return stack.request("POST", TRAIN, stack.token(), json=body, headers=headers)


def test_a_training_that_is_waited_for_holds_nobody_up_and_is_less_urgent_than_a_page() -> None:
    with Stack(env={"MODELWRIGHT_WEB_TURNS": "1", "MODELWRIGHT_SLOTS": "1"}) as stack:
        stack.token()
        with ThreadPoolExecutor(1) as threads:
            waited_for = threads.submit(submit, stack, "long", 40)
            (child,) = eventually(lambda: stack.pids()["children"], what="it runs")
            (web,) = stack.pids()["web"]
            assert psutil.Process(child).nice() > psutil.Process(web).nice()
            assert submit(stack, "short", 1, Prefer="wait=0").status_code in (201, 202)
            assert not waited_for.done()
            stack.request("POST", "/api/training/runs/1/cancel/", stack.token())
            assert waited_for.result().status_code < 500
