"""Nearest neighbours: looked for once, for the largest number of them and all weights."""

import contextlib
import copy
import time
from collections.abc import Hashable, Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
from scipy.sparse import issparse
from scipy.sparse.linalg import norm as sparse_norm
from sklearn.base import is_classifier

from modelwright.engine.search.evaluators.base import Evaluator, Scored
from modelwright.engine.search.evaluators.prepared import PreparedEvaluator
from modelwright.engine.search.problem import Fold, Problem, short_error
from modelwright.engine.search.space import Params, params_key

SHARED = ("n_neighbors", "weights")
# Squares of distances that differ by less than this share of the rows' own are taken for equal:
# scikit-learn ranks by squares that are computed in a quicker and less exact way.
TIE = 1e-11


class NeighboursEvaluator(Evaluator):
    """Scores all numbers of neighbours and their weights from one search for the most of them.

    The nearest three are the first three of the nearest ten, unless the third and the fourth are
    equally far: which of them counts depends on how many were looked for. So does the order of
    equals, and with it the last bit of a sum. Where there is such a tie, the number of neighbours
    that it concerns is looked for anew.

    Examples
    --------
    >>> X = np.repeat([[0.0], [1.0]], 10, axis=0) + np.arange(20)[:, None] / 1000
    >>> problem = Problem.from_arrays(X, np.arange(20) > 9, model_type="knn", cv_folds=2)
    >>> [s.score for s in NeighboursEvaluator().score(problem, 0, [{"n_neighbors": 1}])]
    [1.0]
    """

    name: ClassVar[str] = "neighbours"

    def key(self, problem: Problem, params: Params) -> Hashable:
        """All but the number of neighbours and their weights."""
        return params_key({name: value for name, value in params.items() if name not in SHARED})

    def weight(self, combinations: Sequence[Params]) -> float:
        """The search counts, and it is the same for any number."""
        return 1.0

    def score(
        self, problem: Problem, fold: int, combinations: Sequence[Params]
    ) -> Iterator[Scored]:
        """Look once for each way of looking, then score every number and weight."""
        rows = problem.fold(fold)
        models = [problem.estimator(params) for params in combinations]
        there = len(rows.y_train)
        ways: dict[bool, list[int]] = {}
        for position, model in enumerate(models):
            # from half of the rows on, scikit-learn looks in another way
            ways.setdefault(model.n_neighbors >= there // 2, []).append(position)
        alone = PreparedEvaluator()
        for positions in ways.values():
            fitting = [i for i in positions if models[i].n_neighbors <= there]
            started = time.perf_counter()
            found: dict[int, Any] = {}
            if len(fitting) > 1:
                # What can't be looked for together may be possible alone, or says why not.
                with contextlib.suppress(*problem.failures):
                    found = look(models, fitting, rows)
            shared = (time.perf_counter() - started) / max(len(found), 1)
            for position in positions:
                model = found.get(position)
                if model is None:
                    (scored,) = alone.score(problem, fold, [combinations[position]])
                    yield Scored(position, scored.score, scored.seconds, scored.error)
                    continue
                started = time.perf_counter()
                score, error = None, None
                try:
                    score = float(problem.scorer(model, rows.X_test, rows.y_test))
                except problem.failures as failure:
                    error = short_error(failure)
                yield Scored(position, score, shared + time.perf_counter() - started, error)


def look(models: Sequence[Any], positions: Sequence[int], fold: Fold) -> dict[int, Any]:
    """Return fitted models that have found their neighbours already, by position.

    Parameters
    ----------
    models : sequence of estimator
        Not fitted; they differ in the number of neighbours and their weights only.
    positions : sequence of int
        Of the models to make ready.
    fold : Fold
        Prepared rows.

    Returns
    -------
    dict
        Without those models that a tie leaves in doubt.
    """
    most = max((models[i] for i in positions), key=lambda model: model.n_neighbors)
    most.fit(fold.X_train, fold.y_train)
    number = min(most.n_neighbors + 1, len(fold.y_train))
    distances, indices = most.kneighbors(fold.X_test, number)
    tied = ties(distances, max(largest_norm(fold.X_train), largest_norm(fold.X_test)))
    found = {}
    for position in positions:
        wanted = models[position].n_neighbors
        # Votes are counted, in any order; what is added up depends on the order of equals.
        votes = is_classifier(most) and models[position].weights == "uniform"
        if (tied[wanted - 1 : wanted] if votes else tied[:wanted]).any():
            continue
        model = copy.copy(most)
        model.n_neighbors, model.weights = wanted, models[position].weights
        model.kneighbors = _Known(distances[:, :wanted], indices[:, :wanted])
        model._fit_method = "known"  # else uniform weights are counted without `kneighbors`
        found[position] = model
    return found


def ties(distances: Any, norm: float) -> Any:
    """Return after how many neighbours a row has the next one as far as the last.

    Parameters
    ----------
    distances : ndarray, shape (n_rows, n_neighbours)
        Rising in each row.
    norm : float
        The largest norm of a row, which says how exact the distances are.

    Returns
    -------
    ndarray of bool, shape (n_neighbours - 1,)
        The first is for one neighbour.

    Examples
    --------
    >>> ties(np.array([[0.0, 1.0, 2.0], [0.5, 1.5, 1.5]]), 1.0).tolist()
    [False, True]
    """
    near, far = distances[:, :-1], distances[:, 1:]
    return ((far - near) * (far + near) <= TIE * norm**2).any(axis=0)


def largest_norm(X: Any) -> float:
    """Return the largest norm of a row."""
    if issparse(X):
        return float(sparse_norm(X, axis=1).max())
    return float(np.linalg.norm(np.asarray(X, dtype=float), axis=1).max())


class _Known:
    """Stands in for the search of neighbours that were found before."""

    def __init__(self, distances: Any, indices: Any) -> None:
        self.distances = distances
        self.indices = indices

    def __call__(
        self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True
    ) -> Any:
        return (self.distances, self.indices) if return_distance else self.indices
