"""What is kept of a training of a table, to notice later that its traffic is different."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from modelwright.engine.columns import DATE
from modelwright.engine.drift import Profile
from modelwright.engine.errors import TrainingError
from modelwright.engine.model_trainer import ModelTrainer
from modelwright.engine.parameters import CLASSIFICATION
from modelwright.engine.profile_names import CONFIDENCE, LEAST_PROBABILITY, PREDICTION


@dataclass(frozen=True)
class TrainingProfile:
    """What the rows and the answers of a training looked like.

    Parameters
    ----------
    inputs : Profile or None
        Of the feature columns over all rows, dates left out: they always move on. None where
        there are only dates.
    predictions : Profile
        Of the answers to the hold-out's rows: `prediction`, and for a classifier with
        probabilities `confidence`, the largest of them.
    log_loss : float or None
        Of the hold-out; None without probabilities.
    """

    inputs: Profile | None
    predictions: Profile
    log_loss: float | None


def profile_training(trainer: ModelTrainer) -> TrainingProfile:
    """Return the profile of a training that is done.

    Parameters
    ----------
    trainer : ModelTrainer
        After `train`.

    Raises
    ------
    TrainingError
        It isn't done.

    Examples
    --------
    >>> import tempfile
    >>> from modelwright.engine.samples import write_future_skills_csv
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     trainer = ModelTrainer(write_future_skills_csv(f"{folder}/skills.csv"))
    ...     trainer.load_data()
    ...     _ = trainer.train(n_estimators=5)
    >>> found = profile_training(trainer)
    >>> found.inputs.rows, found.predictions.names
    (357, ('prediction', 'confidence'))
    """
    data, model = trainer.data_, trainer.model
    if data is None or model is None:
        raise TrainingError("There is nothing to profile: call load_data() and train() first.")
    rows = pd.concat([data.X_train, data.X_test])
    names = [feature.name for feature in data.features if feature.kind != DATE]
    inputs = Profile.fit({name: rows[name] for name in names}) if names else None
    answers: dict[str, Any] = {PREDICTION: model.predict(data.X_test)}
    loss = None
    if data.task == CLASSIFICATION:
        answers[PREDICTION] = np.array([str(label) for label in answers[PREDICTION]], dtype=object)
        if hasattr(model, "predict_proba"):
            shares = np.asarray(model.predict_proba(data.X_test))
            answers[CONFIDENCE] = shares.max(axis=1)
            loss = _log_loss(shares, [str(c) for c in model[-1].classes_], data.y_test)
    return TrainingProfile(inputs, Profile.fit(answers), loss)


def _log_loss(shares: Any, classes: list[str], actual: Any) -> float:
    place = {name: i for i, name in enumerate(classes)}
    given = [
        row[place[str(label)]] if str(label) in place else 0.0
        for row, label in zip(shares, actual, strict=True)
    ]
    return float(-np.log(np.maximum(given, LEAST_PROBABILITY)).mean())
