"""Waiting for a run to end, and what the client says about it (`Prefer: wait=N`, RFC 7240)."""

import re
import time
from dataclasses import dataclass

from django.conf import settings
from django.db import close_old_connections

from modelwright.core.turns import standing_aside
from modelwright.runs.models import TrainingRun
from modelwright.runs.selectors import training_run_get
from modelwright.runs.states import ENDED

POLL_SECONDS = 0.02
PATIENT_POLL_SECONDS = 0.25
PATIENT_AFTER_SECONDS = 2.0
_WAIT = re.compile(r"wait\s*=\s*\"?(\d{1,9})\"?", re.IGNORECASE)


@dataclass(frozen=True)
class Patience:
    """How long to wait.

    Attributes
    ----------
    seconds : float
    applied : str
        The preference that was heeded, empty where there was none.
    """

    seconds: float
    applied: str


def patience_of(prefer: str) -> Patience:
    """Read the header `Prefer`; a client may shorten the wait, not lengthen it.

    Examples
    --------
    >>> patience_of("wait=0")
    Patience(seconds=0.0, applied='wait=0')
    >>> patience_of("respond-async").seconds
    0.0
    """
    limit = float(settings.TRAINING_WAIT_SECONDS)
    tokens = [part.strip() for part in prefer.replace(";", ",").split(",")]
    for token in tokens:
        if match := _WAIT.fullmatch(token):
            seconds = min(float(match[1]), limit)
            return Patience(seconds=seconds, applied=f"wait={seconds:g}")
    if "respond-async" in (token.lower() for token in tokens):
        return Patience(seconds=0.0, applied="respond-async")
    return Patience(seconds=limit, applied="")


def wait_until_ended(run: TrainingRun, seconds: float) -> TrainingRun:
    """Return the run once it has ended, or as it stands after `seconds`.

    No connection to the database is held between two looks.
    """
    started = time.monotonic()
    while (waited := time.monotonic() - started) < seconds:
        if _status(run) in ENDED:
            break
        close_old_connections()
        pause = POLL_SECONDS if waited < PATIENT_AFTER_SECONDS else PATIENT_POLL_SECONDS
        with standing_aside():
            time.sleep(min(pause, max(0.0, seconds - waited)))
    return training_run_get(run.number)


def _status(run: TrainingRun) -> str:
    return TrainingRun.objects.values_list("status", flat=True).get(pk=run.pk)
