"""The model types and their hyperparameters, declared once for checks, forms and documentation."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from modelwright.engine.errors import HyperparameterError
from modelwright.engine.optional import is_installed
from modelwright.engine.parameters import (
    CLASSIFICATION,
    TASKS,
    BooleanParameter,
    ChoiceParameter,
    IntegerParameter,
    NumberOrWordParameter,
    NumberParameter,
    Parameter,
)

SHOWN_NAME_CHARS = 60


@dataclass(frozen=True)
class ModelType:
    """A kind of model that can be trained.

    Parameters
    ----------
    name : str
        As requests spell it.
    title : str
        As people read it.
    tasks : tuple of str
        ``classification``, ``regression`` or both.
    parameters : tuple of Parameter
        Its hyperparameters.
    requires : str
        Library that it needs beside scikit-learn; empty for none.
    """

    name: str
    title: str
    tasks: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    requires: str = ""

    def parameter(self, name: str) -> Parameter | None:
        """Return the declaration of one hyperparameter, or None."""
        return next((p for p in self.parameters if p.name == name), None)

    @property
    def installed(self) -> bool:
        """Return whether the library that it needs is there."""
        return not self.requires or is_installed(self.requires)


def _trees(help_text: str, default: int = 100) -> IntegerParameter:
    return IntegerParameter("n_estimators", default, help_text, low=1, high=1000)


def _depth(default: int | None = None) -> IntegerParameter:
    return IntegerParameter(
        "max_depth", default, "Longest path of a tree; null for no limit.", True, low=1, high=100
    )


_SAMPLES_SPLIT = IntegerParameter(
    "min_samples_split", 2, "Rows a node needs to be split.", low=2, open_ended=True
)
_SAMPLES_LEAF = IntegerParameter(
    "min_samples_leaf", 1, "Rows that stay in every leaf.", low=1, open_ended=True
)
_FOREST_WEIGHT = ChoiceParameter(
    "class_weight",
    None,
    "Weight of the classes; balanced makes rare ones count as much as frequent ones.",
    True,
    (CLASSIFICATION,),
    choices=("balanced", "balanced_subsample"),
)
_CLASS_WEIGHT = ChoiceParameter(
    "class_weight",
    None,
    "Weight of the classes; balanced makes rare ones count as much as frequent ones.",
    True,
    (CLASSIFICATION,),
    choices=("balanced",),
)
_MAX_FEATURES = ChoiceParameter(
    "max_features",
    "sqrt",
    "How many columns each split looks at; null for all.",
    True,
    regression_default=None,
    choices=("sqrt", "log2"),
)
_LEARNING_RATE = NumberParameter(
    "learning_rate", 0.1, "Share of each tree's correction.", low=0.0001, high=1, log=True
)
_SUBSAMPLE = NumberParameter("subsample", 1.0, "Share of the rows for each tree.", low=0.05, high=1)
_COLSAMPLE = NumberParameter(
    "colsample_bytree", 1.0, "Share of the columns for each tree.", low=0.05, high=1
)
_REG_LAMBDA = NumberParameter(
    "reg_lambda", 1.0, "L2 penalty on the leaves.", low=0, high=1_000_000, open_ended=True
)
_STRENGTH = NumberParameter(
    "C", 1.0, "Inverse of the penalty: smaller is simpler.", low=1e-6, high=1e6, log=True
)

MODEL_TYPES: dict[str, ModelType] = {
    model.name: model
    for model in (
        ModelType(
            "random_forest",
            "Random forest",
            TASKS,
            (
                _trees("Number of trees; more is steadier and slower."),
                _depth(),
                _SAMPLES_SPLIT,
                _SAMPLES_LEAF,
                _FOREST_WEIGHT,
                _MAX_FEATURES,
                BooleanParameter("bootstrap", True, "Draw the rows of each tree with repetition."),
            ),
        ),
        ModelType(
            "extra_trees",
            "Extremely randomised trees",
            TASKS,
            (
                _trees("Number of trees; more is steadier and slower."),
                _depth(),
                _SAMPLES_SPLIT,
                _SAMPLES_LEAF,
                _FOREST_WEIGHT,
                _MAX_FEATURES,
                BooleanParameter("bootstrap", False, "Draw the rows of each tree with repetition."),
            ),
        ),
        ModelType(
            "hist_gradient_boosting",
            "Gradient boosting on histograms",
            TASKS,
            (
                _LEARNING_RATE,
                IntegerParameter("max_iter", 100, "Number of rounds.", low=1, high=5000),
                IntegerParameter(
                    "max_leaf_nodes",
                    31,
                    "Leaves of a tree; null for no limit.",
                    True,
                    low=2,
                    high=1000,
                ),
                _depth(),
                IntegerParameter(
                    "min_samples_leaf", 20, "Rows that stay in every leaf.", low=1, open_ended=True
                ),
                NumberParameter(
                    "l2_regularization", 0.0, "L2 penalty; 0 for none.", low=0, high=1_000_000
                ),
                BooleanParameter(
                    "early_stopping", False, "Stop when a held-out tenth no longer gets better."
                ),
                _CLASS_WEIGHT,
            ),
        ),
        ModelType(
            "logistic_regression",
            "Logistic regression",
            (CLASSIFICATION,),
            (
                _STRENGTH,
                NumberParameter(
                    "l1_ratio",
                    0.0,
                    "Kind of penalty: 0 for L2, 1 for L1 (liblinear, saga), between (saga).",
                    low=0,
                    high=1,
                ),
                ChoiceParameter(
                    "solver",
                    "lbfgs",
                    "How it is fitted; liblinear for two classes only.",
                    choices=("lbfgs", "liblinear", "newton-cg", "newton-cholesky", "sag", "saga"),
                ),
                IntegerParameter("max_iter", 1000, "Steps of the solver.", low=1, high=100_000),
                BooleanParameter("fit_intercept", True, "Fit an intercept."),
                _CLASS_WEIGHT,
            ),
        ),
        ModelType(
            "ridge",
            "Ridge",
            TASKS,
            (
                NumberParameter(
                    "alpha", 1.0, "Penalty: larger is simpler.", low=0, high=1e9, log=True
                ),
                BooleanParameter("fit_intercept", True, "Fit an intercept."),
                _CLASS_WEIGHT,
            ),
        ),
        ModelType(
            "svm",
            "Support vector machine",
            TASKS,
            (
                _STRENGTH,
                ChoiceParameter(
                    "kernel",
                    "rbf",
                    "Shape of the boundary.",
                    choices=("rbf", "linear", "poly", "sigmoid"),
                ),
                NumberOrWordParameter(
                    "gamma",
                    "scale",
                    "Reach of one row (rbf, poly, sigmoid): smaller is wider; or scale, auto.",
                    low=1e-9,
                    high=1e6,
                    log=True,
                    words=("scale", "auto"),
                ),
                IntegerParameter("degree", 3, "Degree (poly).", low=1, high=10),
                _CLASS_WEIGHT,
            ),
        ),
        ModelType(
            "knn",
            "Nearest neighbours",
            TASKS,
            (
                IntegerParameter("n_neighbors", 5, "How many neighbours vote.", low=1, high=1000),
                ChoiceParameter(
                    "weights",
                    "uniform",
                    "Whether nearer ones count more.",
                    choices=("uniform", "distance"),
                ),
                IntegerParameter(
                    "p", 2, "1 for city-block, 2 for straight distance.", low=1, high=2
                ),
            ),
        ),
        ModelType(
            "xgboost",
            "XGBoost",
            TASKS,
            (
                _trees("Number of rounds."),
                _depth(6),
                NumberParameter(
                    "learning_rate",
                    0.3,
                    "Share of each tree's correction.",
                    low=0.0001,
                    high=1,
                    log=True,
                ),
                _SUBSAMPLE,
                _COLSAMPLE,
                _REG_LAMBDA,
                NumberParameter(
                    "min_child_weight",
                    1.0,
                    "Weight that stays in every leaf.",
                    low=0,
                    high=1_000_000,
                ),
            ),
            requires="xgboost",
        ),
        ModelType(
            "lightgbm",
            "LightGBM",
            TASKS,
            (
                _trees("Number of rounds."),
                _depth(),
                _LEARNING_RATE,
                IntegerParameter("num_leaves", 31, "Leaves of a tree.", low=2, high=1000),
                IntegerParameter(
                    "min_child_samples", 20, "Rows that stay in every leaf.", low=1, open_ended=True
                ),
                _SUBSAMPLE,
                _COLSAMPLE,
                NumberParameter(
                    "reg_lambda", 0.0, "L2 penalty on the leaves.", low=0, high=1_000_000
                ),
                _CLASS_WEIGHT,
            ),
            requires="lightgbm",
        ),
    )
}


def available_model_types() -> dict[str, ModelType]:
    """Return the model types that can be trained here: those whose library is installed.

    Examples
    --------
    >>> "random_forest" in available_model_types()
    True
    """
    return {name: model for name, model in MODEL_TYPES.items() if model.installed}


def model_type_for(name: str) -> ModelType:
    """Return a model type by its name.

    Raises
    ------
    HyperparameterError
        There is none of that name.
    """
    if name not in MODEL_TYPES:
        raise HyperparameterError([f"model_type must be one of {', '.join(sorted(MODEL_TYPES))}"])
    return MODEL_TYPES[name]


def validate_hyperparameters(
    model_type: str,
    raw: Mapping[str, object],
    only: Collection[str] | None = None,
    *,
    task: str | None = None,
) -> dict[str, Any]:
    """Check hyperparameters as a client sent them.

    Parameters
    ----------
    model_type : str
        One of `MODEL_TYPES`.
    raw : mapping
        Name -> value.
    only : collection of str, optional
        Allow just these of the model's hyperparameters.
    task : str, optional
        Refuse those that have no meaning for this task.

    Returns
    -------
    dict
        The values that were given, unchanged. Defaults are not filled in.

    Raises
    ------
    HyperparameterError
        With one message for each fault, unknown names included.

    Examples
    --------
    >>> validate_hyperparameters("random_forest", {"n_estimators": 50, "max_depth": None})
    {'n_estimators': 50, 'max_depth': None}
    >>> validate_hyperparameters("random_forest", {"n_estimators": 0})
    Traceback (most recent call last):
    modelwright.engine.errors.HyperparameterError: n_estimators must be between 1 and 1000
    """
    allowed = {
        p.name: p
        for p in model_type_for(model_type).parameters
        if (only is None or p.name in only) and (task is None or task in p.tasks)
    }
    if not isinstance(raw, Mapping):
        raise HyperparameterError(["hyperparameters must be an object of names and values"])
    messages: list[str] = []
    for name, value in raw.items():
        if name not in allowed:
            shown = str(name)[:SHOWN_NAME_CHARS]
            messages.append(
                f"Unknown hyperparameter {shown!r}. Allowed: {', '.join(sorted(allowed))}"
            )
            continue
        fault = allowed[name].fault(value)
        if fault:
            messages.append(fault)
    if messages:
        raise HyperparameterError(messages)
    return dict(raw)
