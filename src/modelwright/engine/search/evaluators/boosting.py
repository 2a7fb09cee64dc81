"""Boosting: the longest model fitted once, and scored after each number of rounds."""

import copy
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, ClassVar

from modelwright.engine.labels import EncodedLabels
from modelwright.engine.search.evaluators.base import Evaluator, Scored
from modelwright.engine.search.problem import Problem, short_error
from modelwright.engine.search.space import Params, params_key

# model type -> the parameter that says how many rounds there are
MOST_ROUNDS = {
    "hist_gradient_boosting": "max_iter",
    "lightgbm": "n_estimators",
    "xgboost": "n_estimators",
}
USUAL_ROUNDS = 100


class BoostingEvaluator(Evaluator):
    """Scores all numbers of rounds from one fit.

    Each round adds a tree to those before and doesn't know how many will follow, so the model of 50
    rounds is the beginning of that of 200; one that stops by itself stops at the same round. What
    is scored is the library's own model, told to use its first rounds only.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.repeat([[0.0], [1.0]], 50, axis=0)
    >>> problem = Problem.from_arrays(
    ...     X, np.arange(100) > 49, model_type="hist_gradient_boosting", cv_folds=2
    ... )
    >>> rounds = [{"max_iter": 2}, {"max_iter": 4}]
    >>> [s.score for s in BoostingEvaluator().score(problem, 0, rounds)]
    [1.0, 1.0]
    """

    name: ClassVar[str] = "boosting"

    def key(self, problem: Problem, params: Params) -> Hashable:
        """All but the number of rounds."""
        size = MOST_ROUNDS[problem.model_type]
        return params_key({name: value for name, value in params.items() if name != size})

    def weight(self, combinations: Sequence[Params]) -> float:
        """Only the longest model counts."""
        names = set(MOST_ROUNDS.values())
        found = [float(params[name]) for params in combinations for name in names & params.keys()]
        return max(found, default=USUAL_ROUNDS)

    def score(
        self, problem: Problem, fold: int, combinations: Sequence[Params]
    ) -> Iterator[Scored]:
        """Fit the longest, then score from the shortest on."""
        size = MOST_ROUNDS[problem.model_type]
        rows = problem.fold(fold)
        rounds = [_own(problem.estimator(p)).get_params(deep=False)[size] for p in combinations]
        started = time.perf_counter()
        longest = problem.estimator({**combinations[0], size: max(rounds)})
        longest.fit(rows.X_train, rows.y_train)
        cut = CUTS[problem.model_type]
        shared = (time.perf_counter() - started) / len(combinations)
        for number in sorted(set(rounds)):
            positions = [i for i, found in enumerate(rounds) if found == number]
            started = time.perf_counter()
            score, error = None, None
            try:
                score = float(problem.scorer(cut(longest, number), rows.X_test, rows.y_test))
            except problem.failures as failure:
                error = short_error(failure)
            seconds = shared + (time.perf_counter() - started) / len(positions)
            for position in positions:
                yield Scored(position, score, seconds, error)


def _own(model: Any) -> Any:
    """Return the library's model, where it is behind encoded labels."""
    return model.estimator if isinstance(model, EncodedLabels) else model


def _cut_hist(model: Any, rounds: int) -> Any:
    short = copy.copy(model)
    short._predictors = model._predictors[:rounds]
    return short


def _cut_lightgbm(model: Any, rounds: int) -> Any:
    model.booster_.best_iteration = rounds
    return model


def _cut_xgboost(model: Any, rounds: int) -> Any:
    _own(model).get_booster().set_attr(best_iteration=str(rounds - 1))
    return model


# model type -> what makes a fitted model use its first rounds only
CUTS: dict[str, Callable[[Any, int], Any]] = {
    "hist_gradient_boosting": _cut_hist,
    "lightgbm": _cut_lightgbm,
    "xgboost": _cut_xgboost,
}
