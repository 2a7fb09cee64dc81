"""Sums over answers and what really came, that add up over hours; and the metrics they make.

    labels:  {"n", "matrix": {actual: {predicted: rows}}, "log_loss": [sum, rows]}
    numbers: {"n", "absolute", "squared", "mean", "spread"}   mean and spread of the actual values

`unanswered` counts rows that can't be compared: an answer of another kind than the actual value.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from modelwright.engine.evaluation import evaluate_matrix
from modelwright.engine.profile_names import LEAST_PROBABILITY

Sums = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """One answer and what really came; labels, or numbers."""

    label: str
    value: float | None
    actual_label: str
    actual_value: float | None
    probabilities: Mapping[str, float] | None = None


def sums_of(outcomes: Iterable[Outcome]) -> Sums:
    """Return the sums of some answers.

    Examples
    --------
    >>> sums_of([Outcome("a", None, "b", None), Outcome("a", None, "a", None)])["matrix"]
    {'b': {'a': 1}, 'a': {'a': 1}}
    """
    total: Sums = {}
    numbers: list[tuple[float, float]] = []
    for one in outcomes:
        if one.label and one.actual_label:
            _add_label(total, one)
        elif one.value is not None and one.actual_value is not None:
            numbers.append((one.value, one.actual_value))
        else:
            total["unanswered"] = total.get("unanswered", 0) + 1
    return added(total, _of_numbers(numbers)) if numbers else total


def _add_label(total: Sums, one: Outcome) -> None:
    total["n"] = total.get("n", 0) + 1
    row = total.setdefault("matrix", {}).setdefault(one.actual_label, {})
    row[one.label] = row.get(one.label, 0) + 1
    if one.probabilities is not None:
        share = max(float(one.probabilities.get(one.actual_label, 0.0)), LEAST_PROBABILITY)
        loss = total.setdefault("log_loss", [0.0, 0])
        loss[0] -= math.log(share)
        loss[1] += 1


def _of_numbers(pairs: list[tuple[float, float]]) -> Sums:
    predicted, actual = np.array(pairs, dtype=float).T
    error = predicted - actual
    return {
        "n": len(pairs),
        "absolute": float(np.abs(error).sum()),
        "squared": float(error @ error),
        "mean": float(actual.mean()),
        "spread": float(((actual - actual.mean()) ** 2).sum()),
    }


def added(first: Sums, second: Sums) -> Sums:
    """Return the sums of two hours together.

    Examples
    --------
    >>> added({"n": 1, "matrix": {"a": {"a": 1}}}, {"n": 1, "matrix": {"a": {"b": 1}}})
    {'n': 2, 'matrix': {'a': {'a': 1, 'b': 1}}}
    """
    total: Sums = {**first, **{k: v for k, v in second.items() if k not in first}}
    for name in ("unanswered", "absolute", "squared"):
        if name in first and name in second:
            total[name] = first[name] + second[name]
    if "mean" in first and "mean" in second:
        n, m = first["n"], second["n"]
        apart = second["mean"] - first["mean"]
        total["mean"] = first["mean"] + apart * m / (n + m)
        total["spread"] = first["spread"] + second["spread"] + apart**2 * n * m / (n + m)
    if "matrix" in first and "matrix" in second:
        total["matrix"] = _matrices(first["matrix"], second["matrix"])
    if "log_loss" in first and "log_loss" in second:
        (loss, rows), (more, further) = first["log_loss"], second["log_loss"]
        total["log_loss"] = [loss + more, rows + further]
    if "n" in first and "n" in second:
        total["n"] = first["n"] + second["n"]
    return total


def _matrices(
    first: Mapping[str, Mapping[str, int]], second: Mapping[str, Mapping[str, int]]
) -> dict[str, dict[str, int]]:
    total = {actual: dict(row) for actual, row in first.items()}
    for actual, row in second.items():
        mine = total.setdefault(actual, {})
        for predicted, count in row.items():
            mine[predicted] = mine.get(predicted, 0) + count
    return total


LABEL_METRICS = ("accuracy", "precision", "recall", "f1_score", "log_loss")
NUMBER_METRICS = ("mae", "rmse", "r2")


def metrics_of(sums: Sums) -> dict[str, float]:
    """Return the metrics of sums, named as those of a training; empty without rows.

    Labels: `accuracy`, `precision`, `recall`, `f1_score` (weighted by support) and, with
    probabilities, `log_loss`. Numbers: `mae`, `rmse` and, where the actual values differ, `r2`.

    Examples
    --------
    >>> metrics_of({"n": 2, "absolute": 1.0, "squared": 0.5, "mean": 1.0, "spread": 1.0})
    {'mae': 0.5, 'rmse': 0.5, 'r2': 0.5}
    """
    if not sums.get("n"):
        return {}
    if "matrix" not in sums:
        n = sums["n"]
        found = {"mae": sums["absolute"] / n, "rmse": math.sqrt(sums["squared"] / n)}
        if sums["spread"] > 0:
            found["r2"] = 1 - sums["squared"] / sums["spread"]
        return found
    counts = sums["matrix"]
    names = sorted({*counts, *(label for row in counts.values() for label in row)})
    matrix = np.array([[counts.get(a, {}).get(p, 0) for p in names] for a in names])
    scores = evaluate_matrix(names, matrix).metrics
    found = {name: value for name, value in scores.items() if value is not None}
    total, rows = sums.get("log_loss", (0.0, 0))
    return {**found, "log_loss": total / rows} if rows else found
