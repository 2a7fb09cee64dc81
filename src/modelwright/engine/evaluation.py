"""How good predictions are. Own code, tested against scikit-learn's; a fraction of its time."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from modelwright.engine.results import Evaluation


def evaluate_classification(
    actual: Any, predicted: Any, labels: Sequence[str] | None = None
) -> Evaluation:
    """Compare predicted labels with the actual ones.

    Parameters
    ----------
    actual, predicted : array-like of str, shape (n_rows,)
        At least one row.
    labels : sequence of str, optional
        Order of the classes; default all that occur, sorted.

    Returns
    -------
    Evaluation
        Precision, recall and F1 are weighted by support; a share of nothing is 0.

    Examples
    --------
    >>> evaluate_classification(["a", "b"], ["a", "a"]).metrics["accuracy"]
    0.5
    """
    truth = np.asarray(actual, dtype=object)
    guess = np.asarray(predicted, dtype=object)
    names = sorted({*truth, *guess}) if labels is None else [*labels]
    names += sorted({*truth, *guess} - set(names))
    code = {name: i for i, name in enumerate(names)}
    k = len(names)
    cells = np.fromiter(
        (code[t] * k + code[g] for t, g in zip(truth, guess, strict=True)), dtype=np.intp
    )
    return evaluate_matrix(names, np.bincount(cells, minlength=k * k).reshape(k, k))


def evaluate_matrix(names: Sequence[str], matrix: Any) -> Evaluation:
    """Return the scores of a confusion matrix, as `evaluate_classification` does.

    Parameters
    ----------
    names : sequence of str
        Of the labels.
    matrix : ndarray of int, shape (n_labels, n_labels)
        Rows by actual label (down) and predicted label (across); one row at least.

    Examples
    --------
    >>> evaluate_matrix(["a", "b"], np.array([[3, 1], [0, 4]])).metrics["accuracy"]
    0.875
    """
    right = matrix.diagonal().astype(float)
    support = matrix.sum(axis=1)
    precision = _share(right, matrix.sum(axis=0))
    recall = _share(right, support)
    f1 = _share(2 * right, matrix.sum(axis=0) + support)
    weights = support / support.sum()
    return Evaluation(
        metrics={
            "accuracy": float(right.sum() / support.sum()),
            "precision": float(precision @ weights),
            "recall": float(recall @ weights),
            "f1_score": float(f1 @ weights),
        },
        per_class_metrics={
            name: {
                "accuracy": float(recall[i]),
                "support": int(support[i]),
                "precision": float(precision[i]),
                "recall": float(recall[i]),
                "f1_score": float(f1[i]),
            }
            for i, name in enumerate(names)
        },
        confusion_matrix={"labels": list(names), "matrix": matrix.tolist()},
    )


def evaluate_regression(actual: Any, predicted: Any) -> Evaluation:
    """Compare predicted numbers with the actual ones.

    Parameters
    ----------
    actual, predicted : array-like of float, shape (n_rows,)
        At least one row.

    Returns
    -------
    Evaluation
        ``r2`` is None where all actual values are equal; ``mape`` is a share (0.1 is 10 %), left
        out where an actual value is 0 or next to it.

    Examples
    --------
    >>> evaluate_regression([1.0, 3.0], [1.0, 2.0]).metrics["mae"]
    0.5
    """
    truth = np.asarray(actual, dtype=float)
    error = np.asarray(predicted, dtype=float) - truth
    squares = float(error @ error)
    spread = float(((truth - truth.mean()) ** 2).sum())
    metrics: dict[str, float | None] = {
        "r2": 1.0 - squares / spread if spread > 0 else None,
        "mae": float(np.abs(error).mean()),
        "rmse": float(np.sqrt(squares / len(truth))),
    }
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        mape = float(np.abs(error / truth).mean())
    if np.isfinite(mape):
        metrics["mape"] = mape
    return Evaluation(metrics, {}, {})


def _share(part: Any, whole: Any) -> Any:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
