"""Forests by scikit-learn's tree builder: each tree grown once for many combinations."""

import time
from collections.abc import Hashable, Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from modelwright.engine.search.evaluators.base import Evaluator, Scored
from modelwright.engine.search.evaluators.prefix import SIZE, PrefixEvaluator
from modelwright.engine.search.evaluators.trees import UNLIMITED, Grower, Rows, setup_of
from modelwright.engine.search.problem import Fold, Problem, short_error
from modelwright.engine.search.scorers import Outputs
from modelwright.engine.search.space import Params

# depth -> number of trees -> positions of the combinations
Plan = dict[int, dict[int, list[int]]]


class ForestEvaluator(Evaluator):
    """Scores all sizes and depths of a forest from one growth.

    Tree by tree: it is grown without a limit of its depth first. Where it stays below a limit, the
    limited tree is the very same and isn't grown again; a tree that reaches the limit is, because
    the columns that it looks at are drawn depth first. After as many trees as a combination has,
    the mean so far is scored.

    Examples
    --------
    >>> X = np.repeat([[0.0], [1.0]], 10, axis=0)
    >>> problem = Problem.from_arrays(X, np.arange(20) > 9, model_type="random_forest", cv_folds=2)
    >>> sizes = [{"n_estimators": 2, "max_depth": 3}, {"n_estimators": 4}]
    >>> [s.score for s in ForestEvaluator().score(problem, 0, sizes)]
    [1.0, 1.0]
    """

    name: ClassVar[str] = "forest"

    def key(self, problem: Problem, params: Params) -> Hashable:
        """Everything but the number of trees and the depth, as far as it makes a difference."""
        setup = setup_of(problem.estimator(params))
        return PrefixEvaluator().key(problem, params) if setup is None else setup

    def weight(self, combinations: Sequence[Params]) -> float:
        """Each depth is grown to its largest number of trees."""
        sizes: dict[Any, float] = {}
        for params in combinations:
            depth = params.get("max_depth")
            sizes[depth] = max(sizes.get(depth, 0.0), float(params.get(SIZE, 100)))
        return sum(sizes.values())

    def score(
        self, problem: Problem, fold: int, combinations: Sequence[Params]
    ) -> Iterator[Scored]:
        """Grow tree after tree, and score at each size that is wanted."""
        started = time.perf_counter()
        models = [problem.estimator(params) for params in combinations]
        setup = setup_of(models[0])
        rows = _rows(problem, problem.fold(fold), models[0].random_state)
        if setup is None or not rows.finite:
            yield from _publicly(problem, fold, combinations)
            return
        plan: Plan = {}
        for position, model in enumerate(models):
            depth = UNLIMITED if model.max_depth is None else model.max_depth
            plan.setdefault(depth, {}).setdefault(model.n_estimators, []).append(position)
        for positions, means in grow(Grower(rows, setup), plan):
            score, error = None, None
            try:
                outputs = _outputs(rows, means)
                score = problem.score(problem.fold(fold), outputs)
            except problem.failures as failure:
                error = short_error(failure)
            now = time.perf_counter()
            for position in positions:
                yield Scored(position, score, (now - started) / len(positions), error)
            started = now


def _publicly(problem: Problem, fold: int, combinations: Sequence[Params]) -> Iterator[Scored]:
    """Take the public way, each group by its own key."""
    other = PrefixEvaluator()
    groups: dict[Hashable, list[int]] = {}
    for position, params in enumerate(combinations):
        groups.setdefault(other.key(problem, params), []).append(position)
    for positions in groups.values():
        for scored in other.score(problem, fold, [combinations[i] for i in positions]):
            yield Scored(positions[scored.position], scored.score, scored.seconds, scored.error)


def grow(grower: Grower, plan: Plan) -> Iterator[tuple[list[int], Any]]:
    """Give the positions and the mean of the trees' answers, for each depth and size in turn."""
    depths = sorted(plan, reverse=True)
    most = {depth: max(plan[depth]) for depth in depths}
    sums: dict[int, Any] = dict.fromkeys(depths)
    for index in range(max(most.values())):
        weights = grower.weights(index)
        tree, answer = None, None
        for depth in depths:
            if index >= most[depth]:
                continue
            if tree is None or tree.max_depth >= depth:
                tree = grower.grow(index, depth, weights)
                answer = tree.predict(grower.rows.test)
            if sums[depth] is None:
                sums[depth] = np.zeros_like(answer)
            sums[depth] += answer
        for depth in depths:
            positions = plan[depth].get(index + 1)
            if positions:
                yield positions, sums[depth] / (index + 1)


def _outputs(rows: Rows, means: Any) -> Outputs:
    if not rows.classify:
        return Outputs(means[:, 0])
    return Outputs(rows.classes.take(np.argmax(means, axis=1)), means)


def _rows(problem: Problem, fold: Fold, random_state: int) -> Rows:
    """Return the fold's rows as the builder wants them, converted at the first call."""
    key = (Rows, random_state)
    if key not in fold.cache:
        fold.cache[key] = Rows(fold, len(problem.classes) > 0, random_state)
    rows: Rows = fold.cache[key]
    return rows
