"""Answers of a forest without data frame, sparse matrix and thread pool, bit for bit the same.

Of the 40 ms that a pipeline takes for one row, the trees take less than one. What remains here is:
look the text up, scale the numbers, ask each tree in order (one row: all at once, see `flat`), add
up, divide; the same operations on the same numbers in the same order. `forest_plan` gives None for
whatever it doesn't know, and the caller then goes the public way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from modelwright.engine.serving.flat import FlatForest, flatten

Cells = Mapping[str, Sequence[Any]]
FORESTS = (
    RandomForestClassifier,
    ExtraTreesClassifier,
    RandomForestRegressor,
    ExtraTreesRegressor,
)
_NOWHERE = -1  # the last column, which is cut off: of texts that the model doesn't know


@dataclass(frozen=True)
class _Texts:
    """A one-hot encoded column: text -> place; `fill` stands for an empty cell."""

    name: str
    places: dict[str | None, int]
    fill: str | None

    @cached_property
    def _lookup(self) -> dict[str | None, int]:
        """Return the places, with that of an empty cell."""
        return {**self.places, None: self.places.get(self.fill, _NOWHERE)}

    def write(self, cells: Sequence[Any], out: NDArray[np.float64]) -> None:
        places = list(map(self._lookup.get, cells, repeat(_NOWHERE)))
        out[range(len(places)), places] = 1.0


@dataclass(frozen=True)
class _Numbers:
    """Scaled numeric columns that stand side by side."""

    names: tuple[str, ...]
    first: int
    fill: NDArray[np.float64] | None
    mean: NDArray[np.float64] | None
    scale: NDArray[np.float64] | None

    def write(self, cells: Cells, out: NDArray[np.float64]) -> None:
        values = np.array([cells[name] for name in self.names], dtype=np.float64).T
        if self.fill is not None:
            values = np.where(np.isnan(values), self.fill, values)
        if self.mean is not None:
            values = values - self.mean
        if self.scale is not None:
            values = values / self.scale
        out[:, self.first : self.first + len(self.names)] = values


@dataclass(frozen=True)
class ForestPlan:
    """How to answer with one forest."""

    texts: tuple[_Texts, ...]
    numbers: tuple[_Numbers, ...]
    width: int
    trees: tuple[Any, ...]
    outputs: int

    def encode(self, cells: Cells) -> NDArray[np.float32]:
        """Return the rows as the trees take them, shape (n_rows, width)."""
        rows = len(next(iter(cells.values()))) if cells else 0
        out = np.zeros((rows, self.width + 1))
        for texts in self.texts:
            texts.write(cells[texts.name], out)
        for numbers in self.numbers:
            numbers.write(cells, out)
        return out[:, : self.width].astype(np.float32)

    @cached_property
    def _flat(self) -> FlatForest:
        return flatten(self.trees, self.outputs)

    def mean(self, encoded: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the mean of the trees' answers, shape (n_rows, n_outputs)."""
        if len(encoded) == 1 and not np.isnan(encoded).any():
            return self._flat.mean(encoded[0]).reshape(1, -1)
        total = np.zeros((encoded.shape[0], self.outputs))
        for tree in self.trees:
            total += tree.predict(encoded)[:, : self.outputs]
        total /= len(self.trees)
        return total


def forest_plan(pipeline: Any) -> ForestPlan | None:
    """Return how to answer with a pipeline's forest, or None where that isn't known."""
    if not isinstance(pipeline, Pipeline) or len(pipeline.steps) != 2:
        return None
    preprocessor, forest = pipeline[0], pipeline[1]
    if not isinstance(preprocessor, ColumnTransformer) or type(forest) not in FORESTS:
        return None
    texts: list[_Texts] = []
    numbers: list[_Numbers] = []
    width = 0
    for _, fitted, columns in preprocessor.transformers_:
        filler, step = _parts(fitted)
        names = [str(column) for column in columns]
        if isinstance(step, OneHotEncoder) and _is_plain(step):
            fills = None if filler is None else filler.statistics_
            for i, (name, categories) in enumerate(zip(names, step.categories_, strict=True)):
                places: dict[str | None, int] = {
                    str(text): width + place for place, text in enumerate(categories)
                }
                texts.append(_Texts(name, places, None if fills is None else str(fills[i])))
                width += len(categories)
        elif isinstance(step, StandardScaler):
            fill = None if filler is None else np.asarray(filler.statistics_, dtype=float)
            numbers.append(_Numbers(tuple(names), width, fill, step.mean_, step.scale_))
            width += len(names)
        else:
            return None
    outputs = getattr(forest, "n_classes_", 1)
    if not isinstance(outputs, int | np.integer):
        return None  # several targets
    trees = tuple(estimator.tree_ for estimator in forest.estimators_)
    return ForestPlan(tuple(texts), tuple(numbers), width, trees, int(outputs))


def _parts(fitted: Any) -> tuple[SimpleImputer | None, Any]:
    """Return what fills empty cells, if anything does, and what encodes."""
    if isinstance(fitted, Pipeline):
        if len(fitted.steps) == 2 and isinstance(fitted[0], SimpleImputer):
            return fitted[0], fitted[1]
        return None, None
    return None, fitted


def _is_plain(encoder: OneHotEncoder) -> bool:
    return (
        encoder.handle_unknown == "ignore"
        and encoder.drop is None
        and encoder.max_categories is None
        and encoder.min_frequency is None
    )


def contributions(plan: ForestPlan, encoded: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return how much each encoded column moves each answer away from the forest's mean.

    Along a row's path through a tree every split moves the answer from the parent's value to the
    child's; the move is the split column's. The moves add up to the answer less the mean of the
    roots, exactly as the trees compute it.

    Parameters
    ----------
    plan : ForestPlan
    encoded : ndarray of float32, shape (n_rows, width)

    Returns
    -------
    ndarray of float64, shape (n_rows, width, n_outputs)

    References
    ----------
    Palczewska et al. (2013), Interpreting random forest models using a feature contribution
    method. Saabas (2014), treeinterpreter.
    """
    moved = np.zeros((encoded.shape[0], plan.width, plan.outputs))
    for tree in plan.trees:
        values = tree.value[:, 0, : plan.outputs]
        for row in range(encoded.shape[0]):
            node = 0
            while (left := tree.children_left[node]) != -1:
                column = tree.feature[node]
                goes_left = encoded[row, column] <= tree.threshold[node]
                child = left if goes_left else tree.children_right[node]
                moved[row, column] += values[child] - values[node]
                node = child
    moved /= len(plan.trees)
    return moved


def columns_of_plan(plan: ForestPlan) -> dict[str, list[int]]:
    """Return the encoded places of each original column."""
    places = {texts.name: sorted(texts.places.values()) for texts in plan.texts}
    for numbers in plan.numbers:
        for i, name in enumerate(numbers.names):
            places[name] = [numbers.first + i]
    return places
