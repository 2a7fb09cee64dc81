"""What the tests of monitoring share: machines, and a bell that stays silent."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from modelwright.catalog.models import Machine
from modelwright.monitoring import alerts
from modelwright.monitoring.alerts import Alert

MakeMachine = Callable[..., Machine]
Told = list[tuple[str, str]]

_numbers = count(1)


@pytest.fixture(autouse=True)
def silent_bell(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Nobody hears the bell: what is submitted stays pending."""
    rung: list[str] = []
    monkeypatch.setattr("modelwright.runs.jobs.ring", rung.append)
    return rung


@pytest.fixture
def make_machine(db: None) -> MakeMachine:
    """Return a function that makes a machine."""

    def make(**fields: Any) -> Machine:
        number = next(_numbers)
        return Machine.objects.create(**{"name": f"Press {number}", "number": number, **fields})

    return make


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """What those who asked were told of alerts: (incident, what)."""
    heard: Told = []

    def hear(alert: Alert, what: str) -> None:
        heard.append((alert.incident, what))

    monkeypatch.setattr(alerts, "_hooks", [hear])
    return heard
