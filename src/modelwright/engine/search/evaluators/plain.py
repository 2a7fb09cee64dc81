"""The reference: everything anew for every combination and fold, as scikit-learn does it."""

import time
from collections.abc import Hashable, Iterator, Sequence
from typing import ClassVar

from modelwright.engine.search.evaluators.base import Evaluator, Scored
from modelwright.engine.search.problem import Problem, short_error
from modelwright.engine.search.space import Params, params_key


class PlainEvaluator(Evaluator):
    """Fits the whole pipeline for each combination and fold.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.repeat([[0.0], [1.0]], 10, axis=0)
    >>> problem = Problem.from_arrays(X, np.arange(20) > 9, model_type="knn", cv_folds=2)
    >>> [s.score for s in PlainEvaluator().score(problem, 0, [{"n_neighbors": 1}])]
    [1.0]
    """

    name: ClassVar[str] = "plain"

    def key(self, problem: Problem, params: Params) -> Hashable:
        """Each combination is alone."""
        return params_key(params)

    def score(
        self, problem: Problem, fold: int, combinations: Sequence[Params]
    ) -> Iterator[Scored]:
        """Fit and score one combination after the other."""
        X_train, X_test, y_train, y_test = problem.raw(fold)
        for position, params in enumerate(combinations):
            started = time.perf_counter()
            try:
                pipeline = problem.pipeline(params)
                problem.check_rows(pipeline[-1], len(y_train))
                pipeline.fit(X_train, y_train)
                score = float(problem.scorer(pipeline, X_test, y_test))
            except problem.failures as error:
                yield Scored(position, None, time.perf_counter() - started, short_error(error))
                continue
            yield Scored(position, score, time.perf_counter() - started)
