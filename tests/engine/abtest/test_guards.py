"""Metrics that must not get worse."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.engine.abtest import ABTestError, Guards, e_bh


def test_a_metric_that_gets_worse_by_more_than_is_tolerated_stops_the_test() -> None:
    random = np.random.default_rng(0)
    guards = Guards({"latency": 5.0, "errors": 0.01})
    for _ in range(20):
        usual = random.gamma(4.0, 5.0, size=100)
        guards.update("latency", usual, usual + random.normal(9.0, 3.0, size=100))
        guards.update("errors", random.random(100) < 0.05, random.random(100) < 0.05)
    latency, errors = guards.results()
    assert (latency.harmed, errors.harmed) == (True, False)
    assert latency.worse_by == pytest.approx(9.0, abs=0.5)
    assert Guards.from_dict(json.loads(json.dumps(guards.to_dict()))).results() == guards.results()


def test_a_metric_that_is_worse_within_the_tolerance_or_better_is_left_alone() -> None:
    random = np.random.default_rng(1)
    usual = random.gamma(4.0, 5.0, size=3000)
    guards = Guards({"latency": 5.0, "cost": 0.0})
    guards.update("latency", usual, usual + random.normal(4.0, 3.0, size=3000))
    guards.update("cost", usual, usual - random.normal(4.0, 3.0, size=3000))
    assert not any(result.harmed for result in guards.results())


def test_an_alarm_stays() -> None:
    guards = Guards({"latency": 0.0})
    rising = np.random.default_rng(2).normal(1.0, 1.0, size=500)
    guards.update("latency", np.zeros(500), rising)
    guards.update("latency", rising, np.zeros(500))
    assert guards.results()[0].harmed


def test_guards_without_harm_rarely_alarm() -> None:
    random = np.random.default_rng(3)
    alarms = 0
    for _ in range(100):
        guards = Guards({f"segment {i}": 0.0 for i in range(5)})
        for _ in range(5):
            for name in guards.tolerances:
                guards.update(name, random.normal(size=100), random.normal(size=100))
        alarms += any(result.harmed for result in guards.results())
    assert alarms <= 8


def test_wrong_values_are_refused() -> None:
    guards = Guards({"latency": 0.0})
    with pytest.raises(ABTestError, match="no guard 'speed'"):
        guards.update("speed", [1.0], [1.0])
    with pytest.raises(ABTestError, match="1 values of a and 2 of b"):
        guards.update("latency", [1.0], [1.0, 2.0])
    assert guards.results()[0].n == 0


@given(st.lists(st.floats(-5, 20), min_size=1, max_size=12), st.sampled_from([0.01, 0.05, 0.2]))
def test_e_bh_is_its_definition(logs: list[float], alpha: float) -> None:
    count = len(logs)
    ranked = sorted((math.exp(log) for log in logs), reverse=True)
    enough = [k for k in range(1, count + 1) if ranked[k - 1] * k * alpha >= count * (1 - 1e-12)]
    assert sum(e_bh(logs, alpha)) >= max(enough, default=0) - 1e-9
    if not enough:
        assert not any(e_bh(logs, alpha))


def test_a_share_is_watched_where_every_row_says_the_same() -> None:
    guards = Guards({"unanswered": 0.01}, shares=("unanswered",))
    guards.update("unanswered", np.zeros(20), np.ones(20))
    (found,) = guards.results()
    assert (found.harmed, found.worse_by, found.n) == (True, 1.0, 20)
    calm = Guards({"unanswered": 0.01}, shares=("unanswered",))
    calm.update("unanswered", np.ones(500), np.ones(500))
    assert not calm.results()[0].harmed
    with pytest.raises(ABTestError, match="from 0 to 1"):
        calm.update("unanswered", [7.0], [0.0])


@pytest.mark.parametrize("split", [0.5, 0.05, 0.95])
def test_split_traffic_is_watched_without_false_alarms_and_with_true_ones(split: float) -> None:
    random = np.random.default_rng(5)
    tolerated = {"unanswered": 0.0, "latency": 1.0}
    alarms = 0
    for _ in range(40):
        guards = Guards(tolerated, shares=("unanswered",), split=split)
        for _ in range(5):
            arms = np.where(random.random(200) < split, "b", "a")
            guards.update_split("unanswered", random.random(200) < 0.05, arms)
            guards.update_split("latency", random.gamma(4.0, 5.0, size=200), arms)
        alarms += any(result.harmed for result in guards.results())
    assert alarms <= 4
    guards = Guards(tolerated, shares=("unanswered",), split=split)
    for _ in range(20):
        arms = np.where(random.random(200) < split, "b", "a")
        slower = random.gamma(4.0, 5.0, size=200) + 15.0 * (arms == "b")
        guards.update_split("unanswered", (arms == "b") & (random.random(200) < 0.3), arms)
        guards.update_split("latency", slower, arms)
    assert all(result.harmed for result in guards.results())
    assert Guards.from_dict(json.loads(json.dumps(guards.to_dict()))).results() == guards.results()


def test_split_traffic_needs_its_split() -> None:
    with pytest.raises(ABTestError, match="give the split"):
        Guards({"latency": 0.0}).update_split("latency", [1.0], ["a"])
