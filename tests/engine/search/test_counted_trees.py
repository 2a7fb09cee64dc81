"""Trees grown by counting are those of scikit-learn's builder, node by node, to the last bit."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier

from modelwright.engine.search.evaluators.counted import MAX_VALUES, Columns
from modelwright.engine.search.evaluators.grown import depth_of
from modelwright.engine.search.evaluators.trees import Grower, Rows, setup_of
from modelwright.engine.search.problem import Fold

COLUMNS = {
    "constant": lambda random, rows: np.full(rows, 3.0),
    "two values": lambda random, rows: random.integers(0, 2, rows),
    "rarely set": lambda random, rows: random.random(rows) < 0.05,
    "some values": lambda random, rows: random.integers(-4, 9, rows),
    "numbers": lambda random, rows: random.normal(size=rows),
    "nearly equal": lambda random, rows: 0.1 + random.integers(0, 6, rows) * 6e-8,
    "huge": lambda random, rows: random.normal(size=rows) * 1e30,
    "both": lambda random, rows: np.where(random.random(rows) < 0.5, 0, random.normal(size=rows)),
}


def fold_of(columns: list[str], rows: int, classes: int, seed: int) -> Fold:
    random = np.random.default_rng(seed)
    X = np.column_stack([COLUMNS[name](random, 2 * rows).astype(float) for name in columns])
    y = random.integers(0, classes, 2 * rows)
    y[:classes] = np.arange(classes)  # each class is there
    train, test = slice(0, rows), slice(rows, None)
    return Fold(0, X[train], X[test], y[train], y[test], y[train], y[test])


def both(fold: Fold, **options: Any) -> tuple[Any, Any]:
    """Grow the second tree of a forest both ways."""
    forest = RandomForestClassifier(random_state=7, **options)
    setup, depth = setup_of(forest), depth_of(forest)
    assert setup is not None
    trees = []
    for counts in (False, True):
        rows = Rows(fold, True, 7)
        grower = Grower(rows, setup, counts=counts)
        assert (grower.columns is not None) == (counts and setup.can_be_counted)
        trees.append(grower.grow(1, depth, grower.draw(1)))
    return trees[0], trees[1]


@settings(max_examples=300)
@given(
    columns=st.lists(st.sampled_from(sorted(COLUMNS)), min_size=1, max_size=9),
    rows=st.integers(4, 150),
    classes=st.integers(2, 4),
    seed=st.integers(0, 10_000),
    options=st.fixed_dictionaries(
        {
            "bootstrap": st.booleans(),
            "class_weight": st.sampled_from([None, "balanced"]),
            "max_features": st.sampled_from(["sqrt", None, 1, 0.6]),
            "max_depth": st.sampled_from([None, 1, 3]),
            "min_samples_split": st.integers(2, 9),
            "min_samples_leaf": st.integers(1, 5),
        }
    ),
)
def test_each_node_is_the_same(
    columns: list[str], rows: int, classes: int, seed: int, options: dict[str, Any]
) -> None:
    fold = fold_of(columns, rows, classes, seed)
    theirs, ours = both(fold, **options)
    assert ours.max_depth == theirs.max_depth
    for name in ("impurity", "n_node_samples"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))
    np.testing.assert_array_equal(ours.compute_node_depths(), theirs.compute_node_depths())
    for X in (fold.X_train, fold.X_test):
        told = np.ascontiguousarray(X, dtype=np.float32)
        np.testing.assert_array_equal(ours.predict(told), theirs.predict(told))


def test_large_nodes_are_sorted_digit_by_digit() -> None:
    theirs, ours = both(fold_of(["numbers", "both", "some values"], 5000, 3, 1), max_features=None)
    np.testing.assert_array_equal(ours.impurity, theirs.impurity)


def test_a_column_of_too_many_values_is_left_to_scikit_learn() -> None:
    X = np.arange(MAX_VALUES + 1, dtype=np.float32).reshape(-1, 1)
    assert Columns.of(X[:-1]) is not None
    assert Columns.of(X) is None


@pytest.mark.parametrize(
    "options", [{"criterion": "entropy"}, {"class_weight": "balanced_subsample"}]
)
def test_what_is_not_exact_is_not_counted(options: dict[str, Any]) -> None:
    setup = setup_of(RandomForestClassifier(**options))
    assert setup is not None
    assert not setup.can_be_counted
