"""A tree that is grown, and within which other limits of depth it would have grown just so."""

from functools import cached_property
from typing import Any

import numpy as np

UNLIMITED = int(np.iinfo(np.int32).max)
PURE = float(np.finfo(np.float64).eps)  # no node of less impurity is split


def depth_of(forest: Any) -> int:
    """Return how deep the trees of a forest may become; `UNLIMITED` for no limit."""
    return UNLIMITED if forest.max_depth is None else int(forest.max_depth)


class Grown:
    """A tree with what tells whether a tighter limit of depth would have changed it.

    A node is *tried* where it is neither pure, nor too small, nor at the limit: it draws the
    columns to look at. A tree without a node that is tried within its own limit and would not be
    within the tighter one is the same within both. With such a node it might not be: the nodes
    after it would draw other columns.

    Parameters
    ----------
    tree : sklearn.tree._tree.Tree or CountedTree
        Grown.
    limit : int
        The depth that it was grown within.
    min_split : int
        Rows that a node needed to be split.
    answer : ndarray, shape (n_rows, n_classes) or (n_rows, 1)
        What it says about the test rows.
    """

    def __init__(self, tree: Any, limit: int, min_split: int, answer: Any) -> None:
        self.tree = tree
        self.limit = limit
        self.min_split = min_split
        self.answer = answer
        self.depth = tree.max_depth

    def serves(self, limit: int) -> bool:
        """Return whether the tree would be the same within this limit of depth."""
        if not self.depth <= limit <= self.limit:
            return False
        return self.depth < limit or limit == self.limit or self.deepest_tried < limit

    @cached_property
    def deepest_tried(self) -> int:
        """How deep nodes were tried; the root's depth is 0."""
        depths = self.tree.compute_node_depths()[self._tried]
        return int(depths.max()) - 1 if len(depths) else -1

    @cached_property
    def _tried(self) -> Any:
        """Which nodes were tried, shape (n_nodes,)."""
        tried = self.tree.impurity > PURE
        if self.min_split > 2:  # an impure node has two rows at least
            tried &= self.tree.n_node_samples >= self.min_split
        if self.depth >= self.limit:
            tried &= self.tree.compute_node_depths() <= self.limit
        return tried
