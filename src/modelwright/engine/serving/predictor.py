"""A loaded model that answers."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import is_classifier

from modelwright.engine.columns import NUMERIC, TEXT
from modelwright.engine.serving.forest import (
    ForestPlan,
    columns_of_plan,
    contributions,
    forest_plan,
)
from modelwright.engine.serving.rows import Column, RowsError, cells_check, columns_of
from modelwright.engine.serving.shapley import MAX_CHANGES, shares

CHECKED_ROWS = 64
MAX_EXPLAINED = 100
UNKNOWN_WORD = "\x00 never seen"


@dataclass(frozen=True)
class Answer:
    """Predictions of some rows, in their order.

    Parameters
    ----------
    labels : tuple of str or None
        Of a classifier.
    values : tuple of float or None
        Of a regression.
    classes : tuple of str
        Of a classifier that gives probabilities; else empty.
    probabilities : tuple of tuple of float
        One a row, in the order of `classes`.
    explanations : tuple of mapping
        One a row where asked for: column -> how much it moves the answer (the probability of the
        predicted label, or its decision score where there are none, or the value).
    """

    labels: tuple[str, ...] | None
    values: tuple[float, ...] | None
    classes: tuple[str, ...] = ()
    probabilities: tuple[tuple[float, ...], ...] = ()
    explanations: tuple[Mapping[str, float], ...] = ()


class Predictor:
    """Answers with one fitted pipeline, as `ModelTrainer` makes them.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Columns to numbers, then an estimator.

    Attributes
    ----------
    columns : tuple of Column
        What a row must have.
    is_fast : bool
        Whether rows are answered without the pipeline itself; checked to be the same to the last
        bit on rows made of what the pipeline has seen and of what it hasn't.

    Examples
    --------
    >>> import tempfile
    >>> from modelwright.engine import ModelTrainer, write_future_skills_csv
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     trainer = ModelTrainer(write_future_skills_csv(f"{folder}/skills.csv"))
    ...     trainer.load_data()
    ...     _ = trainer.train(n_estimators=10)
    >>> predictor = Predictor(trainer.model)
    >>> rows = {c: trainer.X_test[c].tolist() for c in trainer.X_test}
    >>> answer = predictor.answer(rows)
    >>> predictor.is_fast, answer.labels == tuple(trainer.model.predict(trainer.X_test))
    (True, True)
    """

    def __init__(self, pipeline: Any) -> None:
        self._pipeline = pipeline
        self.columns: tuple[Column, ...] = columns_of(pipeline[0])
        self._classifies = bool(is_classifier(pipeline[-1]))
        self._classes = tuple(str(c) for c in pipeline[-1].classes_) if self._classifies else ()
        self._plan: ForestPlan | None = forest_plan(pipeline)
        if self._plan is not None and not self._same_bits(self._plan):
            self._plan = None

    @property
    def is_fast(self) -> bool:
        return self._plan is not None

    def answer(
        self,
        table: Mapping[str, Sequence[Any]],
        *,
        written: bool = False,
        explain: bool = False,
    ) -> Answer:
        """Return the predictions of some rows.

        Parameters
        ----------
        table : mapping
            Column -> cells, all of one length.
        written : bool
            The cells are texts of a file.
        explain : bool
            Say for each row which column moved the answer how much.

        Raises
        ------
        RowsError
            The rows don't fit the model, or are too many to be explained at once.
        """
        cells = cells_check(self.columns, table, written=written)
        if explain:
            return self._explained(cells)
        return self._labelled(self._raw(cells), cells)

    def _raw(self, cells: Mapping[str, Sequence[Any]]) -> Any:
        """Return probabilities or values, shape (n_rows, n_outputs); None: there are none."""
        if self._plan is not None:
            return self._plan.mean(self._plan.encode(cells))
        return self._public(cells)

    def _public(self, cells: Mapping[str, Sequence[Any]]) -> Any:
        frame = self._frame(cells)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # unknown categories are allowed
            if not self._classifies:
                return np.asarray(self._pipeline.predict(frame), dtype=float).reshape(-1, 1)
            if not hasattr(self._pipeline, "predict_proba"):
                return None
            return np.asarray(self._pipeline.predict_proba(frame))

    def _frame(self, cells: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
        return pd.DataFrame(
            {
                column.name: pd.Series(
                    list(cells[column.name]), dtype=float if column.kind == NUMERIC else "str"
                )
                for column in self.columns
            }
        )

    def _labelled(self, raw: Any, cells: Mapping[str, Sequence[Any]]) -> Answer:
        if not self._classifies:
            return Answer(None, tuple(raw[:, 0].tolist()))
        if raw is None or self._plan is None:
            # where the two disagree, as for some machines, the label is the estimator's own
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                labels = tuple(str(x) for x in self._pipeline.predict(self._frame(cells)))
        else:
            labels = tuple(self._classes[i] for i in raw.argmax(axis=1))
        if raw is None:
            return Answer(labels, None)
        return Answer(labels, None, self._classes, tuple(map(tuple, raw.tolist())))

    def _explained(self, cells: Mapping[str, Sequence[Any]]) -> Answer:
        most = MAX_EXPLAINED
        if self._plan is None:
            most = min(most, max(1, MAX_CHANGES // max(1, len(self.columns))))
        if max(map(len, cells.values()), default=0) > most:
            raise RowsError([f"At most {most} rows of this model can be explained at once."])
        plain = self._labelled(self._raw(cells), cells)
        shown = None
        if plain.labels is not None:
            shown = [self._classes.index(label) for label in plain.labels]
        if self._plan is not None:
            explanations = _moves(self._plan, cells, shown)
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # unknown categories are allowed
                explanations = shares(self._pipeline, self._frame(cells), shown)
        return Answer(plain.labels, plain.values, plain.classes, plain.probabilities, explanations)

    def _same_bits(self, plan: ForestPlan) -> bool:
        """Check the quick ways against the public one: many rows at once, and each alone."""
        encoded = plan.encode(cells := self._rows_to_check(plan))
        alone = np.concatenate([plan.mean(encoded[i : i + 1]) for i in range(len(encoded))])
        expected = self._public(cells)
        return all(
            np.array_equal(found, expected, equal_nan=True) for found in (plan.mean(encoded), alone)
        )

    def _rows_to_check(self, plan: ForestPlan) -> dict[str, list[Any]]:
        """Make rows of the categories and ranges that the pipeline has seen, and of others."""
        rng = np.random.default_rng(7)
        words = {texts.name: [*texts.places, UNKNOWN_WORD] for texts in plan.texts}
        scales: dict[str, tuple[float, float]] = {}
        for block in plan.numbers:
            for i, name in enumerate(block.names):
                mean = 0.0 if block.mean is None else float(block.mean[i])
                scale = 1.0 if block.scale is None else float(block.scale[i])
                scales[name] = (mean, scale)
        cells: dict[str, list[Any]] = {}
        for column in self.columns:
            if column.kind == TEXT:
                some = words[column.name]
                cells[column.name] = [some[i] for i in rng.integers(len(some), size=CHECKED_ROWS)]
            else:
                mean, scale = scales[column.name]
                values = mean + 2 * scale * rng.standard_normal(CHECKED_ROWS)
                cells[column.name] = values.tolist()
            if column.may_be_missing:
                cells[column.name][CHECKED_ROWS // 2] = None
        return cells


def _moves(
    plan: ForestPlan, cells: Mapping[str, Sequence[Any]], shown: Sequence[int] | None
) -> tuple[Mapping[str, float], ...]:
    """Return how much each column moves a forest's answer, one mapping a row."""
    moved = contributions(plan, plan.encode(cells))
    places = columns_of_plan(plan)
    return tuple(
        {
            name: float(one[where, 0 if shown is None else shown[row]].sum())
            for name, where in places.items()
        }
        for row, one in enumerate(moved)
    )
