"""The truth about predictions: in any order, late, twice, early, or for nobody."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from modelwright.core.clock import now
from modelwright.core.errors import InvalidInputError
from modelwright.registry.models import Subject
from modelwright.serving.journaling import journal
from modelwright.serving.matching import actual_match
from modelwright.serving.models import Actual

MAX_ACTUALS = 10_000

ActualsHook = Callable[[Sequence[int]], None]
_hooks: list[ActualsHook] = []


def on_actuals(hook: ActualsHook) -> None:
    """Have `hook(ids)` run in the transaction in which actual values come or are corrected."""
    if hook not in _hooks:
        _hooks.append(hook)


@dataclass(frozen=True)
class Truth:
    """One actual value, for a prediction by its id, or for a key and, where given, a time.

    A key without a time is for the latest prediction with that key.
    """

    prediction_id: UUID | None = None
    key: str = ""
    at: dt.datetime | None = None
    label: str = ""
    value: float | None = None


@dataclass(frozen=True)
class Recorded:
    """What became of actual values.

    Attributes
    ----------
    matched : int
        Have a prediction.
    waiting : int
        Have none yet: kept, and matched when one comes.
    duplicates : int
        Were there already, with the same content.
    corrected : int
        Were there already, with another content: the newest holds.
    """

    matched: int = 0
    waiting: int = 0
    duplicates: int = 0
    corrected: int = 0


def actuals_record(*, subject: Subject, truths: Sequence[Truth]) -> Recorded:
    """Keep actual values and match them with their predictions.

    Raises
    ------
    InvalidInputError
        One names neither a prediction nor a key, or holds neither a label nor a value.
    """
    if not 1 <= len(truths) <= MAX_ACTUALS:
        raise InvalidInputError({"actuals": [f"1 to {MAX_ACTUALS} actual values at once."]})
    for row, truth in enumerate(truths, start=1):
        if truth.prediction_id is None and not truth.key:
            raise InvalidInputError({"actuals": [f"Entry {row} needs a prediction_id or a key."]})
        if not truth.label and truth.value is None:
            raise InvalidInputError({"actuals": [f"Entry {row} needs an actual label or value."]})
    journal.settle()  # what was answered a moment ago is a prediction, too
    counts = dict.fromkeys(("matched", "waiting", "duplicates", "corrected"), 0)
    with transaction.atomic():
        # one writer per subject: two copies of a delivery at once are counted as one and a copy
        Subject.objects.select_for_update().get(pk=subject.pk)
        changed = []
        for truth in truths:
            became, actual = _record(subject, truth)
            counts[became] += 1
            if became in ("matched", "corrected"):
                changed.append(actual.pk)
        for hook in _hooks:
            hook(changed)
    return Recorded(**counts)


def _record(subject: Subject, truth: Truth) -> tuple[str, Actual]:
    content = {"label": truth.label, "value": truth.value}
    if truth.prediction_id is not None:
        identity: dict[str, Any] = {"request_id": truth.prediction_id}
    else:
        identity = {"request_id": None, "key": truth.key, "at": truth.at}
    actual = Actual.objects.filter(subject=subject, **identity).first()
    if actual is None:
        actual = Actual.objects.create(subject=subject, **identity, **content)
        return "matched" if actual_match(actual) else "waiting", actual
    if (actual.label, actual.value) == (truth.label, truth.value):
        return "duplicates", actual
    for name, value in content.items():
        setattr(actual, name, value)
    actual.corrections += 1
    actual.received_at = now()
    actual.save()
    return "corrected", actual
