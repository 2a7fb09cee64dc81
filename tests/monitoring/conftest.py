"""What the tests of monitoring share: machines, and a bell that stays silent."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from modelwright.catalog.models import Machine
from modelwright.core.clock import now
from modelwright.monitoring import alerts
from modelwright.monitoring.alerts import Alert
from modelwright.registry.models import ModelVersion
from modelwright.runs.machine_services import machine_subject
from modelwright.runs.models import TrainingRun

MakeMachine = Callable[..., Machine]
MakeVersion = Callable[..., ModelVersion]
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
def make_version() -> MakeVersion:
    """Return a function that records a version without a file."""

    def make(machine: Machine, model_type: str = "baseline") -> ModelVersion:
        number = next(_numbers)
        subject = machine_subject(model_type, machine)
        run = TrainingRun.objects.create(
            number=number,
            subject=subject,
            machine=machine,
            model_type=model_type,
            model_version=f"v{number}",
            status="completed",
            finished_at=now(),
        )
        return ModelVersion.objects.create(
            run=run, subject=subject, number=1, name=f"v{number}", size_bytes=0
        )

    return make


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """What those who asked were told of alerts: (incident, what)."""
    heard: Told = []

    def hear(alert: Alert, what: str) -> None:
        heard.append((alert.incident, what))

    monkeypatch.setattr(alerts, "_hooks", [hear])
    return heard
