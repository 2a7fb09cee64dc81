"""Data quality of machines at one site: the thermometer that differs is found, and no other."""

from typing import Any

import numpy as np
import pytest

from modelwright.catalog import neighbours
from modelwright.catalog.ingest import readings_store
from modelwright.catalog.ingest_rows import Rows
from modelwright.catalog.machines import machine_change, machine_create
from modelwright.catalog.models import Machine
from modelwright.engine.machines.local_time import DAY_MS
from modelwright.engine.machines.sample_machines import Shift, continued, sample_machines
from modelwright.engine.machines.series import TEMPERATURE
from tests.api.machines import MACHINES
from tests.people import rest

pytestmark = pytest.mark.django_db

END = 1_753_833_600_000  # 2025-07-30 00:00 UTC
DAYS = 60
NORTHFIELD = [one for one in sample_machines() if one.site == "Northfield works"]


@pytest.fixture
def site() -> dict[str, Machine]:
    """Make four machines in one weather; the first one's thermometer reads a tenth too much."""
    made = {}
    for sample in NORTHFIELD:
        shift = Shift(END - 4 * DAY_MS, loss=0.1, channel=TEMPERATURE)
        series = continued(sample, END - DAYS * DAY_MS, END, shift=None if made else shift)
        machine = machine_create(user=None, name=sample.name, site=sample.site)
        readings_store(machine=machine, rows=Rows(series.times, series.channels), user=None)
        made[sample.name] = machine
    return made


def off(machine: Machine, **period: str) -> list[dict[str, Any]]:
    """Return what is found of its thermometer beside others."""
    found = rest("viewer").get(f"{MACHINES}{machine.pk}/data-quality", period).json()
    return [one for one in found["findings"] if one["kind"] == "off_neighbours"]


def test_the_thermometer_that_differs_is_found_and_no_other(site: dict[str, Machine]) -> None:
    wrong, *others = site.values()
    (found,) = off(wrong)
    assert (found["channel"], found["severity"]) == (TEMPERATURE, "warning")
    assert found["start"] == "2025-07-26T00:00:00Z"
    assert "what 3 other machines at this site read" in found["message"]
    assert not any(other.name in found["message"] for other in others)
    assert [off(other) for other in others] == [[], [], []]
    assert off(wrong, end="2025-07-25") == []  # the day before


def test_machines_elsewhere_or_out_of_use_are_no_neighbours(site: dict[str, Machine]) -> None:
    wrong, second, third, fourth = site.values()
    machine_change(machine=second, user=None, is_active=False)
    machine_change(machine=third, user=None, site="Northfield works 2")
    assert "either of two" in off(wrong)[0]["message"]
    machine_change(machine=fourth, user=None, site="")
    assert off(wrong) == []
    for machine in (wrong, second, third):
        machine_change(machine=machine, user=None, site="", is_active=True)
    assert off(wrong) == []  # no name is no site


def test_eight_neighbours_with_a_thermometer_are_asked(
    site: dict[str, Machine], django_assert_max_num_queries: Any
) -> None:
    wrong = next(iter(site.values()))
    weather = continued(NORTHFIELD[1], END - DAYS * DAY_MS, END)
    channels = {TEMPERATURE: weather.channels[TEMPERATURE]}
    power = {"power_kw": weather.channels["power_kw"]}
    for number in range(12):
        machine = machine_create(user=None, name=f"A {number:02}", site=wrong.site)
        rows = Rows(weather.times, power if number % 2 else channels)
        readings_store(machine=machine, rows=rows, user=None)
    wrong.refresh_from_db()
    with django_assert_max_num_queries(9):
        found = neighbours.neighbours_of(wrong, start=END - DAYS * DAY_MS, end=END)
    assert len(found) == neighbours.MOST
    assert all(list(one.channels) == [TEMPERATURE] for one in found)
    assert "what 8 other machines" in off(wrong)[0]["message"]


def test_the_database_draws_hours_together_where_readings_are_many(
    site: dict[str, Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = next(iter(site.values()))
    start, end = END - 30 * DAY_MS + 1, END - DAY_MS
    read = neighbours.neighbours_of(machine, start=start, end=end)
    monkeypatch.setattr(neighbours, "AS_READ", 0)
    drawn = neighbours.neighbours_of(machine, start=start, end=end)
    for one, other in zip(read, drawn, strict=True):
        there = np.isfinite(other.channels[TEMPERATURE]) & (other.times >= start)
        np.testing.assert_array_equal(other.times[there], one.times)
        np.testing.assert_array_equal(other.channels[TEMPERATURE][there], one.channels[TEMPERATURE])
    assert len(off(machine)) == 1
