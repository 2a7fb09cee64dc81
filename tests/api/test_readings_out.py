"""Contract B, reading readings: periods, channels, pages, drawing together, data quality."""

import datetime as dt
from typing import Any

import numpy as np
import pytest

from modelwright.catalog.ingest import readings_store
from modelwright.catalog.ingest_rows import Rows
from modelwright.catalog.machines import machine_create
from modelwright.catalog.models import Machine
from modelwright.catalog.readings import series_of
from modelwright.catalog.readings_draw import AS_ARRAYS, readings_drawn
from modelwright.engine.machines.downsample import downsample
from modelwright.engine.machines.series import HOUR_MS, Series
from tests.api.machines import MACHINES
from tests.people import rest

pytestmark = pytest.mark.django_db

MARCH = 1_772_323_200_000  # 2026-03-01 00:00 UTC
MINUTE_MS = 60_000


def stored(series: Series, timezone: str = "UTC") -> str:
    """Make a machine with readings and return its address."""
    machine = machine_create(user=None, name="Press 4", timezone=timezone)
    readings_store(machine=machine, rows=Rows(series.times, series.channels), user=None)
    return f"{MACHINES}{machine.pk}/"


def hourly(count: int) -> Series:
    """Return a power that counts the hours, energy of 1 kWh each, and a channel of one's own."""
    hours = np.arange(count)
    return Series(
        MARCH + hours * HOUR_MS,
        {
            "power_kw": hours.astype(float),
            "energy_kwh": np.ones(count),
            "flow": np.where(hours % 2 == 0, 5.0, np.nan),
        },
    )


def asked(url: str, **query: Any) -> dict[str, Any]:
    answer = rest("viewer").get(f"{url}readings", query)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_raw_rows_have_every_channel_and_null_where_nothing_was_read() -> None:
    found = asked(stored(hourly(2)))
    assert found["results"] == [
        {"timestamp": "2026-03-01T00:00:00Z", "power_kw": 0.0, "energy_kwh": 1.0, "flow": 5.0},
        {"timestamp": "2026-03-01T01:00:00Z", "power_kw": 1.0, "energy_kwh": 1.0, "flow": None},
    ]
    assert (found["count"], found["next"], found["previous"]) == (2, None, None)
    assert (found["resolution"], found["width_seconds"]) == ("raw", 0)


def test_milliseconds_are_kept() -> None:
    url = stored(Series(np.array([MARCH + 7]), {"flow": np.array([1.0])}))
    assert asked(url)["results"] == [{"timestamp": "2026-03-01T00:00:00.007Z", "flow": 1.0}]


@pytest.mark.parametrize(
    ("query", "first", "count"),
    [
        ({"start": "2026-03-02T00:00:00Z"}, 24.0, 48),
        ({"start": "2026-03-02T00:00:00+01:00", "end": "2026-03-02"}, 23.0, 24),
        ({"start": "2026-03-02T00:00:00 01:00", "end": "2026-03-02T01:00"}, 23.0, 1),
        ({"start": "2026-03-02", "end": "2026-03-02"}, 23.0, 24),
        ({"end": "2026-03-01T05:00:00Z"}, 0.0, 5),
        ({"start": "2027-01-01"}, None, 0),
        ({"start": "9999-12-31T23:59:59-23:00"}, None, 0),
        ({"start": "0001-01-01T00:00:00+23:00", "end": "9999-12-30"}, 0.0, 72),
    ],
)
def test_a_period_is_told_by_its_ends(query: Any, first: float | None, count: int) -> None:
    found = asked(stored(hourly(72), timezone="Europe/Berlin"), **query)
    assert (found["count"], len(found["results"])) == (count, count)
    assert not count or found["results"][0]["power_kw"] == first


def test_following_next_gives_every_row_once() -> None:
    url = stored(hourly(25))
    client, address, rows = rest("viewer"), f"{url}readings/?limit=10&channels=power_kw", []
    sizes = []
    while address:
        page = client.get(address).json()
        rows += [row["power_kw"] for row in page["results"]]
        sizes.append(len(page["results"]))
        address = page["next"]
    assert sizes == [10, 10, 5]
    assert rows == list(range(25))


def test_channels_can_be_chosen() -> None:
    found = asked(stored(hourly(1)), channels="flow, power_kw,flow")
    assert found["results"] == [{"timestamp": "2026-03-01T00:00:00Z", "flow": 5.0, "power_kw": 0.0}]


def test_days_are_the_machines_own_and_energy_adds_up() -> None:
    url = stored(hourly(24 * 40), timezone="Europe/Berlin")
    found = asked(
        url, resolution="day", start="2026-03-27", end="2026-03-30", channels="energy_kwh"
    )
    assert found["width_seconds"] == 86_400
    days = [(row["timestamp"], row["readings"], row["energy_kwh"]) for row in found["results"]]
    assert days == [
        ("2026-03-26T23:00:00Z", 24, 24.0),
        ("2026-03-27T23:00:00Z", 24, 24.0),
        ("2026-03-28T23:00:00Z", 23, 23.0),  # the clocks go forward
        ("2026-03-29T22:00:00Z", 24, 24.0),
    ]


def test_days_are_paged_too_and_pages_skip_what_is_empty() -> None:
    times = MARCH + np.append(np.arange(72), np.arange(24 * 300, 24 * 300 + 30)) * HOUR_MS
    url = stored(Series(times, {"power_kw": np.arange(times.size).astype(float)}))
    client, address, days = rest("viewer"), f"{url}readings/?limit=2&resolution=day", []
    while address:
        page = client.get(address).json()
        assert page["results"]
        days += [row["timestamp"][:10] for row in page["results"]]
        address = page["next"]
    assert days == ["2026-03-01", "2026-03-02", "2026-03-03", "2026-12-26", "2026-12-27"]


