"""Growing single trees by scikit-learn's own tree builder, without what surrounds it in a forest.

A forest's `fit` spends much of its time on checks, copies and set-up, anew for each tree and each
combination. Here the arrays of a fold are converted once, the rows that a tree draws are drawn once
for all combinations, and splitter, criterion and builder are kept from tree to tree. What is called
is what scikit-learn's `fit` calls, with the same arguments, so the trees are the same to the last
bit; `selfcheck` makes sure of it, because these modules are private.

**Dense or sparse.** Where the preprocessing gives a sparse matrix, scikit-learn grows trees by its
sparse splitter, which visits the rows in another order than the dense one. With whole-number
weights in a classification all its sums are exact in double precision, whatever the order, and so
both splitters find the same tree: then the dense one is used, which is up to three times as fast.
With other weights, or numbers to predict, the order shows in the last bits and can decide between
two splits that are equally good: then the sparse one is used.

**Counting.** With whole-number weights in a classification by the Gini index, trees can be grown by
`counted` instead of scikit-learn's builder: the same trees, in half to a third of the time.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import csc_matrix, issparse
from sklearn.base import is_classifier
from sklearn.utils import check_random_state, compute_class_weight, compute_sample_weight

from modelwright.engine.search.evaluators.counted import Columns, grow_counted
from modelwright.engine.search.problem import Fold

try:
    from sklearn.ensemble._forest import _generate_sample_indices
    from sklearn.tree._classes import (
        CRITERIA_CLF,
        CRITERIA_REG,
        DENSE_SPLITTERS,
        SPARSE_SPLITTERS,
    )
    from sklearn.tree._tree import DepthFirstTreeBuilder, Tree
except ImportError:  # another scikit-learn: selfcheck says so, and the public way is taken
    NATIVE = False
else:
    NATIVE = True

MAX_DENSE_BYTES = 1 << 30
MAX_DRAWN_BYTES = 1 << 26
MAX_COPIED_COLUMNS = 500  # beyond, to copy a tree's rows takes longer than to grow it from them
RAND_R_MAX = (1 << 31) - 1  # below it a splitter draws its seed
BALANCED = "balanced"
BALANCED_SUBSAMPLE = "balanced_subsample"

# What a forest must not have set, because it isn't done here.
_DEFAULTS: dict[str, Any] = {
    "max_leaf_nodes": None,
    "min_weight_fraction_leaf": 0.0,
    "min_impurity_decrease": 0.0,
    "max_samples": None,
    "oob_score": False,
    "ccp_alpha": 0.0,
    "monotonic_cst": None,
}


@dataclass(frozen=True)
class Setup:
    """What the trees of a forest have in common, their depth apart.

    Parameters
    ----------
    classify : bool
        Classes or numbers.
    criterion, splitter : str
        As scikit-learn names them.
    bootstrap : bool
        Whether each tree draws its rows.
    class_weight : str or None
        ``balanced`` or ``balanced_subsample``.
    max_features : str, int, float or None
        As the forest has it.
    min_samples_leaf : int
        As the forest has it.
    min_split : int
        Rows a node needs to be split, as it is in force: never below twice `min_samples_leaf`.
    """

    classify: bool
    criterion: str
    splitter: str
    bootstrap: bool
    class_weight: str | None
    max_features: Any
    min_samples_leaf: int
    min_split: int

    @property
    def whole_weights(self) -> bool:
        """Return whether every row counts a whole number of times in a classification."""
        weighted = self.class_weight is not None
        drawn_by_weight = self.bootstrap and self.class_weight == BALANCED
        return self.classify and (not weighted or drawn_by_weight)

    @property
    def can_be_counted(self) -> bool:
        """Return whether `grow_counted` grows the same trees."""
        return self.whole_weights and self.criterion == "gini" and self.splitter == "best"


def setup_of(forest: Any) -> Setup | None:
    """Return what a forest's trees have in common, or None where it can't be done here."""
    params = forest.get_params(deep=False)
    if any(params.get(name, value) != value for name, value in _DEFAULTS.items()):
        return None
    class_weight = params.get("class_weight")
    if class_weight not in (None, BALANCED, BALANCED_SUBSAMPLE):
        return None
    if not forest.bootstrap and class_weight == BALANCED_SUBSAMPLE:
        class_weight = BALANCED  # scikit-learn treats them alike: there is no subsample
    return Setup(
        is_classifier(forest),
        forest.criterion,
        forest.estimator.splitter,
        bool(forest.bootstrap),
        class_weight,
        forest.max_features,
        forest.min_samples_leaf,
        max(forest.min_samples_split, 2 * forest.min_samples_leaf),
    )


class Rows:
    """The rows of one fold as the builder wants them, and what is drawn from them.

    Parameters
    ----------
    fold : Fold
        Prepared rows.
    classify : bool
        Classes or numbers.
    random_state : int
        Seed of the forest.
    """

    def __init__(self, fold: Fold, classify: bool, random_state: int) -> None:
        self.classify = classify
        self.random = check_random_state(random_state)
        self.tree_random = np.random.RandomState(0)  # seeded anew: making one takes 0.1 ms
        self.seeds: list[int] = []
        self.first_draws: dict[tuple[int, int, int], int] = {}
        self.drawn: dict[str | None, list[Any]] = {}
        self.drawn_bytes = 0
        self.sparse = self._convert(fold)
        self.n_rows, self.n_features = fold.X_train.shape
        if classify:
            self.classes, codes = np.unique(fold.codes_train, return_inverse=True)
            self.n_classes = np.array([len(self.classes)], dtype=np.intp)
        else:
            self.classes, codes = np.empty(0, dtype=int), fold.codes_train
            self.n_classes = np.array([1], dtype=np.intp)
        self.codes = codes
        self.y = np.ascontiguousarray(np.reshape(codes, (-1, 1)), dtype=np.float64)
        self.balanced: Any = self._balanced(codes) if classify else None

    def _convert(self, fold: Fold) -> Any:
        """Set the dense rows, and return the sparse ones where scikit-learn would use such."""
        self.test = np.ascontiguousarray(_dense(fold.X_test), dtype=np.float32)
        self.dense: Any = None
        if not issparse(fold.X_train):
            self.dense = np.asfortranarray(fold.X_train, dtype=np.float32)
            return None
        sparse = csc_matrix(fold.X_train, dtype=np.float32)
        sparse.sort_indices()
        if sparse.shape[0] * sparse.shape[1] * 4 <= MAX_DENSE_BYTES:
            self.dense = np.asfortranarray(sparse.toarray())
        return sparse

    @cached_property
    def columns(self) -> Any:
        """Return the dense rows as `Columns`, or None where that can't be."""
        return None if self.dense is None else Columns.of(self.dense)

    @property
    def finite(self) -> bool:
        """Return whether every number is one; the public way knows what to do about others."""
        train = self.dense if self.sparse is None else self.sparse.data
        return bool(np.isfinite(train).all() and np.isfinite(self.test).all())

    def _balanced(self, codes: Any) -> Any:
        names = np.arange(len(self.classes))
        weights = compute_class_weight(BALANCED, classes=names, y=codes)
        return compute_sample_weight(dict(zip(names, weights, strict=True)), codes)

    def seed(self, index: int) -> int:
        """Return the seed of a tree: the forest draws one for each, in order."""
        while len(self.seeds) <= index:
            self.seeds.append(int(self.random.randint(np.iinfo(np.int32).max)))
        return self.seeds[index]

    def weights(self, setup: Setup, index: int) -> Any:
        """Return how much each row counts for a tree, or None where all count alike."""
        if not setup.bootstrap:
            return self.balanced if setup.class_weight == BALANCED else None
        if setup.class_weight == BALANCED_SUBSAMPLE:
            indices = self._draw(index)
            counts = np.bincount(indices, minlength=self.n_rows)
            return counts * compute_sample_weight(BALANCED, self.y, indices=indices)
        return self._counts(setup.class_weight, index).astype(np.float64)

    def _counts(self, class_weight: str | None, index: int) -> Any:
        known = self.drawn.setdefault(class_weight, [])
        if index < len(known):
            return known[index]
        if class_weight == BALANCED:
            counts = self._count_by_weight(index)
        else:
            counts = np.bincount(self._draw(index), minlength=self.n_rows)
        if self.drawn_bytes < MAX_DRAWN_BYTES and index == len(known) and counts.max() < 2**16:
            known.append(counts.astype(np.uint16))
            self.drawn_bytes += 2 * self.n_rows
        return counts

    def _draw(self, index: int) -> Any:
        self.tree_random.seed(self.seed(index))
        return _generate_sample_indices(self.tree_random, self.n_rows, self.n_rows, None)

    def _count_by_weight(self, index: int) -> Any:
        """Return how often each row is drawn where the heavier ones are likelier.

        The draws are those of ``RandomState.choice``, which numpy keeps as they are for good; the
        checks and running sums that it makes anew for each tree take four times as long.
        """
        self.tree_random.seed(self.seed(index))
        draws = np.sort(self.tree_random.random_sample(self.n_rows))
        counts = draws.searchsorted(self.shares)
        counts[1:] -= counts[:-1].copy()
        return counts

    @cached_property
    def shares(self) -> Any:
        """The running sum of the rows' shares of all weight, shape (n_rows,)."""
        running = np.cumsum(self.balanced / np.sum(self.balanced))
        return running / running[-1]

    def first_draw(self, index: int, low: int, high: int) -> int:
        """Return the first whole number that a tree's random state draws."""
        key = (index, low, high)
        if key not in self.first_draws:
            self.tree_random.seed(self.seed(index))
            self.first_draws[key] = int(self.tree_random.randint(low, high))
        return self.first_draws[key]


