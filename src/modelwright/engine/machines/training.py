"""One training of a machine's model from start to end: what a job runs."""

import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from modelwright.engine.environment import environment
from modelwright.engine.machines.base import (
    MachineModel,
    MachineTrainingResult,
    Report,
)
from modelwright.engine.machines.checks import check_series
from modelwright.engine.machines.files import machine_model_class, machine_model_write
from modelwright.engine.machines.series import Series
from modelwright.engine.results import plain

Judge = Callable[[MachineModel, Series, int], None]


def train_machine_model(
    series: Series,
    model_type: str,
    options: Mapping[str, Any] | None = None,
    *,
    seed: int = 42,
    path: Path,
    report: Report | None = None,
    judge: Judge | None = None,
) -> MachineTrainingResult:
    """Check, evaluate on the last part in time, fit to everything, save.

    Parameters
    ----------
    series : Series
        All readings to learn from.
    model_type : str
        One of `MACHINE_MODEL_TYPES`.
    options : mapping, optional
        The type's own; its defaults else.
    seed : int
        The same seed and readings give the same model.
    path : Path
        Where the model goes; nothing is there unless all went well.
    report : callable, optional
        Told the progress: per cent (0 to 100, never falling), step (``check``, ``evaluate``,
        ``fit``, ``save``), message.
    judge : callable, optional
        Shown the model that was fitted to the early readings alone, all readings, and the time from
        which on they are held out.

    Raises
    ------
    DataLoadError
        The readings can't be used; the message says what to do.
    HyperparameterError
        The model type or an option is unknown or out of its range.
    TrainingError
        The model can't be saved.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> hours = np.arange(24 * 60)
    >>> load = 50 + 10 * np.sin(hours * np.pi / 12) + np.cos(hours)
    >>> series = Series(hours * 3_600_000, {"energy_kwh": load})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     result = train_machine_model(series, "baseline", path=Path(folder, "model.json"))
    >>> result.test_samples, result.evaluation.metrics["r_squared"] > 0.9
    (288, True)
    """
    tell = report or _silent
    kind = machine_model_class(model_type)
    in_force = kind.check_options(options or {})
    tell(0.0, "check", "Checking the readings")
    check_series(series, minimum=math.ceil(kind.minimum_readings / (1 - kind.holdout_share)))
    begun = time.perf_counter()
    split = holdout_start(series, kind.holdout_share)
    early = series.between(int(series.times[0]), split)
    tell(5.0, "evaluate", f"Fitting to the first {len(early)} readings")
    trial = kind(in_force, seed=seed).fit(early, report=_part(tell, "evaluate", 5.0, 40.0))
    tell(40.0, "evaluate", f"Evaluating on the last {len(series) - len(early)} readings")
    evaluation = trial.evaluate(series, start=split)
    if judge is not None:
        judge(trial, series, split)
    tell(50.0, "fit", f"Fitting to all {len(series)} readings")
    model = kind(in_force, seed=seed).fit(series, report=_part(tell, "fit", 50.0, 90.0))
    duration = time.perf_counter() - begun
    tell(95.0, "save", "Saving the model")
    saved = machine_model_write(model, path)
    tell(100.0, "save", "Done")
    return MachineTrainingResult(
        model_type=model_type,
        target=model.target,
        features=model.features,
        hyperparameters=in_force,
        evaluation=evaluation,
        total_samples=len(series),
        train_samples=len(early),
        test_samples=len(series) - len(early),
        train_start=int(series.times[0]),
        train_end=int(series.times[-1]),
        description=_description(model),
        warnings=tuple(model.warnings),
        duration_seconds=duration,
        sha256=saved.sha256,
        size_bytes=saved.size_bytes,
        environment=environment(),
    )


def holdout_start(series: Series, share: float) -> int:
    """Return the time from which readings are held out: the last `share` of them, at least one.

    Examples
    --------
    >>> import numpy as np
    >>> holdout_start(Series(np.arange(10)), 0.2)
    8
    """
    return int(series.times[min(round(len(series) * (1 - share)), len(series) - 1)])


def _description(model: MachineModel) -> dict[str, Any]:
    described: dict[str, Any] = plain(model.describe())
    return described


def _part(report: Report, step: str, low: float, high: float) -> Report:
    """Return a report for a part of the whole: its 0 is `low`, its 100 is `high`."""

    def tell(percent: float, _: str, message: str) -> None:
        report(low + (high - low) * min(max(percent, 0.0), 100.0) / 100, step, message)

    return tell


def _silent(percent: float, step: str, message: str) -> None:
    """Tell nobody."""
