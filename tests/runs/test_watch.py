"""What a child inherits: no connection that it would use, or could not but share."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from modelwright.automation.kind import SCHEDULE
from modelwright.runs import watch
from modelwright.runs.jobs import Claim
from modelwright.runs.kinds import kinds_all
from modelwright.runs.models import TrainingRun
from modelwright.runs.training_kind import TRAINING


class ForkedError(Exception):
    """Here the child would begin."""


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [TRAINING, SCHEDULE], ids=lambda kind: kind.name)
def test_a_child_that_uses_the_database_inherits_no_connection(
    kind: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """SQLite's stays open for the others, to whom it is nothing; PostgreSQL's for nobody."""
    closed: list[bool] = []

    def fork(_task: Any) -> Any:
        raise ForkedError

    monkeypatch.setattr(watch.connections, "close_all", lambda: closed.append(True))
    monkeypatch.setattr(watch, "fork", fork)
    simple = replace(kind, prepare=lambda _: {}, warm_up="")
    with pytest.raises(ForkedError):
        watch.Watch(Claim(simple, uuid4(), 1), TrainingRun(), tmp_path, None).run()
    assert bool(closed) == (kind is SCHEDULE or connection.vendor != "sqlite")


def test_the_children_of_schedules_alone_use_the_database() -> None:
    assert [kind.name for kind in kinds_all() if kind.uses_database] == ["schedule"]
