"""Cells hold exactly the readings that there are, whatever came when."""

import datetime as dt
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelwright.catalog.ingest import readings_store
from modelwright.catalog.ingest_rows import Rows
from modelwright.catalog.models import Machine
from modelwright.catalog.readings import series_of
from modelwright.core.clock import moment_of
from modelwright.engine.drift import Counts, Profile
from modelwright.engine.machines.series import HOUR_MS, Series
from modelwright.monitoring.counting import (
    cells_forget,
    count_afresh,
    count_no_more,
    counts_by_hour,
    drift_lasts,
    profile_of,
    window_counts,
    window_drift,
)
from modelwright.monitoring.models import DriftCell, DriftProfile
from tests.monitoring.conftest import MakeMachine, MakeVersion
from tests.monitoring.plant import END_MS

pytestmark = pytest.mark.django_db

START = 480_000  # hours since 1970


@pytest.fixture
def watched(make_machine: MakeMachine, make_version: MakeVersion) -> DriftProfile:
    """A machine's profile that counts, without a reading yet."""
    machine = make_machine()
    profile = Profile.fit({"power_kw": np.arange(100.0), "pressure_bar": np.arange(100.0) / 10})
    return DriftProfile.objects.create(
        version=make_version(machine), machine=machine, data=profile.to_bytes()
    )


def kept(row: DriftProfile) -> dict[int, Counts]:
    return {
        cell.hour: Counts.from_bytes(bytes(cell.data))
        for cell in DriftCell.objects.filter(profile=row)
    }


def there(row: DriftProfile) -> dict[int, Counts]:
    machine = Machine.objects.get(pk=row.machine_id)
    series = series_of(machine, start=row.counted_from * HOUR_MS)
    return counts_by_hour(profile_of(row), series)


