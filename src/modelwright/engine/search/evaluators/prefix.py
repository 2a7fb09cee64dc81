"""Forests by scikit-learn's public interface: the largest grown once, scored at each size."""

import time
import warnings
from collections.abc import Hashable, Iterator, Sequence
from typing import Any, ClassVar

from modelwright.engine.search.evaluators.base import Evaluator, Scored
from modelwright.engine.search.problem import Problem, short_error
from modelwright.engine.search.space import Params, params_key

SIZE = "n_estimators"


class PrefixEvaluator(Evaluator):
    """Grows a forest on by its warm start.

    A forest draws one seed for each tree, in order, so one of 200 trees begins with that of 50.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.repeat([[0.0], [1.0]], 10, axis=0)
    >>> problem = Problem.from_arrays(X, np.arange(20) > 9, model_type="random_forest", cv_folds=2)
    >>> sizes = [{"n_estimators": 2}, {"n_estimators": 4}]
    >>> [s.score for s in PrefixEvaluator().score(problem, 0, sizes)]
    [1.0, 1.0]
    """

    name: ClassVar[str] = "forest, public interface"

    def key(self, problem: Problem, params: Params) -> Hashable:
        """All but the number of trees."""
        return params_key({name: value for name, value in params.items() if name != SIZE})

    def weight(self, combinations: Sequence[Params]) -> float:
        """Only the largest forest counts."""
        return max(float(params.get(SIZE, 100)) for params in combinations)

    def score(
        self, problem: Problem, fold: int, combinations: Sequence[Params]
    ) -> Iterator[Scored]:
        """Grow from size to size."""
        rows = problem.fold(fold)
        models = [problem.estimator(params) for params in combinations]
        forest = problem.estimator(combinations[0]).set_params(warm_start=True)
        for size in sorted({model.n_estimators for model in models}):
            positions = [i for i, model in enumerate(models) if model.n_estimators == size]
            started = time.perf_counter()
            score, error = None, None
            try:
                score = _grow(forest, size, problem, rows)
            except problem.failures as failure:
                error = short_error(failure)
            seconds = (time.perf_counter() - started) / len(positions)
            for position in positions:
                yield Scored(position, score, seconds, error)


def _grow(forest: Any, size: int, problem: Problem, rows: Any) -> float:
    forest.set_params(n_estimators=size)
    with warnings.catch_warnings():
        # The data are the same for each step, which is all that this warning is about.
        warnings.filterwarnings("ignore", message="class_weight presets")
        forest.fit(rows.X_train, rows.y_train)
    return float(problem.scorer(forest, rows.X_test, rows.y_test))
