"""Parts of a result that a job hands over before its end: they survive a cancel and a crash."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from modelwright.core.clock import now
from modelwright.runs.jobs import Claim
from modelwright.runs.states import Status


def job_keep(claim: Claim, parts: Sequence[Mapping[str, Any]]) -> bool:
    """Store parts of the result, unless the job is no longer ours (then False, nothing is written).

    The compare-and-set comes last: a job hangs on the row that its parts are about, and whoever
    deletes that row locks it before the job. All take their locks in the same order.
    """
    job = claim.kind.model._default_manager.filter(pk=claim.job_id).first()
    if job is None:
        return False
    with transaction.atomic():
        if claim.kind.keep is not None:
            claim.kind.keep(job, parts)
        ours = claim.kind.model._default_manager.filter(
            pk=claim.job_id, status=Status.RUNNING, attempt=claim.attempt
        ).update(beat_at=now())
        if not ours:
            transaction.set_rollback(True)
    return bool(ours)
