"""Deleting model runs, experiments and data sets with what hangs on them.

Rows go in one transaction; files after it, so that no row ever names a file that is gone. Searches
of a model run are deleted by the database itself (their foreign key cascades).
"""

import contextlib
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import ProtectedError, QuerySet

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.models import User
from modelwright.catalog.access import may_all
from modelwright.catalog.errors import StillUsedError
from modelwright.catalog.files import path_of_dataset
from modelwright.catalog.models import DataSet, Experiment
from modelwright.catalog.services import dataset_delete, experiment_delete
from modelwright.core.files import UnsafePathError
from modelwright.core.store import file_forget
from modelwright.registry.models import ModelVersion
from modelwright.registry.promotion import champion_leave
from modelwright.runs.models import JobEvent, TrainingRun
from modelwright.runs.services import training_cancel

SHOWN_USES = 20


def model_run_delete(*, run: TrainingRun, user: User | None) -> None:
    """Delete a run, its version and its files; a pending or running one is cancelled first.

    Its worker notices within a second that the row is gone and ends the fit; should the fit end in
    that very moment, its result is not published: completing begins with the row.

    Raises
    ------
    StillUsedError
        Something of a room above holds on to its version.
    """
    with transaction.atomic():
        held = TrainingRun.objects.select_for_update().filter(pk=run.pk).first()
        if held is None:
            return
        if held.is_open:
            training_cancel(run=held, user=user)
        files = _version_files(held)
        try:
            for version in ModelVersion.objects.filter(run=held):
                champion_leave(version, user)
                version.delete()
            JobEvent.objects.filter(job_id=held.pk).delete()
            TrainingRun.objects.filter(pk=held.pk).delete()
            _gathered_delete(held, user)
        except ProtectedError as error:
            raise StillUsedError(
                f"The model of run {run.number} is still in use.",
                uses=[str(thing) for thing in list(error.protected_objects)[:SHOWN_USES]],
            ) from error
        audit_record(
            verb=Verb.RUN_DELETED,
            target=held,
            actor=user,
            before={
                "number": held.number,
                "model_version": held.model_version,
                "status": held.status,
                "experiment": None if held.experiment_id is None else str(held.experiment_id),
            },
        )
        transaction.on_commit(lambda: _unlink(files))


def _gathered_delete(run: TrainingRun, user: User | None) -> None:
    """Delete the table that was gathered for a run, unless something else learned from it."""
    if run.gathered is None or dataset_uses(run.gathered) or runs_learned_from(run.gathered):
        return
    with contextlib.suppress(ProtectedError), transaction.atomic():  # a search does, say
        dataset_delete(dataset=run.gathered, user=user)


def _version_files(run: TrainingRun) -> list[Path]:
    paths = ModelVersion.objects.filter(run=run).values_list("artifact_path", flat=True)
    files = []
    for path in paths:
        try:
            files.append(path_of_dataset(path))
        except UnsafePathError:  # a link to elsewhere: not ours to delete
            continue
    return files


def _unlink(files: list[Path]) -> None:
    for path in files:
        if path.is_relative_to(settings.DATA_ROOT.resolve()):
            file_forget(path)


def experiment_uses(experiment: Experiment) -> list[str]:
    """Return what hangs on an experiment, in words."""
    runs = _runs_of(experiment).values_list("number", "model_type", "status")
    return [f"run {number} ({kind}, {status})" for number, kind, status in runs]


def _runs_of(experiment: Experiment) -> QuerySet[TrainingRun]:
    return TrainingRun.objects.filter(experiment=experiment).order_by("-number")


def experiment_remove(*, experiment: Experiment, user: User | None, force: bool = False) -> None:
    """Delete an experiment; with `force` its model runs too.

    Raises
    ------
    StillUsedError
        There are model runs, and `force` is not set.
    """
    with transaction.atomic():
        uses = experiment_uses(experiment)
        if uses and not force:
            raise StillUsedError(
                f"The experiment {experiment.name!r} has {_count(uses, 'model run')}: delete"
                " them first, or all together with ?force=true.",
                uses=uses[:SHOWN_USES],
            )
        for run in _runs_of(experiment):
            model_run_delete(run=run, user=user)
        experiment_delete(experiment=experiment, user=user)


def dataset_uses(dataset: DataSet) -> list[str]:
    """Return what hangs on a data set, in words."""
    found = []
    for experiment in dataset.experiments.order_by("created_at"):
        runs = experiment_uses(experiment)
        found.append(f"experiment {experiment.name!r} with {_count(runs, 'model run')}")
    return found


def runs_learned_from(dataset: DataSet) -> list[int]:
    """Return the runs that a policy gathered it for."""
    return list(dataset.learned_by.order_by("number").values_list("number", flat=True))


def dataset_remove(*, dataset: DataSet, user: User, force: bool = False) -> None:
    """Delete a data set; with `force` the experiments on it too.

    Raises
    ------
    StillUsedError
        There are experiments and `force` is not set, or some are somebody else's: those are not
        deleted for anybody but an administrator. Or a model has learned from it by a policy.
    """
    with transaction.atomic():
        if learned := [f"run {number}" for number in runs_learned_from(dataset)]:
            raise StillUsedError(
                f"A policy has gathered the data set {dataset.name!r} for {_count(learned, 'run')}:"
                " it goes with them.",
                uses=learned[:SHOWN_USES],
            )
        uses = dataset_uses(dataset)
        if uses and not force:
            raise StillUsedError(
                f"The data set {dataset.name!r} is used by {_count(uses, 'experiment')}: delete"
                " them first, or all together with ?force=true.",
                uses=uses[:SHOWN_USES],
            )
        others = dataset.experiments.exclude(owner=user)
        if not may_all(user) and others.exists():
            raise StillUsedError(
                f"The data set {dataset.name!r} is used by experiments of other people: ask them,"
                " or an administrator.",
                uses=[f"experiment {e.name!r} of {e.owner}" for e in others[:SHOWN_USES]],
            )
        for experiment in dataset.experiments.all():
            experiment_remove(experiment=experiment, user=user, force=True)
        dataset_delete(dataset=dataset, user=user)


def _count(things: list[str], what: str) -> str:
    return f"{len(things)} {what}{'' if len(things) == 1 else 's'}"
