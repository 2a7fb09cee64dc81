"""Modelwright from Python, over REST: `Client`.

It is a library of its own: it needs requests alone; pandas where data frames are asked for, and
rich where it waits with a progress bar.
"""

from modelwright.client.client import Client
from modelwright.client.errors import ApiError, JobFailedError, WaitTimeoutError

__all__ = ["ApiError", "Client", "JobFailedError", "WaitTimeoutError"]
