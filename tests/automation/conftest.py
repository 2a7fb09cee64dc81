"""What the tests of schedules share: a clock that they move, and a bell that stays silent."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from modelwright.automation.models import Schedule, ScheduleRun
from modelwright.automation.scheduled import SCHEDULED
from modelwright.automation.services import schedules_tick
from modelwright.catalog.models import Machine
from modelwright.core.models import counter_next
from modelwright.runs.states import Status

Walk = Callable[..., list[dt.datetime]]


def utc(text: str) -> dt.datetime:
    """Return a time in UTC."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def silent_bell(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Nobody hears the bell: what is due stays pending until a test runs it."""
    rung: list[str] = []
    for place in ("runs.jobs", "runs.sweep", "automation.kind"):
        monkeypatch.setattr(f"modelwright.{place}.ring", rung.append)
    return rung


@pytest.fixture
def installed(db: None) -> Callable[[str], None]:
    """Return a function that has the schedules begin at a time."""

    def install(text: str) -> None:
        for name in SCHEDULED:
            Schedule.objects.update_or_create(name=name, defaults={"since": utc(text)})

    return install


@pytest.fixture
def walk(db: None) -> Walk:
    """Return a function that moves the clock and returns what a job was due at, once per run."""

    def go(name: str, start: str, end: str, minutes: int = 5) -> list[dt.datetime]:
        moment, last = utc(start), utc(end)
        while moment <= last:
            schedules_tick(moment=moment)
            ScheduleRun.objects.filter(status=Status.PENDING).update(
                status=Status.COMPLETED, finished_at=moment
            )
            moment += dt.timedelta(minutes=minutes)
        return runs_of(name)

    return go


def runs_of(name: str) -> list[dt.datetime]:
    """Return what the runs of a job were due at, oldest first."""
    found = ScheduleRun.objects.filter(name=name, by_hand=False)
    return list(found.order_by("due_at").values_list("due_at", flat=True))


def light_machine(name: str, **fields: Any) -> Machine:
    """Return the row of a machine that says it has readings, without any: quick."""
    defaults = {"reading_count": 100, "last_reading_at": utc("2026-10-01T00:00")}
    return Machine.objects.create(
        name=name, number=counter_next("machine"), **{**defaults, **fields}
    )
