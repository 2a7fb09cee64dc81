"""Contract B, trainings of machines' models: triggered, listed, followed, cancelled, in SQL."""

import datetime as dt
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import pytest
from asgiref.sync import async_to_sync
from django.core.management import call_command
from django.db import connection
from django.test import AsyncClient

from modelwright.accounts.models import AuditEntry
from modelwright.core.clock import now
from modelwright.core.models import counter_next
from modelwright.engine.machines.files import machine_model_class
from modelwright.runs import event_stream
from modelwright.runs.jobs import job_claim, job_progress
from modelwright.runs.models import JobEvent, TrainingRun, Worker
from modelwright.runs.names import worker_name
from modelwright.runs.sweep import jobs_sweep
from tests.api.machines import a_machine_with_readings
from tests.people import PEOPLE, person, rest
from tests.stack import eventually

TRIGGER = "/api/v1/model-performance/retrain/trigger"
JOBS = "/api/v1/model-performance/jobs"
NOBODYS = "0b3c9a0e-7c2e-4d3c-9f57-1f5f3f0c7a11"
HISTORY = (
    "SELECT id, model_type, machine_id, training_status, training_start, training_end,"
    " model_version FROM model_training_history ORDER BY training_start DESC LIMIT 10;"
)  # as it stands in the contract
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    """Load the model type once, as a worker does, and not in the child of every job."""
    machine_model_class("baseline")


@pytest.fixture
def machine(db: None) -> str:
    """Return the id of a machine with four weeks of readings."""
    return a_machine_with_readings()


def trigger(machine: str, who: str = "trainer", **fields: Any) -> Any:
    body = {"model_type": "baseline", "machine_id": machine, **fields}
    return rest(who).post(TRIGGER, {k: v for k, v in body.items() if v is not ...})


def job_of(machine: str, **fields: Any) -> str:
    answer = trigger(machine, **fields)
    assert answer.status_code == 200, answer.content
    assert answer.json()["triggered"], answer.content
    return str(answer.json()["training_job_id"])


def read(job_id: str) -> Any:
    return rest("viewer").get(f"{JOBS}/{job_id}").json()


def ended(job_id: str) -> Any:
    """Return the job once it has ended."""
    viewer = rest("viewer")
    return eventually(
        lambda: body if (body := viewer.get(f"{JOBS}/{job_id}").json())["finished_at"] else None,
        seconds=60,
        what=f"the end of {job_id}",
    )


def recorded(machine_id: str, seconds: float = 10.0, **fields: Any) -> TrainingRun:
    """Write a training that has ended."""
    number = counter_next("training_run")
    start = now() - dt.timedelta(hours=1)
    return TrainingRun.objects.create(
        **{
            "number": number,
            "subject": f"baseline:machine:{machine_id}",
            "machine_id": machine_id,
            "model_type": "baseline",
            "model_version": f"baseline-{number}",
            "status": "completed",
            "started_at": start,
            "finished_at": start + dt.timedelta(seconds=seconds),
            **fields,
        }
    )


# --- triggering ----------------------------------------------------------------------------------


def test_a_training_is_triggered_once(machine: str, silent_bell: list[str]) -> None:
    answer = trigger(machine, reason="New meter")
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {
        "triggered", "trigger_type", "reason", "training_job_id", "estimated_completion",
    }  # fmt: skip
    assert (body["triggered"], body["trigger_type"], body["reason"]) == (
        True,
        "manual",
        "New meter",
    )
    assert str(uuid.UUID(body["training_job_id"])) == body["training_job_id"]
    assert dt.datetime.fromisoformat(body["estimated_completion"]) > now()
    again = trigger(machine, trigger_type="drift", reason="Drift")
    assert again.status_code == 200
    assert again.json() == {
        "triggered": False,
        "trigger_type": "drift",
        "reason": "Training already in progress",
        "training_job_id": None,
    }
    assert TrainingRun.objects.count() == 1
    assert trigger(machine, model_type="anomaly").json()["triggered"]
    entry = AuditEntry.objects.filter(verb="run.submitted").order_by("id")[0]
    assert (entry.actor_name, entry.after["machine"]) == ("trainer", "Press 4")


