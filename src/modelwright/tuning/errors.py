"""What can go wrong with a search before, and after, it runs."""

from modelwright.core.errors import ModelwrightError, NotFoundError


class TuningRunNotFoundError(NotFoundError):
    """There is no such search."""

    code = "tuning_run_not_found"


class ModelRunNotReadyError(ModelwrightError):
    """Only a completed model run can be tuned."""

    code = "model_run_not_completed"


class NotCompletedError(ModelwrightError):
    """The search has no result (yet); `data["status"]` says where it stands."""

    code = "tuning_not_completed"


class TuningEndedError(ModelwrightError):
    """The search has ended already."""

    code = "tuning_ended"


class NotContinuableError(ModelwrightError):
    """There is nothing to go on with."""

    code = "tuning_not_continuable"
