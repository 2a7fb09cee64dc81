"""The rows of a fold are prepared once; each combination's model is fitted to them."""

import time
from collections.abc import Hashable, Iterator, Sequence
from typing import ClassVar

from modelwright.engine.search.evaluators.base import Evaluator, Scored
from modelwright.engine.search.problem import Problem, short_error
from modelwright.engine.search.space import Params, params_key


class PreparedEvaluator(Evaluator):
    """Shares the preprocessing and nothing else; for models where nothing else can be shared.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.repeat([[0.0], [1.0]], 10, axis=0)
    >>> problem = Problem.from_arrays(X, np.arange(20) > 9, model_type="knn", cv_folds=2)
    >>> [s.score for s in PreparedEvaluator().score(problem, 0, [{"n_neighbors": 1}])]
    [1.0]
    """

    name: ClassVar[str] = "prepared"

    def key(self, problem: Problem, params: Params) -> Hashable:
        """Each combination is alone."""
        return params_key(params)

    def score(
        self, problem: Problem, fold: int, combinations: Sequence[Params]
    ) -> Iterator[Scored]:
        """Fit and score one combination after the other."""
        rows = problem.fold(fold)
        for position, params in enumerate(combinations):
            started = time.perf_counter()
            try:
                model = problem.estimator(params)
                problem.check_rows(model, len(rows.y_train))
                model.fit(rows.X_train, rows.y_train)
                score = float(problem.scorer(model, rows.X_test, rows.y_test))
            except problem.failures as error:
                yield Scored(position, None, time.perf_counter() - started, short_error(error))
                continue
            yield Scored(position, score, time.perf_counter() - started)
