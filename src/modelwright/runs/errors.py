"""What can go wrong with a job before it runs."""

from typing import ClassVar

from modelwright.core.errors import ModelwrightError, NotFoundError


class RunNotFoundError(NotFoundError):
    """There is no such run."""

    code = "run_not_found"


class SubjectBusyError(ModelwrightError):
    """A run of the same subject is pending or running; `data["number"]` says which."""

    code = "subject_busy"
    status: ClassVar[int] = 409


class NoReadingsError(ModelwrightError):
    """A machine has no readings that a model could learn from."""

    code = "no_data"
    status: ClassVar[int] = 422


class NotCancellableError(ModelwrightError):
    """The run has ended already."""

    code = "run_ended"
    status: ClassVar[int] = 409
