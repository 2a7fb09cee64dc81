"""Sums of outcomes add up over hours and make the metrics that a training would."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.engine.evaluation import evaluate_classification, evaluate_regression
from modelwright.monitoring.traffic.scores import Outcome, added, metrics_of, sums_of
from modelwright.monitoring.traffic.worsening import worsening
from modelwright.runs.models import TrainingRun

WORDS = st.sampled_from("abc")
NUMBERS = st.floats(-1e6, 1e6)
LABELS = st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=30)


def of_labels(pairs: list[tuple[str, str]]) -> list[Outcome]:
    return [Outcome(p, None, a, None, {"a": 0.5, "b": 0.25, "c": 0.25}) for p, a in pairs]


@given(LABELS, st.integers(0, 30))
def test_labels_score_as_in_a_training_however_they_are_cut_into_hours(
    pairs: list[tuple[str, str]], cut: int
) -> None:
    outcomes = of_labels(pairs)
    parts = added(sums_of(outcomes[:cut]), sums_of(outcomes[cut:]))
    predicted, actual = zip(*pairs, strict=True)
    found = metrics_of(parts)
    expected = evaluate_classification(actual, predicted).metrics
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    losses = [-math.log(0.5 if a == "a" else 0.25) for a in actual]
    assert found["log_loss"] == pytest.approx(np.mean(losses))


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=30), st.integers(0, 30))
def test_numbers_score_as_in_a_training_however_they_are_cut(
    pairs: list[tuple[float, float]], cut: int
) -> None:
    outcomes = [Outcome("", p, "", a) for p, a in pairs]
    found = metrics_of(added(sums_of(outcomes[:cut]), sums_of(outcomes[cut:])))
    predicted, actual = zip(*pairs, strict=True)
    expected = evaluate_regression(actual, predicted).metrics
    assert found["mae"] == pytest.approx(expected["mae"])
    assert found["rmse"] == pytest.approx(expected["rmse"])
    if np.ptp(actual) > 1e-3:
        assert found["r2"] == pytest.approx(expected["r2"], rel=1e-6)


def test_what_can_not_be_compared_is_counted_apart() -> None:
    sums = sums_of([Outcome("a", None, "", 3.0), Outcome("a", None, "a", None)])
    assert (sums["n"], sums["unanswered"]) == (1, 1)
    assert metrics_of({}) == metrics_of(sums_of([Outcome("", None, "", None)])) == {}


def test_a_label_that_was_held_impossible_has_a_finite_loss() -> None:
    sums = sums_of([Outcome("a", None, "z", None, {"a": 1.0})])
    assert math.isfinite(metrics_of(sums)["log_loss"])


def run(**metrics: float) -> TrainingRun:
    return TrainingRun(metrics=metrics, test_samples=200)


def wrong(share: float, rows: int) -> dict[str, Any]:
    some = round(share * rows)
    return sums_of(of_labels([("a", "b")] * some + [("a", "a")] * (rows - some)))


@pytest.mark.parametrize(
    ("share", "rows", "is_degraded"),
    [
        (0.10, 400, False),  # as on the hold-out
        (0.25, 400, True),  # larger, and more than chance
        (0.25, 12, False),  # larger, and no more than chance
        (0.115, 20_000, False),  # more than chance would be, and not large enough to matter
    ],
)
def test_worse_takes_both_keys(share: float, rows: int, is_degraded: bool) -> None:
    found = worsening(wrong(share, rows), run(accuracy=0.9), limit=1.3)
    assert found is not None
    assert found.is_degraded is is_degraded


def test_a_hold_out_without_a_mistake_can_be_compared_with() -> None:
    found = worsening(wrong(0.1, 300), run(accuracy=1.0), limit=1.3)
    assert found is not None
    assert found.is_degraded


def test_numbers_are_compared_by_their_root_mean_square() -> None:
    outcomes = [Outcome("", 3.0 * (-1) ** i, "", 0.0) for i in range(300)]
    found = worsening(sums_of(outcomes), run(rmse=1.0, mae=0.8), limit=1.3)
    assert found is not None
    assert (found.measure, found.ratio, found.is_degraded) == ("rmse", 3.0, True)
    assert worsening({}, run(rmse=1.0), limit=1.3) is None
