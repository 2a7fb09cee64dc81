"""What a training is told: which table, which column, which model. Light: plain data only."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from modelwright.engine.errors import ModelTrainerError
from modelwright.engine.presets import FUTURE_SKILLS


@dataclass(frozen=True)
class TableLimits:
    """How large a table may be.

    Parameters
    ----------
    max_bytes : int
        Size of the file.
    max_rows : int
        Rows below the header.
    max_columns : int
        Columns.
    max_cell_chars : int
        Length of one cell, in characters; at most 131,071, where the csv module ends.
    """

    max_bytes: int = 512 * 1024 * 1024
    max_rows: int = 5_000_000
    max_columns: int = 2_000
    max_cell_chars: int = 32_767


@dataclass(frozen=True)
class TrainingConfig:
    """One training, ready to be run or repeated.

    Parameters
    ----------
    dataset_path : str
        Where the table lies.
    target_column : str
        What to predict. Empty: the preset's.
    model_type : str
        One of `modelwright.engine.MODEL_TYPES`.
    preset : str or None
        Name of a preset, which says the kind of each column and the defaults.
    task : str or None
        ``classification`` or ``regression``; None to tell it from the target.
    allowed_labels : tuple of str or None
        Rows with another target value are left out, with a warning. None: all labels.
    feature_columns : tuple of str or None
        Columns to learn from, in this order. None: the preset's, or all but the target.
    hyperparameters : mapping
        Those that differ from the defaults.
    test_split : float
        Share of the rows kept for the evaluation, 0.1 to 0.5.
    random_state : int
        Seed of the split and of the model.
    threads : int
        How many threads the fit may use; the model is the same for any number.
    display_name : str or None
        What messages call the file; None: its name without folders.
    limits : TableLimits
        How large the table may be.

    Examples
    --------
    >>> config = TrainingConfig("data.csv", "churn", hyperparameters={"n_estimators": 10})
    >>> TrainingConfig.from_dict(config.to_dict()) == config
    True
    """

    dataset_path: str
    target_column: str = ""
    model_type: str = FUTURE_SKILLS.model_type
    preset: str | None = None
    task: str | None = None
    allowed_labels: tuple[str, ...] | None = None
    feature_columns: tuple[str, ...] | None = None
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    test_split: float = 0.2
    random_state: int = 42
    threads: int = 1
    display_name: str | None = None
    limits: TableLimits = TableLimits()

    @property
    def shown_name(self) -> str:
        """Return what messages call the file: never more than the user gave."""
        return self.display_name or Path(self.dataset_path).name or "the data set"

    def to_dict(self) -> dict[str, Any]:
        """Return plain data that JSON can hold."""
        data = asdict(self)
        data["hyperparameters"] = dict(self.hyperparameters)
        for name in ("allowed_labels", "feature_columns"):
            if data[name] is not None:
                data[name] = list(data[name])
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "TrainingConfig":
        """Make a configuration of what `to_dict` gave; what is left out keeps its default.

        Raises
        ------
        ModelTrainerError
            An entry is unknown.
        """
        values = dict(data)
        _refuse_unknown(cls, values)
        limits = values.get("limits", {})
        if isinstance(limits, Mapping):
            _refuse_unknown(TableLimits, limits)
            values["limits"] = TableLimits(**limits)
        for name in ("allowed_labels", "feature_columns"):
            if values.get(name) is not None:
                values[name] = tuple(values[name])
        return cls(**values)


def _refuse_unknown(
    kind: type[TrainingConfig] | type[TableLimits], given: Mapping[str, Any]
) -> None:
    unknown = sorted(set(given) - {f.name for f in fields(kind)})
    if unknown:
        raise ModelTrainerError(f"Unknown entries of {kind.__name__}: {', '.join(unknown)}")
