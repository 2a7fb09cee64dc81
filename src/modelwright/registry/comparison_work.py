"""What a comparison does in its child process. For workers only: it loads scikit-learn."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from modelwright.engine.artifacts import load_artifact
from modelwright.engine.comparing import compare_predictions
from modelwright.engine.config import TrainingConfig
from modelwright.engine.dataset import load_dataset
from modelwright.engine.errors import DataLoadError
from modelwright.engine.machines.series import Series
from modelwright.engine.results import plain

DAY_MS = 86_400_000
Report = Callable[[float, str, str], None]


def work(payload: Mapping[str, Any], _scratch: Path, report: Report) -> Mapping[str, Any]:
    """Ask both models about the same rows, and compare their answers with the truth."""
    return (_readings if "series" in payload else _table)(payload, report)


def _table(payload: Mapping[str, Any], report: Report) -> Mapping[str, Any]:
    config = TrainingConfig.from_dict(payload["config"])
    data = load_dataset(config, lambda percent, step, what: report(percent * 5, step, what))
    notes = []
    if payload["source"] == "hold_out":
        if data.sha256 != payload["newer_sha256"]:
            raise DataLoadError(
                "The file has changed since the newer version was trained: its hold-out is gone."
                " Choose a data set to compare on."
            )
        rows, truth = data.X_test, data.y_test
    else:
        rows = pd.concat([data.X_train, data.X_test]).sort_index()
        truth = pd.concat([data.y_train, data.y_test]).sort_index()
    answers = []
    for place, version in enumerate(payload["versions"]):
        number = version["number"]
        report(50.0 + 20.0 * place, "predict", f"Asking version {number}")
        model = load_artifact(
            version["path"],
            sha256=version["sha256"],
            signature=version["signature"],
            key=payload["key"],
        )
        answers.append(_answers(model, rows, number))
        if note := _seen(version, data.sha256, config, payload["source"]):
            notes.append(note)
    report(90.0, "compare", "Comparing")
    compared = compare_predictions(truth, *answers, task=data.task)
    return _result(compared, len(truth), data.task, notes, data.sha256)


def _answers(model: Any, rows: pd.DataFrame, number: int) -> Any:
    needed = [str(name) for name in model[0].feature_names_in_]
    if missing := [name for name in needed if name not in rows]:
        raise DataLoadError(
            f"Version {number} needs columns that the data don't have: {', '.join(missing[:20])}."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # unknown categories are allowed
        return model.predict(rows[needed])


def _seen(version: Mapping[str, Any], sha256: str, config: TrainingConfig, source: str) -> str:
    """Return what to say where a version may have learned from the very rows."""
    same_file = version["dataset_sha256"] == sha256
    if source == "dataset":
        said = f"Version {version['number']} has learned from this data set: that flatters it."
        return said if same_file else ""
    same_split = (
        same_file
        and version["test_split"] == config.test_split
        and version["random_state"] == config.random_state
    )
    if same_split:
        return ""
    return (
        f"Version {version['number']} was trained on other rows: some of these may be among them,"
        " which flatters it."
    )


def _readings(payload: Mapping[str, Any], report: Report) -> Mapping[str, Any]:
    series: Series = payload["series"]
    begin = payload["start"] if payload["start"] is not None else 0
    inside = series.times >= begin
    if payload["end"] is not None:
        inside &= series.times < payload["end"]
    actual = series.channels.get(payload["models"][0].target, np.full(len(series), np.nan))
    answers = []
    for place, model in enumerate(payload["models"]):
        number = payload["versions"][place]["number"]
        report(20.0 + 35.0 * place, "predict", f"Asking version {number}")
        answers.append(np.asarray(model.expected(series).mean, dtype=float))
    usable = inside & np.isfinite(actual) & np.isfinite(answers[0]) & np.isfinite(answers[1])
    if not usable.any():
        raise DataLoadError("No reading of this period can be compared: choose a longer one.")
    times = series.times[usable]
    notes = [
        f"Version {version['number']} has learned from readings of this period: that flatters it."
        for version, until in zip(payload["versions"], payload["learned_until"], strict=True)
        if until is not None and until >= int(times[0])
    ]
    report(90.0, "compare", "Comparing")
    step = float(np.median(np.diff(times))) if len(times) > 1 else DAY_MS
    compared = compare_predictions(
        actual[usable], answers[0][usable], answers[1][usable],
        task="regression", block=max(1, round(DAY_MS / max(step, 1.0))),
    )  # fmt: skip
    period = series.between(int(times[0]), int(times[-1]) + 1)
    return _result(compared, len(times), "regression", notes, period.sha256())


def _result(
    compared: Any, rows: int, task: str, notes: list[str], sha256: str
) -> Mapping[str, Any]:
    return {
        "rows": rows,
        "task": task,
        "data_sha256": sha256,
        "metrics": [plain(asdict(one)) for one in compared],
        "warnings": notes,
    }
