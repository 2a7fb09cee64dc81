"""A grid is checked before anything is run; no message repeats what was sent."""

import math
import subprocess
import sys
from typing import Any

import pytest
from sklearn.model_selection import ParameterGrid, ParameterSampler

from modelwright.engine import HyperparameterError
from modelwright.engine.search.errors import SpaceError
from modelwright.engine.search.methods.random import RandomMethod
from modelwright.engine.search.space import Params, parse_space

GRID: dict[str, list[Any]] = {
    "n_estimators": [50, 100, 200],
    "max_depth": [5, 10, None],
    "min_samples_split": [2, 5],
    "min_samples_leaf": [1, 2],
}
HUGE = "x" * 1_000_000


def test_combinations_come_in_the_order_of_parameter_grid() -> None:
    assert list(parse_space("random_forest", GRID).combinations()) == list(ParameterGrid(GRID))


def test_random_search_draws_what_parameter_sampler_draws() -> None:
    method = RandomMethod(parse_space("random_forest", GRID, "random_search"), 10, 3)
    drawn = [proposal.params for proposal in method.ask(100)]
    assert drawn == list(ParameterSampler(GRID, 10, random_state=3))


@pytest.mark.parametrize(
    ("grid", "text"),
    [
        ({}, "must not be empty"),
        ([], "must be an object"),
        ("n_estimators", "must be an object"),
        (None, "must be an object"),
        ({"n_estimators": []}, "the list of choices is empty"),
        ({"n_estimators": 5}, "must be a list"),
        ({"n_estimators": None}, "must be a list"),
        ({"n_estimators": "50"}, "must be a list"),
        ({"trees": [1]}, "Unknown hyperparameter 'trees'"),
        ({HUGE: [1]}, "Unknown hyperparameter"),
        ({7: [1]}, "Unknown hyperparameter '7'"),
        ({"n_estimators": [0]}, "choice 1: n_estimators must be between 1 and 1000"),
        ({"n_estimators": [5, True]}, "choice 2: n_estimators must be an integer"),
        ({"n_estimators": [math.nan]}, "must be an integer"),
        ({"n_estimators": [[1, 2]]}, "must be an integer"),
        ({"n_estimators": [{"a": {"b": 1}}]}, "must be an integer"),
        ({"n_estimators": [HUGE]}, "must be an integer"),
        ({"n_estimators": ["__import__('os')"]}, "must be an integer"),
        ({"n_estimators": [10**400]}, "must be between"),
        ({"max_features": [HUGE]}, "must be"),
        ({"n_estimators": [5, 7, 5]}, "choices 1 and 3 are the same"),
        ({"max_depth": [None, None]}, "choices 1 and 2 are the same"),
        ({"n_estimators": list(range(1, 1002))}, "has 1,001 choices"),
        ({"n_estimators": {"low": 1, "high": 9}}, "takes lists of choices only"),
        ({"n_estimators": {"from": 1}}, "must be a list of choices or a range"),
        (
            {"n_estimators": list(range(1, 1001)), "min_samples_leaf": list(range(1, 1001))},
            "1,000,000 combinations",
        ),
        ({f"p{i}": [1] for i in range(100_000)}, "100000 unknown parameters"),
    ],
)
def test_a_wrong_grid_is_refused(grid: Any, text: str) -> None:
    with pytest.raises(SpaceError, match=text.replace("(", r"\(")) as caught:
        parse_space("random_forest", grid)
    assert isinstance(caught.value, HyperparameterError)
    assert len(str(caught.value)) < 5000


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ({"low": 9, "high": 1}, "low is above high"),
        ({"low": 0, "high": 1, "log": True}, "log needs a low above 0"),
        ({"low": 1, "high": 2, "log": "yes"}, "log must be true or false"),
        ({"low": math.nan, "high": 2}, "low: alpha must be a number"),
        ({"low": 1, "high": math.inf}, "high: alpha must be a number"),
        ({"low": 1, "high": None}, "high: alpha must not be null"),
        ({"low": 1, "high": 5, "step": 0}, "step must be above 0"),
        ({"low": 1, "high": 5, "step": math.nan}, "step must be above 0"),
        ({"low": 1, "high": 5, "step": "1"}, "step must be a number"),
        ({"low": 1, "high": 5, "step": 1, "log": True}, "can't be used together"),
        ({"low": 1, "high": 5, "eval": "1"}, "must be a list of choices or a range"),
        ({"low": 1}, "must be a list of choices or a range"),
        ({"low": 1, "high": 5, "when": {}}, '"when" must name one parameter'),
        ({"low": 1, "high": 5, "when": {"C": [1]}}, '"when" must name a parameter with'),
    ],
)
def test_a_wrong_range_is_refused(entry: Any, text: str) -> None:
    with pytest.raises(SpaceError, match=text):
        parse_space("ridge", {"alpha": entry}, "random_search")


def test_ranges_are_for_numbers() -> None:
    with pytest.raises(SpaceError, match="takes a list of choices, not a range"):
        parse_space("svm", {"kernel": {"low": 1, "high": 2}}, "bayesian")


def test_every_fault_is_told() -> None:
    with pytest.raises(SpaceError) as caught:
        parse_space("random_forest", {"n_estimators": [0], "trees": [1], "max_depth": []})
    assert len(caught.value.messages) == 3


def test_a_billion_combinations_are_counted_not_made() -> None:
    grid = {name: list(range(2, 902)) for name in ("min_samples_leaf", "min_samples_split")}
    grid["n_estimators"] = list(range(1, 1001))
    grid["max_depth"] = list(range(1, 101))
    with pytest.raises(SpaceError, match="81,000,000,000 combinations"):
        parse_space("random_forest", grid)
    space = parse_space("random_forest", grid, "random_search")
    assert len(RandomMethod(space, 5, 0).ask(9)) == 5


def test_a_conditional_parameter_counts_only_where_its_condition_holds() -> None:
    grid = {
        "kernel": ["rbf", "poly"],
        "C": [1.0, 2.0],
        "degree": {"choices": [2, 3], "when": {"kernel": ["poly"]}},
    }
    space = parse_space("svm", grid)
    found: list[Params] = list(space.combinations())
    assert space.count() == len(found) == 2 + 4
    assert all(("degree" in params) == (params["kernel"] == "poly") for params in found)
    assert all(space.holds(params) for params in found)
    assert not space.holds({"kernel": "rbf", "C": 1.0, "degree": 2})


def test_drawn_values_stay_in_their_range() -> None:
    grid = {
        "learning_rate": {"low": 0.001, "high": 1, "log": True},
        "n_estimators": {"low": 10, "high": 30, "step": 5},
        "num_leaves": {"low": 2, "high": 64, "log": True},
    }
    space = parse_space("lightgbm", grid, "random_search")
    drawn = [proposal.params for proposal in RandomMethod(space, 200, 1).ask(200)]
    assert len(drawn) == 200
    assert all(space.holds(params) for params in drawn)
    assert {params["n_estimators"] for params in drawn} == {10, 15, 20, 25, 30}
    assert all(isinstance(params["num_leaves"], int) for params in drawn)


def test_a_grid_can_be_checked_without_scikit_learn() -> None:
    code = (
        "import sys; import modelwright.engine.search.config, modelwright.engine.search.space;"
        "import modelwright.engine.search.results;"
        "sys.exit(any(m in sys.modules for m in ('sklearn', 'numpy', 'pandas')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
