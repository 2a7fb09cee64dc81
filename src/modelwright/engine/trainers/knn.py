"""Nearest neighbours."""

from typing import Any, ClassVar

from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from modelwright.engine.trainers.base import Trainer


class KnnTrainer(Trainer):
    """Fits scikit-learn's `KNeighborsClassifier` or `KNeighborsRegressor`.

    References
    ----------
    Cover, Hart (1967), Nearest neighbor pattern classification, IEEE Trans. Inf. Theory 13(1).

    Examples
    --------
    >>> TRAINER.build("classification", {"n_neighbors": 3}, random_state=1, threads=1)
    KNeighborsClassifier(n_neighbors=3)
    """

    model_type: ClassVar[str] = "knn"

    def estimator(
        self, classify: bool, parameters: dict[str, Any], random_state: int, threads: int
    ) -> Any:
        """Return the model; there is nothing to draw, so no seed."""
        return (KNeighborsClassifier if classify else KNeighborsRegressor)(**parameters)

    def fault(self, estimator: Any, rows: int) -> str:
        """Refuse more neighbours than rows."""
        if estimator.n_neighbors <= rows:
            return ""
        return (
            f"n_neighbors is {estimator.n_neighbors}, but there are only {rows} rows to learn from:"
            " choose a smaller number."
        )


TRAINER = KnnTrainer()
