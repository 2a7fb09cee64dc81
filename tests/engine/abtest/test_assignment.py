"""Which model answers whom."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.engine.abtest import ABTestError, SampleRatio, assign

KEYS = [f"machine {i}" for i in range(20_000)]


def test_known_keys_go_where_they_always_went() -> None:
    # What was dealt once must stay dealt: these change only with every running test.
    assert [assign(key, "test 7", 0.5) for key in ("pump 1", "pump 2", "pump 3", 4)] == list("aabb")
    assert assign("Öl", "a", 0.5) == assign("Öl", "a", 0.5)


@given(key=st.text(), salt=st.text(), low=st.floats(0, 1), high=st.floats(0, 1))
def test_more_traffic_takes_no_key_away_from_the_challenger(
    key: str, salt: str, low: float, high: float
) -> None:
    low, high = sorted((low, high))
    if assign(key, salt, low) == "b":
        assert assign(key, salt, high) == "b"
    assert assign(key, salt, 0.0) == "a"
    assert assign(key, salt, 1.0) == "b"


@pytest.mark.parametrize("split", [0.5, 0.05])
def test_the_challenger_gets_its_share(split: float) -> None:
    counts = Counter(assign(key, "s", split) for key in KEYS)
    ratio = SampleRatio(split)
    ratio.add(counts["a"], counts["b"])
    assert not ratio.result().mismatch
    assert counts["b"] / len(KEYS) == pytest.approx(split, abs=0.015)


def test_two_tests_deal_their_keys_independently() -> None:
    both = Counter((assign(key, "one", 0.5), assign(key, "two", 0.5)) for key in KEYS)
    assert all(4_700 < count < 5_300 for count in both.values())
    assert len(both) == 4


def test_salt_and_key_are_told_apart() -> None:
    dealt = [(assign(f"{i}3", "12", 0.5), assign(f"2{i}3", "1", 0.5)) for i in range(200)]
    assert 60 < sum(one == other for one, other in dealt) < 140


@pytest.mark.parametrize("split", [-0.1, 1.1, float("nan")])
def test_an_impossible_split_is_refused(split: float) -> None:
    with pytest.raises(ABTestError, match="split must be between 0 and 1"):
        assign("k", "s", split)