def send(row: DriftProfile, rows: list[tuple[int, float | None, float | None]]) -> None:
    times = np.array([START * HOUR_MS + quarter * HOUR_MS // 4 for quarter, _, _ in rows])
    power, pressure = (np.array([r[i] for r in rows], dtype=np.float64) for i in (1, 2))
    machine = Machine.objects.get(pk=row.machine_id)
    readings_store(
        machine=machine, rows=Rows(times, {"power_kw": power, "pressure_bar": pressure}), user=None
    )


VALUES = st.one_of(st.none(), st.sampled_from([-5.0, 0.0, 12.5, 50.0, 1e9]))
ROW = st.tuples(st.integers(0, 12), VALUES, VALUES).filter(
    lambda row: row[1] is not None or row[2] is not None
)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(batches=st.lists(st.lists(ROW, min_size=1, max_size=8), max_size=5))
def test_cells_hold_what_is_stored(watched: DriftProfile, batches: list[Any]) -> None:
    Machine.objects.get(pk=watched.machine_id).readings.all().delete()
    DriftCell.objects.all().delete()
    for batch in batches:
        send(watched, batch)
        held = {hour: counts for hour, counts in kept(watched).items() if counts.rows}
        assert held == there(watched)


def test_hours_are_counted_as_the_profile_counts(watched: DriftProfile) -> None:
    rng = np.random.default_rng(1)
    times = START * HOUR_MS + np.sort(rng.choice(50 * 60, 300, replace=False)) * 60_000
    power = np.where(rng.random(300) < 0.2, np.nan, rng.normal(50, 40, 300))
    series = Series(times, {"power_kw": power, "something_else": power})
    profile = profile_of(watched)
    hours = counts_by_hour(profile, series)
    assert list(hours) == sorted(set((times // HOUR_MS).tolist()))
    for hour, counts in hours.items():
        part = series.between(hour * HOUR_MS, (hour + 1) * HOUR_MS)
        assert counts == profile.count(part.channels, times=part.times)


def test_counting_begins_with_what_is_there(watched: DriftProfile) -> None:
    count_no_more(watched)
    send(watched, [(quarter, 1.0 * quarter, None) for quarter in range(40)])
    assert kept(watched) == {}
    machine = Machine.objects.get(pk=watched.machine_id)
    count_afresh(watched, machine)
    send(watched, [(41, 1.0, 2.0), (3, 7.0, None)])
    assert sum(counts.rows for counts in kept(watched).values()) == 41
    assert kept(watched) == there(watched)


def test_a_cell_that_is_wrong_is_counted_anew(watched: DriftProfile) -> None:
    send(watched, [(0, 1.0, 1.0), (1, 2.0, 2.0)])
    wrong = profile_of(watched).count({"power_kw": [99.0]})
    DriftCell.objects.update(data=wrong.to_bytes())
    send(watched, [(0, 3.0, None)])
    assert kept(watched) == there(watched)


def test_what_is_too_old_is_not_counted(watched: DriftProfile) -> None:
    watched.counted_from = START + 1
    watched.save()
    send(watched, [(0, 1.0, 1.0), (4, 1.0, 1.0)])
    assert set(kept(watched)) == {START + 1}


def test_a_check_of_kept_cells_reads_no_readings(watched: DriftProfile) -> None:
    send(watched, [(quarter, 95.0, 9.9) for quarter in range(96)])
    end = moment_of((START + 24) * HOUR_MS)
    with CaptureQueriesContext(connection) as queries:
        found = window_drift(watched.version, end - dt.timedelta(days=1), end)
    assert found is not None
    assert (found.rows, found.drifted) == (96, True)
    assert not [q for q in queries if "readings" in q["sql"]]
    assert window_drift(watched.version, end, end + dt.timedelta(days=1)) is None


def test_an_alarm_can_wait_for_k_of_the_last_n_windows(
    watched: DriftProfile, settings: Any
) -> None:
    ordinary = [(quarter, quarter * 97.0 % 96, quarter * 97 % 96 / 10) for quarter in range(96)]
    odd = [(quarter, 95.0, 9.9) for quarter in range(96)]
    for day, rows in enumerate([odd, ordinary, ordinary, odd]):
        send(watched, [(day * 96 + quarter, *values) for quarter, *values in rows])
    day = dt.timedelta(days=1)
    end = moment_of((START + 96) * HOUR_MS)

    def lasts(needed: int, windows: int) -> bool:
        settings.DRIFT_ALARM_NEEDED, settings.DRIFT_ALARM_WINDOWS = needed, windows
        return drift_lasts(watched.version, end - day, end)

    assert lasts(1, 1)
    assert not lasts(2, 3)
    assert lasts(2, 4)
    assert not lasts(3, 9)  # what lies before the first reading counts for nothing


def test_a_window_is_the_sum_of_its_hours(watched: DriftProfile) -> None:
    send(watched, [(quarter, 1.0, 1.0) for quarter in range(16)])
    start = moment_of(START * HOUR_MS)
    for hours, rows in ((1, 4), (2.5, 12), (4, 16)):
        counts = window_counts(watched, start, start + dt.timedelta(hours=hours))
        assert counts is not None
        assert counts.rows == rows


def test_old_cells_are_forgotten(watched: DriftProfile, settings: Any) -> None:
    send(watched, [(0, 1.0, 1.0), (4 * 24 * 10, 1.0, 1.0)])
    settings.DRIFT_CELL_DAYS = 5
    assert cells_forget() == 1
    assert cells_forget() == 0
    assert set(kept(watched)) == {START + 240}
    watched.refresh_from_db()
    assert watched.counted_from == START + 120
    send(watched, [(1, 1.0, 1.0)])
    assert set(kept(watched)) == {START + 240}


def test_a_wrong_profile_stops_no_readings_of_other_machines(
    watched: DriftProfile, make_machine: MakeMachine
) -> None:
    other = make_machine()
    rows = Rows(np.array([END_MS]), {"power_kw": np.array([1.0])})
    readings_store(machine=other, rows=rows, user=None)
    assert kept(watched) == {}
