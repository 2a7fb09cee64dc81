"""`kill -9` at a chosen statement."""

import os
import signal
from collections.abc import Callable
from typing import Any

from django.db import connection, connections


def killed_before(statement: int, work: Callable[[], object]) -> bool:
    """Do some work in a child that `kill -9`s itself before its nth statement; return whether."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        asked = 0

        def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            nonlocal asked
            asked += 1
            if asked == statement:
                os.kill(os.getpid(), signal.SIGKILL)
            return execute(sql, params, many, context)

        try:
            with connection.execute_wrapper(count):
                work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)
