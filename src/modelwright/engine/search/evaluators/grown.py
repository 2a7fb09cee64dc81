"""A tree that is grown, and within which other limits it would have grown just so."""

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

UNLIMITED = int(np.iinfo(np.int32).max)
PURE = float(np.finfo(np.float64).eps)  # no node of less impurity is split


class Limits(NamedTuple):
    """Where a tree ends.

    Parameters
    ----------
    min_split : int
        Rows a node needs to be split, as it is in force: never below twice `min_samples_leaf`.
    depth : int
        `UNLIMITED` for no limit.
    """

    min_split: int
    depth: int


def limits_of(forest: Any) -> Limits:
    """Return where the trees of a forest end."""
    return Limits(
        max(forest.min_samples_split, 2 * forest.min_samples_leaf),
        UNLIMITED if forest.max_depth is None else forest.max_depth,
    )


class Grown:
    """A tree with what tells whether tighter limits would have changed it.

    A node is *tried* where it is neither pure, nor too small, nor at the limit of the depth: it
    draws the columns to look at. A tree without a node that is tried within its own limits and
    would not be within the tighter ones is the same within both. With such a node it might not be:
    the nodes after it would draw other columns.

    Parameters
    ----------
    tree : sklearn.tree._tree.Tree
        Grown.
    limits : Limits
        It was grown within.
    answer : ndarray, shape (n_rows, n_classes) or (n_rows, 1)
        What it says about the test rows.
    """

    def __init__(self, tree: Any, limits: Limits, answer: Any) -> None:
        self.tree = tree
        self.limits = limits
        self.answer = answer
        self.depth = tree.max_depth

    def serves(self, limits: Limits) -> bool:
        """Return whether the tree would be the same within these limits."""
        own = self.limits
        if (
            self.depth > limits.depth
            or limits.depth > own.depth
            or limits.min_split < own.min_split
        ):
            return False
        if limits.min_split > own.min_split and self.smallest_tried < limits.min_split:
            return False
        deeper = self.depth < limits.depth or limits.depth == own.depth
        return deeper or self.deepest_tried < limits.depth

    @cached_property
    def smallest_tried(self) -> int:
        """The rows of the smallest node that was tried."""
        rows = self.tree.n_node_samples[self._tried]
        return int(rows.min()) if len(rows) else UNLIMITED

    @cached_property
    def deepest_tried(self) -> int:
        """How deep nodes were tried; the root's depth is 0."""
        depths = self.tree.compute_node_depths()[self._tried]
        return int(depths.max()) - 1 if len(depths) else -1

    @cached_property
    def _tried(self) -> Any:
        """Which nodes were tried, shape (n_nodes,)."""
        tried = self.tree.impurity > PURE
        if self.limits.min_split > 2:  # an impure node has two rows at least
            tried &= self.tree.n_node_samples >= self.limits.min_split
        if self.depth >= self.limits.depth:
            tried &= self.tree.compute_node_depths() <= self.limits.depth
        return tried
