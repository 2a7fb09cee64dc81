"""Rows in the order of their time, each once."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.engine.abtest import ABTestError, InOrder


@settings(max_examples=50, deadline=None)
@given(
    delays=st.lists(st.floats(0, 9.9), min_size=1, max_size=40),
    repeats=st.lists(st.integers(0, 39), max_size=10),
    saved=st.booleans(),
)
def test_whatever_the_order_of_arrival_rows_leave_in_that_of_time(
    delays: list[float], repeats: list[int], saved: bool
) -> None:
    rows = len(delays)
    arrivals = [(i + delay, i) for i, delay in enumerate(delays)]
    arrivals += [(i + delays[i], i) for i in repeats if i < rows]
    queue, seen = InOrder(wait=10.0), []
    for _, i in sorted(arrivals):
        queue.add([f"p{i}"], [float(i)], [float(i)], [0.0])
        seen += queue.release().losses_a.tolist()
        if saved:
            queue = InOrder.from_dict(json.loads(json.dumps(queue.to_dict(), allow_nan=False)))
    seen += queue.release(now=1e9).losses_a.tolist()
    assert seen == [float(i) for i in range(rows)]
    assert queue.repeated == len(arrivals) - rows
    assert queue.late == 0


def test_what_comes_too_late_is_left_out_and_counted() -> None:
    queue = InOrder(wait=5.0)
    queue.add(["a", "b"], [0.0, 20.0], [1.0, 2.0], [0.0, 0.0])
    assert queue.release().losses_a.tolist() == [1.0]
    queue.add(["c", "a"], [14.0, 0.0], [3.0, 1.0], [0.0, 0.0])
    assert queue.release(now=100.0).losses_a.tolist() == [2.0]
    assert queue.late + queue.repeated == 2


def test_ids_of_long_ago_are_forgotten() -> None:
    queue = InOrder(wait=10.0)
    for i in range(1000):
        queue.add([str(i)], [float(i)], [0.0], [0.0])
        queue.release()
    assert len(queue.known) + len(queue.waiting) < 40


def test_wrong_rows_are_refused() -> None:
    with pytest.raises(ABTestError, match="wait must be"):
        InOrder(-1.0)
    with pytest.raises(ABTestError, match="equally long"):
        InOrder(1.0).add(["a"], [0.0, 1.0], [0.0], [0.0])
