"""What can go wrong in the engine. Every message is written for the person who reads it."""

from typing import Any, ClassVar


class ModelTrainerError(Exception):
    """Something about a training can't be done; the message says what, where and the remedy.

    Parameters
    ----------
    message : str
        For the user: names the column, the row where known, and what to do. Never an absolute path.
    **details
        The same facts for programs, JSON-safe: ``column``, ``row``, ``labels`` and the like.

    Attributes
    ----------
    code : str
        Stable name for programs; it never changes with the wording.
    details : dict
        As given.

    Examples
    --------
    >>> error = ModelTrainerError("Column 'age' is empty: fill it.", column="age")
    >>> error.code, error.details
    ('model_trainer_error', {'column': 'age'})
    """

    code: ClassVar[str] = "model_trainer_error"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, Any] = details


class DataLoadError(ModelTrainerError):
    """The data can't be used as they are."""

    code = "data_load_error"


class TrainingError(ModelTrainerError):
    """The fit, its evaluation or the saving of the model failed."""

    code = "training_error"


class HyperparameterError(ModelTrainerError):
    """One or more hyperparameters are wrong.

    Parameters
    ----------
    messages : list of str
        One for each fault.

    Examples
    --------
    >>> HyperparameterError(["n_estimators must be between 1 and 1000"]).messages
    ['n_estimators must be between 1 and 1000']
    """

    code = "hyperparameter_error"

    def __init__(self, messages: list[str]) -> None:
        super().__init__("; ".join(messages), messages=list(messages))
        self.messages = list(messages)


class ArtifactError(ModelTrainerError):
    """A saved model isn't the one that was recorded, or can't be given in the format asked for."""

    code = "artifact_error"


class RecordingError(ModelTrainerError):
    """There is nobody to record a training run."""

    code = "recording_error"