def test_auto_gives_no_more_points_than_asked_for_and_their_extremes() -> None:
    found = asked(stored(hourly(24 * 30)), resolution="auto", limit=40)
    assert len(found["results"]) <= 40
    assert found["width_seconds"] == 86_400
    first = found["results"][0]
    assert (first["power_kw_min"], first["power_kw"], first["power_kw_max"]) == (0.0, 11.5, 23.0)
    few = asked(f"{MACHINES}{Machine.objects.get().pk}/", resolution="auto", limit=1000)
    assert (len(few["results"]), few["width_seconds"]) == (720, 0)


@pytest.mark.parametrize(
    "query",
    [
        {"start": "yesterday"},
        {"end": "2026-13-01"},
        {"start": "2026-03-02", "end": "2026-03-01T00:00"},
        {"resolution": "minute"},
        {"limit": "1"},
        {"limit": "100000"},
        {"limit": "many"},
        {"channels": "power"},
        {"start": "1" * 50},
        {"end": "9999-12-31"},  # the end of which no calendar has
    ],
)
def test_what_can_not_be_meant_is_422(query: dict[str, str]) -> None:
    answer = rest("viewer").get(f"{stored(hourly(2))}readings/", query)
    assert answer.status_code == 422, answer.content
    assert next(iter(query)) in answer.json()["details"] or "end" in answer.json()["details"]


def test_a_machine_without_readings_has_none() -> None:
    url = f"{MACHINES}{machine_create(user=None, name='new').pk}/"
    for resolution in ("raw", "hour", "day", "auto"):
        found = asked(url, resolution=resolution)
        assert (found["results"], found["count"], found["next"]) == ([], 0, None)
    quality = rest("viewer").get(f"{url}data-quality").json()
    assert (quality["readings"], quality["findings"], quality["start"]) == (0, [], None)


@pytest.mark.parametrize("resolution", ["hour", "day", "auto"])
def test_the_database_draws_together_what_arrays_would(resolution: str) -> None:
    rng = np.random.default_rng(1)
    minutes = np.sort(rng.choice(60_000, AS_ARRAYS + 2_000, replace=False))
    minutes = minutes[(minutes < 20_000) | (minutes > 30_000)]  # a gap of a week
    minutes = np.append(minutes, minutes[-1] + np.arange(1, 8_000))
    times = MARCH + minutes * MINUTE_MS  # over the change of the clocks
    values = {
        "power_kw": np.where(rng.random(times.size) < 0.3, np.nan, rng.normal(50, 9, times.size)),
        "energy_kwh": rng.random(times.size),
        "flow": np.where(minutes < 5_000, np.nan, rng.normal(0, 1, times.size)),
    }
    stored(Series(times, values), timezone="Europe/Berlin")
    machine = Machine.objects.get()
    assert machine.reading_count > AS_ARRAYS
    names = list(values)
    drawn = readings_drawn(machine, channels=names, resolution=resolution, points=400)
    right = downsample(series_of(machine), resolution, points=400)
    assert drawn.width_ms == right.width_ms
    there = drawn.counts > 0
    assert drawn.times[there].tolist() == right.times[right.counts > 0].tolist()
    assert drawn.counts[there].tolist() == right.counts[right.counts > 0].tolist()
    for name in names:
        for mine, other in zip(
            (drawn.channels[name].mean, drawn.channels[name].low, drawn.channels[name].high),
            (right.channels[name].mean, right.channels[name].low, right.channels[name].high),
            strict=True,
        ):
            np.testing.assert_allclose(mine[there], other[right.counts > 0], rtol=1e-12)
    np.testing.assert_allclose(
        drawn.channels["energy_kwh"].total[there],
        right.channels["energy_kwh"].total[right.counts > 0],
        rtol=1e-12,
    )
    assert (~there).sum() == 1  # the gap is told once


def test_data_quality_tells_what_is_wrong() -> None:
    hours = np.append(np.arange(48), np.arange(96, 400))
    power = 20 + 5 * np.sin(hours) + np.cos(hours * 0.7)
    power[200] = -4.0
    url = stored(Series(MARCH + hours * HOUR_MS, {"power_kw": power, "energy_kwh": power}))
    found = rest("viewer").get(f"{url}data-quality").json()
    assert (found["readings"], found["start"]) == (352, "2026-03-01T00:00:00Z")
    kinds = {finding["kind"]: finding for finding in found["findings"]}
    assert {"gap", "negative"} <= set(kinds)
    gap = kinds["gap"]
    assert (gap["start"], gap["count"]) == ("2026-03-03T00:00:00Z", 48)
    assert gap["message"]
    early = rest("viewer").get(f"{url}data-quality", {"end": "2026-03-02"}).json()
    assert early["readings"] == 48
    assert "gap" not in {finding["kind"] for finding in early["findings"]}


def test_a_reading_of_the_last_year_only_is_looked_at_unless_asked() -> None:
    old = int(dt.timedelta(days=500).total_seconds()) * 1000
    times = np.append(MARCH - old + np.arange(50) * HOUR_MS, MARCH + np.arange(50) * HOUR_MS)
    url = stored(Series(times, {"power_kw": np.sin(np.arange(100.0))}))
    assert rest("viewer").get(f"{url}data-quality").json()["readings"] == 50
    whole = rest("viewer").get(f"{url}data-quality", {"start": "2020-01-01"}).json()
    assert whole["readings"] == 100
