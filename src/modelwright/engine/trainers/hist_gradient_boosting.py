"""Gradient boosting on binned columns."""

from typing import Any, ClassVar

from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from modelwright.engine.trainers.base import Trainer


class HistGradientBoostingTrainer(Trainer):
    """Fits scikit-learn's histogram gradient boosting.

    References
    ----------
    Ke et al. (2017), LightGBM: A Highly Efficient Gradient Boosting Decision Tree, NIPS 30.

    Examples
    --------
    >>> TRAINER.build("regression", {"max_iter": 5}, random_state=1, threads=1).max_iter
    5
    """

    model_type: ClassVar[str] = "hist_gradient_boosting"
    dense: ClassVar[bool] = True
    size_parameter: ClassVar[str] = "max_iter"

    def estimator(
        self, classify: bool, parameters: dict[str, Any], random_state: int, threads: int
    ) -> Any:
        """Return a booster without trees."""
        kind = HistGradientBoostingClassifier if classify else HistGradientBoostingRegressor
        return kind(random_state=random_state, **parameters)


TRAINER = HistGradientBoostingTrainer()
