"""Who keeps the record of a training that was started from Python. The server registers itself."""

from typing import Protocol

from modelwright.engine.config import TrainingConfig
from modelwright.engine.errors import RecordingError
from modelwright.engine.results import TrainingResult


class Recorder(Protocol):
    """Keeps training runs. `ModelTrainer` calls it, the server implements it."""

    def record_training(
        self,
        *,
        result: TrainingResult,
        config: TrainingConfig,
        model_version: str,
        model_path: str | None,
        user: object | None,
        notes: str,
    ) -> object:
        """Record a training that succeeded.

        Parameters
        ----------
        result : TrainingResult
            Metrics, warnings and the rest; its `artifact` is None where the model wasn't saved.
        config : TrainingConfig
            What was asked for; `config.hyperparameters` are those that the user gave.
        model_version : str
            Name of the version, as the user gave it, unchecked.
        model_path : str or None
            Where the artifact lies: as given, else where `save_model` put it, else None.
        user : object or None
            Who trained it: what the caller passed (a user object or a name).
        notes : str
            Free text.

        Returns
        -------
        object
            The record, handed through to the caller of `save_training_run`.
        """

    def record_failure(
        self,
        *,
        config: TrainingConfig,
        model_version: str,
        error_message: str,
        duration_seconds: float,
        user: object | None,
        notes: str,
    ) -> object:
        """Record a training that failed.

        Parameters
        ----------
        config : TrainingConfig
            What was asked for.
        model_version : str
            Name that the version would have had, unchecked.
        error_message : str
            Why, for the user.
        duration_seconds : float
            From the start of `load_data` to the call (0.0 where nothing was started).
        user : object or None
            As above.
        notes : str
            Free text.

        Returns
        -------
        object
            The record.
        """


_registered: list[Recorder] = []


def set_recorder(recorder: Recorder | None) -> None:
    """Register who keeps the records from now on; None for nobody."""
    _registered[:] = [] if recorder is None else [recorder]


def get_recorder() -> Recorder:
    """Return who keeps the records.

    Raises
    ------
    RecordingError
        Nobody is registered.
    """
    if not _registered:
        raise RecordingError(
            "There is no server to record this run: call modelwright.connect() first."
        )
    return _registered[0]
