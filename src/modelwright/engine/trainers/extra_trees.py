"""Extremely randomised trees: splits are drawn, not searched."""

from typing import Any, ClassVar

from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

from modelwright.engine.trainers.forest import ForestTrainer


class ExtraTreesTrainer(ForestTrainer):
    """Fits scikit-learn's `ExtraTreesClassifier` or `ExtraTreesRegressor`.

    References
    ----------
    Geurts, Ernst, Wehenkel (2006), Extremely randomized trees, Machine Learning 63(1).

    Examples
    --------
    >>> TRAINER.build("classification", {"n_estimators": 5}, random_state=1, threads=1)
    ExtraTreesClassifier(n_estimators=5, random_state=1)
    """

    model_type: ClassVar[str] = "extra_trees"

    def estimator(
        self, classify: bool, parameters: dict[str, Any], random_state: int, threads: int
    ) -> Any:
        """Return a forest without trees."""
        kind = ExtraTreesClassifier if classify else ExtraTreesRegressor
        return kind(random_state=random_state, **parameters)


TRAINER = ExtraTreesTrainer()
