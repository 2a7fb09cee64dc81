"""Two models on the same rows: metrics of each, and an interval that tells more from chance."""

import numpy as np
import pytest

from modelwright.engine.comparing import MetricCompared, compare_predictions
from modelwright.engine.evaluation import evaluate_classification, evaluate_regression


def by_name(found: tuple[MetricCompared, ...]) -> dict[str, MetricCompared]:
    return {one.name: one for one in found}


def labels(rng: np.random.Generator, n: int, right: float) -> tuple[np.ndarray, np.ndarray]:
    truth = rng.choice(["a", "b", "c"], n)
    return truth, np.where(rng.random(n) < right, truth, rng.choice(["a", "b", "c"], n))


def test_metrics_are_those_of_each_alone() -> None:
    rng = np.random.default_rng(1)
    truth, first = labels(rng, 300, 0.7)
    second = labels(rng, 300, 0.2)[1]
    found = by_name(compare_predictions(truth, first, second, task="classification"))
    for name, value in evaluate_classification(truth, first).metrics.items():
        assert found[name].a == value
    numbers = rng.normal(size=300)
    compared = by_name(compare_predictions(numbers, numbers + 1, numbers - 2, task="regression"))
    for name, value in evaluate_regression(numbers, numbers - 2).metrics.items():
        assert compared[name].b == value


def test_a_clear_difference_is_seen_in_its_direction() -> None:
    rng = np.random.default_rng(2)
    truth = rng.normal(50, 10, 500)
    found = by_name(
        compare_predictions(
            truth, truth + rng.normal(0, 3, 500), truth + rng.normal(0, 1, 500), task="regression"
        )
    )
    assert {one.better for one in found.values()} == {"b"}
    mae = found["mae"]
    assert mae.lower is not None
    assert mae.upper is not None
    assert mae.lower < mae.difference < mae.upper < 0  # type: ignore[operator]


def test_equal_answers_are_the_same_and_few_rows_tell_nothing() -> None:
    rng = np.random.default_rng(3)
    truth, answer = labels(rng, 100, 0.8)
    same = compare_predictions(truth, answer, answer, task="classification")
    assert {(one.difference, one.better) for one in same} == {(0.0, "same")}
    few = compare_predictions([1.0, 2.0], [1.0, 2.0], [2.0, 2.0], task="regression")
    assert {(one.lower, one.better) for one in few} == {(None, "unclear")}


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_without_a_difference_one_is_claimed_about_as_often_as_promised(task: str) -> None:
    claimed = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        if task == "classification":
            truth, first = labels(rng, 200, 0.6)
            second = np.where(rng.random(200) < 0.6, truth, rng.choice(["a", "b", "c"], 200))
        else:
            truth = rng.normal(size=200)
            first, second = truth + rng.normal(size=200), truth + rng.standard_normal(200)
        claimed += compare_predictions(truth, first, second, task=task, seed=seed)[1].better in "ab"
    assert claimed <= 25  # 5 % are promised, 10 expected; the chance of more than 25 is below 1e-4


def test_a_series_is_drawn_in_blocks() -> None:
    rng = np.random.default_rng(5)
    truth = np.zeros(2400)
    drift = np.repeat(rng.normal(size=100), 24)  # an error that lasts a day

    def width(block: int) -> float:
        found = by_name(
            compare_predictions(truth, truth, truth + drift, task="regression", block=block)
        )["mae"]
        assert found.upper is not None
        assert found.lower is not None
        return found.upper - found.lower

    assert width(24) > 3 * width(1)
