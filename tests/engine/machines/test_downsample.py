"""Fewer points for a chart, against sums made one by one."""

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.engine.errors import HyperparameterError
from modelwright.engine.machines.downsample import downsample
from modelwright.engine.machines.series import HOUR_MS, Series

BEGIN = 1_742_515_200_000  # 2025-03-21 00:00 UTC, nine days before the clocks change in Europe
MINUTE = 60_000


def _wall(time_ms: int, timezone: str) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC).astimezone(ZoneInfo(timezone))


@settings(max_examples=40)
@given(
    st.lists(st.integers(0, 400 * 60), min_size=1, max_size=80, unique=True),
    st.sampled_from(("UTC", "Europe/Berlin", "Asia/Kolkata")),
    st.sampled_from(("hour", "day")),
)
def test_stretches_are_those_of_the_machines_clock(
    minutes: list[int], timezone: str, resolution: str
) -> None:
    times = BEGIN + np.array(sorted(minutes), dtype=np.int64) * MINUTE
    values = np.sin(np.arange(times.size) * 7.0)
    found = downsample(Series(times, {"energy_kwh": values}, timezone), resolution)
    wanted: dict[datetime, list[float]] = {}
    for moment, value in zip(times, values, strict=True):
        hour = 0 if resolution == "day" else _wall(moment, timezone).hour
        begin = _wall(moment, timezone).replace(hour=hour, minute=0)
        wanted.setdefault(begin, []).append(value)
    filled = found.counts > 0
    assert [_wall(moment, timezone) for moment in found.times[filled]] == list(wanted)
    stretches = found.channels["energy_kwh"]
    assert stretches.total is not None
    for n, group in zip(np.flatnonzero(filled), wanted.values(), strict=True):
        assert stretches.mean[n] == pytest.approx(np.mean(group))
        assert (stretches.low[n], stretches.high[n]) == (min(group), max(group))
        assert stretches.total[n] == pytest.approx(sum(group))
        assert found.counts[n] == len(group)
    assert (np.diff(found.times) > 0).all()


def test_both_hours_that_read_two_oclock_in_autumn_are_kept() -> None:
    times = 1_761_436_800_000 + np.arange(6, dtype=np.int64) * HOUR_MS  # 2025-10-26 00:00 UTC
    series = Series(times, {"power_kw": np.arange(6.0)}, "Europe/Berlin")
    assert np.array_equal(downsample(series, "hour").times, times)


@pytest.mark.parametrize("resolution", ["auto", "hour", "day"])
def test_a_gap_breaks_the_line(resolution: str) -> None:
    times = BEGIN + np.arange(12 * 24, dtype=np.int64) * HOUR_MS
    kept = (np.arange(times.size) < 70) | (np.arange(times.size) > 150)
    series = Series(times[kept], {"power_kw": np.ones(kept.sum())})
    found = downsample(series, resolution)
    broken = np.flatnonzero(np.isnan(found.channels["power_kw"].mean))
    assert broken.size == 1
    assert found.counts[broken] == 0
    assert times[69] < found.times[broken[0]] < times[151]
    assert downsample(series, "raw").counts.min() == 1


def test_values_that_were_not_read_are_left_out() -> None:
    times = BEGIN + np.arange(4, dtype=np.int64) * HOUR_MS // 2
    series = Series(times, {"power_kw": np.array([np.nan, 3.0, np.nan, np.nan])})
    stretches = downsample(series, "hour").channels["power_kw"]
    assert stretches.mean[0] == stretches.low[0] == stretches.high[0] == 3
    assert np.isnan([stretches.mean[1], stretches.low[1], stretches.high[1]]).all()
    assert stretches.total is None


def test_slow_readings_are_not_all_gap() -> None:
    times = BEGIN + np.arange(9, dtype=np.int64) * 24 * HOUR_MS
    assert downsample(Series(times, {"power_kw": np.ones(9)}), "hour").counts.min() == 1


@settings(max_examples=25)
@given(st.integers(1, 5000), st.integers(1, 900), st.integers(2, 500))
def test_auto_keeps_within_the_points(count: int, minutes: int, points: int) -> None:
    times = BEGIN + np.arange(count, dtype=np.int64) * minutes * MINUTE
    series = Series(times, {"power_kw": np.ones(count)}, "America/Chicago")
    found = downsample(series, points=points)
    assert (found.counts > 0).sum() <= points
    assert found.counts.sum() == count


def test_nothing_gives_nothing() -> None:
    empty = Series(np.array([], dtype=np.int64), {"power_kw": np.array([])})
    for resolution in ("raw", "hour", "day", "auto"):
        assert downsample(empty, resolution).times.size == 0


def test_what_cannot_be_is_refused() -> None:
    series = Series(np.array([0]), {"power_kw": np.ones(1)})
    with pytest.raises(HyperparameterError, match="raw, hour, day, auto"):
        downsample(series, "week")
    with pytest.raises(HyperparameterError, match="points"):
        downsample(series, points=1)


def test_a_year_of_minutes_is_quick() -> None:
    times = BEGIN + np.arange(525_600, dtype=np.int64) * MINUTE
    series = Series(times, {"power_kw": np.ones(times.size)}, "Europe/Berlin")
    started = time.thread_time()
    downsample(series, "hour")
    assert time.thread_time() - started < 0.2
