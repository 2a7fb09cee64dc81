"""Explaining any model: what each column of a row adds to its answer, by Shapley values.

The row is compared with a reference: every number and date at its mean, every text unknown, which
is zero in all encoded columns. Columns are changed from the reference to the row one by one, in
many orders; a column's share is the mean of the changes of the answer that it made. In every order
the shares add up to the answer less that to the reference.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

from modelwright.engine.preprocessing import DateParts

ORDERS = 32  # each with its reverse: what two columns do together is then shared exactly
MAX_CHANGES = 1_000  # rows times columns at once
SEED = 0


def shares(
    pipeline: Any, frame: Any, outputs: Sequence[int] | None
) -> tuple[Mapping[str, float], ...]:
    """Return what each column of each row adds to the answer.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        As `ModelTrainer` makes them.
    frame : pandas.DataFrame, shape (n_rows, n_columns)
        Few: `MAX_CHANGES` says how many.
    outputs : sequence of int, length n_rows, or None
        Which class's probability is explained, or its decision score where the model gives no
        probabilities; None: the value of a regression is.

    Returns
    -------
    tuple of mapping
        One a row: column -> share, in the unit of the answer.

    References
    ----------
    Štrumbelj & Kononenko (2014), Explaining prediction models and individual predictions with
    feature contributions. Sundararajan & Najmi (2020), The many Shapley values (baseline Shapley).
    """
    encoded = pipeline[:-1].transform(frame)
    rows = encoded.toarray() if issparse(encoded) else np.asarray(encoded, dtype=float)
    places = places_of(pipeline[0])
    return tuple(
        _shares_of(pipeline[-1], row, places, None if outputs is None else outputs[i])
        for i, row in enumerate(rows)
    )


def places_of(preprocessor: Any) -> dict[str, list[int]]:
    """Return the encoded places of each original column."""
    found: dict[str, list[int]] = {}
    for name, fitted, columns in preprocessor.transformers_:
        place = preprocessor.output_indices_[name].start
        for column, width in zip(columns, _widths(fitted, len(columns)), strict=True):
            found[str(column)] = list(range(place, place + width))
            place += width
    return found


def _widths(fitted: Any, columns: int) -> list[int]:
    """Return how many numbers each column of a step becomes."""
    steps = [step for _, step in fitted.steps] if isinstance(fitted, Pipeline) else [fitted]
    encoder = steps[-1]
    if isinstance(encoder, OneHotEncoder):
        rare = getattr(encoder, "infrequent_categories_", None) or [None] * columns
        return [
            len(words) if few is None else len(words) - len(few) + 1
            for words, few in zip(encoder.categories_, rare, strict=True)
        ]
    return [len(DateParts.PARTS) if isinstance(steps[0], DateParts) else 1] * columns


def _shares_of(
    model: Any, row: NDArray[np.float64], places: Mapping[str, list[int]], output: int | None
) -> dict[str, float]:
    groups = list(places.values())
    orders = _orders(len(groups))
    # asked: the reference, then after each change of each order; the last one is the row itself
    asked = np.zeros((len(orders), len(groups) + 1, len(row)))
    for order, steps in zip(orders, asked, strict=True):
        for step, group in enumerate(order, start=1):
            steps[step:, groups[group]] = row[groups[group]]
    answers = _ask(model, asked.reshape(-1, len(row)), output).reshape(len(orders), -1)
    added = np.zeros(len(groups))
    for order, changes in zip(orders, np.diff(answers, axis=1), strict=True):
        added[order] += changes
    return dict(zip(places, (added / len(orders)).tolist(), strict=True))


def _orders(columns: int) -> NDArray[np.intp]:
    """Return in which orders the columns are changed, shape (2 * ORDERS, columns)."""
    random = np.random.default_rng(SEED)
    some = np.array([random.permutation(columns) for _ in range(ORDERS)])
    return np.concatenate([some, some[:, ::-1]])


def _ask(model: Any, rows: NDArray[np.float64], output: int | None) -> NDArray[np.float64]:
    if output is None:
        return np.asarray(model.predict(rows), dtype=float).ravel()
    if hasattr(model, "predict_proba"):
        return np.asarray(model.predict_proba(rows), dtype=float)[:, output]
    scores = np.asarray(model.decision_function(rows), dtype=float)
    if scores.ndim == 1:  # of two classes: that of the second
        return scores if output == 1 else -scores
    return scores[:, output]
