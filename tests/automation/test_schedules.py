"""Each time that is due runs once, whatever the clock, the servers and the people do."""

import datetime as dt
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections

from modelwright.accounts.models import AuditEntry
from modelwright.automation import rounds
from modelwright.automation.kind import SCHEDULE
from modelwright.automation.models import SchedulerProcess, ScheduleRun
from modelwright.automation.plans import plan_get, scheduler_is_running
from modelwright.automation.scheduled import SCHEDULED, baseline_retrain
from modelwright.automation.scheduler import scheduler_round, scheduler_sign
from modelwright.automation.services import (
    schedule_change,
    schedule_run_now,
    schedules_start,
    schedules_tick,
)
from modelwright.catalog.models import Machine
from modelwright.core.clock import now
from modelwright.core.errors import InvalidInputError
from modelwright.monitoring.models import Alert, KpiDay
from modelwright.runs.executor import drain, execute
from modelwright.runs.jobs import job_cancel, job_claim
from modelwright.runs.models import TrainingRun
from modelwright.runs.names import worker_name
from modelwright.runs.retraining import LOW
from modelwright.runs.states import Status
from modelwright.runs.sweep import jobs_sweep
from tests.api.machines import a_machine_with_readings, hourly, lines, send
from tests.automation.conftest import Walk, light_machine, runs_of, utc
from tests.people import person

pytestmark = pytest.mark.django_db
Install = Callable[[str], None]


def nothing(_percent: float, _what: str) -> None:
    """Listen to no progress."""


def complete(moment: dt.datetime) -> None:
    ScheduleRun.objects.filter(status=Status.PENDING).update(
        status=Status.COMPLETED, finished_at=moment
    )


# --- the clock -----------------------------------------------------------------------------------


def test_every_job_runs_at_its_times(installed: Install, walk: Walk) -> None:
    installed("2026-11-28T22:00")
    walk("training_cleanup", "2026-11-28T22:00", "2026-11-29T03:00")
    assert [due.hour for due in runs_of("training_cleanup")] == [22, 23, 0, 1, 2]
    assert {due.minute for due in runs_of("training_cleanup")} == {15}
    assert runs_of("baseline_retrain") == [utc("2026-11-29T02:00")]


def test_the_night_in_which_the_clock_goes_back_has_each_due_time_once(
    installed: Install, walk: Walk, settings: Any
) -> None:
    settings.SCHEDULE_TIMEZONE = "Europe/Berlin"
    installed("2026-10-24T21:00")
    walk("training_cleanup", "2026-10-24T21:00", "2026-10-25T05:00")
    assert [due.hour for due in runs_of("training_cleanup")] == [21, 22, 23, 0, 1, 2, 3, 4]
    assert runs_of("baseline_retrain") == [utc("2026-10-25T00:00")]  # the first 02:00 of two


def test_the_night_in_which_the_clock_goes_forward_leaves_nothing_out(
    installed: Install, walk: Walk, settings: Any
) -> None:
    settings.SCHEDULE_TIMEZONE = "Europe/Berlin"
    installed("2027-03-27T22:00")
    walk("training_cleanup", "2027-03-27T22:00", "2027-03-28T04:00")
    assert [due.hour for due in runs_of("training_cleanup")] == [22, 23, 0, 1, 2, 3]
    assert runs_of("baseline_retrain") == [utc("2027-03-28T01:00")]  # there is no 02:00


def test_what_was_missed_is_caught_up_once(installed: Install, walk: Walk) -> None:
    installed("2026-11-10T08:00")
    walk("training_cleanup", "2026-11-10T08:00", "2026-11-10T08:30")
    # off until three days later
    walk("training_cleanup", "2026-11-13T12:00", "2026-11-13T13:00")
    assert runs_of("training_cleanup") == [
        utc("2026-11-10T08:15"), utc("2026-11-13T11:15"), utc("2026-11-13T12:15"),
    ]  # fmt: skip


