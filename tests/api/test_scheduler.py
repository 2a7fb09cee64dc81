"""Contract B, the scheduler: its status, running a job now, changing and pausing schedules."""

import datetime as dt
from typing import Any

import pytest

from modelwright.accounts.models import AuditEntry
from modelwright.automation.models import Schedule, ScheduleRun
from modelwright.automation.scheduled import SCHEDULED
from modelwright.automation.scheduler import scheduler_round, scheduler_sign
from modelwright.core.clock import now
from tests.people import PEOPLE, rest

STATUS = "/api/v1/scheduler/status"
TRIGGER = "/api/v1/scheduler/trigger"
JOBS = "/api/v1/scheduler/jobs"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("silent_bell")]


def status_of(name: str) -> Any:
    jobs = rest("viewer").get(STATUS).json()["jobs"]
    return next(job for job in jobs if job["id"] == name)


def change(name: str, who: str = "trainer", **fields: Any) -> Any:
    return rest(who).patch(f"{JOBS}/{name}", fields)


def test_the_status_has_the_contracts_shape() -> None:
    body = rest("viewer").get(STATUS).json()
    assert set(body) == {"enabled", "running", "job_count", "jobs"}
    assert (body["enabled"], body["running"], body["job_count"]) == (True, False, len(SCHEDULED))
    assert {job["id"] for job in body["jobs"]} == set(SCHEDULED)
    for job in body["jobs"]:
        assert set(job) == {"id", "name", "next_run", "trigger", "last_run", "last_status"}
        assert dt.datetime.fromisoformat(job["next_run"]) > now()
        assert (job["last_run"], job["last_status"]) == (None, None)
    assert status_of("baseline_retrain")["trigger"] == "At 02:00 on Sunday (UTC)"


def test_running_is_true_only_while_a_scheduler_gives_a_sign_of_life() -> None:
    assert rest("viewer").get(STATUS).json()["running"] is False
    scheduler_sign()
    assert rest("viewer").get(STATUS).json()["running"] is True


def test_a_job_is_run_now_once() -> None:
    answer = rest("trainer").post(f"{TRIGGER}/training_cleanup")
    assert (answer.status_code, set(answer.json())) == (200, {"success", "job_id", "message"})
    assert answer.json()["success"] is True
    assert status_of("training_cleanup")["last_status"] == "pending"
    again = rest("trainer").post(f"{TRIGGER}/training_cleanup").json()
    assert again["success"] is False
    assert "under way already" in again["message"]
    scheduler_round(moment=now())
    seen = status_of("training_cleanup")
    assert seen["last_status"] == "completed"
    assert dt.datetime.fromisoformat(seen["last_run"]) <= now()
    (run,) = rest("viewer").get(f"{JOBS}/training_cleanup/runs").json()["results"]
    assert (run["by_hand"], run["asked_by"], run["status"]) == (True, "trainer", "completed")
    assert run["message"] == "Jobs given back or failed: 0; announced again: 0."
    entry = AuditEntry.objects.get(verb="schedule.started")
    assert (entry.actor_name, entry.after["by_hand"]) == ("trainer", True)


@pytest.mark.parametrize("name", ["tea", "", "TRAINING_CLEANUP", "%00", "../status", "x" * 300])
def test_an_unknown_job_is_404(name: str) -> None:
    assert rest("trainer").post(f"{TRIGGER}/{name}").status_code == 404
    for answer in (change(name or "tea", is_enabled=False), rest("viewer").get(f"{JOBS}/{name}")):
        assert answer.status_code in (404, 405)
    assert not ScheduleRun.objects.exists()


def test_a_schedule_is_paused_changed_and_given_back() -> None:
    paused = change("training_cleanup", is_enabled=False)
    assert (paused.status_code, paused.json()["next_run"]) == (200, None)
    assert status_of("training_cleanup")["next_run"] is None
    assert rest("trainer").post(f"{TRIGGER}/training_cleanup").json()["success"] is True
    new = change(
        "training_cleanup", is_enabled=True, expression="30 6 * * 1-5", timezone="Europe/Berlin"
    ).json()
    assert new["trigger"] == "At 06:30 on Monday through Friday (Europe/Berlin)"
    assert (new["is_changed"], new["updated_by"], len(new["next_runs"])) == (True, "trainer", 3)
    back = change("training_cleanup", expression="", timezone="").json()
    assert (back["expression"], back["timezone"], back["is_changed"]) == (
        "15 * * * *", "UTC", False,
    )  # fmt: skip
    last = AuditEntry.objects.filter(verb="schedule.changed").order_by("-id")[0]
    assert (last.before["timezone"], last.after["timezone"]) == ("Europe/Berlin", "")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("expression", "61 * * * *"), ("expression", "at noon"), ("expression", 5),
        ("expression", "*" * 200), ("timezone", "Mars/Olympus"), ("is_enabled", "maybe"),
        ("is_enabled", None), ("speed", 1),
    ],
)  # fmt: skip
def test_what_cant_be_meant_is_422_and_changes_nothing(field: str, value: Any) -> None:
    answer = change("training_cleanup", **{field: value})
    assert (answer.status_code, list(answer.json()["details"])) == (422, [field])
    assert not Schedule.objects.exclude(expression="", timezone="", is_enabled=True).exists()


@pytest.mark.parametrize("who", PEOPLE)
def test_viewers_read_and_trainers_run_and_change(who: str) -> None:
    refused = 401 if who == "anonymous" else 403
    may_read, may_write = who in ("viewer", "trainer", "admin"), who in ("trainer", "admin")
    assert rest(who).get(STATUS).status_code == (200 if may_read else refused)
    assert change("training_cleanup", who, is_enabled=True).status_code == (
        200 if may_write else refused
    )
    answer = rest(who).post(f"{TRIGGER}/training_cleanup")
    assert answer.status_code == (200 if may_write else refused)


def test_the_status_asks_little(django_assert_max_num_queries: Any) -> None:
    viewer = rest("viewer")
    with django_assert_max_num_queries(10):
        viewer.get(STATUS)
