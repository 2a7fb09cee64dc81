"""The simulated queue: against Erlang's formula, and against what must hold of any queue."""

import math

import numpy as np
import pytest
from bench.queueing import smallest, waits
from hypothesis import given
from hypothesis import strategies as st


def erlang_wait(load: float, servers: int) -> float:
    """Return the mean wait of M/M/c in units of the mean service."""
    waiting = load**servers / math.factorial(servers) * servers / (servers - load)
    some = sum(load**k / math.factorial(k) for k in range(servers)) + waiting
    return waiting / some / (servers - load)


@pytest.mark.parametrize(("load", "servers"), [(0.5, 1), (1.4, 2), (6.0, 8)])
def test_it_waits_as_erlang_says(load: float, servers: int) -> None:
    rng = np.random.default_rng(3)
    arrivals = np.cumsum(rng.exponential(1 / load, 400_000))
    found = waits(arrivals, rng.exponential(1.0, len(arrivals)), servers)
    assert found.mean() == pytest.approx(erlang_wait(load, servers), rel=0.05)


times = st.lists(st.tuples(st.floats(0, 50), st.floats(0.01, 10)), min_size=1, max_size=60)


@given(times, st.integers(1, 5))
def test_more_servers_never_wait_longer_and_enough_never(
    jobs: list[tuple[float, float]], servers: int
) -> None:
    arrivals = np.sort([at for at, _ in jobs])
    services = np.array([takes for _, takes in jobs])
    found = waits(arrivals, services, servers)
    assert (found >= 0).all()
    assert (waits(arrivals, services, servers + 1) <= found + 1e-9).all()
    assert not waits(arrivals, services, len(jobs)).any()


@given(st.integers(1, 10_000))
def test_the_smallest_that_is_enough_is_found(wanted: int) -> None:
    assert smallest(lambda count: count >= wanted) == wanted
