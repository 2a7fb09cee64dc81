"""Limits hold over a sliding window, over processes, and without the database too."""

import math
from typing import Any

import pytest
from django.db import DatabaseError
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from modelwright.core import limits
from modelwright.core.limits import Rate, limits_clear, limits_forget, wait_for
from modelwright.core.models import RateCount

pytestmark = pytest.mark.django_db


class Clock:
    """The time, moved by hand."""

    def __init__(self) -> None:
        self.at = 1_800_000_000.0

    def time(self) -> float:
        return self.at


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(limits, "time", made)
    return made


def test_it_fills_up_and_says_how_long_to_wait(clock: Clock) -> None:
    rate = Rate(3, 60)
    assert [wait_for("a", rate) for _ in range(3)] == [0.0] * 3
    assert wait_for("a", rate) == 60.0
    assert wait_for("b", rate) == 0.0
    clock.at += 59.5
    assert wait_for("a", rate) == 1.0


def test_after_the_wait_that_it_names_there_is_room(clock: Clock) -> None:
    rate = Rate(10, 60)
    for _ in range(10):
        wait_for("a", rate)
    for _ in range(20):
        wait = wait_for("a", rate)
        clock.at += math.ceil(wait)
        if wait and clock.at % 60:
            assert wait_for("a", rate) == 0.0


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
def test_a_clock_that_is_set_shuts_nobody_out_for_longer_than_a_window(
    clock: Clock, jump: float
) -> None:
    rate = Rate(3, 60)
    while not wait_for("a", rate):
        pass
    clock.at += jump
    while not wait_for("a", rate):
        pass
    assert 1.0 <= wait_for("a", rate) <= 60.0
    clock.at += 121
    assert wait_for("a", rate) == 0.0


def test_it_holds_over_processes(clock: Clock) -> None:
    rate = Rate(5, 60)
    for _ in range(5):
        limits_forget()  # another process knows what the database knows
        assert wait_for("a", rate) == 0.0
    limits_forget()
    assert wait_for("a", rate) > 0
    clock.at += 60 + 5
    limits_forget()
    assert wait_for("a", rate) > 0  # the window before counts on
    clock.at += 30
    assert wait_for("a", rate) == 0.0


def test_a_large_limit_asks_the_database_now_and_then(
    clock: Clock, django_assert_max_num_queries: Any
) -> None:
    rate = Rate(30_000, 60)
    with django_assert_max_num_queries(1 + 3):
        for _ in range(1000):
            assert wait_for("a", rate) == 0.0
    assert RateCount.objects.get().count == 900


@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    most=st.integers(1, 20),
    steps=st.lists(st.floats(0, 40), min_size=1, max_size=60),
)
def test_no_window_ever_has_twice_the_limit(clock: Clock, most: int, steps: list[float]) -> None:
    """Nor has one that begins with the clock's more than the limit."""
    limits_forget()
    RateCount.objects.all().delete()
    rate, passed = Rate(most, 60), []
    for step in steps:
        clock.at += step
        if wait_for("a", rate) == 0.0:
            passed.append(clock.at)
    for begin in passed:
        assert len([at for at in passed if begin <= at < begin + 60]) < 2 * most + 1
        window = begin // 60
        assert len([at for at in passed if at // 60 == window]) <= most


def test_without_the_database_it_counts_alone(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Away:
        def cursor(self) -> None:
            raise DatabaseError("away")

    monkeypatch.setattr(limits, "connection", Away())
    assert [wait_for("a", Rate(2, 60)) > 0 for _ in range(3)] == [False, False, True]


def test_counts_that_are_long_past_go(clock: Clock) -> None:
    wait_for("a", Rate(1, 60))
    assert limits_clear() == 0
    clock.at += 3 * 86_400
    assert limits_clear() == 1


@pytest.mark.parametrize("text", ["", "x", "5", "5/", "/minute", "-1/minute", "1.5/minute", "5/x"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="A rate is written like"):
        Rate.of(text)
