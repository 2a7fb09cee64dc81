"""Data quality: what is put in is found, and nothing in readings that are well."""

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.engine.machines.finding import EACH, Finding
from modelwright.engine.machines.local_time import DAY_MS, hour_of_week, local
from modelwright.engine.machines.quality import findings
from modelwright.engine.machines.sample_machines import (
    continued,
    sample_faults,
    sample_machines,
    sample_readings,
)
from modelwright.engine.machines.series import HOUR_MS, Series

BEGIN = 1_741_305_600_000  # 2025-03-07 00:00 UTC: the clocks change within it
END = 1_764_194_400_000
RATED = 130.0


def _clean(
    seed: int = 0,
    *,
    minutes: int = 60,
    days: int = 45,
    timezone: str = "Europe/Berlin",
    off_at_night: bool = False,
    decimals: int = 2,
) -> Series:
    """Make a machine that follows its shifts and the weather, and whose readings are well."""
    random = np.random.default_rng(seed)
    times = BEGIN + np.arange(days * 1440 // minutes, dtype=np.int64) * minutes * 60_000
    hour = hour_of_week(local(times, timezone))
    at_work = (hour < 120) & (hour % 24 >= 6) & (hour % 24 < 20)
    pace = np.clip(random.normal(1, 0.1, times.size), 0.6, 1.4)
    temperature = (
        8 + 5 * np.sin(times / DAY_MS * 2 * np.pi) + np.cumsum(random.normal(0, 0.05, times.size))
    )
    idle = 0.0 if off_at_night else 15.0
    power = idle + at_work * pace * (60 + temperature) + random.normal(0, 0.5, times.size)
    power = np.round(np.where(at_work | (not off_at_night), np.maximum(power, 1), 0), decimals)
    return Series(
        times,
        {
            "power_kw": power,
            "energy_kwh": np.round(power * minutes / 60, decimals + 2),
            "production_count": np.round(at_work * pace * 50),
            "outdoor_temp_c": np.round(temperature, 1),
        },
        timezone,
    )


def _found(series: Series, kind: str | None = None, **options: Any) -> list[Finding]:
    found = findings(series, **{"rated_power_kw": RATED, "now_ms": END, **options})
    return [finding for finding in found if kind in (None, finding.kind)]


def _without(series: Series, dropped: np.ndarray) -> Series:
    kept = ~dropped
    return Series(
        series.times[kept],
        {name: values[kept] for name, values in series.channels.items()},
        series.timezone,
    )


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000),
    st.sampled_from((5, 15, 60)),
    st.sampled_from(("UTC", "Europe/Berlin", "America/Chicago", "Asia/Kolkata")),
    st.booleans(),
    st.sampled_from((0, 1, 2)),
)
def test_nothing_is_found_in_readings_that_are_well(
    seed: int, minutes: int, timezone: str, off_at_night: bool, decimals: int
) -> None:
    series = _clean(
        seed, minutes=minutes, timezone=timezone, off_at_night=off_at_night, decimals=decimals
    )
    assert _found(series) == []


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 900), st.integers(1, 100), st.sampled_from((5, 15, 60)))
def test_a_gap_is_found_with_its_times(first: int, length: int, minutes: int) -> None:
    series = _clean(minutes=minutes)
    at = np.arange(len(series))
    gap = (at > first) & (at <= first + length)
    (found,) = _found(_without(series, gap))
    change = 1_743_296_400_000  # an hour that is lost just there is another matter
    if found.kind != "daylight_saving":
        assert found.kind == "gap"
    else:
        assert abs(found.start - change) <= HOUR_MS
    assert (found.start, found.end) == (series.times[first + 1], series.times[first + length])
    assert (found.count, found.channel) == (length, "")


def test_a_silent_channel_is_a_gap_of_that_channel() -> None:
    series = _clean()
    series.channels["production_count"][100:130] = np.nan
    (found,) = _found(series)
    assert (found.kind, found.channel, found.count) == ("gap", "production_count", 30)
    assert (found.start, found.end) == (series.times[100], series.times[129])


