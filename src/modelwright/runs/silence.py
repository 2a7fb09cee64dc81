"""How long a job gave no sign of life, told rightly when the clock is set and when the host slept.

Signs bear the time of day. Where that jumps, every job seems long dead, or alive for ever. So for
as long as a living worker needs for its next sign, and for signs that seem to lie in the future,
only what this process has itself waited for counts, by a clock that nobody sets.
"""

import datetime as dt
import logging
import time
from uuid import UUID

from django.conf import settings

from modelwright.core.clock import now
from modelwright.runs.models import Job

log = logging.getLogger(__name__)

JUMP_SECONDS = 2.0  # more than a clock is corrected by smoothly, or a busy process loses
MOST = 10_000


class Silence:
    """What one process knows of signs of life."""

    def __init__(self) -> None:
        self._ahead = _ahead()
        self._doubted_until = 0.0
        self._seen: dict[tuple[UUID, int], tuple[dt.datetime, float]] = {}

    def look(self) -> None:
        """Notice whether the clock has jumped since the last look."""
        ahead = _ahead()
        jump, self._ahead = ahead - self._ahead, ahead
        if abs(jump) > JUMP_SECONDS:
            log.warning("The clock jumped by %+.0f s: jobs get time for a sign of life.", jump)
            self._doubted_until = time.monotonic() + settings.JOB_DEAD_AFTER_SECONDS

    def seconds(self, job: Job) -> float:
        """Return how long a running job has been silent."""
        sign = job.beat_at or job.started_at or job.created_at
        steady = time.monotonic()
        place = (job.pk, job.attempt)
        if place not in self._seen or self._seen[place][0] != sign:
            if len(self._seen) >= MOST:
                self._seen.clear()
            self._seen[place] = sign, steady
        said = (now() - sign).total_seconds()
        if said < 0 or steady < self._doubted_until:
            return steady - self._seen[place][1]
        return said


def _ahead() -> float:
    return now().timestamp() - time.monotonic()


silence = Silence()
