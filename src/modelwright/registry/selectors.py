"""Reading versions and their files."""

import contextlib
import hashlib
import hmac
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from modelwright.catalog.access import Level, Somebody, experiment_require, experiments_visible
from modelwright.core.store import StoreError, file_here
from modelwright.engine.artifacts import sign
from modelwright.engine.machines.base import MachineModel
from modelwright.engine.machines.files import machine_model_read
from modelwright.registry.errors import (
    ArtifactChangedError,
    SubjectNotFoundError,
    VersionNotFoundError,
)
from modelwright.registry.keys import artifact_key
from modelwright.registry.models import ModelVersion, Subject
from modelwright.runs.models import TrainingRun


def version_of_run(run: TrainingRun) -> ModelVersion:
    """Return the version that a run made.

    Raises
    ------
    VersionNotFoundError
        It made none.
    """
    version = ModelVersion.objects.filter(run=run).first()
    if version is None:
        raise VersionNotFoundError(f"Run {run.number} made no model.")
    return version


def champion_of(subject: str) -> ModelVersion | None:
    """Return the version that answers for a subject, with its run; None: there is none yet."""
    return _champions(subject).select_related("run", "run__machine").first()


def champion_alone(subject: str) -> ModelVersion | None:
    """Return the same, quicker: for those who need nothing of its run."""
    return _champions(subject).first()


def _champions(subject: str) -> QuerySet[ModelVersion]:
    return ModelVersion.objects.filter(aliases__name="champion", aliases__subject__key=subject)


def subjects_visible(user: Somebody) -> QuerySet[Subject]:
    """Return the subjects that `user` may look at: those of experiments go by their experiment."""
    mine = experiments_visible(user).order_by()
    return Subject.objects.filter(Q(experiment__isnull=True) | Q(experiment__in=mine))


def subject_get(name: str) -> Subject:
    """Return the subject of a slug, an id, or the id of a training that made one of its versions.

    Raises
    ------
    SubjectNotFoundError
        There is none.
    """
    if "\0" in name:  # PostgreSQL refuses to look for it
        raise SubjectNotFoundError("The name of a model has no NUL.")
    found = Subject.objects.filter(slug=name).first()
    if found is None:
        with contextlib.suppress(ValueError):
            named = UUID(name)
            made = ModelVersion.objects.filter(run=named).values("subject")
            found = Subject.objects.filter(Q(pk=named) | Q(key__in=made)).first()
    if found is None:
        raise SubjectNotFoundError(f"There is no model {name[:100]!r}.")
    return found


def subject_for(user: Somebody, name: str, level: Level = Level.VIEWER) -> Subject:
    """Return a subject with which `user` may do what `level` says. Raises as `subject_get`.

    Raises
    ------
    NotYoursError
        It belongs to somebody else's experiment, or is shared for less.
    """
    found = subject_get(name)
    subject_require(user, found, level)
    return found


def subject_require(user: Somebody, subject: Subject, level: Level) -> None:
    """Refuse who may not do what `level` says with a subject, and with what hangs on it.

    Raises
    ------
    NotYoursError
        It belongs to somebody else's experiment, or is shared for less.
    """
    if subject.experiment is not None:
        experiment_require(user, subject.experiment, level)


def versions_of(subject: Subject) -> QuerySet[ModelVersion]:
    """Return the versions of a subject, newest first, with what lists show of them."""
    return (
        ModelVersion.objects.filter(subject=subject.key)
        .select_related("run__user", "run__machine", "parent")
        .prefetch_related("aliases")
        .order_by("-number")
    )


def version_named(subject: Subject, name: str) -> ModelVersion:
    """Return the version of a subject with this number, alias or name.

    Raises
    ------
    VersionNotFoundError
        There is none.
    """
    versions = ModelVersion.objects.filter(subject=subject.key).select_related(
        "run", "run__machine"
    )
    if name.isdecimal() and len(name) < 10:
        found = versions.filter(number=int(name)).first()
    elif "\0" in name:  # PostgreSQL refuses to look for it
        found = None
    else:
        found = versions.filter(aliases__name=name).first() or versions.filter(name=name).first()
    if found is None:
        raise VersionNotFoundError(f"{subject.title} has no version {name[:100]!r}.")
    return found


def machine_model_of(version: ModelVersion) -> MachineModel:
    """Return the model of a machine that a version is, after checking its bytes.

    It is JSON, never code: any process may read it. Raises as `artifact_open`.
    """
    with artifact_open(version) as handle:
        return machine_model_read(handle.read())


def file_require(version: ModelVersion) -> None:
    """Refuse a version whose file was given up to free space.

    Raises
    ------
    VersionNotFoundError
        It was.
    """
    if version.removed_at is not None:
        raise VersionNotFoundError(
            f"The file of version {version.name} was deleted on {version.removed_at:%Y-%m-%d} to"
            " free space: train it again, or import it from where it was exported to."
        )


def artifact_open(version: ModelVersion) -> BinaryIO:
    """Open a version's file after checking that it is the one that was recorded.

    The check reads the very file that is returned, so that it can't be exchanged in between.

    Raises
    ------
    VersionNotFoundError
        The file is gone.
    ArtifactChangedError
        Its bytes, or the record of them, are not those that were recorded.
    """
    file_require(version)
    path = file_here(version.artifact_path, closed=(settings.SYSTEM_DIR,))
    try:
        handle = path.open("rb")
    except OSError as error:
        raise VersionNotFoundError(f"The file of version {version.name} is gone.") from error
    digest = hashlib.file_digest(handle, "sha256").hexdigest()
    signature = sign(version.sha256, artifact_key())
    if digest != version.sha256 or not hmac.compare_digest(signature, version.signature):
        handle.close()
        raise ArtifactChangedError(
            f"The file of version {version.name} is not the one that was recorded:"
            " it can't be used."
        )
    handle.seek(0)
    return handle


def file_is_good(version: ModelVersion) -> bool:
    """Return whether a version's file is there and the one that was recorded."""
    try:
        artifact_open(version).close()
    except (ArtifactChangedError, VersionNotFoundError, StoreError):
        return False
    return True
