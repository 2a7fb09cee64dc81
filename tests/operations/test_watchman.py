"""Alerts about the server itself: raised when a part falls silent, told once, closed by itself."""

import datetime as dt
from pathlib import Path

import pytest

from modelwright.accounts.notifications import outbox
from modelwright.automation.models import Schedule, SchedulerProcess, ScheduleRun
from modelwright.core.clock import now
from modelwright.monitoring.alert_rules import alert_rule_create
from modelwright.monitoring.alert_types import AlertType
from modelwright.monitoring.models import Alert
from modelwright.operations import vitals, watchman
from modelwright.operations.watchman import Watchman, disks_watch, schedules_watch
from modelwright.runs.models import Worker
from modelwright.runs.states import Status

pytestmark = pytest.mark.django_db
GIB = 1024**3


class Clock:
    """Seconds that the test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def roomy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk of whoever runs the tests is none of their business."""
    monkeypatch.setattr(vitals, "disks", lambda: [vitals.Disk(Path("/data"), 100 * GIB, 60 * GIB)])


def watch_workers(clock: Clock) -> Watchman:
    return Watchman(AlertType.NO_WORKER, watchman._worker_is_there, "No worker.", instant=clock)


def open_alerts(kind: AlertType) -> list[Alert]:
    return list(Alert.objects.filter(alert_type=kind).exclude(status=Alert.Status.RESOLVED))


def test_silence_of_the_workers_is_an_alert_until_one_is_back(clock: Clock) -> None:
    man = watch_workers(clock)
    man.look()
    clock.seconds += 100
    man.look()
    assert not open_alerts(AlertType.NO_WORKER), "a restart takes a moment"
    clock.seconds += 30
    man.look()
    (alert,) = open_alerts(AlertType.NO_WORKER)
    assert (alert.severity, alert.machine, alert.current_value) == ("warning", None, 2.2)
    clock.seconds += 600
    man.look()
    (alert,) = open_alerts(AlertType.NO_WORKER)
    assert alert.severity == "critical"
    Worker.objects.create(name="elsewhere:1:1", hostname="h", pid=1, slots=1, version="1")
    clock.seconds += 11
    man.look()
    assert not open_alerts(AlertType.NO_WORKER)
    assert Alert.objects.get().resolution


def test_two_who_watch_raise_one_alert(clock: Clock) -> None:
    men = [watch_workers(clock), watch_workers(clock)]
    for _ in range(3):
        for man in men:
            man.look()
        clock.seconds += 120
    assert Alert.objects.count() == 1


def test_a_rule_says_how_long_is_too_long(clock: Clock) -> None:
    alert_rule_create(
        alert_type="no_worker", warning_at=60.0, critical_at=120.0, cooldown_minutes=0, user=None
    )
    man = watch_workers(clock)
    for _ in range(2):
        man.look()
        clock.seconds += 1800
    assert not open_alerts(AlertType.NO_WORKER)
    for _ in range(2):
        man.look()
        clock.seconds += 1800
    assert open_alerts(AlertType.NO_WORKER)


def test_silence_of_the_scheduler_is_an_alert_unless_it_is_off(
    clock: Clock, settings: object
) -> None:
    SchedulerProcess.objects.create(
        name="elsewhere:1:1",
        hostname="h",
        pid=1,
        version="1",
        seen_at=now() - dt.timedelta(hours=1),
    )
    man = Watchman(
        AlertType.SCHEDULER_SILENT, watchman._scheduler_is_there, "No scheduler.", instant=clock
    )
    man.look()
    clock.seconds += 130
    man.look()
    assert open_alerts(AlertType.SCHEDULER_SILENT)
    settings.SCHEDULER_ENABLED = False  # type: ignore[attr-defined]
    clock.seconds += 130
    man.look()
    assert not open_alerts(AlertType.SCHEDULER_SILENT)


@pytest.mark.parametrize(
    ("total", "free", "severity"),
    [(100, 20, None), (100, 9, "warning"), (100, 2, "critical"), (10_000, 60, None)],
)
def test_a_disk_is_nearly_full_by_its_share_unless_plenty_is_left(
    monkeypatch: pytest.MonkeyPatch, total: int, free: int, severity: str | None
) -> None:
    disk = vitals.Disk(Path("/data"), total * GIB, free * GIB)
    monkeypatch.setattr(vitals, "disks", lambda: [disk])
    disks_watch()
    assert [alert.severity for alert in open_alerts(AlertType.DISK_FULL)] == (
        [severity] if severity else []
    )
    monkeypatch.setattr(vitals, "disks", lambda: [vitals.Disk(disk.path, 100 * GIB, 60 * GIB)])
    disks_watch()
    assert not open_alerts(AlertType.DISK_FULL)


def missed() -> list[str]:
    return [alert.incident for alert in open_alerts(AlertType.SCHEDULE_MISSED)]


def test_a_scheduled_job_that_did_not_run_is_missed_until_it_has_run() -> None:
    due = dt.datetime(2026, 3, 4, 0, 30, tzinfo=dt.UTC)
    moment = due + dt.timedelta(minutes=20)
    Schedule.objects.create(name="kpi_calculate", since=due - dt.timedelta(days=2))
    for other in ("baseline_retrain", "anomaly_detect", "training_cleanup"):
        Schedule.objects.create(name=other, is_enabled=False)
    schedules_watch(moment=moment, watched_minutes=1.0)
    assert not missed(), "after a start there is time to catch up"
    schedules_watch(moment=moment, watched_minutes=60.0)
    assert missed() == ["schedule_missed::server:kpi_calculate"]
    run = ScheduleRun.objects.create(name="kpi_calculate", due_at=due)
    schedules_watch(moment=moment, watched_minutes=60.0)
    assert missed(), "it waits for a worker"
    ScheduleRun.objects.filter(pk=run.pk).update(status=Status.COMPLETED, finished_at=moment)
    schedules_watch(moment=moment, watched_minutes=60.0)
    assert not missed()


def test_a_scheduled_job_that_failed_is_told_with_its_reason() -> None:
    due = dt.datetime(2026, 3, 4, 0, 30, tzinfo=dt.UTC)
    Schedule.objects.create(name="kpi_calculate", since=due - dt.timedelta(days=2))
    for other in ("baseline_retrain", "anomaly_detect", "training_cleanup"):
        Schedule.objects.create(name=other, is_enabled=False)
    ScheduleRun.objects.create(
        name="kpi_calculate",
        due_at=due,
        status="failed",
        finished_at=due,
        error_message="no tariff",
    )
    schedules_watch(moment=due + dt.timedelta(minutes=1), watched_minutes=0.0)
    (alert,) = open_alerts(AlertType.SCHEDULE_MISSED)
    assert "no tariff" in alert.message


def test_people_are_told_that_no_worker_lives_though_none_can_tell_them(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(watchman, "_deliver", lambda: told.append("delivered"))
    monkeypatch.setattr(watchman, "notices_due", lambda: outbox.Notice.objects.none())
    man = Watchman(AlertType.NO_WORKER, lambda: False, "No worker.", instant=clock, tells=True)
    man.look()
    assert not told
    monkeypatch.setattr(watchman, "notices_due", lambda: _Some())
    clock.seconds += 200
    man.look()
    assert man._telling is not None
    man._telling.join(5)
    assert told == ["delivered"]


class _Some:
    @staticmethod
    def exists() -> bool:
        return True
