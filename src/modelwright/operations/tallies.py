"""Counting how jobs end, by kind, reason and duration.

In the database and not in the processes: jobs end in workers, of which there may be many, on other
hosts, that come and go; whoever is asked for the counts tells the same.
"""

from bisect import bisect_left
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F

from modelwright.operations.models import JobTally
from modelwright.runs.kinds import kind_of
from modelwright.runs.models import Job

BOUNDS = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0)
"""Upper ends of the classes of duration, in seconds; the last class has none."""
NEVER_STARTED = -1


def job_tallied(job: Job) -> None:
    """Count the end of a job, once it is committed.

    A process that is killed between the two leaves it out. Counting in the transaction itself
    would have all workers wait for one row while they publish their models.
    """
    started = job.elapsed_seconds
    add = partial(
        tally_add,
        kind=kind_of(job).name,
        outcome=str(job.status),
        reason=job.error_type,
        seconds=started,
    )
    transaction.on_commit(add, robust=True)


def tally_add(*, kind: str, outcome: str, reason: str, seconds: float | None) -> None:
    """Add one end.

    Parameters
    ----------
    kind, outcome, reason : str
    seconds : float or None
        How long it took; None: it never started.
    """
    bucket = NEVER_STARTED if seconds is None else bisect_left(BOUNDS, seconds)
    row: dict[str, Any] = {"kind": kind, "outcome": outcome, "reason": reason, "bucket": bucket}
    changes = {"count": F("count") + 1, "seconds": F("seconds") + max(seconds or 0.0, 0.0)}
    if not JobTally.objects.filter(**row).update(**changes):
        JobTally.objects.get_or_create(**row)
        JobTally.objects.filter(**row).update(**changes)
