"""Checks of a set-up installation: settings, database, broker, parts, jobs, files."""

import datetime as dt
import os
import time
from collections.abc import Iterator

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from modelwright.automation.plans import plans, scheduler_is_running, scheduler_seen_at
from modelwright.cli.doctor.findings import Finding, broken, ok, warning
from modelwright.core.clock import now, seconds_since
from modelwright.core.store import store_answers
from modelwright.monitoring.alert_types import DEFAULTS, AlertType
from modelwright.operations.vitals import OLD_BACKUP, backup_last
from modelwright.operations.watchman import schedule_missed
from modelwright.registry.models import ModelVersion
from modelwright.runs.doorbell import broker_answers
from modelwright.runs.models import TrainingRun, Worker
from modelwright.runs.pool_tables import texts_index
from modelwright.runs.selectors import workers_alive
from modelwright.runs.states import Status

BROKER_SECONDS = 2.0
WAITING_TOO_LONG = dt.timedelta(minutes=2)
CLOCK_SKEW_SECONDS = 5.0
MIN_SECRET_CHARS = 32
FILES_LOOKED_AT = 1000


def secret() -> Iterator[Finding]:
    """Is there a secret that nobody guesses?"""
    if len(settings.SECRET_KEY) < MIN_SECRET_CHARS:
        yield broken(
            "Secret",
            f"it has fewer than {MIN_SECRET_CHARS} characters",
            "Set MODELWRIGHT_SECRET_KEY to a long random text (all sessions end).",
        )
    else:
        where = "environment" if os.environ.get("MODELWRIGHT_SECRET_KEY") else "system/secret.key"
        yield ok("Secret", f"from {where}")


def hosts() -> Iterator[Finding]:
    """Does the server answer only to its own names?"""
    allowed = ", ".join(settings.ALLOWED_HOSTS)
    if "*" in settings.ALLOWED_HOSTS:
        yield warning(
            "Allowed hosts",
            "any name (*): pages of other sites may reach the server (DNS rebinding)",
            "Set MODELWRIGHT_ALLOWED_HOSTS to the names that people use, by commas.",
        )
    else:
        yield ok("Allowed hosts", allowed)


def database() -> Iterator[Finding]:
    """Can it be reached, and has it the tables of this version?"""
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        yield broken(
            "Database",
            str(error).strip().splitlines()[0],
            "Start the database server, or correct MODELWRIGHT_DATABASE_URL.",
        )
        return
    if waiting:
        yield broken(
            "Database",
            f"{len(waiting)} migrations are not applied",
            "Run `modelwright prepare`, or start `modelwright up`.",
        )
    else:
        yield ok("Database", f"{connection.vendor}, all migrations applied")
        yield from _search()


def _search() -> Iterator[Finding]:
    if texts_index(connection):
        yield ok("Search", "by an index")
    elif connection.vendor == "sqlite":
        remedy = "Use a Python whose SQLite has FTS5 and is 3.34 or newer."
        yield warning("Search", "reads through all texts: SQLite has no trigram index", remedy)
    else:
        yield warning(
            "Search",
            "reads through all texts: the extension pg_trgm is missing",
            "Have the database's owner say CREATE EXTENSION pg_trgm, then call doctor again.",
        )


def database_usable() -> bool:
    """Return whether the checks that read tables make sense."""
    return all(finding.level == "ok" for finding in database())


def broker() -> Iterator[Finding]:
    """Can the bell be rung?"""
    kind = settings.BROKER_URL.partition(":")[0]
    if broker_answers(BROKER_SECONDS):
        yield ok("Broker", f"{kind} answers")
    else:
        yield broken(
            "Broker",
            f"{kind} does not answer",
            "Start it, or correct MODELWRIGHT_BROKER_URL. Jobs wait meanwhile; none is lost.",
        )


def store() -> Iterator[Finding]:
    """Can data sets and models be fetched and kept?"""
    if not settings.STORAGE_URL:
        return
    try:
        answers = store_answers()
    except ImportError as error:
        remedy = "Install the extra: pip install 'modelwright[s3]'."
        yield broken("Store", f"its library is missing ({error})", remedy)
        return
    if answers:
        yield ok("Store", "answers")
    else:
        remedy = "Start it, or correct MODELWRIGHT_STORAGE_URL and the keys."
        yield broken("Store", "does not answer, or refuses", remedy)


