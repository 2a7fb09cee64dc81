"""What the run of a scheduled job does: in a child process of a worker, or in the scheduler."""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from django.db import connections

from modelwright.automation.rounds import Say
from modelwright.automation.scheduled import SCHEDULED
from modelwright.core.context import Origin, acting
from modelwright.runs import doorbell
from modelwright.runs.child import Report


def work(payload: Mapping[str, Any], _scratch: Path, report: Report) -> Mapping[str, Any]:
    """Do it in a child process.

    Unlike other children this one talks to the database: all that it does may be done twice, and
    each write is whole by itself. Its bells would ring over its parent's connection to the broker;
    the parent rings when it has ended.
    """
    doorbell.mute()
    try:
        return scheduled_work(payload, lambda percent, what: report(percent, "round", what))
    finally:
        connections.close_all()


def scheduled_work(payload: Mapping[str, Any], say: Say) -> Mapping[str, Any]:
    """Do the work of a scheduled job and return what came of it."""
    name = SCHEDULED[payload["name"]].name
    module = import_module(f"modelwright.automation.scheduled.{name}")
    do: Callable[[Say], Mapping[str, Any]] = module.work
    origin = Origin(
        channel="scheduler", request_id=payload["run_id"][:16], user_id=payload["user_id"]
    )
    with acting(origin):
        return do(say)