def test_parameters_may_stand_in_the_query_string(machine: str, silent_bell: list[str]) -> None:
    url = f"{TRIGGER}?model_type=baseline&machine_id={machine}&trigger_type=scheduled&priority=high"
    assert rest("trainer").post(url).json()["trigger_type"] == "scheduled"
    run = TrainingRun.objects.get()
    assert (run.priority, run.trigger_type) == (10, "scheduled")


@pytest.mark.parametrize(("given", "number"), [("low", -10), (7, 7), ("-3", -3), ("Normal", 0)])
def test_a_priority_is_a_number_or_a_word(
    machine: str, silent_bell: list[str], given: Any, number: int
) -> None:
    assert read(job_of(machine, priority=given))["priority"] == number


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model_type", "oracle"), ("model_type", ...), ("machine_id", "7"), ("machine_id", ...),
        ("trigger_type", "whim"), ("priority", 101), ("priority", "urgent"), ("priority", 1.5),
        ("priority", True), ("reason", 5), ("reason", "x" * 1001), ("speed", 1),
    ],
)  # fmt: skip
def test_values_that_cant_be_meant_are_422(machine: str, field: str, value: Any) -> None:
    answer = trigger(machine, **{field: value})
    assert answer.status_code == 422, answer.content
    assert field in answer.json()["details"]
    assert not TrainingRun.objects.exists()


def test_an_unknown_machine_is_404_and_one_without_readings_says_so() -> None:
    answer = trigger(NOBODYS)
    assert (answer.status_code, answer.json()["detail"]) == (404, "Machine not found")
    empty = trigger(a_machine_with_readings("Mill", hours=0))
    assert (empty.status_code, empty.json()["code"]) == (422, "no_data")
    assert empty.json()["detail"].startswith("No data for this machine")


def test_it_answers_with_the_usual_time_of_this_type_and_what_goes_first(
    machine: str, silent_bell: list[str]
) -> None:
    Worker.objects.create(name="w", hostname="h", pid=1, slots=2, version="1", seen_at=now())
    for seconds in (8.0, 10.0, 60.0):
        recorded(machine, seconds)
    recorded(machine, 30.0, model_type="anomaly")

    def wait(**fields: Any) -> float:
        end = dt.datetime.fromisoformat(trigger(**fields).json()["estimated_completion"])
        return (end - now()).total_seconds()

    assert wait(machine=machine) == pytest.approx(10, abs=2)
    # two slots: the baseline that waits is half over when this one's 30 s begin
    assert wait(machine=machine, model_type="anomaly") == pytest.approx(35, abs=2)
    # goes first
    urgent = a_machine_with_readings("Mill", hours=24)
    assert wait(machine=urgent, priority="high") == pytest.approx(10, abs=2)


# --- the list ------------------------------------------------------------------------------------


def test_the_history_is_paged_newest_first_and_can_be_narrowed(
    machine: str, silent_bell: list[str], django_assert_max_num_queries: Any
) -> None:
    other = a_machine_with_readings("Mill", hours=24)
    for number in range(30):
        recorded(
            machine if number % 3 else other, status="failed" if number % 5 == 0 else "completed"
        )
    newest = job_of(machine, model_type="anomaly")
    viewer = rest("viewer")
    with django_assert_max_num_queries(6):
        body = viewer.get(f"{JOBS}?page_size=10").json()
    assert set(body) == {"count", "next", "previous", "results"}
    assert (body["count"], len(body["results"])) == (31, 10)
    first = body["results"][0]
    assert first["id"] == newest
    assert {
        "id", "model_type", "machine_id", "status", "progress", "model_version", "trigger_type",
        "reason", "created_at", "started_at", "finished_at", "error_message",
    } <= set(first)  # fmt: skip
    assert (first["status"], first["progress"], first["machine_name"]) == ("pending", 0, "Press 4")

    def count(query: str) -> int:
        return int(viewer.get(f"{JOBS}?{query}").json()["count"])

    assert count("status=failed") == 6
    assert count("status=FAILED") == 6
    assert count("model_type=anomaly") == 1
    assert count(f"machine_id={other}") == 10
    assert count(f"machine_id={other}&status=failed&model_type=baseline") == 2
    assert viewer.get(f"{JOBS}?machine_id={NOBODYS}").status_code == 404
    for wrong in ("status=done", "model_type=x", "machine_id=7"):
        assert viewer.get(f"{JOBS}?{wrong}").status_code == 422


