"""Random forests of decision trees."""

from typing import Any, ClassVar

from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from modelwright.engine.trainers.forest import ForestTrainer


class RandomForestTrainer(ForestTrainer):
    """Fits scikit-learn's `RandomForestClassifier` or `RandomForestRegressor`.

    References
    ----------
    Breiman (2001), Random Forests, Machine Learning 45(1).

    Examples
    --------
    >>> TRAINER.build("classification", {"n_estimators": 5}, random_state=1, threads=1)
    RandomForestClassifier(n_estimators=5, random_state=1)
    """

    model_type: ClassVar[str] = "random_forest"

    def estimator(
        self, classify: bool, parameters: dict[str, Any], random_state: int, threads: int
    ) -> Any:
        """Return a forest without trees."""
        kind = RandomForestClassifier if classify else RandomForestRegressor
        return kind(random_state=random_state, **parameters)


TRAINER = RandomForestTrainer()
