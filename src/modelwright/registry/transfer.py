"""Taking a version from one server to another, whole: its file and all that is known of it."""

import datetime as dt
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.models import User
from modelwright.catalog.access import Level
from modelwright.catalog.models import Machine
from modelwright.core.clock import now
from modelwright.core.files import private_dir
from modelwright.core.models import counter_next
from modelwright.core.store import file_publish
from modelwright.engine.artifacts import sign
from modelwright.registry.bundles import SUFFIX, Bundle, bundle_make, bundle_read
from modelwright.registry.errors import (
    BundleError,
    ImportConflictError,
    ImportPlaceError,
    NotThisSubjectError,
)
from modelwright.registry.keys import artifact_key, bundle_key, signers_trusted
from modelwright.registry.models import ModelVersion, Subject
from modelwright.registry.promotion import champion_follow
from modelwright.registry.selectors import artifact_open, champion_alone, subject_require
from modelwright.registry.subjects import subject_ensure
from modelwright.runs.machine_services import machine_subject
from modelwright.runs.models import TrainingRun
from modelwright.runs.states import Status

# What travels of a training. Who ran it, where and in which queue doesn't.
RUN_FIELDS = (
    "model_type", "preset", "task", "dataset_path", "dataset_sha256", "target_column",
    "test_split", "random_state", "requested_hyperparameters", "hyperparameters", "n_estimators",
    "accuracy", "precision", "recall", "f1_score", "training_duration_seconds", "metrics",
    "per_class_metrics", "confusion_matrix", "feature_importance", "features_used",
    "total_samples", "train_samples", "test_samples", "warnings", "environment", "description",
    "notes",
)  # fmt: skip
RUN_TIMES = ("started_at", "finished_at", "period_start", "period_end")
MAX_ERRORS = 5


def version_export(version: ModelVersion) -> tuple[str, Bundle]:
    """Return a file's name, and the file: the version, signed with this server's key.

    Raises
    ------
    VersionNotFoundError, ArtifactChangedError
        The model's file is gone, or isn't the one that was recorded.
    """
    run = version.run
    subject = Subject.objects.get(key=version.subject)
    times = {name: getattr(run, name) for name in RUN_TIMES}
    manifest = {
        "sha256": version.sha256,
        "size_bytes": version.size_bytes,
        "exported_at": now().isoformat(),
        "exported_by": f"Modelwright {settings.VERSION}",
        "subject": {
            "key": subject.key,
            "title": subject.title,
            "slug": subject.slug,
            "model_type": subject.model_type,
            "machine": subject.machine_id and str(subject.machine_id),
            "experiment": subject.experiment_id and str(subject.experiment_id),
        },
        "version": {
            "number": version.number,
            "name": version.name,
            "tags": version.tags,
            "notes": version.notes,
            "parent": version.parent.number if version.parent else None,
            "created_at": version.created_at.isoformat(),
            "origin": version.origin,
        },
        "run": {
            "id": str(run.pk),
            "number": run.number,
            "trained_by": run.user.username if run.user else "",
            **{name: getattr(run, name) for name in RUN_FIELDS},
            **{name: at and at.isoformat() for name, at in times.items()},
        },
    }
    handle = artifact_open(version)
    member = "model.json" if version.is_plain else "model.pkl"
    bundle = bundle_make(manifest, handle, name=member, size=version.size_bytes, key=bundle_key())
    return f"{version.name}{SUFFIX}", bundle


@dataclass(frozen=True)
class Imported:
    """What became of a file.

    Parameters
    ----------
    version : ModelVersion
    is_new : bool
        False: it was here already, and nothing has changed.
    """

    version: ModelVersion
    is_new: bool


def version_import(
    *,
    source: BinaryIO,
    user: User | None,
    subject: Subject | None = None,
    machine: Machine | None = None,
) -> Imported:
    """Take a version from a file; the same one twice is there once.

    It answers at once only where nothing else does; else it waits to be promoted.

    Parameters
    ----------
    source : binary file
        Read once, from front to back.
    user : User or None
    subject : Subject, optional
        Whose version it is to be; default: the one it was of, where that is here, else a new one.
    machine : Machine, optional
        Of a machine's model: whose it is to be here.

    Raises
    ------
    BundleError, SignerUnknownError
        As `bundle_read`; nothing of it is used.
    ImportPlaceError
        It can't be told, or not be, whose version it is to be.
    ImportConflictError
        The training that made it has made another model here.
    """
    scratch = private_dir(settings.SCRATCH_DIR / f"import-{secrets.token_hex(8)}")
    try:
        model = scratch / "model"
        manifest = bundle_read(
            source, model, trusted=signers_trusted(), max_bytes=settings.IMPORT_MAX_BYTES
        )
        return _take(manifest, model, user=user, subject=subject, machine=machine)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _take(
    manifest: Mapping[str, Any],
    model: Path,
    *,
    user: User | None,
    subject: Subject | None,
    machine: Machine | None,
) -> Imported:
    run = _run_of(manifest)
    with transaction.atomic():
        counter_next("version_import")  # one after the other: two of the same file at once are one
        there = ModelVersion.objects.filter(run=run.pk).select_related("run").first()
        if there is not None:
            return _again(there, manifest, model, user)
        if TrainingRun.objects.filter(pk=run.pk).exists():
            raise ImportConflictError(
                "The training that made this version is here, but its version was deleted: delete"
                " the training first."
            )
        run.subject, run.machine, run.experiment = _place(manifest, run, subject, machine)
        _require(user, run.subject)
        run.number = counter_next("training_run")
        run.model_version = _free_name(str(manifest["version"]["name"]), run)
        suffix = ".json" if run.machine else ".pkl"
        run.model_path = f"{settings.MODELS_PREFIX}/{run.model_version}{suffix}"
        run.user = user
        run.save(force_insert=True)
        file_publish(model, settings.DATA_ROOT / run.model_path)
        version = _version_of(manifest, run)
        if champion_alone(version.subject) is None:
            champion_follow(version, user)
        audit_record(
            verb=Verb.VERSION_IMPORTED,
            target=version,
            actor=user,
            after={"name": version.name, "sha256": version.sha256, "signer": manifest["signer"]},
        )
    return Imported(version, is_new=True)