class Grower:
    """Grows the trees of one set-up on the rows of one fold, each as deep as wanted.

    Parameters
    ----------
    rows : Rows
        To learn from.
    setup : Setup
        What the trees have in common.
    counts : bool
        Whether to grow them by counting, where that gives the same.
    """

    def __init__(self, rows: Rows, setup: Setup, *, counts: bool = False) -> None:
        self.rows = rows
        self.setup = setup
        self.random = _FirstDraw(rows)
        use_sparse = rows.sparse is not None and (rows.dense is None or not setup.whole_weights)
        self.X = self.all_rows = rows.sparse if use_sparse else rows.dense
        self.y = rows.y
        self.columns: Any = rows.columns if counts and setup.can_be_counted else None
        self.copies = (
            setup.bootstrap
            and not use_sparse
            and self.columns is None
            and rows.n_features <= MAX_COPIED_COLUMNS
        )
        self.splitter = self._splitter(SPARSE_SPLITTERS if use_sparse else DENSE_SPLITTERS)
        self.builders: dict[int, Any] = {}

    def _splitter(self, kinds: Any) -> Any:
        setup, rows = self.setup, self.rows
        if setup.classify:
            criterion = CRITERIA_CLF[setup.criterion](1, rows.n_classes)
        else:
            criterion = CRITERIA_REG[setup.criterion](1, rows.n_rows)
        return kinds[setup.splitter](
            criterion,
            _feature_count(setup.max_features, rows.n_features),
            setup.min_samples_leaf,
            0.0,
            self.random,
            None,
        )

    def draw(self, index: int) -> Any:
        """Draw the rows of a tree, the same for all depths, and return how much each counts.

        A third of all rows isn't drawn. The builder passes over them; without them the columns fit
        into the processor's nearest memory sooner.
        """
        weights = self.rows.weights(self.setup, index)
        if not self.copies:
            return weights
        drawn = np.flatnonzero(weights)
        self.X = self.all_rows.T.take(drawn, axis=1).T
        self.y = self.rows.y[drawn]
        return weights[drawn]

    def grow(self, index: int, depth: int, weights: Any) -> Any:
        """Return a tree of the forest, grown to a depth from the rows drawn last."""
        if self.columns is not None:
            return self._count(index, depth, weights)
        if depth not in self.builders:
            self.builders[depth] = DepthFirstTreeBuilder(
                self.splitter,
                self.setup.min_split,
                self.setup.min_samples_leaf,
                0.0,
                depth,
                0.0,
            )
        self.random.index = index
        tree = Tree(self.rows.n_features, self.rows.n_classes, 1)
        self.builders[depth].build(tree, self.X, self.y, weights, None)
        return tree

    def _count(self, index: int, depth: int, weights: Any) -> Any:
        rows, setup = self.rows, self.setup
        return grow_counted(
            self.columns,
            rows.codes,
            weights,
            n_classes=len(rows.classes),
            max_features=_feature_count(setup.max_features, rows.n_features),
            min_split=setup.min_split,
            min_leaf=setup.min_samples_leaf,
            max_depth=depth,
            seed=rows.first_draw(index, 0, RAND_R_MAX),
        )


class _FirstDraw:
    """Stands in for the random state of a tree, of which the splitter takes one number only."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.index = 0

    def randint(self, low: int, high: int) -> int:
        return self.rows.first_draw(self.index, low, high)


def _feature_count(max_features: Any, n_features: int) -> int:
    if max_features == "sqrt":
        return max(1, int(np.sqrt(n_features)))
    if max_features == "log2":
        return max(1, int(np.log2(n_features)))
    if max_features is None:
        return n_features
    if isinstance(max_features, int):
        return max_features
    return max(1, int(max_features * n_features))


def _dense(X: Any) -> Any:
    return X.toarray() if issparse(X) else X
