"""Savings: totals, their uncertainty, the cumulative sum and its turns."""

import numpy as np
import pytest

from modelwright.engine.errors import DataLoadError
from modelwright.engine.machines.baseline import Baseline
from modelwright.engine.machines.savings import Adjustment, cusum, savings
from modelwright.engine.machines.savings_errors import BlockErrors
from modelwright.engine.machines.series import Series

HOUR = 3_600_000
DAYS = 366


def meter(seed: int = 0, *, after: float = 1.0, alike: float = 0.7) -> Series:
    """Return two years of hours whose load is `after` times as high in the second."""
    random = np.random.default_rng(seed)
    hour = np.arange(2 * DAYS * 24)
    warm = 12 - 11 * np.cos(2 * np.pi * hour / 8766) + 4 * np.sin(hour * np.pi / 12)
    noise = random.normal(0, 5, hour.size)
    for at in range(1, hour.size):
        noise[at] += alike * noise[at - 1]
    energy = (40 + 2 * np.maximum(14 - warm, 0)) * np.where(hour < DAYS * 24, 1.0, after) + noise
    return Series(hour * HOUR, {"energy_kwh": energy, "outdoor_temp_c": warm})


BREAK = DAYS * 24 * HOUR


def baseline(series: Series) -> Baseline:
    """Return the model of the first year."""
    return Baseline({"model": "heating_3p"}).fit(series.between(0, BREAK))


def test_the_true_savings_lie_inside_and_are_significant() -> None:
    series = meter(after=0.9)
    found = savings(baseline(series), series, start=BREAK)
    assert found.lower <= 0.1 * found.expected <= found.upper
    assert found.significant
    assert found.percent == pytest.approx(10, abs=1)
    assert found.saved == pytest.approx(found.expected - found.actual)
    assert found.hours == DAYS * 24


@pytest.mark.slow
def test_where_nothing_was_saved_the_limits_hold_as_often_as_they_say() -> None:
    held = []
    for seed in range(12):
        series = meter(seed)
        model = baseline(series)
        for month in range(0, 360, 60):
            start = BREAK + month * 24 * HOUR
            found = savings(model, series, start=start, end=start + 30 * 24 * HOUR)
            held.append(found.lower <= 0 <= found.upper)
    assert 0.82 <= np.mean(held) <= 0.98  # 90 % of 72


def test_neighbours_that_are_alike_widen_the_limits() -> None:
    widths = []
    for alike in (0.0, 0.9):
        series = meter(alike=alike)
        found = savings(baseline(series), series, start=BREAK)
        widths.append(found.upper - found.lower)
    assert widths[1] > 4 * widths[0]


def test_power_becomes_energy_by_the_time_it_lasts() -> None:
    series = meter(after=0.9)
    half = Series(
        series.times // 2,
        {
            "power_kw": series.channels["energy_kwh"],
            "outdoor_temp_c": series.channels["outdoor_temp_c"],
        },
    )
    model = Baseline({"model": "heating_3p"}).fit(half.between(0, BREAK // 2))
    found = savings(model, half, start=BREAK // 2)
    assert found.hours == DAYS * 12
    assert found.actual == pytest.approx(series.channels["energy_kwh"][DAYS * 24 :].sum() / 2)
    assert found.lower <= 0.1 * found.expected <= found.upper


def test_an_adjustment_is_expected_while_it_lasts() -> None:
    series = meter()
    model = baseline(series)
    plain = savings(model, series, start=BREAK)
    extra = Adjustment(BREAK, BREAK + 100 * HOUR, 7.0, "Second shift for an order", "Ann")
    found = savings(model, series, start=BREAK, adjustments=[extra])
    assert found.adjustment == pytest.approx(700)
    assert found.saved == pytest.approx(plain.saved + 700)


def test_gaps_count_on_neither_side_and_are_named() -> None:
    series = meter(after=0.9)
    broken = series.channels["energy_kwh"].copy()
    broken[DAYS * 24 : DAYS * 24 + 3000] = np.nan
    gappy = Series(series.times, {**series.channels, "energy_kwh": broken})
    found = savings(baseline(series), gappy, start=BREAK)
    assert found.percent == pytest.approx(10, abs=1.5)
    assert found.hours == DAYS * 24 - 3000
    assert any("34% of the period" in text for text in found.warnings)


def test_the_cumulative_sum_turns_where_the_load_changed() -> None:
    series = meter(after=0.9)
    found = cusum(baseline(series), series)
    turn = min(found.turns, key=lambda one: one.after - one.before)
    assert abs(turn.time - BREAK) < 8 * 24 * HOUR
    assert turn.before == pytest.approx(0, abs=1)
    assert turn.after == pytest.approx(-5, abs=1)
    assert abs(found.total[-1]) > found.reach[-1]
    assert cusum(baseline(meter()), meter(), start=BREAK).turns == ()


def test_a_period_without_readings_is_refused() -> None:
    series = meter()
    model = baseline(series)
    with pytest.raises(DataLoadError, match="choose another"):
        savings(model, series, start=10 * BREAK)
    with pytest.raises(DataLoadError, match="choose another"):
        savings(model, Series(series.times, {"power_kw": series.channels["energy_kwh"]}))


def test_block_errors_grow_with_the_root_of_time() -> None:
    random = np.random.default_rng(0)
    times = np.arange(52 * 168) * HOUR
    found = BlockErrors.of(times, np.ones(times.size), random.normal(size=times.size), 1.0)
    assert found.spread == pytest.approx(1 / np.sqrt(168), rel=0.4)
    short, long = found.of_sum(np.array([168.0, 4 * 168.0]), 0.9)
    assert long / short == pytest.approx(2, rel=0.1)
