"""LightGBM, where it is installed."""

from typing import Any, ClassVar

from modelwright.engine.errors import TrainingError
from modelwright.engine.growth import Progress
from modelwright.engine.optional import load
from modelwright.engine.trainers.base import Trainer

REMEDY = "install the extra 'boosting', or choose hist_gradient_boosting"
SHOWN_STEPS = 50


class LightgbmTrainer(Trainer):
    """Fits `LGBMClassifier` or `LGBMRegressor`, told to compute repeatably.

    References
    ----------
    Ke et al. (2017), LightGBM: A Highly Efficient Gradient Boosting Decision Tree, NIPS 30.

    Examples
    --------
    >>> TRAINER.model_type
    'lightgbm'
    """

    model_type: ClassVar[str] = "lightgbm"
    size_parameter: ClassVar[str] = "n_estimators"

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """Return the library's own error."""
        library = load("lightgbm", remedy=REMEDY, error=TrainingError)
        failure: type[Exception] = library.basic.LightGBMError
        return (failure,)

    def estimator(
        self, classify: bool, parameters: dict[str, Any], random_state: int, threads: int
    ) -> Any:
        """Return a booster without trees."""
        library = load("lightgbm", remedy=REMEDY, error=TrainingError)
        settings = {**parameters, "random_state": random_state, "n_jobs": threads}
        # -1 is this library's word for no limit; without a frequency it would not draw rows.
        settings["max_depth"] = settings["max_depth"] or -1
        settings["subsample_freq"] = 1 if settings["subsample"] < 1 else 0
        kind = library.LGBMClassifier if classify else library.LGBMRegressor
        return kind(verbosity=-1, deterministic=True, force_row_wise=True, **settings)

    def fit(self, estimator: Any, X: Any, y: Any, *, threads: int, progress: Progress) -> None:
        """Fit; the library calls back after each round."""
        rounds = int(estimator.n_estimators)
        every = max(1, rounds // SHOWN_STEPS)

        def report(state: Any) -> None:
            done = state.iteration + 1
            if done % every == 0:
                progress(done / rounds, f"{done} of {rounds} rounds")

        estimator.fit(X, y, callbacks=[report])
        progress(1.0, "")


TRAINER = LightgbmTrainer()
