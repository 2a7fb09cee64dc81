"""How much each original column matters to a model."""

import time
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

from modelwright.engine.preprocessing import DateParts

MOST_ROWS = 200
REPEATS = 3
MOST_SECONDS = 2.0


def encoded_widths(step: Any, columns: list[str]) -> list[int]:
    """Return into how many columns a fitted step turns each of `columns`."""
    if isinstance(step, Pipeline):
        inner = next((s for _, s in step.steps if isinstance(s, OneHotEncoder | DateParts)), None)
        return encoded_widths(inner, columns)
    if isinstance(step, DateParts):
        return [len(DateParts.PARTS)] * len(columns)
    if isinstance(step, OneHotEncoder):
        infrequent = getattr(step, "infrequent_categories_", [None] * len(columns))
        return [
            len(found) - (0 if rare is None else len(rare) - 1)
            for found, rare in zip(step.categories_, infrequent, strict=True)
        ]
    return [1] * len(columns)


def summed_importance(preprocessor: ColumnTransformer, encoded: Any) -> dict[str, float]:
    """Sum the importance of encoded columns for each original one.

    Parameters
    ----------
    preprocessor : ColumnTransformer
        Fitted.
    encoded : array of float, shape (n_encoded_columns,)
        Importance of what the preprocessor gives.

    Returns
    -------
    dict
        Column -> share of the whole, largest first.
    """
    totals: dict[str, float] = {}
    for name, step, columns in preprocessor.transformers_:
        if name == "remainder":
            continue
        start = preprocessor.output_indices_[name].start
        for column, width in zip(columns, encoded_widths(step, columns), strict=True):
            totals[column] = float(encoded[start : start + width].sum())
            start += width
    return as_shares(totals)


def permutation_importance(
    model: Any, X: pd.DataFrame, y: Any, random: np.random.Generator
) -> dict[str, float]:
    """Measure how much worse a model gets when one column is shuffled.

    At most 200 rows, three times each, and some 2 s: what wasn't reached by then counts as 0.

    Parameters
    ----------
    model : object
        Fitted, with `score`.
    X : pandas.DataFrame, shape (n_rows, n_features)
        Rows that the model hasn't seen.
    y : array-like, shape (n_rows,)
        Their targets.
    random : numpy.random.Generator
        Draws rows and orders.

    Returns
    -------
    dict
        Column -> share of the whole, largest first.

    References
    ----------
    Breiman (2001), Random Forests, Machine Learning 45(1).
    """
    actual = np.asarray(y)
    if len(X) > MOST_ROWS:
        chosen = np.sort(random.choice(len(X), MOST_ROWS, replace=False))
        X, actual = X.iloc[chosen], actual[chosen]
    best = model.score(X, actual)
    totals = dict.fromkeys(map(str, X.columns), 0.0)
    started = time.perf_counter()
    for column in totals:
        if time.perf_counter() - started > MOST_SECONDS:
            break
        losses = []
        for _ in range(REPEATS):
            shuffled = X.copy()
            shuffled[column] = X[column].to_numpy()[random.permutation(len(X))]
            losses.append(best - model.score(shuffled, actual))
        totals[column] = max(0.0, float(np.mean(losses)))
    return as_shares(totals)


def as_shares(totals: dict[str, float]) -> dict[str, float]:
    """Scale to a sum of 1 (all stay 0 where nothing matters) and sort, largest first.

    Examples
    --------
    >>> as_shares({"a": 1.0, "b": 3.0})
    {'b': 0.75, 'a': 0.25}
    """
    whole = sum(totals.values())
    scale = 1.0 / whole if whole > 0 and np.isfinite(whole) else 0.0
    ordered = sorted(totals.items(), key=lambda item: -item[1])
    return {name: round(value * scale, 6) for name, value in ordered}
