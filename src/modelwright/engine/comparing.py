"""Two models on the same rows: every metric of both, and how sure their difference is.

The interval is the percentile bootstrap of the difference (Efron and Tibshirani, *An Introduction
to the Bootstrap*, chapter 13), drawn in pairs: a row is drawn with both answers, so that what is
hard for both cancels. Rows of a series are drawn in blocks (Künsch, *Annals of Statistics* 17,
1989), since neighbours err together. It is one look at rows that were fixed before; whoever wants
to look again and again needs an A/B test.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.evaluation import evaluate_classification, evaluate_regression
from modelwright.engine.parameters import CLASSIFICATION

Floats = NDArray[np.float64]
LOWER_IS_BETTER = frozenset({"mae", "rmse", "mape"})
DRAWS = 2000
MOST_CELLS = 20_000_000
MOST_GROUPS = 1000
LEAST_GROUPS = 20
SHARE = 0.95


@dataclass(frozen=True)
class MetricCompared:
    """One metric of both.

    Parameters
    ----------
    name : str
    a, b : float or None
        None: it has no value on these rows.
    difference : float or None
        b less a.
    lower, upper : float or None
        Limits of the difference with 95 % confidence; None: too few rows to tell.
    better : str
        ``a`` or ``b`` where the interval leaves 0 out, else ``same`` where both are equal in every
        draw, else ``unclear``.
    """

    name: str
    a: float | None
    b: float | None
    difference: float | None
    lower: float | None
    upper: float | None
    better: str


def compare_predictions(
    actual: Any, a: Any, b: Any, *, task: str, block: int = 1, seed: int = 42
) -> tuple[MetricCompared, ...]:
    """Compare the answers of two models to the same rows.

    Parameters
    ----------
    actual, a, b : array-like, shape (n_rows,)
        Labels, or finite numbers; at least one row.
    task : str
        ``classification`` or ``regression``.
    block : int
        Rows of a series that are drawn together; 1: rows don't depend on each other.
    seed : int
        The same seed and rows give the same interval.

    Examples
    --------
    >>> truth = ["x", "y"] * 100
    >>> found = compare_predictions(truth, ["x"] * 200, truth, task="classification")
    >>> found[0].name, found[0].a, found[0].b, found[0].better
    ('accuracy', 0.5, 1.0, 'b')
    """
    rng = np.random.default_rng(seed)
    if task == CLASSIFICATION:
        first, second = (evaluate_classification(actual, answer).metrics for answer in (a, b))
        draws = _label_draws(actual, a, b, rng)
    else:
        first, second = (evaluate_regression(actual, answer).metrics for answer in (a, b))
        draws = _number_draws(actual, a, b, block, rng)
    return tuple(_compared(name, first[name], second.get(name), draws.get(name)) for name in first)


def _compared(name: str, a: float | None, b: float | None, drawn: Floats | None) -> MetricCompared:
    difference = None if a is None or b is None else b - a
    if difference is None or drawn is None or not np.isfinite(drawn).all():
        return MetricCompared(name, a, b, difference, None, None, "unclear")
    tail = 100 * (1 - SHARE) / 2
    lower, upper = (float(x) for x in np.percentile(drawn, [tail, 100 - tail]))
    sign = -1 if name in LOWER_IS_BETTER else 1
    better = "unclear"
    if not drawn.any() and difference == 0:
        better = "same"
    elif lower > 0 or upper < 0:
        better = "b" if sign * difference > 0 else "a"
    return MetricCompared(name, a, b, difference, lower, upper, better)


def _draws_of(groups: int) -> int:
    return max(200, min(DRAWS, MOST_CELLS // max(1, groups)))


def _label_draws(actual: Any, a: Any, b: Any, rng: np.random.Generator) -> Mapping[str, Floats]:
    """Return drawn differences by metric; equal rows (truth and both answers) are drawn as one."""
    columns = [np.asarray(x, dtype=object).astype(str) for x in (actual, a, b)]
    names, codes = np.unique(np.concatenate(columns), return_inverse=True)
    truth, first, second = codes.reshape(3, -1)
    if len(truth) < LEAST_GROUPS:
        return {}
    k = len(names)
    kinds, counts = np.unique((truth * k + first) * k + second, return_counts=True)
    weights = rng.multinomial(len(truth), counts / counts.sum(), size=_draws_of(len(kinds)))
    truth, first, second = kinds // (k * k), kinds // k % k, kinds % k
    drawn_a = _label_metrics(weights, truth, first, k)
    drawn_b = _label_metrics(weights, truth, second, k)
    return {name: drawn_b[name] - drawn_a[name] for name in drawn_a}


def _label_metrics(weights: Any, truth: Any, answer: Any, k: int) -> dict[str, Floats]:
    def by_class(codes: Any, of: Any) -> Floats:
        member = np.zeros((len(codes), k))
        member[np.arange(len(codes)), codes] = of
        return np.asarray(weights @ member)

    right = by_class(truth, truth == answer)
    support, said = by_class(truth, 1.0), by_class(answer, 1.0)
    share = support / support.sum(axis=1, keepdims=True)

    def weighted(whole: Floats, factor: float) -> Floats:
        ratio = np.divide(factor * right, whole, out=np.zeros_like(right), where=whole > 0)
        return np.asarray((ratio * share).sum(axis=1))

    return {
        "accuracy": right.sum(axis=1) / support.sum(axis=1),
        "precision": weighted(said, 1.0),
        "recall": weighted(support, 1.0),
        "f1_score": weighted(said + support, 2.0),
    }


def _number_draws(
    actual: Any, a: Any, b: Any, block: int, rng: np.random.Generator
) -> Mapping[str, Floats]:
    """Return drawn differences by metric: all are made of sums, which are drawn by group."""
    truth, first, second = (np.asarray(x, dtype=float) for x in (actual, a, b))
    n = len(truth)
    group = np.arange(n) // block if block > 1 else rng.permutation(n) % min(n, MOST_GROUPS)
    groups = int(group.max()) + 1
    if groups < LEAST_GROUPS:
        return {}
    centred = truth - truth.mean()  # so that squares of large levels lose no digits
    common = [np.ones(n), centred, centred**2]
    sums = [np.bincount(group, column, groups) for column in common]
    weights = rng.multinomial(groups, np.full(groups, 1 / groups), size=_draws_of(groups))
    rows, level, squares = (weights @ column for column in sums)
    spread = squares - level**2 / rows

    def metrics(answer: Floats) -> dict[str, Floats]:
        error = answer - truth

        def total(column: Floats) -> Floats:
            return np.asarray(weights @ np.bincount(group, column, groups))

        squared = total(error**2)
        with np.errstate(divide="ignore", invalid="ignore"):
            return {
                "r2": 1.0 - squared / spread,
                "mae": total(np.abs(error)) / rows,
                "rmse": np.sqrt(squared / rows),
                "mape": total(np.abs(error / truth)) / rows,
            }

    drawn_a, drawn_b = metrics(first), metrics(second)
    return {name: drawn_b[name] - drawn_a[name] for name in drawn_a}
