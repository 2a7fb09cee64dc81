"""Hyperparameters: nothing but what is declared gets through."""

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelwright.engine import (
    FUTURE_SKILLS,
    MODEL_TYPES,
    HyperparameterError,
    available_model_types,
    validate_hyperparameters,
)
from modelwright.engine.parameters import (
    ChoiceParameter,
    IntegerParameter,
    NumberOrWordParameter,
    NumberParameter,
)

NAMES = sorted({p.name for model in MODEL_TYPES.values() for p in model.parameters})
WORDS = ["balanced", "balanced_subsample", "sqrt", "log2", "rbf", "linear", "scale", "uniform"]
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 1200),
    st.integers(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from(WORDS),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
)


def refused(value: dict[str, Any], only: tuple[str, ...] | None = None) -> list[str]:
    """Return the messages for a random forest."""
    with pytest.raises(HyperparameterError) as refusal:
        validate_hyperparameters("random_forest", value, only)
    return refusal.value.messages


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.sampled_from(sorted(MODEL_TYPES)),
    st.dictionaries(st.sampled_from([*NAMES, "n_jobs", "__class__", ""]), VALUES, max_size=4),
)
def test_only_declared_values_get_through(model_type: str, raw: dict[str, Any]) -> None:
    try:
        checked = validate_hyperparameters(model_type, raw)
    except HyperparameterError:
        return
    assert checked == raw
    for name, value in checked.items():
        declared = MODEL_TYPES[model_type].parameter(name)
        assert declared is not None
        if value is None:
            assert declared.nullable
        elif isinstance(declared, IntegerParameter):
            assert type(value) is int
            assert declared.low <= value <= declared.high
        elif isinstance(declared, NumberOrWordParameter) and isinstance(value, str):
            assert value in declared.words
        elif isinstance(declared, NumberParameter):
            assert type(value) in (int, float)
            assert math.isfinite(value)
            assert declared.low <= value <= declared.high
        elif isinstance(declared, ChoiceParameter):
            assert value in declared.choices
        else:
            assert type(value) is bool


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("n_estimators", 0, "n_estimators must be between 1 and 1000"),
        ("n_estimators", 1001, "n_estimators must be between 1 and 1000"),
        ("n_estimators", True, "n_estimators must be an integer"),
        ("n_estimators", "100", "n_estimators must be an integer"),
        ("n_estimators", 100.0, "n_estimators must be an integer"),
        ("n_estimators", float("nan"), "n_estimators must be an integer"),
        ("n_estimators", None, "n_estimators must not be null"),
        ("max_depth", 0, "max_depth must be between 1 and 100 or null"),
        ("max_depth", 101, "max_depth must be between 1 and 100 or null"),
        ("min_samples_split", 1, "min_samples_split must be at least 2"),
        ("min_samples_split", 10**30, "min_samples_split must be at most 1000000000"),
        ("min_samples_leaf", 0, "min_samples_leaf must be at least 1"),
        (
            "class_weight",
            "heavy",
            'class_weight must be "balanced", "balanced_subsample" or null',
        ),
        (
            "depth",
            3,
            "Unknown hyperparameter 'depth'. Allowed: class_weight, max_depth, min_samples_leaf,"
            " min_samples_split, n_estimators",
        ),
        (
            "bootstrap",
            True,
            "Unknown hyperparameter 'bootstrap'. Allowed: class_weight, max_depth,"
            " min_samples_leaf, min_samples_split, n_estimators",
        ),
    ],
)
def test_message_of_the_future_skills_contract(name: str, value: object, message: str) -> None:
    assert refused({name: value}, FUTURE_SKILLS.hyperparameters) == [message]


@pytest.mark.parametrize(
    "value",
    [
        {"n_estimators": 1, "max_depth": 100, "class_weight": None},
        {"n_estimators": 1000, "max_depth": None, "class_weight": "balanced_subsample"},
        {"min_samples_split": 2, "min_samples_leaf": 1, "class_weight": "balanced"},
        {},
    ],
)
def test_edges_are_allowed(value: dict[str, Any]) -> None:
    checked = validate_hyperparameters("random_forest", value, FUTURE_SKILLS.hyperparameters)
    assert checked == value


@pytest.mark.parametrize("value", ["scale", "auto", 0.01, 1])
def test_the_reach_of_a_support_vector_machine_is_a_word_or_a_number(value: object) -> None:
    assert validate_hyperparameters("svm", {"gamma": value}) == {"gamma": value}


@pytest.mark.parametrize("value", ["wide", 0, -1, math.nan, True, None, "0.1"])
def test_another_reach_is_refused(value: object) -> None:
    with pytest.raises(HyperparameterError, match="gamma must"):
        validate_hyperparameters("svm", {"gamma": value})


def test_each_fault_has_its_message() -> None:
    assert len(refused({"n_estimators": 0, "max_depth": "x", "foo": 1})) == 3


def test_no_mapping_is_refused() -> None:
    wrong: Any = [1]
    assert refused(wrong) == ["hyperparameters must be an object of names and values"]


def test_unknown_model_type_names_the_known_ones() -> None:
    with pytest.raises(HyperparameterError, match="model_type must be one of extra_trees, hist"):
        validate_hyperparameters("oracle", {})


def test_class_weight_has_no_meaning_for_regression() -> None:
    with pytest.raises(HyperparameterError, match="Unknown hyperparameter 'class_weight'"):
        validate_hyperparameters("random_forest", {"class_weight": "balanced"}, task="regression")


def test_defaults_pass_their_own_check() -> None:
    for model in MODEL_TYPES.values():
        for parameter in model.parameters:
            for task in parameter.tasks:
                assert parameter.fault(parameter.default_for(task)) is None
            assert parameter.help.endswith(".")


def test_type_without_its_library_is_not_available(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelwright.engine.hyperparameters.is_installed", lambda _module: False)
    assert set(MODEL_TYPES) - set(available_model_types()) == {"xgboost", "lightgbm"}
