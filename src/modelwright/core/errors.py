"""The root of every error that a user may see. Each room keeps its own small tree below it."""

from typing import Any, ClassVar


class ModelwrightError(Exception):
    """Something could not be done; the message says what and how to mend it.

    Attributes
    ----------
    code : str
        Stable name for programs; never changes with the wording.
    status : int
        The HTTP status that fits.
    data : dict
        Further facts, JSON-safe.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400

    def __init__(self, message: str, **data: Any) -> None:
        super().__init__(message)
        self.message = message
        self.data = data


class NotFoundError(ModelwrightError):
    """There is no such thing."""

    code = "not_found"
    status = 404


class InvalidInputError(ModelwrightError):
    """One or more fields are wrong.

    Parameters
    ----------
    details : dict
        Field name -> list of messages.
    """

    code = "invalid_input"

    def __init__(self, details: dict[str, list[str]]) -> None:
        faults = [m.rstrip() for messages in details.values() for m in messages]
        super().__init__("; ".join(faults).replace(".; ", ". "))
        self.details = details
