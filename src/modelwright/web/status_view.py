"""The server itself on one page: what is well, what isn't, and what to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.db import connection

from modelwright.automation.models import SchedulerProcess, ScheduleRun
from modelwright.automation.plans import Plan, scheduler_is_running
from modelwright.core.clock import now
from modelwright.monitoring.alert_types import DEFAULTS, AlertType
from modelwright.monitoring.models import Alert
from modelwright.operations import vitals
from modelwright.operations.models import Backup
from modelwright.runs.doorbell import broker_answers
from modelwright.runs.models import Worker

NEARLY_FULL_PERCENT = DEFAULTS[AlertType.DISK_FULL].warning_at or 100.0
_TONES = {"good": ("good", "completed"), "warn": ("warn", "warning"), "bad": ("bad", "failed")}


@dataclass(frozen=True)
class Line:
    """One part of the server.

    Attributes
    ----------
    title : str
    tone : str
        `good`, `warn` or `bad`.
    word : str
        The same in a word.
    text : str
        What was found.
    remedy : str
        What to do; empty where nothing is wrong.
    """

    title: str
    tone: str
    word: str
    text: str
    remedy: str = ""

    @property
    def icon(self) -> str:
        """Return the shape that goes with the tone."""
        return _TONES[self.tone][1]


class StatusView:
    """What an operator sees."""

    version = settings.VERSION

    @cached_property
    def queues(self) -> list[vitals.Queue]:
        """Return what waits and what runs, by kind."""
        return vitals.queues()

    @cached_property
    def workers(self) -> list[Worker]:
        """Return the workers that live."""
        return vitals.workers()

    @cached_property
    def schedulers(self) -> list[SchedulerProcess]:
        """Return the schedulers that signed lately."""
        return vitals.schedulers()

    @cached_property
    def schedules(self) -> list[tuple[Plan, ScheduleRun | None]]:
        """Return every scheduled job with its last run."""
        return vitals.scheduled()

    @cached_property
    def backup(self) -> Backup | None:
        """Return the last backup."""
        return vitals.backup_last()

    @cached_property
    def alerts(self) -> list[Alert]:
        """Return the open alerts about the server itself."""
        found = Alert.objects.filter(machine__isnull=True).exclude(status=Alert.Status.RESOLVED)
        return list(found.order_by("-created_at")[:20])

    @cached_property
    def lines(self) -> list[Line]:
        """Return every part, one line each."""
        return [
            self._database(), self._broker(), self._workers(), self._scheduler(), *self._disks(),
            self._backup(),
        ]  # fmt: skip

    @property
    def is_well(self) -> bool:
        """Return whether nothing is broken."""
        return all(line.tone != "bad" for line in self.lines) and not self.alerts

    def _database(self) -> Line:
        size = vitals.database_bytes() // vitals.MIB
        return Line("Database", "good", "Answers", f"{connection.vendor}, {size} MB")

    def _broker(self) -> Line:
        kind = settings.BROKER_URL.partition(":")[0]
        if broker_answers():
            return Line("Broker", "good", "Answers", kind)
        return Line(
            "Broker", "bad", "Silent", f"{kind} does not answer. Jobs wait; none is lost.",
            "Start it, or correct MODELWRIGHT_BROKER_URL.",
        )  # fmt: skip

    def _workers(self) -> Line:
        if not self.workers:
            return Line("Workers", "bad", "None", "Jobs wait.", "Start modelwright worker.")
        slots = sum(worker.slots for worker in self.workers)
        versions = {worker.version for worker in self.workers}
        text = f"{len(self.workers)}, for {slots} jobs at once"
        if versions != {settings.VERSION}:
            return Line(
                "Workers", "warn", "Mixed", f"{text}; versions {', '.join(sorted(versions))}",
                f"Bring all to {settings.VERSION}.",
            )  # fmt: skip
        return Line("Workers", "good", "Alive", text)

    def _scheduler(self) -> Line:
        if not settings.SCHEDULER_ENABLED:
            return Line(
                "Scheduler", "warn", "Off", "Nothing is run by the clock.",
                "Set MODELWRIGHT_SCHEDULER_ENABLED to True.",
            )  # fmt: skip
        if scheduler_is_running():
            return Line("Scheduler", "good", "Alive", f"{len(self.schedulers)}")
        return Line(
            "Scheduler", "bad", "Silent", "Nothing is run by the clock.",
            "Start modelwright scheduler.",
        )  # fmt: skip

    def _disks(self) -> Iterator[Line]:
        for disk in vitals.disks():
            used = disk.used_percent
            text = f"{disk.path}: {disk.free // vitals.MIB} MB free, {used:.0f} % in use"
            if used >= NEARLY_FULL_PERCENT and not disk.is_plenty:
                yield Line("Disk", "bad", "Nearly full", text, "Make room before jobs fail.")
            else:
                yield Line("Disk", "good", "Has room", text)

    def _backup(self) -> Line:
        if self.backup is None:
            return Line(
                "Backup", "warn", "None", "None was made yet.", "Run modelwright backup FILE."
            )
        text = f"{self.backup.name}, {self.backup.size_bytes // vitals.MIB} MB"
        if now() - self.backup.at > vitals.OLD_BACKUP:
            return Line("Backup", "warn", "Old", text, "Run modelwright backup FILE.")
        return Line("Backup", "good", "Fresh", text)
