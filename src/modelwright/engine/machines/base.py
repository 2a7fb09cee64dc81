"""What every model type of machines can do."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from modelwright.engine.errors import HyperparameterError
from modelwright.engine.machines.series import Series, Times, Values
from modelwright.engine.parameters import Parameter

Report = Callable[[float, str, str], None]
"""Told the progress: per cent (0 to 100, never falling), step, message."""

SHOWN_NAME_CHARS = 60


@dataclass(frozen=True)
class Expected:
    """What a model says of readings, or of times to come.

    Parameters
    ----------
    times : ndarray of int64, shape (n,)
        Milliseconds UTC.
    mean, lower, upper : ndarray of float64, shape (n,)
        In the target's unit; NaN where the model can't say (a driver is missing). The interval is
        that of `coverage`.
    coverage : float
        Share of values that lie between `lower` and `upper`, as promised.
    warnings : tuple of str
        Where the readings leave what the model knows.
    """

    times: Times
    mean: Values
    lower: Values
    upper: Values
    coverage: float
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Anomaly:
    """A stretch that is out of the ordinary.

    Parameters
    ----------
    start, end : int
        Milliseconds UTC; `end` is that of the last reading that belongs to it.
    severity : str
        ``info``, ``warning`` or ``critical``.
    score : float
        How far beyond the threshold (1 is at the threshold).
    channels : tuple of str
        Those that speak, loudest first.
    message : str
        What is seen, in words.
    """

    start: int
    end: int
    severity: str
    score: float
    channels: tuple[str, ...]
    message: str


@dataclass(frozen=True)
class MachineEvaluation:
    """How a model does on readings that it hasn't seen.

    Parameters
    ----------
    metrics : mapping
        ``r_squared``, ``rmse``, ``mae``, ``mape`` (None where an actual value is 0 or there is no
        variance), and what the type has besides: ``cv_rmse``, ``nmbe``, ``mase``, ``coverage``,
        ``false_alarm_rate``, … ``mape``, ``cv_rmse`` and ``nmbe`` are in per cent.
    start, end : int
        The period, in milliseconds UTC.
    sample_count : int
        Readings that count.
    """

    metrics: Mapping[str, float | None]
    start: int
    end: int
    sample_count: int


class MachineModel(ABC):
    """A model of one machine. The constructor stores options; `fit` learns.

    Laws, which the contract tests hold every type to: the same series and seed give the same model;
    `from_dict(to_dict())` predicts to the last bit the same; `to_dict` is what JSON can hold (no
    NaN); a series that can't be used raises `DataLoadError` that says what to do; predictions never
    look at the future.

    Attributes
    ----------
    model_type : str
        Its name in `MACHINE_MODEL_TYPES`.
    parameters : tuple of Parameter
        The options that it takes, declared once for checks, forms and documentation.
    minimum_readings : int
        Fewer can't be learned from.
    holdout_share : float
        Share of the period, its last part, that a training keeps for the evaluation.
    target : str
        Channel that it predicts, known after `fit`.
    features : tuple of str
        Channels that it learned from, target included; known after `fit`.
    warnings : list of str
        What the user should know of the data and the fit.
    """

    model_type: ClassVar[str]
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    minimum_readings: ClassVar[int] = 12
    holdout_share: ClassVar[float] = 0.2

    def __init__(self, options: Mapping[str, Any] | None = None, *, seed: int = 42) -> None:
        self.options: dict[str, Any] = dict(options or {})
        self.seed = seed
        self.target: str = ""
        self.features: tuple[str, ...] = ()
        self.warnings: list[str] = []

    @classmethod
    def check_options(cls, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return every option in force.

        Raises
        ------
        HyperparameterError
            A name is unknown or a value out of its range.
        """
        declared = {parameter.name: parameter for parameter in cls.parameters}
        if not isinstance(options, Mapping):
            raise HyperparameterError(["options must be an object of names and values"])
        faults = [
            f"Unknown option {str(name)[:SHOWN_NAME_CHARS]!r}. Allowed: {', '.join(declared)}"
            for name in options
            if name not in declared
        ]
        faults += [
            fault
            for name, parameter in declared.items()
            if name in options and (fault := parameter.fault(options[name]))
        ]
        if faults:
            raise HyperparameterError(faults)
        return {name: options.get(name, p.default) for name, p in declared.items()}

    @abstractmethod
    def fit(self, series: Series, *, report: Report | None = None) -> Self:
        """Learn from all of `series` and return self."""

    @abstractmethod
    def expected(self, series: Series) -> Expected:
        """Return what is to be expected at each reading of `series`.

        A baseline and an anomaly model use the drivers of the same row; a forecast model gives for
        each row the forecast of `options["horizon"]` steps made before it, from rows before it.
        """

    def forecast(self, history: Series, horizon: int) -> Expected:
        """Return the next `horizon` steps after the end of `history` (forecast types only)."""
        raise TypeError(f"{self.model_type} makes no forecasts.")

    @property
    def history_needed(self) -> int:
        """Milliseconds of readings before those asked about that `detect` looks back on.

        With them, readings look the same whether they come in pieces or all at once.
        """
        return 0

    def detect(self, series: Series) -> list[Anomaly]:
        """Return the anomalies in `series`, oldest first (anomaly type only)."""
        raise TypeError(f"{self.model_type} finds no anomalies.")

    @abstractmethod
    def evaluate(self, series: Series, *, start: int | None = None) -> MachineEvaluation:
        """Return how the fitted model does on later readings.

        Parameters
        ----------
        series : Series
            The readings, and those before them.
        start : int, optional
            Readings from here on count (milliseconds UTC); those before it are what forecasts and
            lags look back on. All count where it isn't given.

        Raises
        ------
        DataLoadError
            No reading that counts has what the model needs.
        """

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return the fitted model as JSON can hold it."""

    @classmethod
    @abstractmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the model that `to_dict` wrote."""

    def describe(self) -> dict[str, Any]:
        """Return what a page shows of the model: equation, coefficients, candidates, verdicts."""
        return {}


@dataclass(frozen=True)
class MachineTrainingResult:
    """All that is known of a completed training of a machine's model.

    Parameters
    ----------
    model_type, target : str
    features : tuple of str
    hyperparameters : mapping
        Every option in force.
    evaluation : MachineEvaluation
        Of the hold-out: the last part in time (rolling origins for forecasts). The model that is
        saved was then fitted to all readings.
    total_samples, train_samples, test_samples : int
    train_start, train_end : int
        Period of the saved model's readings, milliseconds UTC.
    description : mapping
        As `MachineModel.describe` gives it.
    warnings : tuple of str
    duration_seconds : float
        Fit and evaluation.
    sha256, size_bytes : str, int
        Of the saved file.
    environment : mapping
        Library -> version.
    """

    model_type: str
    target: str
    features: tuple[str, ...]
    hyperparameters: Mapping[str, Any]
    evaluation: MachineEvaluation
    total_samples: int
    train_samples: int
    test_samples: int
    train_start: int
    train_end: int
    description: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    duration_seconds: float = 0.0
    sha256: str = ""
    size_bytes: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)
