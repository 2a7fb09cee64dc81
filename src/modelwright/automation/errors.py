"""What can go wrong with schedules, policies and their loops."""

from typing import ClassVar

from modelwright.core.errors import ModelwrightError, NotFoundError


class ScheduleNotFoundError(NotFoundError):
    """There is no such scheduled job."""

    code = "schedule_not_found"


class RoundFailedError(ModelwrightError):
    """A scheduled job could do nothing of what it is for."""

    code = "round_failed"
    status: ClassVar[int] = 500


class PolicyNotFoundError(NotFoundError):
    """There is no such policy."""

    code = "policy_not_found"


class PolicyExistsError(ModelwrightError):
    """The subject, or the model type, has a policy already."""

    code = "policy_exists"
    status: ClassVar[int] = 409


class LoopNotFoundError(NotFoundError):
    """There is no such loop."""

    code = "loop_not_found"


class LoopNotWaitingError(ModelwrightError):
    """The loop is not where this could be done."""

    code = "loop_not_waiting"
    status: ClassVar[int] = 409