def test_a_channel_that_is_read_more_rarely_is_well() -> None:
    series = _clean(minutes=15)
    series.channels["outdoor_temp_c"][np.arange(len(series)) % 4 > 0] = np.nan
    assert _found(series) == []
    series.channels["outdoor_temp_c"][400:480] = np.nan
    (found,) = _found(series)
    assert (found.kind, found.channel) == ("gap", "outdoor_temp_c")
    assert 19 <= found.count <= 21


def test_many_short_gaps_are_told_together() -> None:
    series = _clean()
    found = _found(_without(series, np.arange(len(series)) % 9 == 4))
    assert len(found) == EACH + 1
    assert sum(finding.count for finding in found) == (np.arange(len(series)) % 9 == 4).sum()


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 700),
    st.integers(30, 300),
    st.sampled_from(("outdoor_temp_c", "power_kw")),
    st.integers(0, 99),
)
def test_a_sensor_that_sticks_is_found(first: int, length: int, name: str, seed: int) -> None:
    series = _clean(seed)
    values = series.channels[name]
    values[first : first + length] = values[first]
    found = [one for one in _found(series, "stuck") if one.channel == name]
    assert len(found) == 1
    assert found[0].start <= series.times[first + 1]
    assert abs(found[0].count - length) <= 3


def test_a_meter_that_is_dead_while_the_machine_works_is_found() -> None:
    series = _clean(off_at_night=True)
    series.channels["power_kw"][200:300] = 0.0
    found = _found(series, "stuck")
    assert {one.channel for one in found} == {"power_kw"}
    assert sum(one.count for one in found) >= 14


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 700),
    st.integers(1, 350),
    st.sampled_from((1000.0, 0.001)),
    st.sampled_from((("power_kw",), ("energy_kwh",), ("power_kw", "energy_kwh"))),
    st.integers(0, 99),
)
def test_a_stretch_in_another_unit_is_found(
    first: int, length: int, factor: float, names: tuple[str, ...], seed: int
) -> None:
    series = _clean(seed, decimals=4)
    length = min(length, len(series) - first)
    for name in names:
        series.channels[name][first : first + length] *= factor
    found = _found(series)
    assert {(one.kind, one.channel) for one in found} == {("unit_slip", name) for name in names}
    for one in found:
        assert one.start == series.times[first]
        assert one.end == series.times[first + length - 1]
        assert one.severity == "critical"


def test_a_machine_that_is_nearly_off_at_night_is_in_no_other_unit() -> None:
    series = _clean(off_at_night=True)
    off = series.channels["power_kw"] == 0
    series.channels["power_kw"][off] = 0.075
    series.channels["energy_kwh"][off] = 0.075
    assert _found(series, "unit_slip") == []


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 1000), st.integers(1, 40), st.sampled_from(("energy_kwh", "power_kw")))
def test_negative_energy_is_found(first: int, length: int, name: str) -> None:
    series = _clean()
    series.channels[name][first : first + length] *= -1
    (found,) = [one for one in _found(series, "negative") if one.channel == name]
    assert (found.start, found.count) == (series.times[first], length)


@pytest.mark.parametrize("factor", [0.25, 4.0])
def test_energy_that_is_not_power_times_time_is_found(factor: float) -> None:
    series = _clean()
    series.channels["energy_kwh"][:] *= factor
    (found,) = _found(series, rated_power_kw=None)
    assert (found.kind, found.severity, found.count) == ("energy_mismatch", "critical", len(series))
    assert f"{factor:g} times" in found.message


def test_a_running_total_is_no_energy_of_an_interval() -> None:
    series = _clean()
    series.channels["energy_kwh"][:] = np.cumsum(series.channels["energy_kwh"])
    assert "running total" in _found(series, "energy_mismatch")[0].message


def test_days_with_too_much_energy_are_found_by_themselves() -> None:
    series = _clean(timezone="UTC")
    series.channels["energy_kwh"][10 * 24 : 13 * 24] *= 2
    (found,) = _found(series, "energy_mismatch")
    assert (found.start, found.end) == (series.times[10 * 24], series.times[13 * 24 - 1])


def test_power_far_above_the_rated_is_found() -> None:
    series = _clean()
    series.channels["power_kw"][[400, 401]] = 3 * RATED
    series.channels["energy_kwh"][[400, 401]] = 3 * RATED
    found = _found(series, "above_rated")
    assert [(one.channel, one.count) for one in found] == [("energy_kwh", 2), ("power_kw", 2)]
    assert _found(series, "above_rated", rated_power_kw=None) == []


