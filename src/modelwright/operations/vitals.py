"""How the server is: what waits, who works, what is full. Reads only, each with an index."""

import datetime as dt
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.models import Count, Min

from modelwright.automation.models import SchedulerProcess, ScheduleRun
from modelwright.automation.plans import Plan, last_runs, plans
from modelwright.core.clock import now
from modelwright.monitoring.models import Alert, DriftProfile
from modelwright.operations.models import Backup, JobTally
from modelwright.runs.kinds import kinds_all
from modelwright.runs.models import Worker
from modelwright.runs.names import worker_gone
from modelwright.runs.selectors import workers_alive
from modelwright.runs.states import Status

MIB = 1024 * 1024
OLD_BACKUP = dt.timedelta(days=7)
PLENTY_BYTES = 50 * 1024 * MIB
"""Where so much is free, a disk isn't nearly full, however large it is."""


@dataclass(frozen=True)
class Queue:
    """The jobs of one kind that have not ended.

    Attributes
    ----------
    kind : str
    pending, running : int
    oldest_at : datetime or None
        Since when the longest waiting one waits.
    """

    kind: str
    pending: int
    running: int
    oldest_at: dt.datetime | None

    @property
    def oldest_seconds(self) -> float:
        """Return for how long the longest waiting one has waited; 0 where none waits."""
        return 0.0 if self.oldest_at is None else max((now() - self.oldest_at).total_seconds(), 0.0)


@dataclass(frozen=True)
class Disk:
    """A file system that the server writes to.

    Attributes
    ----------
    path : Path
    total, free : int
        Bytes.
    """

    path: Path
    total: int
    free: int

    @property
    def used_percent(self) -> float:
        """Return how full it is."""
        return 100.0 * (1 - self.free / self.total) if self.total else 0.0

    @property
    def is_plenty(self) -> bool:
        """Return whether so much is free that no share of it matters."""
        return self.free >= PLENTY_BYTES


def queues() -> list[Queue]:
    """Return each kind of job with what waits and what runs."""
    found = []
    for kind in kinds_all():
        rows = kind.model._default_manager.order_by()
        waiting = rows.filter(status=Status.PENDING).aggregate(
            n=Count("pk"), oldest=Min("created_at")
        )
        running = rows.filter(status=Status.RUNNING).count()
        found.append(Queue(kind.name, waiting["n"], running, waiting["oldest"]))
    return found


def workers() -> list[Worker]:
    """Return the workers that live, by name."""
    return [worker for worker in workers_alive() if not worker_gone(worker.name)]


def schedulers() -> list[SchedulerProcess]:
    """Return the schedulers that signed lately, the last one first."""
    found = SchedulerProcess.objects.order_by("-seen_at")
    return [process for process in found if not worker_gone(process.name)]


def disks() -> list[Disk]:
    """Return the file systems of data folder and data root, each once."""
    found: dict[int, Disk] = {}
    for path in (settings.HOME, settings.DATA_ROOT):
        if path.is_dir():
            usage = shutil.disk_usage(path)
            found.setdefault(path.stat().st_dev, Disk(path, usage.total, usage.free))
    return list(found.values())


def database_bytes() -> int:
    """Return the size of the database."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_database_size(current_database())")
            return int(cursor.fetchone()[0])
        cursor.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        return int(cursor.fetchone()[0])


def scheduled() -> list[tuple[Plan, ScheduleRun | None]]:
    """Return every scheduled job with its last run."""
    last = last_runs()
    return [(plan, last.get(plan.job.name)) for plan in plans()]


def scheduled_run(name: str, due: dt.datetime) -> ScheduleRun | None:
    """Return the run of a scheduled job for one time that was due."""
    return ScheduleRun.objects.filter(name=name, due_at=due, by_hand=False).first()


def backup_last() -> Backup | None:
    """Return the last backup that was written."""
    return Backup.objects.order_by("-at").first()


def alerts_open() -> list[tuple[str, str, int]]:
    """Return type, severity and number of open alerts."""
    found = Alert.objects.exclude(status=Alert.Status.RESOLVED).order_by()
    rows = found.values_list("alert_type", "severity").annotate(n=Count("pk"))
    return [(kind, severity, n) for kind, severity, n in rows.order_by("alert_type", "severity")]


def drift_found() -> list[tuple[str, int, int]]:
    """Return model type, versions whose drift is watched, and those whose last check found some."""
    watched = DriftProfile.objects.filter(is_counting=True).order_by()
    drifted = dict(
        watched.filter(checked__drift_detected=True)
        .values_list("version__run__model_type")
        .annotate(n=Count("pk"))
    )
    rows: Iterable[tuple[str, int]] = watched.values_list("version__run__model_type").annotate(
        n=Count("pk")
    )
    return [(kind, n, drifted.get(kind, 0)) for kind, n in rows]


def tallies() -> list[JobTally]:
    """Return the counts of ended jobs."""
    return list(JobTally.objects.all())