def test_an_address_that_names_no_job_is_404_or_422(make_run: Callable[..., TrainingRun]) -> None:
    table_run = make_run()
    for url, code in ((NOBODYS, 404), ("7", 422), (str(table_run.pk), 404)):
        assert rest("trainer").get(f"{JOBS}/{url}").status_code == code
        assert rest("trainer").get(f"{JOBS}/{url}/events").status_code == code
        assert rest("trainer").post(f"{JOBS}/{url}/cancel").status_code == code


@pytest.mark.parametrize("who", PEOPLE)
def test_viewers_read_and_trainers_trigger(who: str, silent_bell: list[str]) -> None:
    machine = a_machine_with_readings(hours=24)
    job = job_of(machine)
    refused = 401 if who == "anonymous" else 403
    may_read = who in ("viewer", "trainer", "admin")
    may_write = who in ("trainer", "admin")
    assert rest(who).get(JOBS).status_code == (200 if may_read else refused)
    assert trigger(machine, who).status_code == (200 if may_write else refused)
    answer = rest(who).post(f"{JOBS}/{job}/cancel")
    assert answer.status_code == (200 if may_write else refused)


def test_trainings_of_machines_are_not_among_those_of_tables(
    machine: str, silent_bell: list[str], make_run: Callable[..., TrainingRun]
) -> None:
    table_run = make_run()
    job = job_of(machine)
    number = read(job)["number"]
    listed = rest("viewer").get("/api/training/runs/").json()["results"]
    assert [row["id"] for row in listed] == [table_run.number]
    assert rest("viewer").get(f"/api/training/runs/{number}/").status_code == 404
    gone = rest("admin").get(f"/api/v1/models/{job}/")
    assert (gone.status_code, gone.json()["detail"]) == (
        404, f"This is the training of a machine's model: see {JOBS}/{job}.",
    )  # fmt: skip


# --- the life of one -----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_versions_count_from_one_for_each_model_type_and_machine(worker: None) -> None:
    machine, other = a_machine_with_readings(), a_machine_with_readings("Mill")
    short = a_machine_with_readings("Saw", hours=3)
    first = ended(job_of(machine))
    assert (first["status"], first["error_message"], first["progress"]) == ("completed", "", 100)
    assert first["model_version"] == 1
    assert first["training_duration_seconds"] > 0
    assert first["metrics"]["r_squared"] > 0.9
    assert ended(job_of(machine))["model_version"] == 2
    assert ended(job_of(other))["model_version"] == 1
    failed = ended(job_of(short))
    assert (failed["status"], failed["model_version"]) == ("failed", None)
    assert "Only 3 readings" in failed["error_message"]
    assert ended(job_of(machine))["model_version"] == 3


def test_cancelling_ends_a_job_at_once_and_frees_its_place(
    machine: str, silent_bell: list[str]
) -> None:
    for running in (False, True):
        job = job_of(machine)
        claim = job_claim(queue="training", worker=worker_name()) if running else None
        answer = rest("trainer").post(f"{JOBS}/{job}/cancel")
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
        assert answer.json()["finished_at"]
        if claim:
            assert job_progress(claim, 50.0, "fit", "late") is False
        again = rest("trainer").post(f"{JOBS}/{job}/cancel")
        assert (again.status_code, again.json()["code"]) == (409, "run_ended")
    assert job_of(machine)


def test_the_clean_up_fails_a_job_without_a_sign_of_life_and_frees_its_place(
    machine: str, silent_bell: list[str], settings: Any
) -> None:
    job = job_of(machine)
    job_claim(queue="training", worker="elsewhere:1:2")
    runs = TrainingRun.objects.filter(pk=job)
    # a worker that died a minute ago: it is tried again
    runs.update(beat_at=now() - dt.timedelta(minutes=1))
    jobs_sweep()
    assert read(job)["status"] == "pending"
    job_claim(queue="training", worker="elsewhere:1:2")
    # silent for longer than a run may take
    runs.update(beat_at=now() - dt.timedelta(seconds=settings.JOB_TIME_LIMIT_SECONDS + 1))
    jobs_sweep()
    body = read(job)
    assert body["status"] == "failed"
    assert body["error_message"] == (
        "There was no sign of life for 1801 s. The clean-up has failed it: start it again."
    )
    assert trigger(machine).json()["triggered"]


