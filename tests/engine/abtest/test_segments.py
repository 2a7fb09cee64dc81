"""No segment may get worse, and equal models are rarely stopped for one that seems to."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import beta

from modelwright.engine.abtest import ABTestError, Segments
from modelwright.engine.abtest.segments import OTHERS
from tests.engine.abtest.simulation import Array

Random = np.random.Generator
ALPHA = 0.05
SHARES = [0.55, 0.25, 0.15, 0.05]
ROWS, EACH_LOOK, RUNS = 2000, 100, 300
Draw = Callable[[Random, int], tuple[Array, Array]]


def normal(random: Random, rows: int) -> tuple[Array, Array]:
    """Absolute errors of two models that err alike in part."""
    common = random.normal(size=rows)
    first, second = random.normal(size=(2, rows))
    return np.abs(common + first), np.abs(common + second)


def labels(random: Random, rows: int) -> tuple[Array, Array]:
    """Right or wrong, each wrong in a tenth of the rows."""
    first, second = random.random((2, rows)) < 0.1
    return first.astype(float), second.astype(float)


def heavy(random: Random, rows: int) -> tuple[Array, Array]:
    """Absolute errors with the tails of Student's t with 3 degrees of freedom."""
    first, second = np.abs(random.standard_t(3, size=(2, rows)))
    return first, second


def dependent(random: Random, rows: int) -> tuple[Array, Array]:
    """Absolute errors that resemble those of the row before: AR(0.6)."""
    errors = random.normal(size=(2, rows))
    for row in range(1, rows):
        errors[:, row] += 0.6 * errors[:, row - 1]
    return np.abs(errors[0]), np.abs(errors[1])


def stopped_of(draw: Draw, runs: int, seed: int) -> int:
    """Return how many tests of equal models are stopped by a segment, looked at every 100 rows."""
    random = np.random.default_rng(seed)
    stopped = 0
    for _ in range(runs):
        segments = Segments(0.0, alpha=ALPHA)
        names = random.choice(list("abcd"), size=ROWS, p=SHARES)
        first, second = draw(random, ROWS)
        for start in range(0, ROWS, EACH_LOOK):
            rows = slice(start, start + EACH_LOOK)
            segments.update(names[rows], first[rows], second[rows])
        stopped += any(result.harmed for result in segments.results())
    return stopped


def surely(stopped: int, runs: int) -> float:
    """Return the lower end of Clopper and Pearson's interval of 95 %."""
    return float(beta.ppf(0.025, stopped, runs - stopped + 1)) if stopped else 0.0


@pytest.mark.parametrize("draw", [normal, labels])
def test_equal_models_are_rarely_stopped_for_a_segment(draw: Draw) -> None:
    stopped = stopped_of(draw, 40, seed=11)
    assert surely(stopped, 40) <= ALPHA, f"{stopped} of 40 were stopped"


@pytest.mark.slow
@pytest.mark.slow
@pytest.mark.parametrize("draw", [normal, labels, heavy, dependent])
def test_equal_models_are_stopped_for_a_segment_at_most_as_often_as_alpha(draw: Draw) -> None:
    stopped = stopped_of(draw, RUNS, seed=16)
    print(f"{draw.__name__}: {stopped} of {RUNS} were stopped")
    assert surely(stopped, RUNS) <= ALPHA, f"{stopped} of {RUNS} were stopped"


def test_a_segment_that_is_worse_is_found_though_the_whole_is_better() -> None:
    random = np.random.default_rng(12)
    found = 0
    for _ in range(20):
        segments = Segments(0.05)
        names = random.choice(list("abcd"), size=ROWS * 2, p=SHARES)
        first, second = normal(random, ROWS * 2)
        second = np.where(names == "b", second + 0.4, second - 0.3)
        assert second.mean() < first.mean()
        segments.update(names, first, second)
        harmed = [result.name for result in segments.results() if result.harmed]
        assert harmed in ([], ["b"])
        found += bool(harmed)
    assert found >= 18


def test_what_is_worse_within_the_margin_is_left_alone_and_few_rows_say_nothing() -> None:
    random = np.random.default_rng(13)
    segments = Segments(0.5)
    first, second = normal(random, ROWS)
    segments.update(["north"] * ROWS, first, second + 0.3)
    segments.update(["south"] * 60, np.zeros(60), np.full(60, 9.0) + random.normal(size=60))
    assert not any(result.harmed for result in segments.results())
    assert {result.name: result.n for result in segments.results()} == {
        "north": ROWS, "south": 60,
    }  # fmt: skip


@pytest.mark.parametrize("split", [0.5, 0.2])
def test_split_traffic_is_watched_within_segments(split: float) -> None:
    random = np.random.default_rng(14)
    stopped = 0
    for _ in range(30):
        segments = Segments(0.0, split=split)
        for _ in range(10):
            arms = np.where(random.random(200) < split, "b", "a")
            names = random.choice(list("ab"), size=200)
            segments.update_split(names, random.gamma(4.0, 2.0, size=200), arms)
        stopped += any(result.harmed for result in segments.results())
    assert stopped <= 4
    segments = Segments(0.1, split=split)
    for _ in range(20):
        arms = np.where(random.random(200) < split, "b", "a")
        names = random.choice(list("ab"), size=200)
        worse = 4.0 * ((arms == "b") & (names == "a"))
        segments.update_split(names, random.gamma(4.0, 2.0, size=200) + worse, arms)
    assert [(r.name, r.harmed) for r in segments.results()] == [("a", True), ("b", False)]


def test_the_state_survives_json_and_rare_values_share_a_segment() -> None:
    random = np.random.default_rng(15)
    segments = Segments(0.0, most=2)
    for _ in range(3):
        first, second = normal(random, 200)
        names = [f"v{i % 5}" for i in range(200)]
        segments.update(names, first, second)
        segments = Segments.from_dict(json.loads(json.dumps(segments.to_dict())))
    counts = {result.name: result.n for result in segments.results()}
    assert counts == {"v0": 120, "v1": 120, OTHERS: 360}
    levels = [guards.design.alpha for guards in segments.guards.values()]
    assert levels == pytest.approx([0.05 / 2, 0.05 / 6, 0.05 / 12])
    with pytest.raises(ABTestError, match="1 segments and 2 losses"):
        segments.update(["v0"], [1.0, 2.0], [1.0, 2.0])
