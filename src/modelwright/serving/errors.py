"""What can go wrong with predictions."""

from typing import ClassVar

from modelwright.core.errors import ModelwrightError, NotFoundError


class NoChampionError(NotFoundError):
    """The subject has no version that could answer."""

    code = "no_champion"


class FileDeletedError(NotFoundError):
    """The file of a batch of predictions was deleted: by somebody, or because it was old."""

    code = "file_deleted"


class RowsRefusedError(ModelwrightError):
    """The rows don't fit the model; `data["faults"]` has each fault."""

    code = "rows_error"
    status: ClassVar[int] = 422


class ModelFailedError(ModelwrightError):
    """The model itself failed on rows that fit it."""

    code = "model_failed"
    status: ClassVar[int] = 500


class HostUnavailableError(ModelwrightError):
    """The process that holds the models doesn't answer."""

    code = "host_unavailable"
    status: ClassVar[int] = 503