def test_a_job_whose_worker_was_asleep_with_its_host_is_not_failed(
    machine: str, silent_bell: list[str]
) -> None:
    job = job_of(machine)
    job_claim(queue="training", worker=worker_name())
    TrainingRun.objects.filter(pk=job).update(beat_at=now() - dt.timedelta(days=1))
    jobs_sweep()
    assert read(job)["status"] == "pending"


def test_a_job_that_died_with_its_worker_long_ago_is_failed(
    machine: str, silent_bell: list[str]
) -> None:
    gone = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name = worker_name(gone.pid)
    gone.kill()
    gone.wait()
    job = job_of(machine)
    job_claim(queue="training", worker=name)
    TrainingRun.objects.filter(pk=job).update(beat_at=now() - dt.timedelta(days=1))
    jobs_sweep()
    assert "no sign of life for 86400 s" in read(job)["error_message"]


# --- following one -------------------------------------------------------------------------------


def listen(job: str, **headers: str) -> list[str]:
    client = AsyncClient()
    client.force_login(person("viewer"), backend="django.contrib.auth.backends.ModelBackend")

    async def go() -> list[str]:
        answer = await client.get(
            f"{JOBS}/{job}/events/", headers={"Accept": "text/event-stream", **headers}
        )
        if not answer.streaming:
            return [str(answer.status_code)]
        assert answer["Content-Type"] == "text/event-stream"
        parts = cast(AsyncIterator[bytes], answer.streaming_content)
        return [part.decode() async for part in parts]

    return async_to_sync(go)()


def test_a_job_is_followed_by_polling_or_as_a_stream(
    machine: str, silent_bell: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "LOOK_SECONDS", 0.01)
    job = job_of(machine)
    claim = job_claim(queue="training", worker=worker_name())
    assert claim is not None
    job_progress(claim, 42.0, "fit", "Half way")
    assert (read(job)["progress"], read(job)["progress_message"]) == (42, "Half way")
    polled = rest("viewer").get(f"{JOBS}/{job}/events").json()
    assert [event["kind"] for event in polled["events"]] == ["status", "status", "progress"]
    assert (polled["status"], polled["training_job_id"]) == ("running", job)
    more = rest("viewer").get(f"{JOBS}/{job}/events?after={polled['last_id']}").json()
    assert more["events"] == []
    rest("trainer").post(f"{JOBS}/{job}/cancel")
    frames = listen(job)
    assert "42.0" in frames[3]
    assert frames[-1] == 'event: end\ndata: {"status": "cancelled"}\n\n'
    last = JobEvent.objects.filter(job_id=job).order_by("-id")[0].pk
    assert len(listen(job, **{"Last-Event-ID": str(last - 1)})) == 3
    assert listen(job, **{"Last-Event-ID": str(last)}) == ["204"]
    assert listen(NOBODYS) == ["404"]


# --- in SQL --------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_contracts_sql_shows_the_history(worker: None) -> None:
    call_command("migrate", verbosity=0)
    machine = a_machine_with_readings()
    done = ended(job_of(machine))
    failed = ended(job_of(a_machine_with_readings("Saw", hours=3)))
    with connection.cursor() as cursor:
        cursor.execute(HISTORY)
        rows = cursor.fetchall()
        cursor.execute("SELECT * FROM model_training_history")
        columns = [column[0] for column in cursor.description]
    assert columns == [
        "id", "model_type", "machine_id", "training_status", "training_start", "training_end",
        "training_duration_seconds", "model_version", "trigger_type", "error_message",
    ]  # fmt: skip
    assert [(str(row[0]), row[1], str(row[2]), row[3], row[6]) for row in rows] == [
        (failed["id"], "baseline", failed["machine_id"], "failed", None),
        (done["id"], "baseline", machine, "completed", 1),
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT error_message FROM model_training_history WHERE id = '{failed['id']}'"
        )
        assert cursor.fetchone() == (failed["error_message"],)
