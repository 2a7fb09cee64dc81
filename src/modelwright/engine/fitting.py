"""Fitting a pipeline: preprocessing first, then the estimator, with its progress and warnings."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from modelwright.engine.config import TrainingConfig
from modelwright.engine.dataset import Dataset, ReportProgress
from modelwright.engine.parameters import CLASSIFICATION
from modelwright.engine.preprocessing import build_preprocessor
from modelwright.engine.trainers import Trainer

FIT_FROM, FIT_TO = 10.0, 90.0
MOST_WARNINGS = 5
FIT_FAILURES: tuple[type[Exception], ...] = (
    ValueError,
    TypeError,
    ArithmeticError,
    IndexError,
    np.linalg.LinAlgError,
)


@dataclass(frozen=True)
class FittedPipeline:
    """What a fit gives.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Steps ``preprocessor`` and ``classifier`` or ``regressor``.
    warnings : tuple of str
        What the libraries warned of.
    """

    pipeline: Pipeline
    warnings: tuple[str, ...]


def fit_pipeline(
    trainer: Trainer,
    estimator: Any,
    data: Dataset,
    config: TrainingConfig,
    report: ReportProgress,
) -> FittedPipeline:
    """Fit preprocessing and estimator on the training rows.

    Parameters
    ----------
    trainer : Trainer
        Of the model type.
    estimator : object
        As it built it; fitted in place.
    data : Dataset
        The rows.
    config : TrainingConfig
        Says the threads, and whether the preset keeps all texts apart.
    report : callable
        Told the progress, from 10 to 90 per cent, in step ``fit``.
    """
    report(FIT_FROM, "fit", f"Fitting on {len(data.X_train)} rows")

    def progress(share: float, text: str) -> None:
        report(round(FIT_FROM + share * (FIT_TO - FIT_FROM), 2), "fit", text or "Fitted")

    preprocessor = build_preprocessor(data.features, exact_categories=config.preset is not None)
    if trainer.dense:
        preprocessor.sparse_threshold = 0.0
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        encoded = preprocessor.fit_transform(data.X_train)
        with threadpool_limits(config.threads if trainer.native_threads else None):
            trainer.fit(estimator, encoded, data.y_train, threads=config.threads, progress=progress)
    found = dict.fromkeys(first_line(entry.message) for entry in caught)
    name = "classifier" if data.task == CLASSIFICATION else "regressor"
    return FittedPipeline(
        Pipeline([("preprocessor", preprocessor), (name, estimator)]),
        tuple(f"From the fit: {text}" for text in found)[:MOST_WARNINGS],
    )


def first_line(error: object) -> str:
    """Return the first line of a message, at most 300 characters.

    Examples
    --------
    >>> first_line(ValueError("too many rows\\nand more"))
    'too many rows'
    """
    lines = [line for line in str(error).strip().splitlines() if line.strip()]
    return (lines or [type(error).__name__])[0][:300]
