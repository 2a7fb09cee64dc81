"""Old code works on the new tables for one version, and no migration locks for long."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState
from tools.check_migrations import LAST_RELEASED, faults_of, main

from modelwright.core.clock import now
from modelwright.core.indexes import AddIndexBeside

Fields = list[tuple[str, models.Field]]


def state() -> ProjectState:
    fields: Fields = [
        ("id", models.BigAutoField(primary_key=True)),
        ("name", models.CharField(max_length=10)),
    ]
    found = ProjectState()
    found.add_model(ModelState("runs", "JobEvent", fields))
    return found


def faults(*operations: Operation) -> list[str]:
    migration = migrations.Migration("0099_new", "runs")
    migration.operations = list(operations)
    return list(faults_of(migration, state()))


SAFE: dict[str, Callable[[], Operation]] = {
    "a column that may be empty": lambda: migrations.AddField(
        "jobevent", "note", models.TextField(null=True)
    ),
    "a column that the database fills": lambda: migrations.AddField(
        "jobevent", "note", models.TextField(default="", db_default="")
    ),
    "more room": lambda: migrations.AlterField("jobevent", "name", models.CharField(max_length=20)),
    "other words": lambda: migrations.AlterField(
        "jobevent", "name", models.CharField(max_length=10, help_text="Its name.")
    ),
    "empty allowed": lambda: migrations.AlterField(
        "jobevent", "name", models.CharField(max_length=10, null=True)
    ),
    "a new table": lambda: migrations.CreateModel(
        "Other", [("id", models.BigAutoField(primary_key=True))]
    ),
}
UNSAFE: dict[str, Callable[[], Operation]] = {
    "a column that old code doesn't fill": lambda: migrations.AddField(
        "jobevent", "note", models.TextField(default="")
    ),
    "a column gone": lambda: migrations.RemoveField("jobevent", "name"),
    "a column renamed": lambda: migrations.RenameField("jobevent", "name", "title"),
    "a table gone": lambda: migrations.DeleteModel("JobEvent"),
    "another type": lambda: migrations.AlterField("jobevent", "name", models.IntegerField()),
    "less room": lambda: migrations.AlterField("jobevent", "name", models.CharField(max_length=5)),
    "an index of a large table": lambda: migrations.AddIndex(
        "jobevent", models.Index(fields=["name"], name="by_name")
    ),
    "an index with a column": lambda: migrations.AddField(
        "jobevent", "note", models.TextField(null=True, db_index=True)
    ),
    "a rule": lambda: migrations.AddConstraint(
        "jobevent", models.UniqueConstraint(fields=["name"], name="one")
    ),
    "a change of rows": lambda: migrations.RunPython(migrations.RunPython.noop),
}


@pytest.mark.parametrize("name", SAFE)
def test_what_old_code_does_not_notice_is_let_through(name: str) -> None:
    assert faults(SAFE[name]()) == []


@pytest.mark.parametrize("name", UNSAFE)
def test_what_breaks_old_code_or_locks_is_refused(name: str) -> None:
    assert len(faults(UNSAFE[name]())) == 1


def test_an_index_beside_writers_is_let_through_outside_of_a_transaction() -> None:
    migration = migrations.Migration("0099_new", "runs")
    index = models.Index(fields=["name"], name="by_name")
    migration.operations = [AddIndexBeside("jobevent", index)]
    assert len(list(faults_of(migration, state()))) == 1
    migration.atomic = False
    assert list(faults_of(migration, state())) == []


def test_a_new_table_may_have_anything() -> None:
    made = migrations.CreateModel("Other", [("id", models.BigAutoField(primary_key=True))])
    added = migrations.AddField("other", "note", models.TextField(default=""))
    assert faults(made, added) == []


def test_the_present_migrations_are_safe() -> None:
    assert main() == 0


@pytest.mark.django_db
def test_code_of_the_last_release_writes_and_reads_the_present_tables() -> None:
    nodes = list(LAST_RELEASED.items())
    old = MigrationLoader(connection).project_state(nodes).apps
    run: Any = old.get_model("runs", "TrainingRun")
    made = run.objects.create(
        number=1, subject="s", model_type="t", model_version="v1", dataset_path="d",
        target_column="y", created_at=now(),
    )  # fmt: skip
    schedule: Any = old.get_model("automation", "ScheduleRun")
    schedule.objects.create(name="kpi_calculate", due_at=now())
    run.objects.filter(pk=made.pk).update(status="running", attempt=1, started_at=now())
    assert run.objects.get(pk=made.pk).status == "running"
