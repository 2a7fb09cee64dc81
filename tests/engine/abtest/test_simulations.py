"""Looking after every row: how often a test errs, and how soon it finds what there is."""

from typing import Any

import numpy as np
import pytest

from modelwright.engine.abtest import Design, PairedTest, SplitTest
from tests.engine.abtest import simulation
from tests.engine.abtest.scenarios import EFFECTS, NULLS, Effect, Null, Traffic, normal
from tests.engine.abtest.simulation import upper_limit

RUNS = 600
ROWS = 1000
"""`bench.abtest` runs 2,000 and more of 2,000 rows."""
LIMIT = 0.05

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("null", NULLS, ids=[null.name for null in NULLS])
def test_equal_models_are_rarely_told_apart_though_one_looks_after_every_row(null: Null) -> None:
    runs, peeked = null.simulate(ROWS, RUNS, seed=11)
    promoted = upper_limit(round(runs.promoted * RUNS), RUNS)
    beside = f", by a t-test {peeked.decided:.3f}" if peeked else ""
    print(
        f"{null.name:24} promoted {runs.promoted:.4f} (at most {promoted:.4f}),"
        f" any winner {runs.decided:.4f}{beside}"
    )
    assert promoted <= LIMIT
    assert runs.decided <= LIMIT


SURE = ("normal", "heavy tails (t3)", "0/1", "bounded scores", "AR(0.3)")


@pytest.mark.parametrize(
    "effect", [e for e in EFFECTS if e.null.name in SURE], ids=lambda e: e.null.name
)
def test_a_planned_effect_is_found_with_little_more_than_a_fixed_sample(effect: Effect) -> None:
    planned, runs = 1200, 250
    once = effect.run(np.random.default_rng(5), planned, runs, times=1)
    twice = effect.run(np.random.default_rng(6), planned, runs, times=2)
    mean = twice.mean_rows(round(1.6 * planned)) / planned
    print(f"{effect.null.name:24} power {once.promoted:.3f}, at twice the effect {mean:.3f}")
    # the power may be 0.8; it can't be below with any confidence
    assert upper_limit(round(once.promoted * runs), runs, level=0.99) >= 0.8
    assert mean <= 1 / 3 + 0.03


def test_a_group_sequential_test_errs_rarely_and_needs_few_rows() -> None:
    random = np.random.default_rng(8)
    design = Design(max_rows=2000, looks=20)
    equal = simulation.group_sequential(random.normal(size=(2000, 2000)), design)
    assert upper_limit(round(equal.promoted * 2000), 2000) <= LIMIT
    assert equal.decided <= 0.06
    effect = 2.8016 / np.sqrt(2000)
    better = simulation.group_sequential(random.normal(effect, 1.0, (2000, 2000)), design)
    assert better.promoted >= 0.76
    assert better.mean_rows(2000) <= 1600


OF_EACH_KIND = ("normal", "0/1", "0/1 in spells", "bounded scores", "AR(0.9)", "split 50/50")


@pytest.mark.parametrize("name", OF_EACH_KIND)
def test_the_simulated_tests_are_those_of_the_product(name: str) -> None:
    null = next(null for null in NULLS if null.name == name)
    drawn = null.draw(np.random.default_rng(21), 600, 60)
    simulated = null.run(drawn, null.design(300))
    latest = np.argsort(-simulated.at, kind="stable")
    for column in latest[:1]:
        test = product(null, drawn, column)
        for row in range(600):
            feed(test, drawn, column, row)
        result = test.result()
        assert (result.decided_at or 0) == simulated.at[column]
        assert {"b": 1, "a": -1, None: 0}[result.winner] == simulated.side[column]


def product(null: Null, drawn: Any, column: int) -> Any:
    """Return the test that a caller would make."""
    settings = dict(null.design(300).__dict__)
    if isinstance(drawn, Traffic):
        return SplitTest(drawn.share, **settings)
    names = {simulation.beta_binomial: "beta_binomial", simulation.betting: "betting"}
    return PairedTest(names.get(null.run, "asymptotic"), **settings)


def feed(test: Any, drawn: Any, column: int, row: int) -> None:
    """Give a test one row."""
    if isinstance(drawn, Traffic):
        arm = "b" if drawn.challenged[row, column] else "a"
        test.update(drawn.losses[row : row + 1, column], [arm])
    else:
        test.update(np.zeros(1), -drawn[row : row + 1, column])


def test_a_look_after_each_of_many_rows_finds_what_one_look_finds() -> None:
    differences = normal(np.random.default_rng(3), 500, 1)[:, 0]
    one, many = PairedTest(), PairedTest()
    one.update(differences, np.zeros(500))
    for difference in differences:
        many.update([difference], [0.0])
    seen, wanted = many.result().interval, one.result().interval
    assert seen is not None
    assert wanted is not None
    assert (seen.lower, seen.upper) == pytest.approx((wanted.lower, wanted.upper), rel=1e-9)
