"""Errors of machine models: found to have grown, or not, whatever single readings do."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.engine.drift import DriftDataError, DriftFormatError
from modelwright.engine.machines.model_errors import Errors
from modelwright.engine.machines.series import HOUR_MS, Times, Values
from modelwright.engine.machines.watching import ErrorWatch

HOURS = 24 * 60


def errors(
    hours: int = HOURS, *, seed: int = 0, grown: float = 1.0, alike: float = 0.6, first: int = 0
) -> Errors:
    """Return hourly errors of which neighbours are alike."""
    rng = np.random.default_rng(seed)
    found = rng.standard_normal(hours)
    for i in range(1, hours):
        found[i] += alike * found[i - 1]
    return drawn((first + np.arange(hours)) * HOUR_MS, found * grown)


def drawn(times: Times, signed: Values) -> Errors:
    return Errors(times, signed, np.full(len(times), 50.0))


@pytest.fixture
def watch() -> ErrorWatch:
    return ErrorWatch.fit(errors())


def test_ordinary_errors_raise_no_alarm() -> None:
    alarms = windows = 0
    for seed in range(20):
        watch = ErrorWatch.fit(errors(seed=seed))
        later = errors(24 * 90, seed=100 + seed)
        alarms += watch.update(later).drifted
        windows += sum(
            (found := watch.window(later.part(low, low + 24))) is not None and found.drifted
            for low in range(0, 24 * 90, 24)
        )
    assert alarms == 0
    assert windows <= 20 * 90 * 0.005


def test_large_growth_is_found_within_a_day(watch: ErrorWatch) -> None:
    found = watch.window(errors(24, seed=1, grown=6.0))
    assert found is not None
    assert found.drifted
    assert found.ratio > 2


def test_small_growth_that_lasts_is_found(watch: ErrorWatch) -> None:
    assert watch.update(errors(24 * 60, seed=1, grown=1.6)).drifted


def test_one_broken_reading_decides_nothing(watch: ErrorWatch) -> None:
    later = errors(24, seed=1)
    later.signed[5] = 1e9
    found = watch.window(later)
    assert found is not None
    assert not found.drifted
    assert watch.update(later).score < 0.5


def test_an_alarm_stays_until_errors_are_as_usual_again(watch: ErrorWatch) -> None:
    assert watch.update(errors(24 * 60, seed=1, grown=2.0)).drifted
    assert watch.update(errors(24, seed=2)).drifted, "a day is not enough"
    assert not watch.update(errors(24 * 40, seed=3)).drifted


def test_a_short_window_says_nothing(watch: ErrorWatch) -> None:
    assert watch.window(errors(9, grown=9.0)) is None
    assert watch.window(errors(0)) is None


def test_a_daily_machine_is_watched_too() -> None:
    rng = np.random.default_rng(0)
    days = np.arange(90) * 24 * HOUR_MS
    watch = ErrorWatch.fit(drawn(days, rng.standard_normal(90)))
    assert watch.per_day == 1
    assert not watch.update(drawn(days, rng.standard_normal(90))).drifted
    assert watch.window(drawn(days[:1], np.array([0.5]))) is not None


def test_a_model_that_never_erred_is_watched() -> None:
    watch = ErrorWatch.fit(drawn(np.arange(HOURS) * HOUR_MS, np.zeros(HOURS)))
    found = watch.window(errors(24))
    assert found is not None
    assert found.drifted


def test_too_few_errors_say_so() -> None:
    with pytest.raises(DriftDataError, match="days of errors"):
        ErrorWatch.fit(errors(24 * 4))


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, 24 * 20), max_size=4), grown=st.floats(0.5, 3.0))
def test_told_in_pieces_and_stored_in_between_it_finds_the_same(
    cuts: list[int], grown: float
) -> None:
    later = errors(24 * 20, seed=5, grown=grown)
    whole = ErrorWatch.fit(errors())
    pieces = ErrorWatch.fit(errors())
    told: Any = whole.detector.update(later.sizes)
    for low, high in zip([0, *sorted(cuts)], [*sorted(cuts), 24 * 20], strict=True):
        pieces = ErrorWatch.from_dict(pieces.to_dict())
        last = pieces.detector.update(later.part(low, high).sizes)
    assert last.drifted == told.drifted
    assert last.score == pytest.approx(told.score)


def test_what_is_no_watch_is_refused() -> None:
    with pytest.raises(DriftFormatError):
        ErrorWatch.from_dict({"scale": "wide"})
