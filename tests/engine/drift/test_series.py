"""Hourly series: what is ordinary for them is no alarm, what isn't is found within days."""

import os
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.engine.drift import Counts, DriftDataError, Profile, drift_check
from modelwright.engine.drift.hindcast import Hindcast
from modelwright.engine.drift.phases import (
    DAY,
    HOUR,
    bucket_for,
    division_for,
    local_hours,
    phases,
)
from modelwright.engine.drift.seasons import CategorySeason, NumericSeason
from modelwright.engine.drift.selftest import dependent
from modelwright.engine.machines.sample_machines import (
    continued,
    sample_faults,
    sample_machines,
)
from modelwright.engine.machines.series import ENERGY

from .helpers import lower_limit
from .series import MONDAY, Table, cut, judge, plant, public_series, windows

BESIDE = Path(__file__).parents[4] / "shared/data"  # of the checkout
DATA = Path(os.environ.get("MODELWRIGHT_SHARED_DATA", BESIDE))


@pytest.fixture(scope="module")
def year() -> tuple[Profile, Table, np.ndarray]:
    table, times = plant(364 + 42)
    before, at = cut(table, times, 0, 364)
    return Profile.fit(before, times=at), table, times


def test_rows_that_depend_on_their_order_are_told_from_those_that_do_not() -> None:
    random = np.random.default_rng(1)
    hour = np.arange(2000)
    series = {
        "independent": (random.normal(size=2000), False),
        "of few values": (random.integers(0, 3, 2000).astype(float), False),
        "words": (random.choice(["a", "b"], 2000).astype(object), False),
        "daily": (np.sin(hour / 3.82) + random.normal(size=2000), True),
        "growing": (hour / 2000 + random.normal(size=2000), True),
        "restless later": (random.normal(size=2000) * np.where(hour > 1000, 1.5, 1), True),
        "words in turns": (np.where(hour // 8 % 2 == 0, "a", "b").astype(object), True),
        "missing in one piece": (np.where(hour < 40, np.nan, random.normal(size=2000)), True),
    }
    for name, (values, expected) in series.items():
        (column,) = Profile.fit({name: values}).columns
        assert dependent(column, column.cells(values)) == expected, name


def test_independent_rows_are_rarely_taken_for_a_series() -> None:
    random = np.random.default_rng(2)
    found = 0
    for _ in range(200):
        values = random.lognormal(size=400)
        (column,) = Profile.fit({"x": values}).columns
        found += dependent(column, column.cells(values))
    assert found <= 1


def test_independent_columns_keep_their_tests_beside_series() -> None:
    table, times = plant(100)
    table["lottery"] = np.random.default_rng(3).random(2400)
    profile = Profile.fit(table, times=times)
    assert profile.needs_times
    in_time = {profile.columns[season.column].name for season in profile.season.columns}
    assert in_time == {"production", "temperature", "power"}
    rows, at = cut(table, times, 90, 93)
    tests = {feature.name: feature.test for feature in judge(profile, rows, at).features}
    assert tests["production"] == "season"
    assert tests["lottery"] in {"ks", "rank_sum"}


@pytest.mark.slow
def test_ordinary_days_of_a_plant_are_no_alarm(year) -> None:
    profile, table, times = year
    days = [judge(profile, *cut(table, times, day, day + 1)) for day in range(364, 406)]
    windows = [judge(profile, *cut(table, times, day, day + 3)) for day in range(364, 403)]
    alarms = sum(result.drifted for result in days + windows)
    assert lower_limit(alarms, len(days) + len(windows)) <= 0.02
    # taken as independent, nearly every one of them would be
    naive = [
        drift_check(profile, profile.count(rows, times=at), season=False).drifted
        for rows, at in (cut(table, times, day, day + 1) for day in range(364, 406))
    ]
    assert np.mean(naive) > 0.5


def test_ten_per_cent_more_of_one_driver_is_found_within_three_days(year) -> None:
    profile, table, times = year
    found = 0
    mondays = (364, 371, 378, 385, 392, 399)
    for monday in mondays:
        rows, at = cut(table, times, monday, monday + 3)
        busier = {**rows, "production": rows["production"] * 1.1}
        result = judge(profile, busier, at)
        found += "production" in result.drifted_columns
        feature = next(f for f in result.features if f.name == "production")
        assert feature.test == "season"
        assert "above" in feature.note or not feature.drifted
    assert found >= len(mondays) - 1  # one of them may be short of a holiday


def test_a_machine_that_starts_to_run_at_night_is_found(year) -> None:
    profile, table, times = year
    rows, at = cut(table, times, 371, 373)
    night = {**rows, "production": np.where(rows["production"] == 0, 60.0, rows["production"])}
    assert "production" in judge(profile, night, at).drifted_columns


def test_one_outlier_is_no_drift_of_a_series(year) -> None:
    profile, table, times = year
    rows, at = cut(table, times, 371, 374)
    rows["power"][30] = 1e9
    assert not judge(profile, rows, at).drifted


def test_a_sensor_that_dies_is_found(year) -> None:
    profile, table, times = year
    rows, at = cut(table, times, 371, 373)
    rows["temperature"][:] = np.nan
    result = judge(profile, rows, at)
    assert result.drifted_columns == ("temperature",)
    assert "check where the data come from" in result.recommendation


def test_hours_counted_apart_are_the_days_they_make(year) -> None:
    profile, table, times = year
    rows, at = cut(table, times, 371, 373)
    hours = profile.count_by(rows, (at // HOUR).tolist(), times=at)
    assert len(hours) == 48
    assert Counts.total(hours.values()) == profile.count(rows, times=at)
    sizes = [len(counts.to_bytes()) for counts in hours.values()]
    assert max(sizes) < 48
    assert all(Counts.from_bytes(c.to_bytes()) == c for c in hours.values())


def test_rows_can_not_be_counted_without_the_times_that_a_season_needs(year) -> None:
    profile, table, times = year
    rows, at = cut(table, times, 371, 372)
    with pytest.raises(DriftDataError, match="give the times"):
        profile.count(rows)
    with pytest.raises(DriftDataError, match="There are 23 times and 24 rows"):
        profile.count(rows, times=at[1:])
    with pytest.raises(DriftDataError, match="whole milliseconds"):
        profile.count(rows, times=at / 1000)


def test_a_season_survives_being_stored(year) -> None:
    profile, table, times = year
    again = Profile.from_bytes(profile.to_bytes())
    assert again.id == profile.id
    rows, at = cut(table, times, 371, 374)
    assert judge(again, rows, at) == judge(profile, rows, at)
    assert len(profile.to_bytes()) < 20_000 * len(profile.columns)


def test_rows_in_any_order_make_the_same_profile() -> None:
    table, times = plant(60)
    order = np.random.default_rng(4).permutation(len(times))
    mixed = Profile.fit({name: c[order] for name, c in table.items()}, times=times[order])
    assert mixed.id == Profile.fit(table, times=times).id


def test_too_short_a_series_says_so_and_raises_no_alarm() -> None:
    table, times = plant(12)
    profile = Profile.fit(table, times=times)
    result = judge(profile, {name: column[:24] * 3 for name, column in table.items()}, times[:24])
    assert not result.drifted
    notes = {feature.note for feature in result.features if feature.test == "season"}
    assert "too short" in " ".join(notes)


def test_categories_of_a_series_are_compared_by_whole_days() -> None:
    hour = np.arange(24 * 80)
    random = np.random.default_rng(6)
    product = np.where(random.random(len(hour)) < 0.8, hour // 24 % 3, 3)
    words = np.array(["bolt", "nut", "screw", "washer"], dtype=object)[product]
    times = MONDAY + hour * HOUR
    profile = Profile.fit({"product": words}, times=times)
    assert isinstance(profile.season.columns[0], CategorySeason)
    after = int(times[-1]) + HOUR

    def verdict(some: np.ndarray):
        counts = profile.count({"product": some})
        return drift_check(profile, counts, at=(after, after + len(some) * HOUR))

    assert not verdict(words[: 24 * 6]).drifted
    assert verdict(np.array(["chain"] * 144, dtype=object)).drifted
    short = verdict(np.array(["chain"] * 5, dtype=object))
    assert not short.drifted
    assert "too short" in short.features[0].note


def test_phases_follow_the_clocks_of_the_place() -> None:
    def at(*when: int) -> np.ndarray:
        return np.array([int(datetime(*when, tzinfo=UTC).timestamp() * 1000)])

    # noon in Berlin, before and after the clocks changed on 30 March 2025
    assert phases(at(2025, 3, 28, 11), "hour", "Europe/Berlin") == [12]
    assert phases(at(2025, 3, 31, 10), "hour", "Europe/Berlin") == [12]
    assert phases(at(2025, 3, 31, 10), "hour_of_week", "Europe/Berlin") == [12]
    assert phases(at(2025, 3, 30, 10), "weekday", "UTC") == [6]
    assert phases(at(2025, 3, 30, 10), "workday_hour", "UTC") == [34]
    with pytest.raises(DriftDataError, match="no time zone 'Europe/Nowhere'"):
        Profile.fit({"x": [1.0]}, times=at(2025, 3, 30), timezone="Europe/Nowhere")


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(["Europe/Berlin", "America/St_Johns", "Asia/Kolkata", "Australia/Lord_Howe"]),
    st.lists(st.integers(MONDAY, MONDAY + 365 * DAY), min_size=1, max_size=40),
)
def test_hours_are_those_that_the_clocks_show(timezone: str, times: list[int]) -> None:
    shown = [datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(timezone)) for at in times]
    wanted = [24 * there.weekday() + there.hour for there in shown]
    assert (local_hours(np.array(times), timezone) % 168).tolist() == wanted


def test_divisions_and_windows_suit_the_times() -> None:
    hourly, daily = np.arange(24 * 365) * HOUR, np.arange(1000) * DAY
    assert (division_for(hourly), bucket_for(hourly)) == ("hour_of_week", DAY)
    assert (division_for(hourly[:800]), bucket_for(hourly[:800])) == ("workday_hour", DAY)
    assert division_for(hourly[:100]) == "hour"
    assert (division_for(daily), bucket_for(daily)) == ("weekday", 7 * DAY)


@pytest.mark.parametrize("share", [1 / 24, 0.9])
def test_the_usual_of_a_phase_is_its_median_however_many_rows_the_phases_have(share: float) -> None:
    random = np.random.default_rng(4)
    phase = np.where(random.random(3000) < share, 3, random.integers(0, 23, 3000))
    values = random.normal(phase, 1, 3000).round(1)
    season = NumericSeason.fit(0, values, phase, np.arange(3000) // 50, 24)
    for one in range(23):
        assert season.medians[one] == np.median(values[phase == one])
    assert season.medians[23] == np.median(values)  # a phase that never was


@pytest.mark.parametrize("trend", [0.0, 0.02])
def test_a_hindcast_flags_ordinary_windows_rarely_and_knows_a_trend(trend: float) -> None:
    random = np.random.default_rng(8)
    flagged = 0
    for _ in range(150):
        means = random.normal(size=200) * 0.5 + trend * np.arange(200)
        flagged += Hindcast(means[:180]).judge(float(means[190:193].mean()), 3, 10).p_value < 0.01
    assert lower_limit(flagged, 150) <= 0.01


@pytest.mark.slow
@pytest.mark.parametrize("name", ["drift/uci_bike_hour.csv", "forecast/ETTh1.csv"])
def test_ordinary_windows_of_real_series_are_flagged_in_two_of_a_hundred_at_most(name: str) -> None:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{path} is not there; MODELWRIGHT_SHARED_DATA says where it is")
    table, times = public_series(path)
    verdicts = [
        verdict
        for reference in (182, 364)
        for length in (1, 3)
        for verdict in windows(table, times, reference, length, step=168)
    ]
    assert np.mean(verdicts) <= 0.02, (sum(verdicts), len(verdicts))


SAMPLE = {
    "compressor": (0, ("pressure_bar", "production_count", "power_kw")),
    "moulding": (2, ("melt_temp_c", "production_count", "power_kw")),
    "furnace": (4, ("bath_temp_c", "production_count")),
}


@pytest.fixture(scope="module", params=SAMPLE.values(), ids=SAMPLE)
def sample(request):
    """A sample machine: its profile of a year, what followed, and channels that are watched."""
    number, channels = request.param
    made = sample_machines()[number]
    end = MONDAY + 364 * DAY
    series = continued(made, end - 364 * DAY, end + 28 * DAY)
    table, times = dict(series.channels), series.times
    del table[ENERGY]  # that of an hour is its power
    known = times < end
    before = {name: column[known] for name, column in table.items()}
    profile = Profile.fit(before, times=times[known], timezone=made.timezone)
    faults = sample_faults(made, end, end + 28 * DAY)
    days = [
        (profile, *cut(table, times, day, day + 3), channels)
        for day in range(364, 389, 2)
        if not any(
            fault.kind != "gap"
            and fault.start < MONDAY + (day + 3) * DAY
            and fault.end >= MONDAY + day * DAY
            for fault in faults
        )
    ]
    return days


def test_ten_per_cent_more_of_one_channel_of_a_sample_machine_is_found_in_three_days(
    sample,
) -> None:
    """Alone, 10 % more production is an ordinary day; without more power it isn't."""
    found: dict[str, list[bool]] = {}
    for profile, rows, at, channels in sample:
        for channel in channels:
            if np.mean(rows[channel] == 0) < 0.6:  # else the machine stands still
                shifted = {**rows, channel: rows[channel] * 1.1}
                found.setdefault(channel, []).append(judge(profile, shifted, at).drifted)
    assert {channel: np.mean(which) >= 0.9 for channel, which in found.items()} == dict.fromkeys(
        found, True
    ), found


def test_ordinary_days_of_a_sample_machine_are_no_alarm(sample) -> None:
    assert sum(judge(profile, rows, at).drifted for profile, rows, at, _ in sample) <= 1


def test_the_smallest_shift_that_would_have_been_found_is_told(sample) -> None:
    profile, rows, at, _ = sample[0]
    told = {feature.name: feature for feature in judge(profile, rows, at).features}
    production = told["production_count"]
    assert 0 < production.detectable_shift < 2
    assert 0 < production.detectable_percent < 15
    weather = told["outdoor_temp_c"]
    assert weather.detectable_percent > 10  # no test could tell 10 % of a temperature


def test_windows_of_the_reference_itself_are_ordinary(year) -> None:
    """In autumn the mean of the weeks before winter would be far off."""
    profile, table, times = year
    found = [judge(profile, *cut(table, times, day, day + 1)).drifted for day in range(2, 364, 9)]
    assert not any(found)


def test_counts_know_when_their_rows_were(year) -> None:
    profile, table, times = year
    rows, at = cut(table, times, 380, 381)
    counts = profile.count(rows, times=at)
    assert counts.span == (int(at[0]), int(at[-1]) + 1)
    assert drift_check(profile, counts) == drift_check(profile, counts, at=counts.span)
    later = profile.count(*cut(table, times, 384, 385)[:1], times=at + 4 * DAY)
    assert (counts + later).span == (counts.span[0], counts.span[1] + 4 * DAY)
    stored = Counts.from_bytes(counts.to_bytes())
    assert any("isn't known" in note for note in drift_check(profile, stored).notes)


def test_a_relation_survives_a_sensor_that_is_absent_or_mad(sample) -> None:
    profile, rows, at, _ = sample[0]
    dead = {**rows, "power_kw": np.full(len(at), np.nan)}
    assert "production_count" not in judge(profile, dead, at).drifted_columns
    mad = {**rows, "power_kw": np.where(np.arange(len(at)) == 30, 1e9, rows["power_kw"])}
    assert not judge(profile, mad, at).drifted
    del rows["power_kw"]
    assert "production_count" not in judge(profile, rows, at).drifted_columns


def test_no_later_window_is_nearer_than_a_hindcast_says_at_least() -> None:
    hindcast = Hindcast(np.random.default_rng(5).normal(10, 1, 90).cumsum())
    means = np.linspace(0, 2000, 41)
    least = hindcast.least_away(means)
    for mean, floor in zip(means.tolist(), least.tolist(), strict=True):
        assert all(abs(hindcast.judge(mean, 3, ahead).away) >= floor for ahead in (0, 2, 40))
