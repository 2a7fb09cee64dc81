"""What a batch prediction does in its child process. For workers only: it loads models."""

import csv
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from modelwright.engine.artifacts import load_artifact
from modelwright.engine.config import TableLimits
from modelwright.engine.results import plain
from modelwright.engine.serving.frames import cells_of, texts_of
from modelwright.engine.serving.predictor import Answer, Predictor
from modelwright.engine.serving.rows import RowsError
from modelwright.engine.tables import read_table
from modelwright.runs.child import Report
from modelwright.serving.batch_kind import FILE_NAME

ROWS_AT_ONCE = 1000
STEP = "predict"


def work(payload: Mapping[str, Any], scratch: Path, report: Report) -> Mapping[str, Any]:
    """Answer every row of the table; leave a file with one line for each in `scratch`.

    The table is read as a training reads it, whole and within the same limits; answers are written
    as they come.
    """
    report(0.0, STEP, "Reading the data set")
    limits = TableLimits(**payload["limits"])
    frame = read_table(payload["path"], limits=limits, display_name=payload["name"]).frame
    predictor = Predictor(load_artifact(**payload["file"], key=bytes.fromhex(payload["key"])))
    key_column = payload["key_column"]
    target = scratch / FILE_NAME
    with target.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        for first in range(0, len(frame), ROWS_AT_ONCE):
            part = frame.iloc[first : first + ROWS_AT_ONCE]
            cells = cells_of(part, predictor.columns)
            answer = _answered(predictor, cells, first)
            keys = _keys(part[key_column]) if key_column else []
            if first == 0:
                head = [key_column] if key_column else []
                shares = [f"probability_{name}" for name in answer.classes]
                lines.writerow(["row", *head, "prediction", *shares, "version"])
            for i, line in enumerate(_lines(answer)):
                key = [keys[i]] if key_column else []
                lines.writerow([first + i + 1, *key, *line, payload["version"]])
            if payload["is_logged"]:
                report.keep(plain({"first": first, "cells": cells, "keys": keys, **_log(answer)}))
            done = first + len(part)
            percent = 100.0 * done / len(frame)
            report(min(percent, 99.0), STEP, f"{done:,} of {len(frame):,} rows")
    with target.open("rb") as made:
        digest = hashlib.file_digest(made, "sha256").hexdigest()
    return {"rows": len(frame), "size_bytes": target.stat().st_size, "sha256": digest}


def _answered(predictor: Predictor, cells: Mapping[str, Any], first: int) -> Answer:
    try:
        return predictor.answer(cells)
    except RowsError as error:
        where = f"Counting from row {first + 1}: " if first else ""
        raise RowsError([f"{where}{fault}" for fault in error.faults]) from error


def _keys(cells: pd.Series) -> list[str]:
    return ["" if cell is None else cell for cell in texts_of(cells)]


def _lines(answer: Answer) -> Iterator[list[Any]]:
    """Yield what was answered to each row; a double is written so that it reads back the same."""
    given = answer.labels if answer.labels is not None else answer.values or ()
    for i, one in enumerate(given):
        yield [one, *(answer.probabilities[i] if answer.probabilities else ())]


def _log(answer: Answer) -> dict[str, Any]:
    return {
        "labels": answer.labels,
        "values": answer.values,
        "classes": answer.classes,
        "probabilities": answer.probabilities,
    }
