"""What can go wrong with a drift check. Light: no heavy library is loaded."""

from typing import ClassVar

from modelwright.engine.errors import ModelTrainerError


class DriftError(ModelTrainerError):
    """Something about a drift check can't be done."""

    code: ClassVar[str] = "drift_error"


class DriftDataError(DriftError):
    """The rows to profile or to count aren't as they must be."""

    code: ClassVar[str] = "drift_data_error"


class DriftFormatError(DriftError):
    """Stored bytes aren't a profile, counts or a state of ours, or are damaged."""

    code: ClassVar[str] = "drift_format_error"


class ProfileMismatchError(DriftError):
    """Counts of one profile were put together with those of another."""

    code: ClassVar[str] = "profile_mismatch"
