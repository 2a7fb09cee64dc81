"""The whole state machine of a job, in one table."""

from django.db import models


class Status(models.TextChoices):
    """Where a job stands."""

    PENDING = "pending", "Pending"
    RUNNING = "running", "Running"
    COMPLETED = "completed", "Completed"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


OPEN = frozenset({Status.PENDING, Status.RUNNING})
ENDED = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})

LEGAL_MOVES: dict[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.RUNNING, Status.CANCELLED}),
    # back to pending: its worker stopped or died, and it is to be tried again
    Status.RUNNING: frozenset({Status.PENDING, *ENDED}),
    Status.COMPLETED: frozenset(),
    Status.FAILED: frozenset(),
    Status.CANCELLED: frozenset(),
}
