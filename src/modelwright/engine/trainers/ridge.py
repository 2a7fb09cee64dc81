"""Least squares with an L2 penalty."""

from typing import Any, ClassVar

from sklearn.linear_model import Ridge, RidgeClassifier

from modelwright.engine.trainers.base import Trainer


class RidgeTrainer(Trainer):
    """Fits scikit-learn's `Ridge`, or `RidgeClassifier` on labels turned into -1 and 1.

    References
    ----------
    Hoerl, Kennard (1970), Ridge regression, Technometrics 12(1).

    Examples
    --------
    >>> TRAINER.build("regression", {"alpha": 2.0}, random_state=1, threads=1)
    Ridge(alpha=2.0, random_state=1)
    """

    model_type: ClassVar[str] = "ridge"

    def estimator(
        self, classify: bool, parameters: dict[str, Any], random_state: int, threads: int
    ) -> Any:
        """Return the linear model."""
        kind = RidgeClassifier if classify else Ridge
        return kind(random_state=random_state, **parameters)


TRAINER = RidgeTrainer()
