"""Moving predictions from the journal into the database, each once."""

import atexit
import contextlib
import datetime as dt
import json
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import Error, close_old_connections, transaction

from modelwright.accounts.models import User
from modelwright.engine.serving.bodies import quick_id, quick_table
from modelwright.registry.models import ModelVersion, Subject
from modelwright.serving.journal import Journal, Record
from modelwright.serving.matching import actuals_waiting_match
from modelwright.serving.models import Prediction

log = logging.getLogger(__name__)

AT_ONCE = 1000
GATHER_SECONDS = 0.5
AGAIN_SECONDS = 5.0


def predictions_move(records: Iterator[Record]) -> None:
    """Store what records say; rows that are there already are left as they are."""
    made: list[Prediction] = []
    for record in records:
        try:
            made += _predictions(record)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError):
            # the answer is a model's own; what it is worth is seen here first
            log.exception("A prediction of version %s can't be kept", record.facts.get("version"))
        if len(made) >= AT_ONCE:
            predictions_store(made)
            made = []
    if made:
        predictions_store(made)


def _predictions(record: Record) -> list[Prediction]:
    facts = record.facts
    table = quick_table(record.body)
    if table is None:
        raise ValueError("The rows can't be read.")
    moment = dt.datetime.fromisoformat(facts["at"])
    names = list(table.cells)
    rows = zip(*table.cells.values(), strict=True)
    answers = json.loads(record.answer)
    return [
        Prediction(
            request_id=UUID(quick_id(facts["seed"], i)),
            subject_id=UUID(facts["subject"]),
            version_id=facts["version"],
            version_number=facts["number"],
            key=table.keys[i] if table.keys else "",
            at=moment,
            created_at=moment,
            inputs=dict(zip(names, row, strict=True)) if facts["keep_inputs"] else None,
            user_id=facts["user"],
            **_answered(answer),
        )
        for i, (row, answer) in enumerate(zip(rows, answers, strict=True))
    ]


def _answered(answer: dict[str, Any]) -> dict[str, Any]:
    given = answer["prediction"]
    is_label = isinstance(given, str)
    shares = answer.get("probabilities")
    return {
        "label": given if is_label else "",
        "value": None if is_label else float(given),
        "details": {} if shares is None else {"probabilities": shares},
    }


def predictions_store(made: list[Prediction]) -> None:
    """Store predictions that aren't there yet, and match them with actual values."""
    with transaction.atomic():
        # as `actuals_record` does, so that neither misses what the other is about to write
        wanted = {one.subject_id for one in made}
        locked = Subject.objects.select_for_update().filter(pk__in=wanted).order_by("pk")
        subjects = {subject.pk: subject for subject in locked}
        versions = _there(ModelVersion, {one.version_id for one in made})
        users = _there(User, {one.user_id for one in made})
        kept = [one for one in made if one.subject_id in subjects]
        for one in kept:  # what was deleted meanwhile
            one.version_id = one.version_id if one.version_id in versions else None
            one.user_id = one.user_id if one.user_id in users else None
        Prediction.objects.bulk_create(kept, ignore_conflicts=True)
        for key, subject in subjects.items():
            actuals_waiting_match(subject, [one for one in kept if one.subject_id == key])


def _there(model: type[ModelVersion] | type[User], wanted: set[int | None]) -> set[int]:
    named = [pk for pk in wanted if pk is not None]
    return set(model._default_manager.filter(pk__in=named).values_list("pk", flat=True))


journal = Journal(settings.SYSTEM_DIR / "predictions", predictions_move)


def journal_keep_moving() -> None:
    """Move what is written now and in future, on a thread of its own; called by web servers."""
    threading.Thread(target=_move_on, name="journal", daemon=True).start()
    atexit.register(_move_last)


def _move_on() -> None:
    while True:
        try:
            close_old_connections()
            journal.settle()
        except Exception:  # the thread's edge: whatever it was, the next ones are to be moved
            log.exception("Predictions wait in %s for the database", settings.SYSTEM_DIR)
            time.sleep(AGAIN_SECONDS)
        finally:
            close_old_connections()
        journal.has_some.wait()
        time.sleep(GATHER_SECONDS)


def _move_last() -> None:
    with contextlib.suppress(Error, OSError):  # the next start tries again
        journal.settle()