def test_a_server_clock_that_is_set_back_repeats_nothing(installed: Install, walk: Walk) -> None:
    installed("2026-11-10T08:00")
    walk("training_cleanup", "2026-11-10T08:00", "2026-11-10T11:00")
    walk("training_cleanup", "2026-11-10T09:00", "2026-11-10T12:00")
    assert [due.hour for due in runs_of("training_cleanup")] == [8, 9, 10, 11]


def test_a_server_clock_that_was_years_ahead_stops_nothing(installed: Install, walk: Walk) -> None:
    installed("2031-01-01T00:00")
    walk("training_cleanup", "2026-11-10T08:00", "2026-11-10T10:00")
    assert [due.hour for due in runs_of("training_cleanup")] == [8, 9]


def test_nothing_from_before_the_installation_is_caught_up() -> None:
    schedule_change(name="anomaly_detect", user=None, is_enabled=False)
    assert schedules_tick(moment=utc("2026-11-10T08:20")) == []
    assert schedules_tick(moment=utc("2026-11-10T09:14")) == []
    due = schedules_tick(moment=utc("2026-11-10T09:15"))
    assert [run.name for run in due] == ["training_cleanup"]


# --- two schedulers, and one that is killed ------------------------------------------------------


def test_two_schedulers_run_each_due_time_once(installed: Install) -> None:
    installed("2026-11-10T08:00")
    for second in range(0, 60, 5):
        moment = utc("2026-11-10T08:15") + dt.timedelta(seconds=second)
        for _ in range(2):
            schedules_tick(moment=moment)
        complete(moment)
    assert len(runs_of("training_cleanup")) == 1


