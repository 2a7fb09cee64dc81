"""What the anomaly type is made of, against sums made the slow way."""

from itertools import pairwise
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.engine.machines.anomalies.alarms import (
    calibrated_threshold,
    joined,
    merged_within,
    severity,
    stretches,
)
from modelwright.engine.machines.anomalies.expectation import Expectation
from modelwright.engine.machines.anomalies.levels import Joint, Level, smoothed
from modelwright.engine.machines.anomalies.novelty import left_distances, thinned
from modelwright.engine.machines.anomalies.surprise import Reference
from modelwright.engine.machines.base import Anomaly
from modelwright.engine.machines.series import HOUR_MS, Series

NUMBERS = st.integers(-30, 30).map(float)
HOLED = st.lists(st.one_of(NUMBERS, st.just(float("nan"))), max_size=40)


@given(HOLED, st.lists(NUMBERS, max_size=20))
def test_distances_are_to_the_nearest_of_the_past(
    values: list[float], library: list[float]
) -> None:
    found = left_distances(np.array(values), np.array(library))
    for at, value in enumerate(values):
        past = library + [v for v in values[:at] if v == v]
        if value != value or not past:
            assert np.isnan(found[at])
        else:
            assert found[at] == min(abs(value - other) for other in past)


@given(st.lists(NUMBERS, min_size=1, max_size=50), st.integers(2, 10))
def test_thinned_values_are_some_of_them_with_both_ends(values: list[float], most: int) -> None:
    found = thinned(np.array(values), most)
    assert set(found.tolist()) <= set(values)
    assert found.size <= most
    assert (found[0], found[-1]) == (min(values), max(values))


@given(st.lists(st.integers(1, 30).map(float), min_size=1, max_size=30), HOLED, st.integers(0, 5))
def test_surprise_is_that_of_the_rank_among_all_before(
    known: list[float], figures: list[float], delay: int
) -> None:
    reference = Reference.of(np.array(known), 2.0)
    found = reference.new(np.array(figures), delay)
    for at, figure in enumerate(figures):
        seen = known + [f for f in figures[: max(0, at - delay)] if f == f]
        larger = sum(other >= figure for other in seen)
        if figure != figure or figure < reference.largest[0]:
            assert found[at] == 0
            continue
        wanted = log((len(seen) + 1) / (larger + 1))
        if not larger and max(seen) > 0:
            wanted += 2.0 * log(figure / max(seen))
        assert found[at] == pytest.approx(wanted)


def test_surprise_of_what_was_learned_from_is_its_rank() -> None:
    figures = np.arange(1.0, 201.0)
    found = Reference.of(figures, 1.0).among(figures)
    assert found[-1] == pytest.approx(log(201))
    assert found[-2] == pytest.approx(log(201 / 2))
    assert found[0] == 0


def test_a_reference_survives_json() -> None:
    reference = Reference.of(np.random.default_rng(0).normal(size=999), 3.0)
    assert Reference.from_dict(reference.to_dict()) == reference


def test_the_level_follows_and_tells_how_far_it_was() -> None:
    residuals = np.concatenate([np.zeros(200), np.full(300, 5.0)])
    residuals += np.random.default_rng(0).normal(0, 1, 500)
    level, moved, bases = Level().follow(residuals, 50.0)
    assert moved[200:230].max() > 1.5 * moved[20:200].max()
    assert moved[-50:].mean() < moved[200:230].max() / 2
    assert level.mean == pytest.approx(5, abs=0.5)
    assert bases[-1] == pytest.approx(5, abs=0.6)


def test_smoothing_counts_gaps_as_nothing_unusual() -> None:
    values = np.ones((200, 2))
    values[150:, 1] = np.nan
    found = smoothed(values, 10.0)
    assert found[149] == pytest.approx([1, 1], abs=1e-3)
    assert found[159, 1] == pytest.approx(0.5, abs=0.01)


