"""The metrics are those of scikit-learn."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from modelwright.engine.evaluation import evaluate_classification, evaluate_regression

PAIRS = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), min_size=1)
NUMBERS = st.floats(-1e6, 1e6).map(lambda x: round(x, 6))


@pytest.mark.filterwarnings("ignore:A single label was found")
@settings(max_examples=60, deadline=None)
@given(PAIRS)
def test_classification_metrics(pairs: list[tuple[str, str]]) -> None:
    truth, guess = [t for t, _ in pairs], [g for _, g in pairs]
    ours = evaluate_classification(truth, guess)
    names = sorted({*truth, *guess})
    weighted = metrics.precision_recall_fscore_support(
        truth, guess, average="weighted", zero_division=0.0
    )
    assert ours.metrics["accuracy"] == pytest.approx(metrics.accuracy_score(truth, guess))
    assert ours.metrics["precision"] == pytest.approx(weighted[0])
    assert ours.metrics["recall"] == pytest.approx(weighted[1])
    assert ours.metrics["f1_score"] == pytest.approx(weighted[2])
    each = metrics.precision_recall_fscore_support(truth, guess, labels=names, zero_division=0.0)
    for i, name in enumerate(names):
        found = ours.per_class_metrics[name]
        assert found["precision"] == pytest.approx(each[0][i])
        assert found["recall"] == found["accuracy"] == pytest.approx(each[1][i])
        assert found["f1_score"] == pytest.approx(each[2][i])
        assert found["support"] == each[3][i]
    matrix = metrics.confusion_matrix(truth, guess, labels=names).tolist()
    assert ours.confusion_matrix == {"labels": names, "matrix": matrix}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=2))
def test_regression_metrics(pairs: list[tuple[float, float]]) -> None:
    truth, guess = np.array(pairs).T
    ours: Any = evaluate_regression(truth, guess).metrics
    assert ours["mae"] == pytest.approx(metrics.mean_absolute_error(truth, guess))
    assert ours["rmse"] == pytest.approx(metrics.root_mean_squared_error(truth, guess))
    if np.ptp(truth) > 1e-3:
        assert ours["r2"] == pytest.approx(metrics.r2_score(truth, guess), rel=1e-6, abs=1e-9)
    if "mape" in ours:
        expected = metrics.mean_absolute_percentage_error(truth, guess)
        assert ours["mape"] == pytest.approx(expected, rel=1e-6)


def test_mape_is_left_out_where_an_actual_value_is_0() -> None:
    assert "mape" not in evaluate_regression([0.0, 1.0], [0.5, 1.0]).metrics
    assert evaluate_regression([2.0, 1.0], [1.0, 1.0]).metrics["mape"] == 0.25


def test_r2_of_equal_values_is_none() -> None:
    assert evaluate_regression([2.0, 2.0], [1.0, 3.0]).metrics["r2"] is None
