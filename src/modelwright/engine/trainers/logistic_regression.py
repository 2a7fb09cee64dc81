"""Logistic regression."""

import inspect
from typing import Any, ClassVar

from sklearn.linear_model import LogisticRegression

from modelwright.engine.trainers.base import Trainer

# scikit-learn before 1.8 heeds `l1_ratio` only where `penalty` says so; later `penalty` is going.
_NAMES_PENALTY = inspect.signature(LogisticRegression).parameters["penalty"].default == "l2"


class LogisticRegressionTrainer(Trainer):
    """Fits scikit-learn's `LogisticRegression`, multinomial for more than two classes.

    References
    ----------
    Cox (1958), The regression analysis of binary sequences, JRSS B 20(2).

    Examples
    --------
    >>> TRAINER.build("classification", {"C": 0.5}, random_state=1, threads=1).C
    0.5
    """

    model_type: ClassVar[str] = "logistic_regression"

    def estimator(
        self, classify: bool, parameters: dict[str, Any], random_state: int, threads: int
    ) -> Any:
        """Return the classifier."""
        if _NAMES_PENALTY:
            named = {0.0: "l2", 1.0: "l1"}.get(float(parameters["l1_ratio"]), "elasticnet")
            parameters = {**parameters, "penalty": named}
        return LogisticRegression(random_state=random_state, **parameters)


TRAINER = LogisticRegressionTrainer()
