"""What can go wrong when talking to a server."""

from typing import Any


class ApiError(Exception):
    """The server refused, or failed.

    Attributes
    ----------
    status : int
        The HTTP status; 0 where the server could not be reached.
    code : str
        Its stable name for the error, where it has one.
    detail : str
        What is wrong, and what to do.
    data : dict
        The whole answer.
    """

    def __init__(self, status: int, detail: str, code: str = "", data: Any = None) -> None:
        super().__init__(f"{status}: {detail}" if status else detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.data = data if isinstance(data, dict) else {}


class JobFailedError(Exception):
    """A job that was waited for failed or was cancelled.

    Attributes
    ----------
    job : dict
        As the server shows it.
    """

    def __init__(self, job: dict[str, Any], message: str) -> None:
        super().__init__(message)
        self.job = job


class WaitTimeoutError(Exception):
    """A job took longer than one wanted to wait; it goes on."""
