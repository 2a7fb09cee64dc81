"""Making versions of completed runs: the file is in its place before the row that names it is."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Max

from modelwright.accounts.audit import Verb, audit_record
from modelwright.core.files import move_into_place
from modelwright.engine.artifacts import sign
from modelwright.registry.models import ModelVersion
from modelwright.runs.models import TrainingRun
from modelwright.runs.training_kind import ARTIFACT_NAME, MACHINE_ARTIFACT_NAME


def artifact_key() -> bytes:
    """Return the key that artifacts are signed with, derived from the server's secret."""
    return hashlib.sha256(b"modelwright.artifacts:" + settings.SECRET_KEY.encode()).digest()


def version_create_from_run(run: TrainingRun, result: Mapping[str, Any], scratch: Path) -> None:
    """Publish the artifact of a completing run and record its version.

    Runs in the transaction that completes the run, which holds the run's row: nobody else can
    publish under this name meanwhile, and a file whose row is rolled back is written over by the
    next attempt.
    """
    made = MACHINE_ARTIFACT_NAME if run.machine_id else ARTIFACT_NAME
    path = f"{settings.MODELS_PREFIX}/{run.model_version}{Path(made).suffix}"
    move_into_place(scratch / made, settings.DATA_ROOT / path)
    artifact = result["artifact"]
    newest = ModelVersion.objects.filter(subject=run.subject).aggregate(top=Max("number"))["top"]
    version = ModelVersion.objects.create(
        run=run,
        subject=run.subject,
        number=(newest or 0) + 1,
        name=run.model_version,
        artifact_path=path,
        sha256=artifact["sha256"],
        signature=sign(artifact["sha256"], artifact_key()),
        size_bytes=artifact["size_bytes"],
    )
    run.model_path = path
    audit_record(
        verb=Verb.VERSION_CREATED,
        target=version,
        actor=run.user,
        after={"name": version.name, "sha256": version.sha256, "run": run.number},
    )
