"""What may go wrong when a database is moved."""

from typing import ClassVar

from modelwright.core.errors import ModelwrightError


class TransferError(ModelwrightError):
    """The database could not be moved; the target is as it was before."""

    code: ClassVar[str] = "transfer"
    status: ClassVar[int] = 409
