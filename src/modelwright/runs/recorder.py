"""Keeping the record of trainings that were started from Python (`ModelTrainer`)."""

import secrets
import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.models import User
from modelwright.core.clock import now
from modelwright.core.errors import InvalidInputError
from modelwright.core.files import private_dir
from modelwright.core.models import counter_next
from modelwright.engine.config import TrainingConfig
from modelwright.engine.results import TrainingResult
from modelwright.runs.kinds import kind_of
from modelwright.runs.models import TrainingRun
from modelwright.runs.services import subject_of, version_check
from modelwright.runs.states import Status
from modelwright.runs.training_kind import (
    ARTIFACT_NAME,
    SCORES,
    training_completed_fields,
    training_ended,
)


class DatabaseRecorder:
    """Writes ended runs; `modelwright.engine.recording.Recorder` says what each argument is."""

    def record_training(
        self,
        *,
        result: TrainingResult,
        config: TrainingConfig,
        model_version: str,
        model_path: str | None,
        user: object | None,
        notes: str,
    ) -> TrainingRun:
        """Record a completed training; its saved model, if any, becomes a version."""
        data = result.to_dict()
        seconds = data["metrics"]["training_duration_seconds"] or 0.0
        run = _draft(config, model_version, user, notes, Status.COMPLETED)
        for name, value in training_completed_fields(run, data).items():
            setattr(run, name, value)
        run.training_duration_seconds = seconds
        run.progress_percent = 100.0
        scratch = private_dir(settings.SCRATCH_DIR / f"record-{secrets.token_hex(8)}")
        try:
            if result.artifact is not None and model_path is not None:
                shutil.copyfile(model_path, scratch / ARTIFACT_NAME)
            with transaction.atomic():
                _save(run)
                if result.artifact is not None and model_path is not None:
                    for hook in kind_of(run).completion_hooks:
                        hook(run, data, scratch)
                    run.save()
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        return run

    def record_failure(
        self,
        *,
        config: TrainingConfig,
        model_version: str,
        error_message: str,
        duration_seconds: float,
        user: object | None,
        notes: str,
    ) -> TrainingRun:
        """Record a training that failed, with no score."""
        run = _draft(config, model_version, user, notes, Status.FAILED)
        for name in SCORES:
            setattr(run, name, 0.0)
        run.training_duration_seconds = round(duration_seconds, 4)
        run.error_message = error_message
        run.error_type = "ModelTrainerError"
        with transaction.atomic():
            _save(run)
        return run


def _save(run: TrainingRun) -> None:
    run.number = counter_next("training_run")
    run.model_version = run.model_version or f"notebook-{now():%Y%m%d-%H%M%S}-{run.number}"
    run.save(force_insert=True)
    training_ended(run)
    audit_record(verb=Verb.RUN_SUBMITTED, target=run, actor=run.user, after={"number": run.number})


def _draft(
    config: TrainingConfig, model_version: str, user: object | None, notes: str, status: Status
) -> TrainingRun:
    if model_version and (wrong := version_check(model_version)):
        raise InvalidInputError(wrong)
    path = _path_shown(config.dataset_path)
    moment = now()
    return TrainingRun(
        status=status,
        subject=subject_of(config.preset or "", config.model_type, path, config.target_column),
        model_type=config.model_type,
        preset=config.preset or "",
        model_version=model_version,
        notes=notes,
        user=_user(user),
        dataset_path=path,
        target_column=config.target_column,
        test_split=config.test_split,
        random_state=config.random_state,
        requested_hyperparameters=dict(config.hyperparameters),
        hyperparameters=dict(config.hyperparameters),
        started_at=moment,
        finished_at=moment,
        attempt=1,
    )


def _path_shown(path: str) -> str:
    """Return the path as the server would name it: relative where it lies below the data root."""
    absolute = Path(path).absolute()
    if absolute.is_relative_to(settings.DATA_ROOT):
        return str(absolute.relative_to(settings.DATA_ROOT))
    return path[:1024]


def _user(user: Any) -> User | None:
    """Return the account for what the caller gave: an account, a name, or nothing.

    Raises
    ------
    InvalidInputError
        There is no account of that name.
    """
    if user is None or isinstance(user, User):
        return user
    found = User.objects.filter(username=str(user)).first()
    if found is None:
        raise InvalidInputError({"user": [f"There is no user {user!s}: add one first."]})
    return found
