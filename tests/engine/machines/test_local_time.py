"""The machine's own clock against the standard library's."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.engine.errors import DataLoadError
from modelwright.engine.machines.local_time import DAY_MS, hour_of_week, local, utc

ZONES = ("UTC", "Europe/Berlin", "America/Chicago", "Asia/Kolkata", "Australia/Lord_Howe")
MINUTES = st.integers(20 * 365 * 1440, 65 * 365 * 1440)


def _shown(minute: int, timezone: str) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC).astimezone(ZoneInfo(timezone))


@given(st.lists(MINUTES, min_size=1, max_size=6), st.sampled_from(ZONES))
def test_shows_what_the_clock_on_the_wall_shows(minutes: list[int], timezone: str) -> None:
    times = np.array(minutes, dtype=np.int64) * 60_000
    for shown, minute in zip(local(times, timezone), minutes, strict=True):
        wall = _shown(minute, timezone)
        assert datetime.fromtimestamp(shown / 1000, UTC).replace(tzinfo=None) == wall.replace(
            tzinfo=None
        )
        assert hour_of_week(np.array([shown]))[0] == wall.weekday() * 24 + wall.hour


@given(MINUTES, st.sampled_from(ZONES))
def test_the_moment_of_a_local_time_is_the_first_that_shows_it(minute: int, timezone: str) -> None:
    day = minute // 1440 * DAY_MS
    moment = utc(day, timezone)
    around = moment + np.arange(-7_200_000, 7_200_000, 60_000, dtype=np.int64)
    reached = around[local(around, timezone) >= day]
    assert reached.min() <= moment
    assert local(np.array([moment]), timezone)[0] >= day


def test_days_of_23_and_25_hours() -> None:
    hours = [
        (utc((day + 1) * DAY_MS, "Europe/Berlin") - utc(day * DAY_MS, "Europe/Berlin")) / 3_600_000
        for day in (20_176, 20_177, 20_387)  # 2025-03-29, 2025-03-30, 2025-10-26
    ]
    assert hours == [24, 23, 25]


def test_an_unknown_zone_says_what_to_give() -> None:
    with pytest.raises(DataLoadError, match="Europe/Berlin or UTC"):
        local(np.array([0]), "Mars/Olympus")
