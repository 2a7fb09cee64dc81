"""What every model type can do."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from modelwright.engine.errors import TrainingError
from modelwright.engine.growth import Progress
from modelwright.engine.hyperparameters import model_type_for
from modelwright.engine.labels import EncodedLabels
from modelwright.engine.parameters import CLASSIFICATION


class Trainer(ABC):
    """Builds and fits the models of one type. It keeps nothing between two fits.

    Laws, which the contract tests hold every trainer to: the same data and seed give the same
    predictions, for any number of threads; `fit` reports progress that never falls and ends at 1;
    afterwards the estimator's parameters are those that `build` gave it; text labels go in and
    come out.

    Attributes
    ----------
    model_type : str
        Its name in `MODEL_TYPES`.
    dense : bool
        Whether it takes dense arrays only.
    native_threads : bool
        Whether the library itself computes with threads, which must be limited around the fit.
    failures : tuple of type
        What else than the usual errors its fit may raise.
    size_parameter : str
        Name of the parameter that says how many trees there are; empty where there are none.
    """

    model_type: ClassVar[str]
    dense: ClassVar[bool] = False
    native_threads: ClassVar[bool] = True
    size_parameter: ClassVar[str] = ""

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        return ()

    def build(
        self, task: str, hyperparameters: Mapping[str, Any], *, random_state: int, threads: int
    ) -> Any:
        """Return an estimator that isn't fitted.

        Parameters
        ----------
        task : str
            ``classification`` or ``regression``.
        hyperparameters : mapping
            Checked ones; the declared defaults fill in the rest.
        random_state : int
            Seed.
        threads : int
            For the fit.

        Raises
        ------
        TrainingError
            The model type doesn't do this task.
        """
        kind = model_type_for(self.model_type)
        if task not in kind.tasks:
            raise TrainingError(
                f"Model type '{self.model_type}' does {' and '.join(kind.tasks)} only, and this is"
                f" a {task}. Choose another model type.",
                model_type=self.model_type,
            )
        declared = {p.name: p.default_for(task) for p in kind.parameters if task in p.tasks}
        return self.estimator(
            task == CLASSIFICATION, {**declared, **hyperparameters}, random_state, threads
        )

    @abstractmethod
    def estimator(
        self, classify: bool, parameters: dict[str, Any], random_state: int, threads: int
    ) -> Any:
        """Return the library's estimator with all `parameters` set."""

    def fault(self, estimator: Any, rows: int) -> str:
        """Return why the estimator can't be fitted to so many rows, or nothing."""
        return ""

    def fit(self, estimator: Any, X: Any, y: Any, *, threads: int, progress: Progress) -> None:
        """Fit in place and tell the progress as a share from 0 to 1."""
        estimator.fit(X, y)
        progress(1.0, "")

    def importance(self, estimator: Any) -> Any:
        """Return one number for each encoded column, or None where the model has none."""
        if hasattr(estimator, "feature_importances_"):
            return np.asarray(estimator.feature_importances_, dtype=float)
        if hasattr(estimator, "coef_"):
            weights = estimator.coef_
            dense = weights.toarray() if hasattr(weights, "toarray") else np.asarray(weights)
            return np.abs(np.atleast_2d(dense)).mean(axis=0)
        return None

    def parameters(self, estimator: Any) -> dict[str, Any]:
        """Return every parameter in force."""
        source = estimator.estimator if isinstance(estimator, EncodedLabels) else estimator
        found: dict[str, Any] = source.get_params(deep=False)
        return found

    def size(self, estimator: Any) -> int | None:
        """Return how many trees there are, or None."""
        value = self.parameters(estimator).get(self.size_parameter)
        return None if value is None else int(value)
