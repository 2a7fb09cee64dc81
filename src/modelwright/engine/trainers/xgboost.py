"""XGBoost, where it is installed."""

from typing import Any, ClassVar

from modelwright.engine.errors import TrainingError
from modelwright.engine.growth import Progress
from modelwright.engine.labels import EncodedLabels
from modelwright.engine.optional import load
from modelwright.engine.trainers.base import Trainer

REMEDY = "install the extra 'boosting', or choose hist_gradient_boosting"
SHOWN_STEPS = 50


def _progress_callback(library: Any, rounds: int, progress: Progress) -> Any:
    every = max(1, rounds // SHOWN_STEPS)

    def after_iteration(_self: Any, _model: Any, epoch: int, _log: Any) -> bool:
        done = epoch + 1
        if done % every == 0:
            progress(done / rounds, f"{done} of {rounds} rounds")
        return False

    base = library.callback.TrainingCallback
    return type("_Report", (base,), {"after_iteration": after_iteration})()


class XgboostTrainer(Trainer):
    """Fits `XGBClassifier` (behind `EncodedLabels`) or `XGBRegressor`.

    References
    ----------
    Chen, Guestrin (2016), XGBoost: A Scalable Tree Boosting System, KDD.

    Examples
    --------
    >>> TRAINER.model_type
    'xgboost'
    """

    model_type: ClassVar[str] = "xgboost"
    size_parameter: ClassVar[str] = "n_estimators"

    def estimator(
        self, classify: bool, parameters: dict[str, Any], random_state: int, threads: int
    ) -> Any:
        """Return a booster without trees."""
        library = load("xgboost", remedy=REMEDY, error=TrainingError)
        settings = {**parameters, "random_state": random_state, "n_jobs": threads, "verbosity": 0}
        # 0 is this library's word for no limit.
        settings["max_depth"] = settings["max_depth"] or 0
        if classify:
            return EncodedLabels(library.XGBClassifier(**settings))
        return library.XGBRegressor(**settings)

    def fit(self, estimator: Any, X: Any, y: Any, *, threads: int, progress: Progress) -> None:
        """Fit; the library calls back after each round."""
        library = load("xgboost", remedy=REMEDY, error=TrainingError)
        booster = estimator.estimator if isinstance(estimator, EncodedLabels) else estimator
        booster.set_params(
            callbacks=[_progress_callback(library, int(booster.n_estimators), progress)]
        )
        try:
            estimator.fit(X, y)
        finally:
            booster.set_params(callbacks=None)
        progress(1.0, "")


TRAINER = XgboostTrainer()
