"""Asking a version: a machine's model here (it is plain numbers), any other in the host."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from django.conf import settings

from modelwright.core.errors import InvalidInputError
from modelwright.core.store import file_here
from modelwright.engine.machines.base import MachineModel
from modelwright.engine.machines.series import Series
from modelwright.engine.serving.bodies import CANT_EXPLAIN
from modelwright.registry.errors import ArtifactChangedError, VersionNotFoundError
from modelwright.registry.models import ModelVersion
from modelwright.registry.selectors import file_require, machine_model_of
from modelwright.serving.errors import ModelFailedError, RowsRefusedError
from modelwright.serving.hosting import host

Table = Mapping[str, Sequence[Any]]
TIMESTAMP = "timestamp"


@dataclass(frozen=True)
class RowAnswer:
    """The answer for one row: a label or a value, and what belongs to it (JSON-safe)."""

    label: str
    value: float | None
    details: Mapping[str, Any]


def version_ask(
    version: ModelVersion, table: Table, *, written: bool = False, explain: bool = False
) -> list[RowAnswer]:
    """Return a version's answers for the rows of a table.

    Parameters
    ----------
    version : ModelVersion
    table : mapping
        Column -> cells, all of one length.
    written : bool
        The cells are texts of a file.
    explain : bool
        Say what moved each answer.

    Raises
    ------
    RowsRefusedError
        The rows don't fit the model, or it can't explain itself.
    ArtifactChangedError
        The model's file isn't the one that was recorded, or gone; it was not opened.
    ModelFailedError
        The model failed on them.
    HostUnavailableError
        The process that holds the models doesn't answer.
    """
    file_require(version)
    if version.is_plain:
        if explain:
            raise RowsRefusedError(CANT_EXPLAIN, faults=[CANT_EXPLAIN])
        return _machine_ask(version, table, written=written)
    found = host.ask(
        {**file_facts(version), "table": table, "written": written, "explain": explain}
    )
    if code := found.get("error"):
        raise _refusal(version, code, found)
    return _rows(found["answer"])


def file_facts(version: ModelVersion) -> dict[str, str]:
    """Return what the host needs to find a version's file and to prove its bytes."""
    path = file_here(version.artifact_path, closed=(settings.SYSTEM_DIR,))
    return {"path": str(path), "sha256": version.sha256, "signature": version.signature}


def _refusal(version: ModelVersion, code: str, found: Mapping[str, Any]) -> Exception:
    if code == "rows_error":
        return RowsRefusedError(found["message"], faults=found["faults"])
    if code == "artifact_error":
        return ArtifactChangedError(found["message"], version=version.number)
    return ModelFailedError(f"Version {version.number} failed: {found['message']}")


def _rows(answer: Mapping[str, Any]) -> list[RowAnswer]:
    labels, values = answer["labels"], answer["values"]
    rows = []
    for i in range(len(labels if labels is not None else values)):
        details: dict[str, Any] = {}
        if answer["probabilities"]:
            shares = zip(answer["classes"], answer["probabilities"][i], strict=True)
            details["probabilities"] = dict(shares)
        if answer["explanations"]:
            details["explanation"] = answer["explanations"][i]
        rows.append(
            RowAnswer(
                label="" if labels is None else labels[i],
                value=None if values is None else values[i],
                details=details,
            )
        )
    return rows


# --- machines -----------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _loaded(sha256: str, version_id: int) -> MachineModel:
    return machine_model_of(ModelVersion.objects.get(pk=version_id))


def machine_model_loaded(version: ModelVersion) -> MachineModel:
    """Return a machine's model, read and proved once a process. Raises as `machine_model_of`."""
    return _loaded(version.sha256, version.pk)


def _machine_ask(version: ModelVersion, table: Table, *, written: bool) -> list[RowAnswer]:
    try:
        model = machine_model_loaded(version)
    except VersionNotFoundError as error:  # it was not given up, so it should be there
        raise ArtifactChangedError(error.message, version=version.number) from error
    if TIMESTAMP not in table:
        raise RowsRefusedError(
            f"Column {TIMESTAMP!r} is missing.", faults=[f"Column {TIMESTAMP!r} is missing."]
        )
    needed = [name for name in model.features if name != model.target]
    faults = [f"Column {name!r} is missing." for name in needed if name not in table]
    times = _times(table[TIMESTAMP], faults)
    channels = {
        name: _channel(name, table[name], faults, written=written)
        for name in model.features
        if name in table
    }
    if faults:
        raise RowsRefusedError(" ".join(faults[:20]), faults=faults[:20])
    order = np.argsort(times, kind="stable")
    if len(times) > 1 and not (np.diff(times[order]) > 0).all():
        raise RowsRefusedError("Two rows have the same timestamp.", faults=["timestamp"])
    zone = version.run.machine.timezone if version.run.machine else "UTC"
    channels.setdefault(model.target, np.full(len(times), np.nan))
    found = model.expected(
        Series(times[order], {name: values[order] for name, values in channels.items()}, zone)
    )
    back = np.argsort(order, kind="stable")
    return [
        RowAnswer(
            label="",
            value=_finite(found.mean[i]),
            details={
                "lower": _finite(found.lower[i]),
                "upper": _finite(found.upper[i]),
                "coverage": found.coverage,
                "target": model.target,
            },
        )
        for i in back
    ]


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _times(cells: Sequence[Any], faults: list[str]) -> Any:
    times = np.zeros(len(cells), dtype=np.int64)
    for row, cell in enumerate(cells):
        try:
            moment = dt.datetime.fromisoformat(cell)
            if moment.tzinfo is None:
                raise ValueError("no zone")
            times[row] = round(moment.timestamp() * 1000)
        except (TypeError, ValueError, OverflowError):
            faults.append(
                f"Column {TIMESTAMP!r} must hold times with their zone, such as"
                f" 2026-01-31T08:00:00Z; row {row + 1} doesn't."
            )
    return times


def _channel(name: str, cells: Sequence[Any], faults: list[str], *, written: bool) -> Any:
    values = np.full(len(cells), np.nan)
    for row, cell in enumerate(cells):
        if cell is None or cell == "":
            continue
        if (isinstance(cell, str) and not written) or isinstance(cell, bool):
            faults.append(f"Column {name!r} must hold numbers; row {row + 1} doesn't.")
            continue
        try:
            values[row] = float(cell)
        except (TypeError, ValueError):
            faults.append(f"Column {name!r} must hold numbers; row {row + 1} doesn't.")
    return values


def rows_to_table(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Turn rows into columns; a cell that a row doesn't have is empty.

    Raises
    ------
    InvalidInputError
        There is no row, or one is no mapping.

    Examples
    --------
    >>> rows_to_table([{"a": 1, "b": 2}, {"a": 3}])
    {'a': [1, 3], 'b': [2, None]}
    """
    if not rows or not all(isinstance(row, Mapping) for row in rows):
        raise InvalidInputError({"rows": ["rows is a list of at least one object."]})
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}
