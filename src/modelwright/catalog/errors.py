"""What can go wrong with data sets and experiments."""

from typing import ClassVar

from modelwright.core.errors import ModelwrightError, NotFoundError


class DataSetNotFoundError(NotFoundError):
    """There is no such data set."""

    code = "data_set_not_found"


class ExperimentNotFoundError(NotFoundError):
    """There is no such experiment."""

    code = "experiment_not_found"


class ShareNotFoundError(NotFoundError):
    """The experiment isn't shared in that way."""

    code = "share_not_found"


class NotYoursError(ModelwrightError):
    """It belongs to somebody else and was not shared with this account, or not for this."""

    code = "not_yours"
    status: ClassVar[int] = 403


class DataSetRefusedError(ModelwrightError):
    """The file is no table that can be used."""

    code = "data_set_refused"


class TooLargeError(ModelwrightError):
    """The file is larger than the server takes."""

    code = "file_too_large"
    status: ClassVar[int] = 413


class StillUsedError(ModelwrightError):
    """Other things hang on it; `data["uses"]` names them."""

    code = "still_used"
    status: ClassVar[int] = 409


class ReaderBusyError(ModelwrightError):
    """All readers of tables are taken."""

    code = "reader_busy"
    status: ClassVar[int] = 503


class StorageFullError(ModelwrightError):
    """The file can't be stored: the disk is full, or can't be written to."""

    code = "storage_full"
    status: ClassVar[int] = 507


class MachineNotFoundError(NotFoundError):
    """There is no such machine."""

    code = "machine_not_found"


class MachineExistsError(ModelwrightError):
    """There is another machine of this name."""

    code = "machine_exists"
    status: ClassVar[int] = 409


class ReadingsRefusedError(ModelwrightError):
    """Readings that can't be stored; nothing of the batch was."""

    code = "readings_refused"
    status: ClassVar[int] = 422


class UploadNotFoundError(NotFoundError):
    """There is no such upload of this account; one that was abandoned is removed after a day."""

    code = "upload_not_found"


class UploadGapError(ModelwrightError):
    """A piece doesn't follow on what is there; `data["offset"]` says where to go on."""

    code = "upload_gap"
    status: ClassVar[int] = 409


class UploadBusyError(ModelwrightError):
    """Another request is writing this very upload, or reading it as a table."""

    code = "upload_busy"
    status: ClassVar[int] = 409


class UploadChangedError(ModelwrightError):
    """What arrived is not the file that its sender has."""

    code = "upload_changed"
    status: ClassVar[int] = 409


class TooManyUploadsError(ModelwrightError):
    """The account has as many unfinished uploads as one may have."""

    code = "too_many_uploads"
    status: ClassVar[int] = 409
