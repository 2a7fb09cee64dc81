"""Tests of which each row is answered by one model."""

import json
from typing import Any

import numpy as np
import pytest

from modelwright.engine.abtest import ABTestError, SplitTest


def traffic(rows: int, share: float, gain: float, seed: int) -> tuple[Any, Any]:
    random = np.random.default_rng(seed)
    arms = np.where(random.random(rows) < share, "b", "a")
    return random.exponential(np.where(arms == "b", 1.0 - gain, 1.0)), arms


@pytest.mark.parametrize(("share", "rows"), [(0.5, 3000), (0.05, 20_000)])
def test_a_better_challenger_wins_and_a_worse_one_loses(share: float, rows: int) -> None:
    for gain, winner in ((0.4, "b"), (-0.6, "a")):
        losses, arms = traffic(rows, share, gain, 1)
        test = SplitTest(share)
        test.update(losses, arms)
        result = test.result()
        assert result.winner == winner
        assert result.n == rows
        assert result.interval is not None
        assert gain in result.interval
        assert not test.sample_ratio().mismatch


def test_batches_and_saved_states_make_no_difference() -> None:
    losses, arms = traffic(1500, 0.3, 0.1, 2)
    one, many = SplitTest(0.3), SplitTest(0.3)
    one.update(losses, arms)
    for start in range(0, 1500, 70):
        many.update(losses[start : start + 70], arms[start : start + 70])
        many = SplitTest.from_dict(json.loads(json.dumps(many.to_dict(), allow_nan=False)))
    here, there = one.result(), many.result()
    assert (here.mean_a, here.mean_b) == pytest.approx((there.mean_a, there.mean_b))
    assert here.interval is not None
    assert there.interval is not None
    assert (here.interval.lower, here.interval.upper) == pytest.approx(
        (there.interval.lower, there.interval.upper), rel=1e-9
    )


def test_no_verdict_before_each_model_answered_a_hundred_rows() -> None:
    losses, arms = traffic(1000, 0.05, 0.9, 3)
    test = SplitTest(0.05)
    test.update(losses, arms)
    result = test.result()
    assert (result.verdict, result.interval) == ("continue", None)
    assert "of the 100 rows" in result.reason


def test_a_level_that_all_losses_share_does_not_widen_the_interval() -> None:
    losses, arms = traffic(2000, 0.5, 0.0, 4)
    low, high = SplitTest(0.5), SplitTest(0.5)
    low.update(losses, arms)
    high.update(losses + 1000.0, arms)
    one, other = low.result().interval, high.result().interval
    assert one is not None
    assert other is not None
    assert other.width == pytest.approx(one.width, rel=1e-6)


def test_lost_rows_of_one_model_are_reported() -> None:
    losses, arms = traffic(4000, 0.5, 0.0, 5)
    kept = (arms == "a") | (np.arange(4000) % 4 > 0)
    test = SplitTest(0.5)
    test.update(losses[kept], arms[kept])
    assert test.sample_ratio().mismatch


def test_wrong_rows_are_refused_and_change_nothing() -> None:
    test = SplitTest(0.5)
    test.update(*traffic(200, 0.5, 0.0, 6))
    before = json.dumps(test.to_dict())
    for losses, arms in (([1.0], ["c"]), ([1.0, 2.0], ["a"]), ([float("nan")], ["a"])):
        with pytest.raises(ABTestError):
            test.update(losses, arms)
    assert json.dumps(test.to_dict()) == before
    with pytest.raises(ABTestError, match="above 0 and below 1"):
        SplitTest(0.0)


def test_keys_come_with_every_batch_or_with_none() -> None:
    losses, arms = traffic(300, 0.5, 0.0, 7)
    test = SplitTest(0.5)
    test.update(losses, arms)
    with pytest.raises(ABTestError, match="every batch or with none"):
        test.update(losses, arms, keys=list(range(300)))
    with pytest.raises(ABTestError, match="2 keys of 300"):
        SplitTest(0.5).update(losses, arms, keys=[1, 2])


def sticky(keys: int, rows: int, seed: int, gain: float = 0.0) -> tuple[Any, Any, list[int]]:
    """Give rows of keys that differ from each other and always go to the same model."""
    random = np.random.default_rng(seed)
    level, dealt = random.normal(size=keys), random.random(keys) < 0.5
    who = random.integers(0, keys, rows)
    losses = 5 + level[who] + random.normal(size=rows) - gain * dealt[who]
    return losses, np.where(dealt[who], "b", "a"), who.tolist()


@pytest.mark.slow
@pytest.mark.parametrize("keys", [40, 300])
def test_keys_that_come_again_and_again_promote_nothing(keys: int) -> None:
    told_apart = ignored = 0
    for seed in range(40):
        losses, arms, who = sticky(keys, 3000, seed)
        test, careless = SplitTest(0.5), SplitTest(0.5)
        for start in range(0, 3000, 300):
            part = slice(start, start + 300)
            test.update(losses[part], arms[part], keys=who[part])
            careless.update(losses[part], arms[part])
        told_apart += test.result().winner is not None
        ignored += careless.result().winner is not None
    print(f"{keys} keys: {told_apart} of 40 told apart, {ignored} where keys are ignored")
    assert ignored > 5
    assert told_apart <= 4


def test_a_difference_is_found_among_many_keys_and_survives_saving() -> None:
    losses, arms, who = sticky(3000, 8000, 1, gain=0.5)
    test = SplitTest(0.5)
    test.update(losses[:4000], arms[:4000], keys=who[:4000])
    test = SplitTest.from_dict(json.loads(json.dumps(test.to_dict(), allow_nan=False)))
    test.update(losses[4000:], arms[4000:], keys=who[4000:])
    assert test.result().verdict == "promote"
    few = SplitTest(0.5)
    losses, arms, who = sticky(10, 3000, 1, gain=3.0)
    few.update(losses, arms, keys=who)
    assert few.result().interval is None
    assert "too few keys" in few.result().reason