def test_the_joint_figure_sees_what_no_channel_shows() -> None:
    random = np.random.default_rng(0)
    common = random.normal(size=4000)
    averages = np.column_stack([common, common + random.normal(0, 0.1, 4000)])
    joint = Joint.of(averages)
    usual = np.quantile(joint.figures(averages), 0.99)
    apart = np.array([[1.0, -1.0]])
    assert joint.figures(apart)[0] > 1.5 * usual
    assert joint.parts(apart[0]).sum() == pytest.approx(joint.figures(apart)[0])
    assert Joint.left_out(averages).size == 4000


def test_an_expectation_knows_the_week_and_the_drivers() -> None:
    hour = np.arange(24 * 7 * 20, dtype=np.int64)
    random = np.random.default_rng(0)
    warm = 15 + 10 * np.sin(hour / 300) + random.normal(0, 2, hour.size)
    at_work = (hour // 24 % 7 < 5) & (hour % 24 > 7) & (hour % 24 < 18)
    load = 10 + 30 * at_work + np.maximum(warm - 18, 0) * (1 + 2 * at_work)
    series = Series(
        hour * HOUR_MS,
        {"power_kw": load + random.normal(0, 0.5, hour.size), "outdoor_temp_c": warm},
    )
    found, residuals = Expectation.of(series, "power_kw", ("outdoor_temp_c",))
    assert found.slots == "week"
    assert found.explained > 0.98
    expected, _ = found.values(series)
    assert np.abs(expected - load).mean() < 1
    assert np.std(residuals) == pytest.approx(1, abs=0.3)
    again = Expectation.from_dict(found.to_dict())
    np.testing.assert_array_equal(again.values(series)[0], expected)


def test_a_short_training_expects_the_mean_and_no_week() -> None:
    series = Series(np.arange(60) * HOUR_MS, {"power_kw": np.arange(60.0) % 7})
    found, _ = Expectation.of(series, "power_kw", ())
    assert found.slots == "none"
    assert found.values(series)[0] == pytest.approx(3, abs=0.2)


def test_stretches_are_joined_over_short_quiet() -> None:
    surprise = np.array([9, 0, 9, 0, 0, 0, 9.0])
    found = stretches(np.arange(7) * 10, surprise, 5.0, 20)
    assert [(one.first, one.last) for one in found] == [(0, 2), (6, 6)]
    assert merged_within(HOUR_MS) == 12 * HOUR_MS
    assert merged_within(24 * HOUR_MS) == 48 * HOUR_MS


@pytest.mark.parametrize("rate", [0.5, 2.0])
def test_the_threshold_gives_the_wanted_rate(rate: float) -> None:
    random = np.random.default_rng(0)
    times = np.arange(60_000, dtype=np.int64) * HOUR_MS
    threshold = calibrated_threshold(times, random.exponential(size=60_000), HOUR_MS, rate)
    later = random.exponential(size=60_000)
    number = len(stretches(times, later, threshold, merged_within(HOUR_MS)))
    weeks = 60_000 / 168
    assert number / weeks == pytest.approx(rate, rel=0.4)


def test_severity_is_by_how_rare_it_is() -> None:
    assert [severity(5 + extra, 5.0) for extra in (0, log(9), log(11), log(101))] == [
        "info",
        "info",
        "warning",
        "critical",
    ]


@given(
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 9), st.integers(1, 9)), max_size=12),
    st.integers(0, 12),
)
def test_joining_is_the_same_in_pieces_and_again(
    spans: list[tuple[int, int, int]], cut: int
) -> None:
    each = [
        Anomaly(start, start + length, "info", float(score), ("a",), "")
        for start, length, score in sorted(spans)
    ]
    whole = joined([], each, 3)
    pieces = joined(joined([], each[:cut], 3), each[cut:], 3)
    assert pieces == whole == joined(whole, each, 3)
    assert all(b.start - a.end > 3 for a, b in pairwise(whole))
