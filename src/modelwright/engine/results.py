"""What a training gives back. Light: plain data only."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any


@dataclass(frozen=True)
class ArtifactInfo:
    """A saved model.

    Parameters
    ----------
    sha256 : str
        Of the file, in hexadecimal.
    size_bytes : int
        Of the file.
    """

    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Evaluation:
    """How a model does on rows that it hasn't seen.

    Parameters
    ----------
    metrics : mapping
        ``accuracy``, ``precision``, ``recall``, ``f1_score`` (the last three weighted by support);
        for regression ``r2`` (None where the rows have one value only), ``mae``, ``rmse`` and
        ``mape`` (only where no actual value is 0).
    per_class_metrics : mapping
        Label -> ``accuracy`` (share of that class's rows predicted right), ``support``,
        ``precision``, ``recall``, ``f1_score``. Empty for regression.
    confusion_matrix : mapping
        ``labels`` and ``matrix``, whose rows are the actual labels. Empty for regression.
    """

    metrics: Mapping[str, float | None]
    per_class_metrics: Mapping[str, Mapping[str, float]]
    confusion_matrix: Mapping[str, Any]


@dataclass(frozen=True)
class TrainingResult:
    """All that is known of a completed training.

    Parameters
    ----------
    task : str
        ``classification`` or ``regression``.
    model_type : str
        One of `MODEL_TYPES`.
    metrics : mapping
        As `Evaluation` has them, and ``training_duration_seconds`` (fit and evaluation).
    per_class_metrics, confusion_matrix : mapping
        As `Evaluation` has them.
    feature_importance : mapping
        Original column -> importance, largest first; they add up to 1 unless all are 0.
    features_used, missing_features : tuple of str
        Columns the model learned from; columns that were asked for and aren't in the table.
    feature_kinds : mapping
        Column used -> ``numeric``, ``text`` or ``date``.
    total_samples, train_samples, test_samples : int
        Rows, those with an unusable target left out.
    n_estimators : int or None
        Trees or rounds, where the model has such.
    hyperparameters : mapping
        Every one in force.
    dataset_sha256 : str
        Of the file that was read.
    warnings : tuple of str
        What the user should know about the data and the fit.
    artifact : ArtifactInfo or None
        The saved model; None until it is saved.
    environment : mapping
        Library -> version.
    """

    task: str
    model_type: str
    metrics: Mapping[str, float | None]
    per_class_metrics: Mapping[str, Mapping[str, float]]
    confusion_matrix: Mapping[str, Any]
    feature_importance: Mapping[str, float]
    features_used: tuple[str, ...]
    missing_features: tuple[str, ...]
    feature_kinds: Mapping[str, str]
    total_samples: int
    train_samples: int
    test_samples: int
    n_estimators: int | None
    hyperparameters: Mapping[str, Any]
    dataset_sha256: str
    warnings: tuple[str, ...]
    artifact: ArtifactInfo | None
    environment: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data that JSON can hold: no NaN, no infinity, no library's own types."""
        data: dict[str, Any] = plain(self)
        return data


def plain(value: object) -> Any:
    """Turn a value into what JSON can hold.

    Numbers that are not finite become None; what has no counterpart becomes its text.

    Examples
    --------
    >>> plain({"a": (1, float("nan")), 2: ArtifactInfo("ab", 3)})
    {'a': [1, None], '2': {'sha256': 'ab', 'size_bytes': 3}}
    """
    if value is None or isinstance(value, bool | str):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(entry) for entry in value]
    return _plain_number(value)


def _plain_number(value: object) -> Any:
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if callable(tolist := getattr(value, "tolist", None)):  # numpy's scalars and arrays
        return plain(tolist())
    return str(value)
