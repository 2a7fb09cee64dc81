"""Submitting and cancelling training runs."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.models import User
from modelwright.catalog.errors import ExperimentNotFoundError
from modelwright.catalog.files import path_of_request
from modelwright.catalog.models import DataSet, Experiment
from modelwright.core.clock import now
from modelwright.core.errors import InvalidInputError
from modelwright.core.files import UnsafePathError
from modelwright.core.models import counter_next
from modelwright.engine.errors import HyperparameterError
from modelwright.engine.hyperparameters import (
    MODEL_TYPES,
    available_model_types,
    validate_hyperparameters,
)
from modelwright.engine.presets import FUTURE_SKILLS
from modelwright.runs.errors import NotCancellableError, SubjectBusyError
from modelwright.runs.jobs import job_announce, job_cancel
from modelwright.runs.models import TrainingRun
from modelwright.runs.states import OPEN

VERSION_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
TEST_SPLIT_RANGE = (0.1, 0.5)


@dataclass(frozen=True)
class TrainingRequest:
    """What somebody asks to be trained, not yet checked.

    Parameters
    ----------
    dataset_path : str
        Relative to the data root.
    test_split : float
        Share of the rows kept for the evaluation, 0.1 to 0.5.
    hyperparameters : mapping
        Of the model type; what is not named keeps its default.
    model_version : str
        Empty: one is made.
    notes : str
        Free text.
    preset : str
        `future_skills`, or empty for a training of any table.
    target_column, model_type, task : str
        Only without a preset.
    random_state : int
        Seed of split and model.
    trigger_type : str
        `manual`, `scheduled` or `drift`.
    priority : int
        Higher goes first.
    experiment : Experiment, optional
        Whose question it answers: table, target and task are the experiment's then.
    tuning_run_id : UUID, optional
        The search that found the hyperparameters.
    gathered : DataSet, optional
        The table with rows that were predicted and have come true, to learn from in its stead.
    """

    dataset_path: str
    test_split: float = 0.2
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    model_version: str = ""
    notes: str = ""
    preset: str = FUTURE_SKILLS.name
    target_column: str = FUTURE_SKILLS.target_column
    model_type: str = FUTURE_SKILLS.model_type
    task: str = ""
    random_state: int = 42
    trigger_type: str = "manual"
    priority: int = 0
    experiment: Experiment | None = None
    tuning_run_id: UUID | None = None
    gathered: DataSet | None = None

    @property
    def subject(self) -> str:
        """Return what is modelled, as one word: one open run and one champion each."""
        if self.experiment is not None:
            return f"{self.model_type}:experiment:{self.experiment.pk}"
        return subject_of(self.preset, self.model_type, self.dataset_path, self.target_column)


def training_check(request: TrainingRequest) -> dict[str, Any]:
    """Check every field and return the hyperparameters as they will be used.

    Raises
    ------
    InvalidInputError
        With the messages of each wrong field.
    """
    details: dict[str, list[str]] = {}
    hyperparameters: dict[str, Any] = {}
    if request.experiment is None:  # else the path is that of a registered data set
        try:
            path_of_request(request.dataset_path)
        except UnsafePathError as error:
            details["dataset_path"] = [error.message]
    low, high = TEST_SPLIT_RANGE
    if not low <= request.test_split <= high:
        name = "test_split" if request.experiment is None else "test_size"  # as it was sent
        details[name] = [f"{name} must be between {low} and {high}"]
    if fault := _model_type_fault(request):
        details["model_type"] = [fault]
    else:
        only = FUTURE_SKILLS.hyperparameters if request.preset else None
        try:
            hyperparameters = validate_hyperparameters(
                request.model_type, request.hyperparameters, only=only, task=_known_task(request)
            )
        except HyperparameterError as error:
            details["hyperparameters"] = error.messages
    if not request.target_column:
        details["target_column"] = ["target_column must name the column to predict"]
    if request.model_version:
        details.update(version_check(request.model_version))
    if details:
        raise InvalidInputError(details)
    return hyperparameters


def _known_task(request: TrainingRequest) -> str | None:
    """Return the task where it stands before the data are read."""
    return request.experiment.task if request.experiment is not None else None


def _model_type_fault(request: TrainingRequest) -> str | None:
    """Return why this kind of model can't be trained for this request, or None."""
    found = MODEL_TYPES.get(request.model_type)
    if request.experiment is None:
        known = sorted(MODEL_TYPES)
        return None if found else f"model_type must be one of {', '.join(known)}"
    task = request.experiment.task
    fitting = sorted(n for n, model in available_model_types().items() if task in model.tasks)
    if request.model_type in fitting:
        return None
    if found is not None and task in found.tasks:
        why = f"{found.title} needs the library {found.requires}, which isn't installed"
    elif found is not None:
        why = f"{found.title} can't do {task}, which this experiment asks for"
    else:
        why = f"There is no model type {request.model_type[:60]!r}"
    return f"{why}: use one of {', '.join(fitting)}"


def subject_of(preset: str, model_type: str, dataset_path: str, target: str) -> str:
    """Return what is modelled, as one word: the same table and question are the same subject.

    Different tables may be trained on at once, the same one may not (docs/decisions/0001).
    """
    subject = f"{preset}:{dataset_path}" if preset else f"{model_type}:{dataset_path}:{target}"
    return subject if len(subject) <= 300 else f"{subject[:235]}:{_digest(subject)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def version_check(name: str) -> dict[str, list[str]]:
    """Return what is wrong with the name of a new version, by field; empty where nothing is."""
    if not VERSION_NAME.fullmatch(name) or ".." in name:
        return {
            "model_version": [
                "model_version may hold letters, digits, '.', '_' and '-' (at most 100),"
                " and must not start with a dot or hold two in a row"
            ]
        }
    if TrainingRun.objects.filter(model_version=name).exists():
        return {"model_version": [f"model_version {name!r} exists already: choose another"]}
    return {}


