"""What an interval means, and what a test says as rows come in."""

import json
from typing import Any

import numpy as np
import pytest

from modelwright.engine.abtest import (
    ABTestError,
    Design,
    Interval,
    PairedTest,
    choose_method,
    compare,
    decide,
)


@pytest.mark.parametrize(
    ("lower", "upper", "margin", "rows", "verdict"),
    [
        (0.1, 0.3, 0.0, 500, "promote"),
        (0.1, 0.3, 0.1, 500, "continue"),
        (0.11, 0.3, 0.1, 500, "promote"),
        (-0.3, -0.001, 0.1, 500, "stop"),
        (-0.3, -0.001, 0.5, 500, "stop"),
        (-0.1, 0.1, 0.1, 500, "equivalent"),
        (0.01, 0.09, 0.1, 500, "equivalent"),
        (-0.1, 0.3, 0.0, 1000, "inconclusive"),
        (0.1, 0.3, 0.0, 1000, "promote"),
        (-0.1, 0.3, 0.0, 999, "continue"),
    ],
)
def test_the_rule(lower: float, upper: float, margin: float, rows: int, verdict: str) -> None:
    design = Design(margin=margin, max_rows=1000)
    assert decide(Interval(lower, upper), design, rows).verdict == verdict


def losses(gain: float, rows: int = 3000, seed: int = 0) -> tuple[Any, Any]:
    random = np.random.default_rng(seed)
    truth = random.normal(size=rows)
    first = np.abs(truth + random.normal(0, 0.5, rows))
    return first, first - gain + random.normal(0, 0.2, rows)


def test_a_gain_below_the_margin_is_equivalent_and_one_above_it_promotes() -> None:
    assert compare(*losses(0.02), margin=0.1).verdict == "equivalent"
    assert compare(*losses(0.2), margin=0.1).verdict == "promote"
    assert compare(*losses(-0.2), margin=0.1).verdict == "stop"


def test_a_spent_budget_ends_a_test_without_a_winner() -> None:
    result = compare(*losses(0.001), max_rows=1000)
    assert (result.verdict, result.winner) == ("inconclusive", None)
    assert "1000 rows is spent" in result.reason


def test_a_verdict_stays() -> None:
    test = PairedTest()
    first, second = losses(0.3, 400)
    test.update(first, second)
    decided = test.result()
    test.update(second, first)
    test.update(second, first)
    later = test.result()
    assert (later.verdict, later.winner, later.decided_at) == ("promote", "b", 400)
    assert later.reason == decided.reason
    assert later.n == 1200


def test_a_test_with_the_roles_exchanged_says_to_roll_back() -> None:
    promoted = PairedTest(margin=0.05, planned_rows=800)
    first, second = losses(0.3, 600)
    promoted.update(first, second)
    assert promoted.result().winner == "b"
    # The world turns: what was the challenger is now the champion and does badly.
    watch = promoted.reversed()
    old, new = losses(-0.3, 600, seed=1)
    watch.update(new, old)
    assert watch.result().verdict == "promote"
    assert watch.design == promoted.design


def test_models_that_differ_by_a_constant_are_not_judged_by_it() -> None:
    # Without any spread nothing says how sure the mean is: a rare large loss may be still to come.
    result = compare(np.full(500, 1.0), np.full(500, 0.9))
    assert (result.verdict, result.interval) == ("continue", None)
    assert "the same in every row" in result.reason


def test_dependent_rows_are_refused_until_blocks_are_long_enough() -> None:
    slow = np.repeat(np.random.default_rng(0).normal(size=8), 50)
    result = compare(slow + 2.0, np.zeros(400))
    assert (result.verdict, result.winner, result.interval) == ("continue", None, None)
    assert "depend on each other" in result.reason


def test_block_lengths_grow_with_the_dependence() -> None:
    random = np.random.default_rng(4)
    steps = np.repeat(random.normal(size=1000), 10)
    assert compare(steps, np.zeros(10_000)).block_length in (8, 16, 32)
    assert compare(random.normal(size=10_000), np.zeros(10_000)).block_length == 1
    assert compare(steps, np.zeros(10_000), period=24).block_length == 24
    assert Design(horizon=12).block == 12


def test_an_exact_method_gives_way_where_rows_depend() -> None:
    spells = np.repeat(np.random.default_rng(5).integers(-1, 2, 400), 10)
    first, second = (spells > 0).astype(float), (spells < 0).astype(float)
    test = PairedTest("beta_binomial")
    test.update(first, second)
    assert test.result().method == "asymptotic"
    assert choose_method("classification", (first, second)) == "asymptotic"
    random = np.random.default_rng(6)
    alone = random.integers(0, 2, 500), random.integers(0, 2, 500)
    assert choose_method("classification", alone) == "beta_binomial"
    assert choose_method("classification", (alone[0] * 0.5, alone[1])) == "asymptotic"
    assert choose_method("bounded", alone) == "betting"
    assert choose_method("classification", period=24) == "asymptotic"


def test_the_history_tells_how_the_interval_narrowed() -> None:
    result = compare(*losses(0.05))
    times = [point.n for point in result.history]
    assert times == sorted(times)
    assert times[-1] == result.n
    drawn = [point for point in result.history if point.lower is not None]
    assert len(drawn) > 40
    assert drawn[0].upper - drawn[0].lower > drawn[-1].upper - drawn[-1].lower
    p_values = [point.p_value for point in result.history]
    assert p_values == sorted(p_values, reverse=True)
    assert result.history[-1].p_value == result.p_value


def test_the_state_stays_small_however_many_rows_and_looks() -> None:
    random = np.random.default_rng(7)
    test = PairedTest()
    for _ in range(600):
        test.update(random.normal(size=500), random.normal(size=500), at="2026-01-01T00:00:00Z")
    assert len(json.dumps(test.to_dict())) < 40_000
    assert len(test.result().history) <= 241


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "guessing"}, "no method 'guessing'"),
        ({"alpha": 0.0}, "alpha must be above 0"),
        ({"margin": -1.0}, "margin must be a finite number of at least 0"),
        ({"margin": float("nan")}, "margin must be"),
        ({"period": 0}, "period must be at least 1"),
        ({"method": "betting"}, "needs bounds"),
        ({"bounds": (1.0, 0.0)}, "the smaller one first"),
        ({"method": "group_sequential"}, "needs max_rows"),
        ({"method": "beta_binomial", "period": 24}, "takes single rows"),
        ({"looks": 0}, "looks must be between 1 and 100"),
        ({"discordance": 1.5}, "discordance must be"),
    ],
)
def test_a_wrong_design_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ABTestError, match=message):
        PairedTest(**settings)


def test_losses_that_do_not_suit_the_method_are_refused() -> None:
    with pytest.raises(ABTestError, match="losses of 0 and 1"):
        PairedTest("beta_binomial").update([0.5], [0.0])
    with pytest.raises(ABTestError, match="out of its bounds"):
        PairedTest("betting", bounds=(0, 1)).update([3.0], [0.0])
    with pytest.raises(ABTestError, match="in row 2: leave out rows"):
        PairedTest().update([1.0, float("inf")], [0.0, 0.0])
    with pytest.raises(ABTestError, match="no kind"):
        choose_method("guess")


def test_a_state_of_another_version_is_refused() -> None:
    with pytest.raises(ABTestError, match="compute it anew"):
        PairedTest.from_dict(PairedTest().to_dict() | {"version": 99})
