"""Errors that lean to one side: found where they do, and left alone where they don't."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.engine.drift import DriftFormatError
from modelwright.engine.machines.leaning import Lean, Leaning
from modelwright.engine.machines.model_errors import Errors
from modelwright.engine.machines.series import HOUR_MS
from modelwright.engine.machines.watching import ErrorWatch

DAYS = 60


def errors(
    days: int = DAYS, *, seed: int = 0, more: float = 0.0, spread: float = 0.1, unit: float = 1.0
) -> Errors:
    """Return hourly errors of a machine that takes 20 to 80 kW, each day a little otherwise.

    Parameters
    ----------
    more : float
        Share that it takes more than expected.
    spread : float
        Of the relative errors.
    unit : float
        What a kW is.
    """
    rng = np.random.default_rng(seed)
    hours = np.arange(24 * days)
    expected = unit * np.where((hours % 24 >= 6) & (hours % 24 < 22), 80.0, 20.0)
    relative = 0.2 * spread * np.repeat(rng.standard_normal(days), 24)
    relative = more + relative + spread * rng.standard_normal(hours.size)
    return Errors(hours * HOUR_MS, relative * expected, expected)


def one_shift(days: int, *, seed: int = 0, more: float = 0.0, idle: float = 2.0) -> Errors:
    """Return hourly errors of a machine that works from 8 to 16 on five days, and else stands by.

    Parameters
    ----------
    more : float
        Share that its work takes more than expected.
    idle : float
        What is expected of it while it stands by, in kW; 50 while it works.
    """
    rng = np.random.default_rng(seed)
    hours = np.arange(24 * days)
    works = (hours % 24 >= 8) & (hours % 24 < 16) & (hours // 24 % 7 < 5)
    expected = np.where(works, 50.0, idle)
    relative = 0.02 * np.repeat(rng.standard_normal(days), 24) + more * works
    relative += 0.1 * rng.standard_normal(hours.size)
    return Errors(hours * HOUR_MS, relative * expected, expected)


def judged(window: Errors, days: int = 3, learned: Errors | None = None) -> Leaning:
    lean = Lean.fit(learned or errors())
    assert lean is not None
    return lean.judge(window, days)


@pytest.mark.parametrize("more", [0.1, -0.1])
def test_a_tenth_more_or_less_for_the_same_work_is_found_in_three_days(more: float) -> None:
    found = [judged(errors(3, seed=seed, more=more)) for seed in range(100, 150)]
    assert np.mean([one.leans for one in found]) >= 0.95
    assert np.median([one.share for one in found]) == pytest.approx(more, rel=0.2)
    window = ErrorWatch.fit(errors()).window(errors(3, seed=100, more=more))
    assert window is not None
    assert not window.drifted, "absolute errors hardly grow"


@pytest.mark.parametrize("idle", [2.0, 0.02, 0.0])
def test_a_machine_that_stands_by_most_of_the_time_is_judged_by_its_work(idle: float) -> None:
    learned = one_shift(70, idle=idle)
    found = [
        judged(one_shift(3, seed=seed, more=0.15, idle=idle), learned=learned)
        for seed in range(100, 150)
    ]
    assert np.mean([one.leans for one in found]) >= 0.95
    assert np.median([one.share for one in found]) == pytest.approx(0.15, abs=0.03)
    stands_by = one_shift(3, seed=1, idle=idle)
    stands_by.signed[stands_by.expected < 50] += 0.02
    assert not judged(stands_by, learned=learned).leans, "a hundredth of what it takes"


def test_ordinary_windows_do_not_lean() -> None:
    found = [judged(errors(3, seed=seed)).leans for seed in range(100, 400)]
    assert np.mean(found) <= 0.01


def test_a_share_that_does_not_matter_is_none() -> None:
    exact = errors(spread=0.001)
    assert not judged(errors(3, seed=1, more=0.02, spread=0.001), learned=exact).leans
    assert judged(errors(3, seed=1, more=0.04, spread=0.001), learned=exact).leans


def test_broken_readings_decide_nothing() -> None:
    window = errors(3, seed=1)
    window.signed[:3] = 1e9
    assert not judged(window).leans


def test_a_window_shorter_than_a_day_or_a_short_hold_out_tell_nothing() -> None:
    short, whole = ErrorWatch.fit(errors(19)), ErrorWatch.fit(errors(20))
    one_sided = errors(1, more=0.5)
    assert short.leaning(one_sided) is None
    assert whole.leaning(one_sided.part(0, 23)) is None
    assert whole.leaning(one_sided) is not None


def test_a_model_that_never_erred_and_one_that_expects_nothing() -> None:
    hours, nothing = np.arange(24 * DAYS) * HOUR_MS, np.zeros(24 * DAYS)
    assert Lean.fit(Errors(hours, nothing, nothing)) is None
    never = Lean.fit(Errors(hours, nothing, nothing + 50))
    assert never is not None
    assert not never.judge(Errors(hours[:24], nothing[:24], nothing[:24] + 50), 1).leans
    assert never.judge(Errors(hours[:24], nothing[:24] + 5, nothing[:24] + 50), 1).leans


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 10**6), more=st.floats(-0.5, 0.5), unit=st.floats(1e-6, 1e6),
    days=st.integers(1, 40),
)  # fmt: skip
def test_neither_the_unit_nor_the_sign_nor_storing_changes_a_verdict(
    seed: int, more: float, unit: float, days: int
) -> None:
    plain = judged(errors(days, seed=seed, more=more), days)
    other = judged(errors(days, seed=seed, more=more, unit=unit), days, errors(unit=unit))
    assert other.score == pytest.approx(plain.score, rel=1e-6)
    assert other.share == pytest.approx(plain.share, abs=0.05)  # the median's neighbour at worst
    mirrored = judged(turned(errors(days, seed=seed, more=more)), days, turned(errors()))
    assert (mirrored.score, mirrored.share) == pytest.approx((plain.score, -plain.share))
    watch = ErrorWatch.from_dict(ErrorWatch.fit(errors()).to_dict())
    stored = watch.leaning(errors(days, seed=seed, more=more))
    assert stored is not None
    assert stored.score == pytest.approx(plain.score, rel=1e-3)


def turned(found: Errors) -> Errors:
    return Errors(found.times, -found.signed, found.expected)


def test_a_watch_of_before_has_no_lean() -> None:
    stored = ErrorWatch.fit(errors()).to_dict()
    del stored["lean"]
    assert ErrorWatch.from_dict(stored).lean is None


@pytest.mark.parametrize("lean", [{"days": []}, {"days": "x", "level": 1, "scale": 1}, [1], "x"])
def test_what_is_no_lean_is_refused(lean: Any) -> None:
    stored = ErrorWatch.fit(errors()).to_dict()
    with pytest.raises(DriftFormatError):
        ErrorWatch.from_dict({**stored, "lean": lean})
