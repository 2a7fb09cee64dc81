"""A machine of the sample with its readings, and trainings that run here and now."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from modelwright.catalog.ingest import Ingested, readings_store
from modelwright.catalog.ingest_rows import Rows
from modelwright.catalog.machines import machine_create
from modelwright.catalog.models import Machine
from modelwright.engine.machines.sample_machines import sample_machines, sample_readings
from modelwright.engine.machines.series import HOUR_MS, Series
from modelwright.registry.models import ModelVersion
from modelwright.registry.selectors import version_of_run
from modelwright.runs.executor import _complete
from modelwright.runs.jobs import job_claim
from modelwright.runs.machine_services import machine_training_submit
from modelwright.runs.training_work import work

END_MS = 1_764_000_000_000 // HOUR_MS * HOUR_MS  # 2025-11-24
CHILLER = next(m for m in sample_machines() if m.machine_type == "chiller")


def readings(days: int = 60, end_ms: int = END_MS) -> Series:
    """Return the readings of the sample's chiller."""
    return sample_readings(CHILLER, end_ms=end_ms, days=days)


def store(machine: Machine, series: Series) -> Ingested:
    """Store readings."""
    rows = Rows(series.times, dict(series.channels))
    stored = readings_store(machine=machine, rows=rows, user=None)
    machine.refresh_from_db()
    return stored


def chiller(days: int = 60, **fields: Any) -> Machine:
    """Return a machine with so many days of hourly readings up to `END_MS`."""
    machine = machine_create(
        user=None, **{"name": "Chiller", "timezone": CHILLER.timezone, **fields}
    )
    store(machine, readings(days))
    return machine


def train(machine: Machine, model_type: str = "baseline", **options: Any) -> ModelVersion:
    """Train a model in this process and return its version."""
    run = machine_training_submit(
        machine=machine, model_type=model_type, user=None, options=options
    )
    claim = job_claim(queue="training", worker="here", only=run.pk)
    assert claim is not None
    with tempfile.TemporaryDirectory() as folder:
        result = work(claim.kind.prepare(run), Path(folder), lambda *_: None)
        _complete(claim, run, Path(folder), result)
    return version_of_run(run)


def moved(series: Series, channel: str, by: float) -> Series:
    """Return a series with one channel multiplied."""
    values = {**series.channels, channel: series.channels[channel] * by}
    return Series(series.times, values, series.timezone)


def later(series: Series, hours: int) -> Series:
    """Return a series moved in time."""
    times = series.times + np.int64(hours * HOUR_MS)
    return Series(times, dict(series.channels), series.timezone)
