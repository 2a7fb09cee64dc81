"""What can go wrong with schedules."""

from typing import ClassVar

from modelwright.core.errors import ModelwrightError, NotFoundError


class ScheduleNotFoundError(NotFoundError):
    """There is no such scheduled job."""

    code = "schedule_not_found"


class RoundFailedError(ModelwrightError):
    """A scheduled job could do nothing of what it is for."""

    code = "round_failed"
    status: ClassVar[int] = 500