def test_readings_in_the_future_are_found() -> None:
    series = _clean()
    now = int(series.times[-10]) + 1
    (found,) = _found(series, now_ms=now)
    assert (found.kind, found.count, found.start) == ("future", 9, series.times[-9])


def test_repeated_times_are_found_and_the_rest_is_looked_at() -> None:
    series = _clean()
    at = np.append(np.arange(len(series)), [7, 8, 9])
    twice = Series(
        series.times[at], {name: v[at] for name, v in series.channels.items()}, "Europe/Berlin"
    )
    (found,) = _found(twice)
    assert (found.kind, found.count, found.start) == ("duplicate", 3, series.times[7])


def test_an_irregular_step_is_found_and_is_no_thousand_gaps() -> None:
    series = _clean()
    jitter = np.random.default_rng(0).integers(0, HOUR_MS // 2, len(series))
    odd = Series(series.times + jitter, series.channels, series.timezone)
    assert [one.kind for one in _found(odd) if one.kind != "energy_mismatch"] == ["irregular"]


def test_a_lost_hour_at_the_change_of_the_clocks_is_told_apart_from_a_gap() -> None:
    year = _clean(days=250)
    lost = year.times == 1_761_440_400_000  # 2025-10-26 01:00 UTC: 02:00 for the second time
    (found,) = _found(_without(year, lost))
    assert (found.kind, found.count) == ("daylight_saving", 1)


def test_an_hour_that_is_there_twice_at_the_change_is_told() -> None:
    year = _clean(days=250)
    at = np.sort(np.append(np.arange(len(year)), np.flatnonzero(year.times == 1_761_440_400_000)))
    twice = Series(year.times[at], {n: v[at] for n, v in year.channels.items()}, year.timezone)
    (found,) = _found(twice)
    assert found.kind == "daylight_saving"


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 99))
def test_a_day_that_shifts_by_an_hour_when_the_clocks_change_is_found(seed: int) -> None:
    winter_time = _clean(seed, timezone="Etc/GMT-1")  # follows UTC+1 all the year
    series = Series(winter_time.times, winter_time.channels, "Europe/Berlin")
    found = _found(series)
    assert [one.kind for one in found] == ["daylight_saving"]
    assert "an hour later" in found[0].message


def test_faults_of_the_sample_machines_that_are_of_data_are_found() -> None:
    for machine in sample_machines():
        year = sample_readings(machine, end_ms=END)
        found = findings(year, rated_power_kw=machine.rated_power_kw, now_ms=END)
        faults = sample_faults(machine, int(year.times[0]), END)
        stuck = [fault for fault in faults if fault.kind == "stuck_sensor"]
        gaps = [fault for fault in faults if fault.kind == "gap" and fault.start > year.times[0]]
        assert {one.kind for one in found} == {"gap", *({"stuck"} if stuck else set())}
        assert len([one for one in found if one.kind == "stuck"]) == len(stuck)
        for fault in [fault for fault in gaps if fault.end - fault.start > 4 * HOUR_MS]:
            assert any(
                one.kind == "gap" and one.start <= fault.start and one.end >= fault.end
                for one in found
            )


def test_little_or_nothing_to_look_at() -> None:
    for count in (0, 1, 2):
        times = BEGIN + np.arange(count, dtype=np.int64) * HOUR_MS
        assert _found(Series(times, {"power_kw": np.full(count, np.nan)})) == []
        assert (
            _found(Series(times, {"power_kw": np.ones(count), "energy_kwh": np.ones(count)})) == []
        )


def test_a_year_of_minutes_takes_little() -> None:
    machine = sample_machines()[0]
    hours = continued(machine, BEGIN, BEGIN + 365 * DAY_MS)
    times = BEGIN + np.arange(525_600, dtype=np.int64) * 60_000
    at = np.clip(np.searchsorted(hours.times, times, side="right") - 1, 0, None)
    noise = np.random.default_rng(0).normal(1, 0.01, times.size)
    channels = {name: values[at] * noise for name, values in hours.channels.items()}
    started = time.thread_time()
    findings(Series(times, channels, "Europe/Berlin"), rated_power_kw=75)
    assert time.thread_time() - started < 3