def training_submit(
    *, request: TrainingRequest, user: User | None, ring: bool = True
) -> TrainingRun:
    """Write a pending run and ring for a worker once the transaction is through.

    Parameters
    ----------
    request : TrainingRequest
        Checked here.
    user : User or None
        Who trains.
    ring : bool
        False where the caller runs it itself.

    Returns
    -------
    TrainingRun
        Pending.

    Raises
    ------
    InvalidInputError
        A field is wrong; nothing is recorded.
    SubjectBusyError
        A run of the same subject is pending or running; nothing is recorded.
    """
    hyperparameters = training_check(request)
    subject = request.subject
    try:
        with transaction.atomic():
            number = counter_next("training_run")
            run = TrainingRun.objects.create(
                number=number,
                subject=subject,
                experiment=request.experiment,
                model_type=request.model_type,
                preset=request.preset,
                task=request.task,
                trigger_type=request.trigger_type,
                tuning_run_id=request.tuning_run_id,
                model_version=request.model_version or f"{_stem(request)}-{number}",
                notes=request.notes,
                user=user,
                priority=request.priority,
                dataset_path=request.dataset_path,
                gathered=request.gathered,
                target_column=request.target_column,
                test_split=request.test_split,
                random_state=request.random_state,
                requested_hyperparameters=dict(request.hyperparameters),
                hyperparameters=hyperparameters,
                time_limit_seconds=settings.JOB_TIME_LIMIT_SECONDS,
                memory_limit_mb=settings.JOB_MEMORY_LIMIT_MB,
            )
            if ring:
                job_announce(run)
            audit_record(
                verb=Verb.RUN_SUBMITTED,
                target=run,
                actor=user,
                after={
                    "number": number,
                    "model_version": run.model_version,
                    "dataset_path": run.dataset_path,
                    "hyperparameters": run.requested_hyperparameters,
                    "test_split": run.test_split,
                },
            )
    except IntegrityError as error:
        raise _explain(error, request, subject) from error
    return run


def _stem(request: TrainingRequest) -> str:
    return f"{(request.preset or request.model_type).replace('_', '-')}-{now():%Y%m%d-%H%M%S}"


def _explain(error: IntegrityError, request: TrainingRequest, subject: str) -> Exception:
    """Say which rule of the database the row broke; read after the fact, so it may be gone."""
    if request.model_version and (taken := version_check(request.model_version)):
        return InvalidInputError(taken)
    experiment = request.experiment
    if experiment is not None and not Experiment.objects.filter(pk=experiment.pk).exists():
        return ExperimentNotFoundError("There is no such experiment any more.")
    other = TrainingRun.objects.filter(subject=subject, status__in=OPEN).first()
    if other is not None or "one_open_per_subject" in str(error) or "subject" in str(error):
        name = f"run {other.number}" if other else "another run"
        return SubjectBusyError(
            f"A training of the same subject is pending or running ({name}):"
            " wait for it to end, or cancel it.",
            number=other.number if other else None,
            status=other.status if other else None,
        )
    return error


def model_train(
    *,
    experiment: Experiment,
    model_type: str,
    user: User | None,
    hyperparameters: Mapping[str, Any] | None = None,
    test_size: float = 0.2,
    random_state: int = 42,
    notes: str = "",
    trigger_type: str = "manual",
    gathered: DataSet | None = None,
) -> TrainingRun:
    """Submit a training for an experiment: its data set, target and task. Raises as above.

    Whether `user` may do so is `catalog.access`'s to say, before.
    """
    return training_submit(
        request=TrainingRequest(
            dataset_path=experiment.dataset.path,
            test_split=test_size,
            hyperparameters=hyperparameters or {},
            notes=notes,
            preset="",
            target_column=experiment.target_column,
            model_type=model_type,
            task=experiment.task,
            random_state=random_state,
            experiment=experiment,
            trigger_type=trigger_type,
            gathered=gathered,
        ),
        user=user,
    )


def training_cancel(*, run: TrainingRun, user: User | None) -> TrainingRun:
    """Cancel a run: a pending one at once, a running one within two seconds.

    One of a machine has ended when this returns, whatever its worker does (contract B).

    Raises
    ------
    NotCancellableError
        It has ended already.
    """
    with transaction.atomic():
        if not job_cancel(run, at_once=run.machine_id is not None):
            run.refresh_from_db()
            raise NotCancellableError(
                f"Run {run.number} has already ended ({run.status}).", number=run.number
            )
        audit_record(
            verb=Verb.RUN_CANCEL_REQUESTED,
            target=run,
            actor=user,
            before={"status": run.status},
            after={"status": "cancelled"},
        )
    run.refresh_from_db()
    return run


def training_change_notes(*, run: TrainingRun, notes: str, user: User | None) -> TrainingRun:
    """Replace the notes of a run."""
    with transaction.atomic():
        before = run.notes
        TrainingRun.objects.filter(pk=run.pk).update(notes=notes)
        audit_record(
            verb=Verb.RUN_NOTES_CHANGED,
            target=run,
            actor=user,
            before={"notes": before},
            after={"notes": notes},
        )
    run.refresh_from_db()
    return run
