"""What a training run does in its child process. For workers only: it loads scikit-learn."""

import contextlib
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from modelwright.engine.config import TrainingConfig
from modelwright.engine.drift import DriftDataError, Profile
from modelwright.engine.machines.base import MachineModel
from modelwright.engine.machines.files import machine_model_class
from modelwright.engine.machines.local_time import DAY_MS
from modelwright.engine.machines.model_errors import errors_of
from modelwright.engine.machines.series import Series
from modelwright.engine.machines.training import train_machine_model
from modelwright.engine.machines.watching import ErrorWatch
from modelwright.engine.model_trainer import ModelTrainer
from modelwright.engine.profiling import profile_training
from modelwright.engine.results import plain
from modelwright.engine.training import run_training
from modelwright.runs.training_kind import (
    ANSWERS_NAME,
    ARTIFACT_NAME,
    MACHINE_ARTIFACT_NAME,
    PROFILE_NAME,
)

log = logging.getLogger(__name__)

LOOK_BACK_MS = 35 * DAY_MS


def work(
    payload: Mapping[str, Any], scratch: Path, report: Callable[[float, str, str], None]
) -> Mapping[str, Any]:
    """Train as `payload` (a `TrainingConfig` as a dict) says; leave the artifact in `scratch`."""
    if "series" in payload:
        return _machine_work(payload, scratch, report)
    watch: dict[str, Any] = {}

    def keep(trainer: ModelTrainer) -> None:
        try:
            found = profile_training(trainer)
        except DriftDataError as error:  # a training never fails for what is only watched with
            log.warning("The training is not profiled: %s", error)
            return
        if found.inputs is not None:
            (scratch / PROFILE_NAME).write_bytes(found.inputs.to_bytes())
        (scratch / ANSWERS_NAME).write_bytes(found.predictions.to_bytes())
        watch["log_loss"] = found.log_loss

    result = run_training(
        TrainingConfig.from_dict(payload),
        artifact_path=scratch / ARTIFACT_NAME,
        report=report,
        keep=keep,
    )
    return {**result.to_dict(), "watch": watch}


def warm_up(payload: Mapping[str, Any]) -> None:
    """Load a machine's model type in the worker, once: each child would take a second for it."""
    if "series" in payload:
        machine_model_class(payload["model_type"])


def _machine_work(
    payload: Mapping[str, Any], scratch: Path, report: Callable[[float, str, str], None]
) -> Mapping[str, Any]:
    series: Series = payload["series"]
    watch: dict[str, Any] = {}

    def judge(trial: MachineModel, readings: Series, held_out: int) -> None:
        with contextlib.suppress(DriftDataError):  # too few to know what is usual: not watched
            seen = readings.between(held_out - LOOK_BACK_MS, int(readings.times[-1]) + 1)
            watch.update(ErrorWatch.fit(errors_of(trial, seen, held_out)).to_dict())

    result = train_machine_model(
        series,
        payload["model_type"],
        payload["options"],
        seed=payload["random_state"],
        path=scratch / MACHINE_ARTIFACT_NAME,
        report=report,
        judge=judge,
    )
    features = {name: series.channels[name] for name in result.features}
    profile = Profile.fit(features, times=series.times, timezone=series.timezone)
    # not synced: its parent reads it at once and keeps it in the database
    (scratch / PROFILE_NAME).write_bytes(profile.to_bytes())
    artifact = {"sha256": result.sha256, "size_bytes": result.size_bytes}
    return {
        **plain(result),
        "artifact": artifact,
        "watch": watch,
        "dataset_sha256": series.sha256(),
    }
