"""From a configuration to rows that are ready: read, check, split."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sklearn.model_selection import train_test_split

from modelwright.engine.columns import NUMERIC, TEXT, Feature, prepare_features
from modelwright.engine.config import TrainingConfig
from modelwright.engine.errors import DataLoadError
from modelwright.engine.parameters import CLASSIFICATION, TASKS
from modelwright.engine.presets import Preset, preset_for
from modelwright.engine.tables import Table, read_table
from modelwright.engine.targets import Target, check_split, prepare_target

TEST_SPLIT_RANGE = (0.1, 0.5)

ReportProgress = Callable[[float, str, str], None]


@dataclass(frozen=True)
class Dataset:
    """Rows to learn from and rows to test with.

    Parameters
    ----------
    X_train, X_test : pandas.DataFrame, shape (n_rows, n_features)
        The features.
    y_train, y_test : pandas.Series, shape (n_rows,)
        The target: labels as str, or numbers.
    task : str
        ``classification`` or ``regression``.
    labels : tuple of str
        The classes, sorted; empty for regression.
    features : tuple of Feature
        One for each column.
    missing_features : tuple of str
        Columns that were asked for and aren't there.
    sha256 : str
        Of the file.
    warnings : tuple of str
        What the user should know.
    encoding, delimiter : str
        How the file is to be read; the encoding is ``parquet`` where it is such a file.
    """

    X_train: pd.DataFrame
    X_test: pd.DataFrame
    y_train: pd.Series
    y_test: pd.Series
    task: str
    labels: tuple[str, ...]
    features: tuple[Feature, ...]
    missing_features: tuple[str, ...]
    sha256: str
    warnings: tuple[str, ...]
    encoding: str = "utf-8"
    delimiter: str = ","


def load_dataset(config: TrainingConfig, report: ReportProgress) -> Dataset:
    """Read, check and split a table.

    Parameters
    ----------
    config : TrainingConfig
        What to read, and what to predict.
    report : callable
        Told the progress: per cent, step (``read``, ``check``, ``split``), message.

    Raises
    ------
    DataLoadError
        The data, or what was asked of them, can't be used.
    """
    _check_request(config)
    preset = preset_for(config.preset) if config.preset else None
    report(0.0, "read", f"Reading {config.shown_name}")
    table = read_table(config.dataset_path, limits=config.limits, display_name=config.shown_name)
    report(5.0, "check", f"Checking {len(table.frame)} rows")
    column = config.target_column or (preset.target_column if preset else "")
    target = prepare_target(
        table,
        column,
        task=config.task,
        allowed_labels=config.allowed_labels or (preset.allowed_labels if preset else None),
    )
    check_split(target, column, config.test_split)
    wanted, missing = _columns(config, preset, table, column)
    prepared = prepare_features(
        table,
        target.values.index,
        wanted,
        target=target.values,
        kinds=_kinds(preset),
    )
    notes = [*table.warnings, *target.warnings, *prepared.warnings]
    if missing:
        notes.append(f"Missing feature column(s), left out: {', '.join(missing)}.")
    report(8.0, "split", f"Splitting {len(target.values)} rows")
    parts = _split(prepared.frame, target, config)
    return Dataset(
        *parts,
        task=target.task,
        labels=target.labels,
        features=prepared.features,
        missing_features=missing,
        sha256=table.sha256,
        warnings=tuple(notes),
        encoding=table.encoding,
        delimiter=table.delimiter,
    )


def _check_request(config: TrainingConfig) -> None:
    low, high = TEST_SPLIT_RANGE
    split = config.test_split
    if isinstance(split, bool) or not isinstance(split, int | float) or not low <= split <= high:
        raise DataLoadError(f"test_split must be between {low} and {high}", test_split=str(split))
    if config.task is not None and config.task not in TASKS:
        raise DataLoadError(f"task must be one of {', '.join(TASKS)}", task=str(config.task))
    if not config.target_column and not config.preset:
        raise DataLoadError("target_column must name the column to predict.")


def _columns(
    config: TrainingConfig, preset: Preset | None, table: Table, target: str
) -> tuple[list[str], tuple[str, ...]]:
    """Return the columns that are there, and those that were asked for and aren't."""
    there = [str(name) for name in table.frame.columns]
    asked = config.feature_columns or (preset.feature_columns if preset else None)
    if asked is None:
        asked = tuple(there)
    wanted = [name for name in dict.fromkeys(asked) if name != target]
    found = [name for name in wanted if name in set(there)]
    missing = tuple(name for name in wanted if name not in set(there))
    if not found:
        if not missing:
            raise DataLoadError(
                f"No feature columns: the dataset has only the target column '{target}'. Add"
                " columns to learn from."
            )
        raise DataLoadError(
            f"No feature columns found in dataset. Needed: {', '.join(missing[:30])}. Available"
            f" columns: {', '.join(there[:30])}",
            missing=list(missing),
        )
    return found, missing


def _kinds(preset: Preset | None) -> dict[str, str]:
    if preset is None:
        return {}
    return {
        **dict.fromkeys(preset.text_columns, TEXT),
        **dict.fromkeys(preset.numeric_columns, NUMERIC),
    }


def _split(X: pd.DataFrame, target: Target, config: TrainingConfig) -> tuple[Any, Any, Any, Any]:
    stratify = target.values if target.task == CLASSIFICATION else None
    X_train, X_test, y_train, y_test = train_test_split(
        X,
        target.values,
        test_size=config.test_split,
        random_state=config.random_state,
        stratify=stratify,
    )
    return X_train, X_test, y_train, y_test