def _again(
    there: ModelVersion, manifest: Mapping[str, Any], model: Path, user: User | None
) -> Imported:
    """Return the version that is here; where its file was given up, it has one again."""
    _require(user, there.subject)
    if there.sha256 != manifest["sha256"]:
        raise ImportConflictError(
            f"The same training has made another model here: {there.name}. Nothing is changed."
        )
    Subject.objects.select_for_update().get(key=there.subject)
    there.refresh_from_db()
    if there.removed_at is None:
        return Imported(there, is_new=False)
    file_publish(model, settings.DATA_ROOT / there.artifact_path)
    there.removed_at, there.is_file_gone = None, False
    there.save(update_fields=["removed_at", "is_file_gone"])
    TrainingRun.objects.filter(pk=there.run_id).update(model_path=there.artifact_path)
    audit_record(
        verb=Verb.VERSION_IMPORTED, target=there, actor=user, after={"sha256": there.sha256}
    )
    return Imported(there, is_new=True)


def _require(user: User | None, key: str) -> None:
    """Refuse whom the model here is closed to. Raises NotYoursError."""
    here = Subject.objects.filter(key=key).first()
    if user is not None and here is not None:
        subject_require(user, here, Level.EDITOR)


def _run_of(manifest: Mapping[str, Any]) -> TrainingRun:
    """Return the training as a row that isn't saved yet.

    Raises
    ------
    BundleError
        The manifest doesn't hold what a version needs.
    """
    try:
        said = manifest["run"]
        run = TrainingRun(
            id=said["id"],
            status=Status.COMPLETED,
            progress_percent=100.0,
            trigger_type="imported",
            trigger_reason=f"Version {int(manifest['version']['number'])} of"
            f" {str(manifest['subject']['title'])[:200]}",
            attempt=1,
            **{name: said[name] for name in RUN_FIELDS},
            **{name: _moment(said[name]) for name in RUN_TIMES},
        )
        run.finished_at = run.finished_at or now()
        run.clean_fields(exclude=["subject", "model_version", "number", "experiment", "machine"])
    except ValidationError as error:
        wrong = ", ".join(list(error.message_dict)[:MAX_ERRORS])
        raise BundleError(f"The manifest of this version can't be used: {wrong}.") from error
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError(
            f"The manifest of this version can't be used: {type(error).__name__} {error}."
        ) from error
    return run


def _moment(text: str | None) -> dt.datetime | None:
    return None if text is None else dt.datetime.fromisoformat(text)


def _place(
    manifest: Mapping[str, Any],
    run: TrainingRun,
    subject: Subject | None,
    machine: Machine | None,
) -> tuple[str, Machine | None, Any]:
    """Return subject, machine and experiment that the version is to be of here."""
    was = manifest["subject"]
    if machine is not None:
        if not was["machine"]:
            raise ImportPlaceError("This is no model of a machine: leave the machine out.")
        return machine_subject(run.model_type, machine), machine, None
    here = subject or Subject.objects.filter(key=was["key"]).first()
    if here is not None:
        same = here.model_type == run.model_type
        if not same or (here.machine_id is None) != (not was["machine"]):
            raise NotThisSubjectError(
                f"{here.title} has {here.model_type} models; this is a {run.model_type} model"
                f"{' of a machine' if was['machine'] else ''}."
            )
        return here.key, here.machine, here.experiment
    if was["machine"]:
        own = Machine.objects.filter(pk=was["machine"]).first()
        if own is None:
            raise ImportPlaceError(
                "This is the model of a machine that isn't here: say of which machine it is to be."
            )
        return machine_subject(run.model_type, own), own, None
    # an experiment's model comes without its experiment: to the shared pool, under its own name
    return (f"imported:{was['key']}" if was["experiment"] else str(was["key"]))[:300], None, None


def _free_name(name: str, run: TrainingRun) -> str:
    """Return a name for the version that is free here, and safe as a file's."""
    safe = "".join(c if c.isalnum() or c in "._-" else "-" for c in name).strip(".")[:80]
    safe = safe or "imported"
    taken = TrainingRun.objects.filter(model_version=safe).exists()
    return f"{safe}-{str(run.pk)[:8]}" if taken else safe


def _version_of(manifest: Mapping[str, Any], run: TrainingRun) -> ModelVersion:
    said = manifest["version"]
    subject_ensure(run, title=str(manifest["subject"]["title"]))
    newest = ModelVersion.objects.filter(subject=run.subject).aggregate(top=Max("number"))["top"]
    return ModelVersion.objects.create(
        run=run,
        subject=run.subject,
        number=(newest or 0) + 1,
        name=run.model_version,
        artifact_path=run.model_path,
        sha256=manifest["sha256"],
        signature=sign(manifest["sha256"], artifact_key()),
        size_bytes=manifest["size_bytes"],
        parent=champion_alone(run.subject),
        tags=[str(tag) for tag in said["tags"]],
        notes=str(said["notes"]),
        origin={
            "signer": manifest["signer"],
            "exported_at": manifest["exported_at"],
            "exported_by": manifest["exported_by"],
            "subject": manifest["subject"]["title"],
            "version": said["number"],
            "run_number": manifest["run"]["number"],
            "trained_by": manifest["run"]["trained_by"],
            "trained_at": said["created_at"],
        },
    )
