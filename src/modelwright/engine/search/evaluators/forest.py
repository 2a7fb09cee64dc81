"""Forests by scikit-learn's tree builder: each tree grown once for many combinations."""

import time
from collections.abc import Hashable, Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from modelwright.engine.search.evaluators.base import Evaluator, Scored
from modelwright.engine.search.evaluators.grown import Grown, depth_of
from modelwright.engine.search.evaluators.prefix import SIZE, PrefixEvaluator
from modelwright.engine.search.evaluators.trees import Grower, Rows, setup_of
from modelwright.engine.search.problem import Fold, Problem, short_error
from modelwright.engine.search.scorers import Outputs
from modelwright.engine.search.space import Params

# depth -> number of trees -> positions of the combinations
Plan = dict[int, dict[int, list[int]]]


class ForestEvaluator(Evaluator):
    """Scores all sizes and depths of a forest from one growth.

    Tree by tree: it is grown with the widest limit of depth first. Where it doesn't touch a tighter
    one, the limited tree is the very same and isn't grown again; a tree that does is, because the
    columns that it looks at are drawn in the order of its growth. After as many trees as a
    combination has, the mean so far is scored.

    Examples
    --------
    >>> X = np.repeat([[0.0], [1.0]], 10, axis=0)
    >>> problem = Problem.from_arrays(X, np.arange(20) > 9, model_type="random_forest", cv_folds=2)
    >>> sizes = [{"n_estimators": 2, "max_depth": 3}, {"n_estimators": 4}]
    >>> [s.score for s in ForestEvaluator().score(problem, 0, sizes)]
    [1.0, 1.0]
    """

    name: ClassVar[str] = "forest"
    counts: ClassVar[bool] = False

    def key(self, problem: Problem, params: Params) -> Hashable:
        """All but the number and the depth of the trees, as far as it makes a difference.

        Forests of other smallest nodes would share little but wait for each other: a search shows,
        and keeps when it is stopped, what has ended.
        """
        setup = setup_of(problem.estimator(params))
        return PrefixEvaluator().key(problem, params) if setup is None else setup

    def weight(self, combinations: Sequence[Params]) -> float:
        """For each depth the largest number of trees is grown."""
        sizes: dict[Any, float] = {}
        for params in combinations:
            depth = params.get("max_depth")
            sizes[depth] = max(sizes.get(depth, 0.0), float(params.get(SIZE, 100)))
        return sum(sizes.values())

    def split(self, combinations: Sequence[Params]) -> list[list[int]]:
        """Part by the depth."""
        parts: dict[Any, list[int]] = {}
        for position, params in enumerate(combinations):
            parts.setdefault(params.get("max_depth"), []).append(position)
        return list(parts.values())

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
            sizes = plan.setdefault(depth_of(model), {})
            sizes.setdefault(model.n_estimators, []).append(position)
        for positions, means in grow(Grower(rows, setup, counts=self.counts), plan):
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


class CountedForestEvaluator(ForestEvaluator):
    """Grows the trees by counting, where that gives the same."""

    name: ClassVar[str] = "forest, counted"
    counts: ClassVar[bool] = True


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
    most = {depth: max(plan[depth]) for depth in sorted(plan, reverse=True)}
    sums: dict[int, Any] = {}
    test, min_split = grower.rows.test, grower.setup.min_split
    for index in range(max(most.values())):
        wanted = [depth for depth in most if index < most[depth]]
        weights = grower.draw(index)
        grown: Grown | None = None
        for depth in wanted:
            # wider limits came before: where the closest doesn't serve, no other does
            if grown is None or not grown.serves(depth):
                tree = grower.grow(index, depth, weights)
                grown = Grown(tree, depth, min_split, tree.predict(test))
            if index:
                sums[depth] += grown.answer
            else:
                sums[depth] = np.zeros_like(grown.answer) + grown.answer
        for depth in wanted:
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