def workers() -> Iterator[Finding]:
    """Does any worker live?"""
    alive = list(workers_alive())
    if alive:
        slots = sum(worker.slots for worker in alive)
        yield ok("Workers", f"{len(alive)} alive, {slots} jobs at once")
        return
    last = Worker.objects.order_by("-seen_at").first()
    seen = f"; the last one was seen {last.seen_at:%Y-%m-%d %H:%M:%S} UTC" if last else ""
    yield broken(
        "Workers",
        f"none gives a sign of life{seen}",
        "Start `modelwright up`, or `modelwright worker`: jobs wait until then.",
    )


def scheduler() -> Iterator[Finding]:
    """Does the scheduler do its rounds?"""
    for plan in plans():
        if plan.fault:
            setting = f"MODELWRIGHT_SCHEDULE_{plan.job.name.upper()}"
            yield broken("Scheduler", f"{plan.job.name}: {plan.fault}", f"Correct {setting}.")
    last = scheduler_seen_at()
    if last is not None and scheduler_is_running():
        yield ok("Scheduler", f"alive {seconds_since(last):.0f} s ago")
        return
    seen = f"since {last:%Y-%m-%d %H:%M:%S} UTC" if last else "yet"
    yield broken(
        "Scheduler",
        f"no sign of life {seen}",
        "Start `modelwright up`, or `modelwright scheduler`.",
    )


def waiting_jobs() -> Iterator[Finding]:
    """Are there jobs that nobody takes?"""
    pending = TrainingRun.objects.filter(status=Status.PENDING)
    stuck = pending.filter(created_at__lt=now() - WAITING_TOO_LONG)
    silent = TrainingRun.objects.filter(
        status=Status.RUNNING,
        beat_at__lt=now() - 3 * dt.timedelta(seconds=settings.JOB_DEAD_AFTER_SECONDS),
    )
    numbers = [str(run.number) for run in (*stuck.order_by("number")[:10], *silent[:10])]
    busy = TrainingRun.objects.filter(status=Status.RUNNING).count()
    if numbers and not (busy and not silent):
        yield broken(
            "Jobs",
            f"nobody works on run {', '.join(numbers)}",
            "Start a worker; if one lives, look at its log.",
        )
    else:
        yield ok("Jobs", f"{busy} running, {pending.count()} pending")


def clock() -> Iterator[Finding]:
    """Does time go forward, and the same way as in the database?"""
    newest = TrainingRun.objects.order_by("-created_at").values_list("created_at", flat=True)
    ahead = -(seconds_since(newest.first()) or 0.0)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
            ahead = max(ahead, abs(float(cursor.fetchone()[0]) - time.time()))
    if ahead > CLOCK_SKEW_SECONDS:
        yield broken(
            "Clock",
            f"this machine's clock differs by {ahead:.0f} s from what is recorded",
            "Set it by NTP on every machine: signs of life are compared by it.",
        )
    else:
        yield ok("Clock", f"{now():%Y-%m-%d %H:%M:%S} UTC")


def models() -> Iterator[Finding]:
    """Are the newest models where the records say?"""
    versions = ModelVersion.objects.filter(removed_at=None).order_by("-id")[:FILES_LOOKED_AT]
    here = {v.name: (settings.DATA_ROOT / v.artifact_path).is_file() for v in versions}
    missing = [] if settings.STORAGE_URL else [name for name, found in here.items() if not found]
    if missing:
        yield broken(
            "Models",
            f"{len(missing)} files are missing: {', '.join(missing[:5])}",
            "Bring artifacts/models back from a backup (`modelwright restore`).",
        )
    else:
        where = f"{sum(here.values())} files in place"
        yield ok("Models", where + (", others in the store" if settings.STORAGE_URL else ""))


def schedules() -> Iterator[Finding]:
    """Has everything run that should have?"""
    limit = DEFAULTS[AlertType.SCHEDULE_MISSED].warning_at or 0.0
    found = [schedule_missed(plan, now()) for plan in plans()]
    missed = [text for text, minutes in found if text and minutes >= limit]
    for text in missed:
        yield broken("Schedules", text, "Look at `modelwright scheduler` and the workers.")
    if not missed:
        yield ok("Schedules", f"{len(found)}, none missed")


def backups() -> Iterator[Finding]:
    """Is there a backup, and is it fresh?"""
    last = backup_last()
    if last is None:
        yield warning("Backup", "none was made yet", "Run `modelwright backup FILE`.")
    elif now() - last.at > OLD_BACKUP:
        text = f"the last one is of {last.at:%Y-%m-%d}"
        yield warning("Backup", text, "Run `modelwright backup FILE` every night.")
    else:
        yield ok("Backup", f"{last.name}, {last.at:%Y-%m-%d %H:%M} UTC")


SETTINGS_CHECKS = (secret, hosts, database, broker, store)
TABLE_CHECKS = (workers, scheduler, schedules, waiting_jobs, clock, models, backups)
