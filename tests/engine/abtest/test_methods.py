"""The laws that every method of gathering evidence keeps; being registered enrols one."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.engine.abtest import METHODS, VERDICTS, ABResult, PairedTest

NAMES = sorted(METHODS)
NEEDS: dict[str, dict[str, Any]] = {
    "betting": {"bounds": (0.0, 1.0)},
    "group_sequential": {"max_rows": 1000},
}


def make(name: str, **settings: Any) -> PairedTest:
    return PairedTest(name, **{**NEEDS.get(name, {}), **settings})


def losses(rows: int, seed: int, gain: float = 0.0) -> tuple[Any, Any]:
    """Give losses of 0 and 1, which every method takes."""
    random = np.random.default_rng(seed)
    first = (random.random(rows) < 0.4).astype(float)
    second = (random.random(rows) < 0.4 - gain).astype(float)
    return first, second


@pytest.mark.parametrize("name", NAMES)
def test_a_clearly_better_challenger_wins_and_a_clearly_worse_one_loses(name: str) -> None:
    first, second = losses(1000, 1, gain=0.2)
    test = make(name)
    test.update(first, second)
    better = test.result()
    assert (better.winner, better.verdict) == ("b", "promote")
    assert better.p_value < 0.05
    assert better.interval is not None
    assert better.interval.lower > 0
    test = make(name)
    test.update(second, first)
    assert (test.result().winner, test.result().verdict) == ("a", "stop")


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), rows=st.integers(1, 900), gain=st.sampled_from([0.0, 0.1]))
def test_exchanging_the_models_turns_the_sign_and_nothing_else(
    name: str, seed: int, rows: int, gain: float
) -> None:
    first, second = losses(rows, seed, gain)
    one, other = make(name), make(name)
    one.update(first, second)
    other.update(second, first)
    here, there = one.result(), other.result()
    assert (here.interval is None) == (there.interval is None)
    assert here.p_value == pytest.approx(there.p_value, rel=1e-6)
    if here.interval and there.interval:
        assert here.interval.lower == pytest.approx(-there.interval.upper, rel=1e-6, abs=1e-9)
        assert here.interval.upper == pytest.approx(-there.interval.lower, rel=1e-6, abs=1e-9)
        assert here.interval.lower <= here.interval.upper


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    cuts=st.lists(st.integers(1, 400), max_size=8),
    gain=st.sampled_from([0.0, 0.1, 0.2]),
)
def test_a_test_that_is_saved_between_batches_goes_on_as_if_nothing_had_been(
    name: str, seed: int, cuts: list[int], gain: float
) -> None:
    first, second = losses(400, seed, gain)
    kept, saved = make(name, margin=0.01), make(name, margin=0.01)
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), 400], strict=True):
        kept.update(first[begin:end], second[begin:end], at=f"row {end}")
        saved.update(first[begin:end], second[begin:end], at=f"row {end}")
        saved = PairedTest.from_dict(json.loads(json.dumps(saved.to_dict(), allow_nan=False)))
    assert saved.result() == kept.result()
    assert ABResult.from_dict(json.loads(json.dumps(kept.result().to_dict()))) == kept.result()


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), cut=st.integers(1, 999), gain=st.sampled_from([0.0, 0.1]))
def test_rows_in_one_batch_or_two_give_the_same_interval(
    name: str, seed: int, cut: int, gain: float
) -> None:
    first, second = losses(1000, seed, gain)
    once, twice = make(name, looks=1), make(name, looks=1)
    once.update(first, second)
    twice.update(first[:cut], second[:cut])
    twice.update(first[cut:], second[cut:])
    one, two = once.result().interval, twice.result().interval
    assert (one is None) == (two is None)
    if one and two:
        assert (one.lower, one.upper) == pytest.approx((two.lower, two.upper), rel=1e-9)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), gain=st.floats(0.0, 0.12))
def test_the_interval_leaves_out_0_exactly_where_the_p_value_reaches_alpha(
    name: str, seed: int, gain: float
) -> None:
    first, second = losses(1000, seed, gain)
    test = make(name, looks=1)
    test.update(first, second)
    result = test.result()
    refuted = result.interval is not None and 0.0 not in result.interval
    assert refuted == (result.p_value <= 0.05)
    assert refuted == (result.winner is not None)


@pytest.mark.parametrize("name", NAMES)
def test_models_that_are_equal_bit_for_bit_are_equivalent(name: str) -> None:
    first, _ = losses(500, 3)
    test = make(name)
    test.update(first, first)
    result = test.result()
    assert (result.verdict, result.winner, result.difference) == ("equivalent", None, 0.0)
    assert result.p_value == 1.0
    assert result.interval is not None
    assert (result.interval.lower, result.interval.upper) == (0.0, 0.0)


@pytest.mark.parametrize("name", NAMES)
def test_few_rows_decide_nothing(name: str) -> None:
    for rows in (0, 1, 2, 5):
        test = make(name)
        test.update(np.ones(rows), np.zeros(rows))
        result = test.result()
        assert (result.n, result.verdict, result.winner) == (rows, "continue", None)
        assert result.verdict in VERDICTS
        json.dumps(result.to_dict(), allow_nan=False)


@pytest.mark.parametrize("name", NAMES)
def test_refused_losses_leave_a_test_as_it_was(name: str) -> None:
    test = make(name)
    test.update(*losses(300, 4))
    before = json.dumps(test.to_dict())
    for first, second in (
        ([0.0, math.nan], [0.0, 1.0]),
        ([0.0, 1.0], [0.0]),
        ([[0.0]], [[1.0]]),
        (["much"], [1.0]),
    ):
        with pytest.raises(Exception, match="losses"):
            test.update(first, second)
    assert json.dumps(test.to_dict()) == before
