"""Are the migrations since the last release safe to run under old code and under load?

A rolling upgrade runs the migrations first, while web servers and workers of the version before
are still at work. So for one version nothing that they read may go, nothing that they don't write
may be required, and no large table may be locked for long. Each rule says what to do instead.

Looks at the operations, not at a database: needs no service. At a release, bring `LAST_RELEASED` up
to date.
"""

import sys
from collections.abc import Iterator

import django
from django.db.migrations import Migration, operations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import Field, ManyToManyField

from modelwright.core.indexes import AddIndexBeside

# 0.1.0 is not out: what it brings so far is its beginning.
LAST_RELEASED = {
    "abtests": "0002_guard_rails",
    "accounts": "0004_events",
    "automation": "0005_schedulerun_request_id_schedulerun_traceparent",
    "catalog": "0003_uploads",
    "core": "0002_rate_counts",
    "monitoring": "0003_traffic",
    "operations": "0001_initial",
    "registry": "0006_comparisons",
    "runs": "0007_trainingrun_request_id_trainingrun_traceparent",
    "serving": "0003_batches",
    "tuning": "0004_tuningunit_request_id_tuningunit_traceparent",
}
# Tables that grow with use: building an index on one blocks its writers.
GROWING = frozenset(
    {
        "accounts.auditentry", "catalog.reading", "catalog.readingbatch", "runs.jobevent",
        "runs.trainingrun", "monitoring.driftcell", "monitoring.metricsrecord",
        "serving.prediction", "serving.actual",
    }
)  # fmt: skip
# (app, migration): why it is safe all the same.
ALLOWED: dict[tuple[str, str], str] = {
    ("runs", "0008_pool_indexes"): "only adds; PostgreSQL indexes beside those who write",
    ("runs", "0011_found_index"): "indexes beside those who write; folds texts in small pieces",
}

_GONE = (
    operations.RemoveField,
    operations.DeleteModel,
    operations.RenameField,
    operations.RenameModel,
    operations.AlterModelTable,
)


def faults_of(migration: Migration, before: ProjectState) -> Iterator[str]:
    """Say what is wrong with a migration, given the state that it starts from."""
    state = before.clone()
    new: set[str] = set()
    for operation in _flat(migration.operations):
        if isinstance(operation, operations.CreateModel):
            new.add(f"{migration.app_label}.{operation.name_lower}")
        model = f"{migration.app_label}.{getattr(operation, 'model_name_lower', '')}"
        if isinstance(operation, AddIndexBeside):
            if migration.atomic:
                yield f"{operation.describe()}: beside writers only where atomic = False."
        elif model not in new:
            yield from _faults(operation, model, state)
        operation.state_forwards(migration.app_label, state)


def _flat(found: list[Operation]) -> Iterator[Operation]:
    for operation in found:
        if isinstance(operation, operations.SeparateDatabaseAndState):
            yield from _flat(operation.database_operations)
        else:
            yield operation


def _faults(operation: Operation, model: str, state: ProjectState) -> Iterator[str]:
    said = operation.describe()
    if isinstance(operation, _GONE):
        yield f"{said}: old code still reads it. Stop using it now, take it away a version later."
    elif isinstance(operation, operations.AddField):
        yield from _added(operation.field, said, is_growing=model in GROWING)
    elif isinstance(operation, operations.AlterField):
        old = state.models[tuple(model.split("."))].fields[operation.name]  # type: ignore[index]
        if not _is_wider(old, operation.field):
            yield f"{said}: it rewrites or locks the table. Add a new column, and fill it by a job."
    elif isinstance(operation, operations.AddIndex) and model in GROWING:
        yield f"{said}: writers wait while it is built. Use AddIndexBeside."
    elif isinstance(operation, operations.AddConstraint):
        yield f"{said}: old code may break it, and all rows are read under a lock."
    elif isinstance(operation, operations.RunPython | operations.RunSQL):
        yield f"{said}: it takes as long as there are rows. Do it by a job, or say why it is short."


def _added(field: Field, said: str, *, is_growing: bool) -> Iterator[str]:
    if isinstance(field, ManyToManyField):
        return
    if not (field.null or field.has_db_default()):
        yield f"{said}: old code writes rows without it. Give it a db_default, or null=True."
    if (field.unique or field.db_index) and is_growing:
        yield f"{said}: writers wait while its index is built. Build it CONCURRENTLY on PostgreSQL."


def _is_wider(old: Field, new: Field) -> bool:
    """Return whether a change leaves the table alone: words, choices, NULL allowed, more room."""
    if type(old) is not type(new):
        return False
    before, after = (
        {k: v for k, v in field.deconstruct()[3].items() if k not in field.non_db_attrs}
        for field in (old, new)
    )
    if after.pop("null", False) or not before.get("null"):
        before.pop("null", None)
    room = (before.pop("max_length", 0) or 0, after.pop("max_length", 0) or 0)
    for defaults in (before, after):
        defaults.pop("default", None)
    return before == after and room[0] <= room[1]


def unreleased(loader: MigrationLoader) -> Iterator[Migration]:
    """Return our migrations since the last release, in the order in which they run."""
    released = {
        key
        for app, name in LAST_RELEASED.items()
        for key in loader.graph.forwards_plan((app, name))
    }
    ours = {app for app, _ in loader.graph.leaf_nodes() if _is_ours(loader, app)}
    done: set[tuple[str, str]] = set()
    for leaf in loader.graph.leaf_nodes():
        for key in loader.graph.forwards_plan(leaf):
            if key not in done and key not in released and key[0] in ours:
                done.add(key)
                yield loader.graph.nodes[key]


def _is_ours(loader: MigrationLoader, app: str) -> bool:
    return loader.graph.leaf_nodes(app)[0] in loader.disk_migrations and type(
        loader.graph.nodes[loader.graph.leaf_nodes(app)[0]]
    ).__module__.startswith("modelwright.")


def main() -> int:
    """Check them all; print what is wrong and return the exit code."""
    django.setup()
    loader = MigrationLoader(None)
    count = 0
    for migration in unreleased(loader):
        key = (migration.app_label, migration.name)
        before = loader.project_state([key], at_end=False)
        for fault in faults_of(migration, before) if key not in ALLOWED else ():
            count += 1
            sys.stderr.write(f"{key[0]}.{key[1]}: {fault}\n")
    return int(count > 0)


if __name__ == "__main__":
    sys.exit(main())
