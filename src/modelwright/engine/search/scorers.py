"""Scores as scikit-learn's scorers give them; `scoring` says which those are."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from sklearn.metrics import (
    f1_score,
    make_scorer,
    mean_absolute_error,
    mean_squared_error,
    precision_score,
    r2_score,
    recall_score,
    roc_auc_score,
    root_mean_squared_error,
)

POSITIVE_CODE = 1

_LABEL_METRICS: dict[str, Callable[..., float]] = {
    "precision": precision_score,
    "recall": recall_score,
    "f1": f1_score,
}
_ERRORS: dict[str, Callable[..., float]] = {
    "neg_mean_squared_error": mean_squared_error,
    "neg_mean_absolute_error": mean_absolute_error,
    "neg_root_mean_squared_error": root_mean_squared_error,
}


@dataclass(frozen=True)
class Outputs:
    """What a model says about the rows of a test fold.

    Parameters
    ----------
    labels : ndarray of int or float, shape (n_rows,)
        Predicted codes (0, 1, … in the order of the classes), or numbers.
    shares : ndarray of float, shape (n_rows, n_classes), or None
        Probabilities, where the metric needs them.
    """

    labels: Any
    shares: Any = None


def accuracy(truth: Any, guess: Any) -> float:
    """Return scikit-learn's ``accuracy_score``, without its checks of the input.

    Examples
    --------
    >>> accuracy(np.array([0, 1, 1]), np.array([0, 1, 0]))
    0.6666666666666666
    """
    return float(np.average(truth == guess))


def label_scorer(metric: str, classes: Any) -> Any:
    """Return scikit-learn's scorer for a metric.

    Parameters
    ----------
    metric : str
        One of `modelwright.engine.search.scoring.METRICS`.
    classes : array-like
        The classes, sorted; empty for regression.

    Returns
    -------
    callable
        ``scorer(estimator, X, y)``.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> model = DummyClassifier().fit([[0], [1], [2]], ["no", "yes", "yes"])
    >>> label_scorer("recall", ["no", "yes"])(model, [[3], [4]], ["yes", "no"])
    1.0
    """
    if metric in _LABEL_METRICS:
        return make_scorer(_LABEL_METRICS[metric], **_averaging(classes, classes))
    if metric != "roc_auc":
        return metric
    if len(classes) == 2:
        return "roc_auc"
    return "roc_auc_ovr_weighted"


def score_outputs(metric: str, truth: Any, outputs: Outputs, n_classes: int) -> float:
    """Score predictions that are there already.

    Parameters
    ----------
    metric : str
        One of `modelwright.engine.search.scoring.METRICS`.
    truth : ndarray, shape (n_rows,)
        Codes 0, 1, … or numbers.
    outputs : Outputs
        The predictions.
    n_classes : int
        Of the whole data; 0 for regression.

    Raises
    ------
    ValueError
        As scikit-learn's metric does, where a class is missing from the fold.

    Examples
    --------
    >>> score_outputs("f1", np.array([0, 1, 1]), Outputs(np.array([0, 1, 1])), 2)
    1.0
    """
    if metric == "accuracy":
        return accuracy(truth, outputs.labels)
    if metric in _LABEL_METRICS:
        options = _averaging(range(n_classes), (0, POSITIVE_CODE))
        return float(_LABEL_METRICS[metric](truth, outputs.labels, **options))
    if metric == "roc_auc":
        return float(_roc_auc(n_classes)(truth, _ranking(outputs.shares, n_classes)))
    if metric == "r2":
        return float(r2_score(truth, outputs.labels))
    return -float(_ERRORS[metric](truth, outputs.labels))


def _averaging(classes: Any, names: Any) -> dict[str, Any]:
    if len(classes) > 2:
        return {"average": "weighted", "zero_division": 0.0}
    return {"average": "binary", "pos_label": names[-1], "zero_division": 0.0}


def _roc_auc(n_classes: int) -> Callable[..., float]:
    options = {} if n_classes == 2 else {"multi_class": "ovr", "average": "weighted"}
    return partial(roc_auc_score, **options)


def _ranking(shares: Any, n_classes: int) -> Any:
    return shares[:, POSITIVE_CODE] if n_classes == 2 and shares.shape[1] == 2 else shares
