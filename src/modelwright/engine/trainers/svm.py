"""Support vector machines."""

from typing import Any, ClassVar

from sklearn.svm import SVC, SVR

from modelwright.engine.trainers.base import Trainer


class SvmTrainer(Trainer):
    """Fits scikit-learn's `SVC` or `SVR`. Its time grows with the square of the rows.

    References
    ----------
    Cortes, Vapnik (1995), Support-vector networks, Machine Learning 20(3).

    Examples
    --------
    >>> TRAINER.build("regression", {"kernel": "linear"}, random_state=1, threads=1)
    SVR(kernel='linear')
    """

    model_type: ClassVar[str] = "svm"

    def estimator(
        self, classify: bool, parameters: dict[str, Any], random_state: int, threads: int
    ) -> Any:
        """Return the machine; only the classifier takes a seed."""
        return SVC(random_state=random_state, **parameters) if classify else SVR(**parameters)

    def importance(self, estimator: Any) -> Any:
        """Return the weights of a linear kernel; other kernels have none."""
        return super().importance(estimator) if estimator.kernel == "linear" else None


TRAINER = SvmTrainer()
