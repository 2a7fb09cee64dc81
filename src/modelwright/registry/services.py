"""Making versions of completed runs: the file is in its place before the row that names it is."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.models import User
from modelwright.core.store import file_publish
from modelwright.engine.artifacts import sign
from modelwright.registry.keys import artifact_key
from modelwright.registry.models import ModelVersion
from modelwright.registry.promotion import champion_follow
from modelwright.registry.selectors import champion_alone
from modelwright.registry.subjects import subject_ensure
from modelwright.runs.models import TrainingRun
from modelwright.runs.training_kind import ARTIFACT_NAME, MACHINE_ARTIFACT_NAME


def version_create_from_run(run: TrainingRun, result: Mapping[str, Any], scratch: Path) -> None:
    """Publish the artifact of a completing run and record its version.

    Runs in the transaction that completes the run, which holds the run's row: nobody else can
    publish under this name meanwhile, and a file whose row is rolled back is written over by the
    next attempt.
    """
    made = MACHINE_ARTIFACT_NAME if run.machine_id else ARTIFACT_NAME
    path = f"{settings.MODELS_PREFIX}/{run.model_version}{Path(made).suffix}"
    file_publish(scratch / made, settings.DATA_ROOT / path, keep=True)
    artifact = result["artifact"]
    newest = ModelVersion.objects.filter(subject=run.subject).aggregate(top=Max("number"))["top"]
    subject_ensure(run)
    version = ModelVersion.objects.create(
        run=run,
        subject=run.subject,
        number=(newest or 0) + 1,
        name=run.model_version,
        artifact_path=path,
        sha256=artifact["sha256"],
        signature=sign(artifact["sha256"], artifact_key()),
        size_bytes=artifact["size_bytes"],
        parent=champion_alone(run.subject),
    )
    champion_follow(version, run.user)
    run.model_path = path
    audit_record(
        verb=Verb.VERSION_CREATED,
        target=version,
        actor=run.user,
        after={"name": version.name, "sha256": version.sha256, "run": run.number},
    )


def version_change(
    *,
    version: ModelVersion,
    user: User | None,
    tags: Sequence[str] | None = None,
    notes: str | None = None,
) -> ModelVersion:
    """Change a version's tags and notes; what is None stays."""
    changes: dict[str, Any] = {}
    if tags is not None:
        changes["tags"] = list(dict.fromkeys(tags))
    if notes is not None:
        changes["notes"] = notes
    with transaction.atomic():
        before = {name: getattr(version, name) for name in changes}
        for name, value in changes.items():
            setattr(version, name, value)
        version.save(update_fields=list(changes))
        audit_record(
            verb=Verb.VERSION_CHANGED, target=version, actor=user, before=before, after=changes
        )
    return version
