"""Trees of classes that are grown by counting where that is enough, the same as scikit-learn's.

scikit-learn sorts the rows of a node by each column that it looks at. Where the column has few
different values it is enough to count how much of each class there is of each. All sums are whole
numbers, exact in any order, so the tree is the very same: the same columns are drawn (by a
generator of random numbers like scikit-learn's), the same splits are compared by the same
arithmetic, and the first of equals wins. `selfcheck` makes sure of it.

Here are the rows that such trees are grown from, and what is asked of them once they are grown;
`compiled` grows them.
"""

from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np

MAX_VALUES = 1 << 16
# columns of the arrays that describe nodes
FEATURE, LEFT, RIGHT, ROWS, DEPTH = range(5)
THRESHOLD, IMPURITY = range(2)
Array = Any


@dataclass(frozen=True)
class Columns:
    """Training rows by column, each number replaced by its place among the column's values.

    Parameters
    ----------
    places : array of uint16, shape (n_features, n_rows)
        Of each number among the different values of its column.
    values : array of float32, shape (n_values,)
        The different values of the columns, upwards, one column after the other.
    starts : array of int64, shape (n_features + 1,)
        Where the values of each column begin.
    """

    places: Array
    values: Array
    starts: Array

    @classmethod
    def of(cls, X: Array) -> "Columns | None":
        """Make them of finite float32 rows; None where a column has too many different values."""
        places = np.empty(X.shape[::-1], dtype=np.uint16)
        values = []
        for feature in range(X.shape[1]):
            found, place = np.unique(X[:, feature], return_inverse=True)
            if len(found) > MAX_VALUES:
                return None
            places[feature] = place
            values.append(found)
        starts = np.cumsum([0, *map(len, values)])
        return cls(places, np.concatenate(values), starts.astype(np.int64))


class CountedTree:
    """A tree with what is asked of scikit-learn's `Tree`.

    Parameters
    ----------
    nodes : array of int64, shape (n_nodes, 5)
        Column or -1, left, right, rows and depth of each node.
    numbers : array of float64, shape (n_nodes, 2)
        Threshold and impurity.
    counts : array of float64, shape (n_nodes, n_classes)
        How much of each class there is.
    """

    def __init__(self, nodes: Array, numbers: Array, counts: Array) -> None:
        self._nodes, self._numbers, self._counts = nodes, numbers, counts
        self.n_node_samples, self.impurity = nodes[:, ROWS], numbers[:, IMPURITY]
        self.max_depth = int(nodes[:, DEPTH].max())

    def compute_node_depths(self) -> Array:
        """Return the depths, 1 for the root."""
        return self._nodes[:, DEPTH] + 1

    def predict(self, X: Array) -> Array:
        """Return the shares of the classes, shape (n_rows, n_classes)."""
        return compiled().answers(X, self._nodes, self._numbers, self._shares)

    @cached_property
    def _shares(self) -> Array:
        return self._counts / self._counts.sum(axis=1, keepdims=True)


def grow_counted(
    columns: Columns,
    codes: Array,
    weights: Array | None,
    *,
    n_classes: int,
    max_features: int,
    min_split: int,
    min_leaf: int,
    max_depth: int,
    seed: int,
) -> CountedTree:
    """Grow a tree by the Gini index.

    Parameters
    ----------
    columns : Columns
    codes : array of int64, shape (n_rows,)
        The rows' classes.
    weights : array, shape (n_rows,), optional
        How often each row counts; whole numbers.
    n_classes, max_features, min_split, min_leaf, max_depth : int
        As scikit-learn's builder takes them.
    seed : int
        What the splitter draws first.
    """
    rows = np.arange(len(codes)) if weights is None else np.flatnonzero(weights)
    counted = np.ones(len(rows)) if weights is None else weights[rows]
    drawn = np.column_stack([rows, codes[rows], counted.astype(np.int64)])
    size = 2 * len(rows)
    nodes = np.empty((size, 5), dtype=np.int64)
    numbers, counts = np.empty((size, 2)), np.empty((size, n_classes))
    n_nodes = compiled().grow(
        (columns.places, columns.values, columns.starts),
        drawn,
        (max_features, min_split, min_leaf, max_depth),
        np.uint32(seed),
        (nodes, numbers, counts),
    )
    return CountedTree(nodes[:n_nodes], numbers[:n_nodes], counts[:n_nodes])


def compiled() -> ModuleType:
    """Load what grows the trees: by the search that needs it, for numba is heavy."""
    from modelwright.engine.search.evaluators import compiled as found  # noqa: PLC0415

    return found
