"""A tree builder that is not what it should be is noticed, and the public way is taken."""

from typing import Any

import pytest

from modelwright.engine.search.evaluators import (
    choice,
    compiled,
    evaluator_named,
    selfcheck,
    trees,
)
from modelwright.engine.search.evaluators.trees import Grower
from modelwright.engine.search.problem import Problem
from modelwright.engine.search.results import SearchResult
from modelwright.engine.search.runner import search
from tests.engine.search.helpers import config, grid_search_cv, preprocessor, scores_of, skills


def searched() -> tuple[Problem, SearchResult]:
    """Search a small grid of forests."""
    X, y = skills()
    problem = Problem.from_arrays(
        X, y, model_type="random_forest", preprocessor=preprocessor(X), cv_folds=3
    )
    return problem, search(problem, config({"n_estimators": [2, 5], "max_depth": [3, None]}))


@pytest.mark.parametrize("broken", ["another tree", "another signature"])
def test_a_difference_is_noticed_and_the_scores_stay_exact(
    monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    grow = Grower.grow

    def wrong(self: Grower, index: int, depth: int, weights: Any) -> Any:
        if broken == "another signature":
            raise TypeError("build() takes 3 positional arguments")
        return grow(self, index + 1, depth, weights)

    monkeypatch.setattr(Grower, "grow", wrong)
    # the check itself, not what it found earlier in this process
    monkeypatch.setattr(choice, "forest_fault", selfcheck.forest_fault.__wrapped__)
    problem, result = searched()
    assert result.evaluator == "forest, public interface"
    assert "public interface, which is slower" in result.notes[0]
    combinations = [dict(trial.params) for trial in result.trials]
    wanted = grid_search_cv(problem, combinations)
    assert [list(trial.fold_scores) for trial in result.trials] == wanted.tolist()
    assert (scores_of(evaluator_named("plain"), problem, combinations) == wanted).all()


@pytest.mark.parametrize("broken", ["another tree", "not there", "not compiled"])
def test_a_counted_tree_that_differs_is_noticed_and_scikit_learns_builder_taken(
    monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    grow = trees.grow_counted

    def wrong(*args: Any, **kwargs: Any) -> Any:
        if broken == "not compiled":
            raise compiled.CompileError("no such type")
        return grow(*args, **{**kwargs, "seed": kwargs["seed"] + 1})

    monkeypatch.setattr(trees, "grow_counted", wrong)
    if broken == "not there":
        monkeypatch.setattr(compiled, "MISSING", "numba can't be used")
    monkeypatch.setattr(choice, "counting_fault", selfcheck.counting_fault.__wrapped__)
    problem, result = searched()
    assert result.evaluator == "forest"
    assert "by sorting, which is slower" in result.notes[0]
    combinations = [dict(trial.params) for trial in result.trials]
    wanted = grid_search_cv(problem, combinations)
    assert [list(trial.fold_scores) for trial in result.trials] == wanted.tolist()