@pytest.mark.django_db(transaction=True)
def test_schedulers_that_look_in_the_same_moment_run_each_due_time_once(
    installed: Install,
) -> None:
    installed("2026-11-22T01:00")
    barrier = threading.Barrier(6)
    written: list[ScheduleRun] = []

    def look() -> None:
        barrier.wait()
        written.extend(schedules_tick(moment=utc("2026-11-22T02:00:03")))
        connections.close_all()

    threads = [threading.Thread(target=look) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(run.name for run in written) == [
        "anomaly_detect", "baseline_retrain", "training_cleanup",
    ]  # fmt: skip
    assert ScheduleRun.objects.count() == 3


def test_two_schedulers_that_start_together_clean_up_once() -> None:
    first = schedules_start(moment=utc("2026-11-10T08:00:01"))
    assert [run.name for run in first] == ["training_cleanup"]
    complete(utc("2026-11-10T08:00:02"))
    assert schedules_start(moment=utc("2026-11-10T08:00:09")) == []
    assert len(schedules_start(moment=utc("2026-11-10T09:00:00"))) == 1


def test_a_run_whose_worker_was_killed_is_taken_over_and_counts_once(installed: Install) -> None:
    gone = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name = worker_name(gone.pid)
    installed("2026-11-22T01:00")
    (run,) = (
        r for r in schedules_tick(moment=utc("2026-11-22T02:00")) if r.name == "baseline_retrain"
    )
    claim = job_claim(queue=SCHEDULE.queue, worker=name, only=run.pk)
    assert claim is not None
    gone.kill()
    gone.wait()
    jobs_sweep()
    schedules_tick(moment=utc("2026-11-22T02:00:05"))
    run.refresh_from_db()
    assert (run.status, run.crashes) == (Status.PENDING, 1)
    again = job_claim(queue=SCHEDULE.queue, worker=worker_name(), only=run.pk)
    assert again is not None
    assert again.attempt == 2
    assert len(runs_of("baseline_retrain")) == 1


def test_a_clean_up_that_was_killed_with_its_scheduler_is_taken_over_by_the_next(
    installed: Install,
) -> None:
    gone = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name = worker_name(gone.pid)
    installed("2026-11-22T01:00")
    schedules_tick(moment=utc("2026-11-22T01:15"))
    cleaning = ScheduleRun.objects.get(name="training_cleanup")
    job_claim(queue=SCHEDULE.queue, worker=name, only=cleaning.pk)
    gone.kill()
    gone.wait()
    scheduler_round(moment=utc("2026-11-22T01:15:30"))
    run = ScheduleRun.objects.get(name="training_cleanup")
    assert (run.status, run.attempt, run.crashes) == (Status.COMPLETED, 2, 1)


def test_a_job_that_outlasts_its_interval_runs_again_when_it_has_ended(
    installed: Install,
) -> None:
    installed("2026-11-10T08:00")
    schedules_tick(moment=utc("2026-11-10T08:15"))
    assert schedules_tick(moment=utc("2026-11-10T10:20")) == []  # still pending
    complete(utc("2026-11-10T10:25"))
    late = schedules_tick(moment=utc("2026-11-10T10:26"))[-1]
    assert late.due_at == utc("2026-11-10T10:15")


# --- people --------------------------------------------------------------------------------------


def test_a_paused_job_waits_and_catches_nothing_up_when_it_goes_on(
    installed: Install, walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed("2026-11-10T08:00")
    schedule_change(name="training_cleanup", user=person("trainer"), is_enabled=False)
    assert plan_get("training_cleanup").next_run() is None
    walk("training_cleanup", "2026-11-10T08:00", "2026-11-10T11:00")
    assert runs_of("training_cleanup") == []
    monkeypatch.setattr("modelwright.automation.services.now", lambda: utc("2026-11-10T11:20"))
    schedule_change(name="training_cleanup", user=person("trainer"), is_enabled=True)
    walk("training_cleanup", "2026-11-10T11:20", "2026-11-10T12:30")
    assert runs_of("training_cleanup") == [utc("2026-11-10T12:15")]
    entries = AuditEntry.objects.filter(verb="schedule.changed").order_by("id")
    assert [(e.actor_name, e.after["is_enabled"]) for e in entries] == [
        ("trainer", False), ("trainer", True),
    ]  # fmt: skip


def test_times_can_be_changed_and_given_back_to_the_settings(
    installed: Install, walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed("2026-11-10T08:00")
    monkeypatch.setattr("modelwright.automation.services.now", lambda: utc("2026-11-10T10:00"))
    plan = schedule_change(
        name="training_cleanup", user=None, expression="30 9 * * *", timezone="Europe/Berlin"
    )
    assert plan.is_changed
    assert plan.words == "At 09:30 every day (Europe/Berlin)"
    walk("training_cleanup", "2026-11-10T10:00", "2026-11-11T12:00", minutes=15)
    assert runs_of("training_cleanup") == [utc("2026-11-11T08:30")]  # and not that of today
    plan = schedule_change(name="training_cleanup", user=None, expression="", timezone="")
    assert (plan.cron.expression, plan.cron.timezone, plan.is_changed) == (
        "15 * * * *", "UTC", False,
    )  # fmt: skip


def test_times_that_cant_be_meant_change_nothing() -> None:
    for field, value in (("expression", "at noon"), ("timezone", "Mars/Olympus")):
        with pytest.raises(InvalidInputError) as caught:
            schedule_change(name="training_cleanup", user=None, **{field: value})
        assert list(caught.value.details) == [field]
    assert plan_get("training_cleanup").cron.expression == "15 * * * *"


def test_a_setting_that_cant_be_meant_stops_only_its_own_job(
    installed: Install, settings: Any
) -> None:
    settings.SCHEDULES = {**settings.SCHEDULES, "baseline_retrain": "sundays"}
    installed("2026-11-22T01:00")
    due = schedules_tick(moment=utc("2026-11-22T02:15"))
    assert sorted(run.name for run in due) == ["anomaly_detect", "training_cleanup"]
    assert "five fields" in plan_get("baseline_retrain").words


def test_a_scheduler_that_is_switched_off_runs_nothing(installed: Install, settings: Any) -> None:
    settings.SCHEDULER_ENABLED = False
    installed("2026-11-22T01:00")
    assert schedules_tick(moment=utc("2026-11-22T02:15")) == []
    assert schedules_start(moment=utc("2026-11-22T02:15")) == []


def test_a_job_that_is_open_is_not_run_a_second_time_by_hand() -> None:
    first = schedule_run_now(name="training_cleanup", user=person("trainer"))
    assert first is not None
    assert schedule_run_now(name="training_cleanup", user=person("trainer")) is None
    job_cancel(first)
    assert schedule_run_now(name="training_cleanup", user=None) is not None


# --- what they do --------------------------------------------------------------------------------


def test_the_clean_up_is_done_by_the_scheduler_itself_and_forgets_old_history(
    installed: Install,
) -> None:
    old = now() - dt.timedelta(days=91)
    ScheduleRun.objects.create(
        name="kpi_calculate", due_at=old, created_at=old, status="completed", finished_at=old
    )
    installed("2026-11-10T08:00")
    scheduler_round(moment=utc("2026-11-10T08:15"))
    run = ScheduleRun.objects.get(name="training_cleanup")
    assert not ScheduleRun.objects.filter(name="kpi_calculate").exists()
    assert (run.name, run.status, run.result["forgotten"]) == ("training_cleanup", "completed", 1)
    assert run.result["message"] == "Jobs given back or failed: 0; announced again: 0."


def test_a_clean_up_that_fails_says_so_and_the_scheduler_goes_on(
    installed: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("modelwright.automation.scheduled.training_cleanup.jobs_sweep", broken)
    installed("2026-11-10T08:00")
    scheduler_round(moment=utc("2026-11-10T08:15"))
    run = ScheduleRun.objects.get(name="training_cleanup")
    assert (run.status, run.error_type, run.error_message) == ("failed", "OSError", "no space left")


def test_retraining_queues_what_has_news_behind_what_people_ask_for() -> None:
    new, learned, late, busy = (light_machine(name) for name in ("new", "learned", "late", "busy"))
    light_machine("off", is_active=False)
    light_machine("empty", reading_count=0, last_reading_at=None)
    for machine in (learned, late):
        TrainingRun.objects.create(
            number=machine.number + 1000, machine=machine, model_type="baseline",
            model_version=machine.name,
            subject=f"baseline:machine:{machine.pk}", status="completed",
            started_at=now() - dt.timedelta(hours=1), finished_at=now(),
            period_end=machine.last_reading_at,
        )  # fmt: skip
    late.batches.create(start_at=0, end_at=1, accepted=0, updated=1)  # a correction of old readings
    assert baseline_retrain.work(nothing)["queued"] == 3
    first = TrainingRun.objects.get(machine=busy, status="pending")
    assert (first.priority, first.trigger_type, first.user) == (LOW, "scheduled", None)
    again = baseline_retrain.work(nothing)
    assert (again["queued"], again["busy"], again["nothing_new"]) == (0, 3, 2)
    queued = TrainingRun.objects.filter(status="pending").values_list("machine__name", flat=True)
    assert sorted(queued) == [busy.name, late.name, new.name]
    assert again["message"] == ("Trainings queued: 0; under way already: 3; nothing new for: 2.")


@pytest.mark.django_db(transaction=True)
def test_key_figures_and_anomalies_follow_what_is_new() -> None:
    machine = Machine.objects.get(pk=a_machine_with_readings(hours=24 * 28))
    first = {name: run_through(name) for name in ("kpi_calculate", "anomaly_detect")}
    assert first["kpi_calculate"].result["days"] == 28
    assert KpiDay.objects.filter(machine=machine).count() == 28
    assert first["anomaly_detect"].result["message"] == "Anomalies found: 0; silent machines: 1."
    assert Alert.objects.get().alert_type == "no_data"
    # nothing new: nothing is done
    again = {name: run_through(name) for name in first}
    assert again["kpi_calculate"].result["message"] == "Days reckoned: 0."
    # a day comes late
    send(f"/api/v1/machines/{machine.pk}/", lines(hourly(24, start="2026-01-05T00:00:00+00:00")))
    send(f"/api/v1/machines/{machine.pk}/", lines(hourly(3, start="2026-01-29T00:00:00+00:00")))
    late = run_through("kpi_calculate").result
    assert 2 <= late["days"] <= 5  # and those beside them


def run_through(name: str) -> ScheduleRun:
    """Run a scheduled job as a worker does, and return it."""
    run = schedule_run_now(name=name, user=None)
    claim = job_claim(queue=SCHEDULE.queue, worker=worker_name())
    assert run is not None
    assert claim is not None
    execute(claim)
    run.refresh_from_db()
    assert (run.status, run.error_message) == (Status.COMPLETED, "")
    return run


def test_what_fails_for_one_machine_is_recorded_and_the_others_get_their_turn() -> None:
    for name in ("a", "b", "c"):
        light_machine(name)

    def do(machine: Any) -> dict[str, int]:
        if machine.name == "b":
            raise ZeroDivisionError("by nothing")
        return {"found": 2}

    heard: list[tuple[float, str]] = []
    tally = rounds.over_machines(do, lambda *what: heard.append(what))
    result = tally.result("{found} found.")
    assert (result["machines"], result["done"], result["failed"], result["found"]) == (3, 2, 1, 4)
    assert [(f["machine"], f["error"]) for f in result["failures"]] == [("b", "by nothing")]
    assert result["message"] == "4 found. It failed for 1 of 3 machines."
    assert [name for _, name in heard] == ["a", "b", "c"]


@pytest.mark.django_db(transaction=True)
def test_heavy_jobs_run_in_a_child_of_a_worker_with_progress_and_an_end() -> None:
    light_machine("Press 4")
    run = schedule_run_now(name="baseline_retrain", user=person("trainer"))
    assert run is not None
    assert drain("training", worker=worker_name()) == 0  # the slots of trainings don't take it
    claim = job_claim(queue=SCHEDULE.queue, worker=worker_name())
    assert claim is not None
    execute(claim)
    run.refresh_from_db()
    assert (run.status, run.error_message) == (Status.COMPLETED, "")
    assert (run.result["queued"], run.result["failed"]) == (1, 0)
    assert TrainingRun.objects.get().trigger_type == "scheduled"
    entry = AuditEntry.objects.get(verb="run.submitted")
    assert (entry.channel, entry.actor_name) == ("scheduler", "trainer")


@pytest.mark.django_db(transaction=True)
def test_a_job_that_fails_for_every_machine_has_failed(settings: Any) -> None:
    settings.RETRAIN_MODEL_TYPES = ["oracle"]
    light_machine("Press 4")
    run = schedule_run_now(name="baseline_retrain", user=None)
    claim = job_claim(queue=SCHEDULE.queue, worker=worker_name())
    assert run is not None
    assert claim is not None
    execute(claim)
    run.refresh_from_db()
    assert (run.status, run.error_type) == ("failed", "RoundFailedError")
    assert "all of 1 machines; Press 4: model_type must be one of" in run.error_message


# --- the sign of life ----------------------------------------------------------------------------


def test_the_scheduler_runs_only_while_it_gives_a_sign_of_life() -> None:
    assert not scheduler_is_running()
    scheduler_sign()
    assert scheduler_is_running()
    SchedulerProcess.objects.update(seen_at=now() - dt.timedelta(minutes=1))
    assert not scheduler_is_running()


def test_a_scheduler_that_was_killed_is_known_at_once() -> None:
    gone = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name = worker_name(gone.pid)
    SchedulerProcess.objects.create(name=name, hostname="h", pid=gone.pid, version="1")
    assert scheduler_is_running()
    gone.kill()
    gone.wait()
    assert not scheduler_is_running()
    scheduler_sign()
    assert [row.name for row in SchedulerProcess.objects.all()] == [worker_name()]


def test_every_scheduled_job_has_times_in_the_settings_and_work_to_do(settings: Any) -> None:
    assert set(SCHEDULED) <= set(settings.SCHEDULES)
