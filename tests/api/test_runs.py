"""Contract A, reading: the list and one run; and what we add: cancel, notes, events, download."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from modelwright.accounts.models import AuditEntry
from modelwright.engine.artifacts import sign
from modelwright.registry.models import ModelVersion
from modelwright.registry.services import artifact_key
from modelwright.runs.models import JobEvent, TrainingRun
from tests.api.conftest import MakeRun
from tests.people import person, rest

LIST = "/api/training/runs/"
ROW = {
    "id", "run_date", "model_version", "status", "accuracy", "precision", "recall", "f1_score",
    "training_duration_seconds", "trained_by_username",
}  # fmt: skip
FULL = ROW | {
    "model_path", "dataset_path", "error_message", "total_samples", "train_samples",
    "test_samples", "test_split", "n_estimators", "random_state", "hyperparameters",
    "per_class_metrics", "confusion_matrix", "feature_importance", "features_used", "notes",
}  # fmt: skip

pytestmark = pytest.mark.django_db


def listed(**query: Any) -> list[int]:
    answer = rest("viewer").get(LIST, query)
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


def test_the_list_has_the_contracts_shape_newest_first(make_run: MakeRun) -> None:
    make_run(user=person("trainer"))
    make_run()
    body = rest("viewer").get(LIST).json()
    assert set(body) == {"count", "next", "previous", "results"}
    assert (body["count"], body["next"], body["previous"]) == (2, None, None)
    assert [row["id"] for row in body["results"]] == [2, 1]
    assert all(set(row) == ROW for row in body["results"])
    assert body["results"][1]["trained_by_username"] == "trainer"
    assert body["results"][0]["trained_by_username"] is None
    assert body["results"][0]["status"] == "COMPLETED"
    assert body["results"][0]["run_date"].endswith("Z")


def test_an_empty_history_is_an_empty_list() -> None:
    assert rest("viewer").get(LIST).json() == {
        "count": 0, "next": None, "previous": None, "results": [],
    }  # fmt: skip


def test_pages_are_of_twenty_and_say_what_comes_next(make_run: MakeRun) -> None:
    for _ in range(45):
        make_run()
    client = rest("viewer")
    first = client.get(LIST).json()
    assert (first["count"], len(first["results"])) == (45, 20)
    third = client.get(client.get(first["next"]).json()["next"]).json()
    assert [row["id"] for row in third["results"]] == [5, 4, 3, 2, 1]
    assert third["next"] is None


@pytest.mark.parametrize(("asked", "given"), [("5", 5), ("100", 45), ("1000000000", 45)])
def test_a_page_has_at_most_a_hundred(asked: str, given: int, make_run: MakeRun) -> None:
    for _ in range(45):
        make_run()
    assert len(listed(page_size=asked)) == given


@pytest.mark.parametrize("asked", ["0", "-1", "x", "1e9", "9" * 5000])
def test_a_page_size_that_is_none_counts_as_twenty(asked: str, make_run: MakeRun) -> None:
    for _ in range(21):
        make_run()
    assert len(listed(page_size=asked)) == 20


@pytest.mark.parametrize("page", ["0", "-1", "2", "x", "1.5", "9" * 30, "9" * 5000, "last1"])
def test_a_page_that_is_none_is_404(page: str, make_run: MakeRun) -> None:
    make_run()
    answer = rest("viewer").get(LIST, {"page": page})
    assert (answer.status_code, answer.json()) == (404, {"detail": "Invalid page."})


def test_it_takes_the_same_few_queries_for_many_runs(make_run: MakeRun) -> None:
    client = rest("viewer")

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(LIST, {"page_size": 100}).status_code == 200
        return len(seen)

    make_run(user=person("trainer"))
    few = queries()
    for _ in range(60):
        make_run(user=person("trainer"))
    assert queries() == few <= 4


@pytest.mark.parametrize("status", ["PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED"])
def test_it_is_filtered_by_status(status: str, make_run: MakeRun) -> None:
    numbers = {
        name: make_run(status=name).number
        for name in ("pending", "running", "completed", "failed", "cancelled")
    }
    assert listed(status=status) == [numbers[status.lower()]]
    assert listed(status=status.lower()) == [numbers[status.lower()]]


def test_it_is_filtered_by_user_and_version(make_run: MakeRun) -> None:
    one = make_run(user=person("trainer"), model_version="v3.0")
    make_run(model_version="v3.0.1")
    assert listed(trained_by="trainer") == [one.number]
    assert listed(trained_by="nobody") == []
    assert listed(model_version="v3.0") == [one.number]


@pytest.mark.parametrize("word", ["v3.0", "SPRING", "broken", "trainer", "skills", "spring v3"])
def test_it_is_searched(word: str, make_run: MakeRun) -> None:
    make_run(dataset_path="artifacts/datasets/else.csv")
    run = make_run(
        user=person("trainer"), model_version="v3.0", notes="spring", error_message="broken"
    )
    assert listed(search=word) == [run.number]


@pytest.mark.parametrize(
    "word", ["%", "_", "%a%a%a%", "' OR 1=1 --", '"', ";", "\\", "x " * 90, "`", "ü"]
)
def test_a_search_is_text_never_sql(word: str, make_run: MakeRun) -> None:
    make_run()
    assert listed(search=word) in ([], [1])
    if word in ("%", "' OR 1=1 --"):
        assert listed(search=word) == []


@pytest.mark.parametrize(
    "query",
    [
        {"status": "DONE"},
        {"status": "completed'--"},
        {"ordering": "password"},
        {"ordering": "user__password"},
        {"ordering": "id;drop"},
        {"ordering": "--id"},
        {"ordering": "?"},
        {"search": "a\0b"},
        {"trained_by": "a\0b"},
        {"model_version": "\0"},
        {"search": "x" * 100_000},
    ],
)
def test_a_value_that_cannot_be_meant_is_400(query: dict[str, str]) -> None:
    answer = rest("viewer").get(LIST, query)
    assert answer.status_code == 400
    assert set(answer.json()) == set(query)


def test_it_is_sorted_by_a_column_with_gaps_last(make_run: MakeRun) -> None:
    low, high, none = make_run(accuracy=0.5), make_run(accuracy=0.9), make_run(accuracy=None)
    assert listed(ordering="accuracy") == [low.number, high.number, none.number]
    assert listed(ordering="-accuracy") == [high.number, low.number, none.number]
    assert listed(ordering="id") == [1, 2, 3]
    assert listed(ordering="status,-id") == [3, 2, 1]


def test_one_run_has_every_field_of_the_contract(make_run: MakeRun) -> None:
    run = make_run(notes="n")
    body = rest("viewer").get(f"{LIST}{run.number}/").json()
    assert set(body) == FULL
    assert (body["id"], body["notes"], body["error_message"]) == (run.number, "n", "")


def test_a_failed_run_has_zero_scores(make_run: MakeRun) -> None:
    run = make_run(status="failed", accuracy=0.0, error_message="no target")
    body = rest("viewer").get(f"{LIST}{run.number}/").json()
    assert (body["status"], body["accuracy"], body["error_message"]) == ("FAILED", 0.0, "no target")


@pytest.mark.parametrize("number", ["999", "0", "9" * 18, "9" * 30, "9" * 5000])
def test_an_unknown_id_is_404_in_the_contracts_words(number: str) -> None:
    answer = rest("viewer").get(f"{LIST}{number}/")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."})


@pytest.mark.parametrize("number", ["x", "-1", "1.0", "%00", "1%20", "٣", "1'", "..", "%2e%2e%2f"])
def test_what_is_no_id_is_404(number: str) -> None:
    answer = rest("viewer").get(f"{LIST}{number}/")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/json"


def test_the_last_slash_may_be_missing(make_run: MakeRun) -> None:
    run = make_run()
    client = rest("trainer")
    assert client.get("/api/training/runs").json()["count"] == 1
    assert client.get(f"/api/training/runs/{run.number}").json()["id"] == run.number
    assert client.post("/api/training/train", {"test_split": 9}).status_code == 400
    assert rest("anonymous").get("/api/training/runs").status_code == 401
    assert rest("stranger").get("/api/training/runs").status_code == 403


# --- cancel ------------------------------------------------------------------------------------


def test_a_pending_run_is_cancelled_at_once(make_run: MakeRun) -> None:
    run = make_run(status="pending")
    answer = rest("trainer").post(f"{LIST}{run.number}/cancel/")
    assert (answer.status_code, answer.json()["status"]) == (200, "CANCELLED")


def test_a_running_run_is_asked_to_stop(make_run: MakeRun) -> None:
    run = make_run(status="running")
    answer = rest("trainer").post(f"{LIST}{run.number}/cancel/")
    assert (answer.status_code, answer.json()["status"]) == (202, "RUNNING")
    run.refresh_from_db()
    assert run.cancel_requested
    entry = AuditEntry.objects.get(verb="run.cancel_requested")
    assert (entry.actor_name, entry.channel) == ("trainer", "api")


def test_a_run_that_has_ended_is_not_cancelled(make_run: MakeRun) -> None:
    run = make_run()
    answer = rest("trainer").post(f"{LIST}{run.number}/cancel/")
    assert answer.status_code == 409
    assert "already ended" in answer.json()["detail"]
    assert rest("trainer").post(f"{LIST}999/cancel/").status_code == 404


# --- notes -------------------------------------------------------------------------------------


def test_the_notes_of_a_run_can_be_changed_and_the_change_is_recorded(make_run: MakeRun) -> None:
    run = make_run(notes="old")
    answer = rest("trainer").patch(f"{LIST}{run.number}/", {"notes": "new"})
    assert (answer.status_code, answer.json()["notes"]) == (200, "new")
    entry = AuditEntry.objects.get(verb="run.notes_changed")
    assert (entry.before, entry.after) == ({"notes": "old"}, {"notes": "new"})


@pytest.mark.parametrize(
    "body", [{}, {"notes": None}, {"notes": 1}, {"status": "COMPLETED"}, {"notes": "", "id": 5}, []]
)
def test_nothing_else_of_a_run_can_be_changed(body: Any, make_run: MakeRun) -> None:
    run = make_run(notes="old")
    answer = rest("trainer").patch(f"{LIST}{run.number}/", body)
    assert (answer.status_code, answer.json()["error"]) == (400, "Invalid request data")
    run.refresh_from_db()
    assert run.notes == "old"


# --- events ------------------------------------------------------------------------------------


def test_events_are_read_from_where_one_stopped(make_run: MakeRun) -> None:
    run = make_run()
    for percent in (10, 20, 30):
        JobEvent.objects.create(job_id=run.pk, kind="progress", data={"percent": percent})
    JobEvent.objects.create(job_id=make_run().pk, kind="progress", data={})
    client = rest("viewer")
    url = f"{LIST}{run.number}/events/"
    body = client.get(url).json()
    assert [e["data"]["percent"] for e in body["events"]] == [10, 20, 30]
    assert (body["training_run_id"], body["status"]) == (run.number, "COMPLETED")
    rest_of = client.get(url, {"after": body["events"][1]["id"]}).json()
    assert [e["data"]["percent"] for e in rest_of["events"]] == [30]
    nothing = client.get(url, {"after": rest_of["last_id"]}).json()
    assert (nothing["events"], nothing["last_id"]) == ([], rest_of["last_id"])
    assert len(client.get(url, {"limit": 2}).json()["events"]) == 2


@pytest.mark.parametrize(
    "query",
    [{"after": "x"}, {"after": "-1"}, {"after": "9" * 25}, {"limit": "0"}, {"limit": "9999"}],
)
def test_a_wrong_place_to_read_from_is_400(query: dict[str, str], make_run: MakeRun) -> None:
    answer = rest("viewer").get(f"{LIST}{make_run().number}/events/", query)
    assert (answer.status_code, set(answer.json()["details"])) == (400, set(query))


# --- download ----------------------------------------------------------------------------------


@pytest.fixture
def version(make_run: MakeRun) -> ModelVersion:
    content = b"the model" * 1000
    run = make_run(model_version="v9")
    path = f"{settings.MODELS_PREFIX}/v9.pkl"
    file = Path(settings.DATA_ROOT) / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    return ModelVersion.objects.create(
        run=run, subject=run.subject, number=1, name="v9", artifact_path=path, sha256=sha256,
        signature=sign(sha256, artifact_key()), size_bytes=len(content),
    )  # fmt: skip


def download(run: TrainingRun) -> Any:
    return rest("viewer").get(f"{LIST}{run.number}/artifact/")


def test_the_model_is_downloaded_byte_for_byte(version: ModelVersion) -> None:
    answer = download(version.run)
    content = b"".join(answer.streaming_content)
    assert hashlib.sha256(content).hexdigest() == version.sha256
    assert answer["Content-Disposition"] == 'attachment; filename="v9.pkl"'
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["ETag"] == f'"{version.sha256}"'


def test_a_file_that_was_changed_is_not_given_out(version: ModelVersion) -> None:
    (Path(settings.DATA_ROOT) / version.artifact_path).write_bytes(b"something else")
    answer = download(version.run)
    assert answer.status_code == 409
    assert "not the one that was recorded" in answer.json()["detail"]


def test_a_changed_record_is_no_proof(version: ModelVersion) -> None:
    content = b"something else"
    (Path(settings.DATA_ROOT) / version.artifact_path).write_bytes(content)
    ModelVersion.objects.update(sha256=hashlib.sha256(content).hexdigest())
    assert download(version.run).status_code == 409


def test_a_file_that_is_gone_or_never_was_is_404(version: ModelVersion, make_run: MakeRun) -> None:
    (Path(settings.DATA_ROOT) / version.artifact_path).unlink()
    answer = download(version.run)
    assert answer.status_code == 404
    assert str(settings.DATA_ROOT) not in answer.content.decode()
    assert download(make_run()).status_code == 404


# --- long lists --------------------------------------------------------------------------------


def test_links_repeat_and_leave_out_no_run_that_is_written_meanwhile(make_run: MakeRun) -> None:
    for _ in range(12):
        make_run(accuracy=0.5)
    client = rest("viewer")
    for ordering in ("-id", "accuracy", "-accuracy", "run_date", "trained_by_username", "status"):
        every = listed(ordering=ordering, page_size=100)
        answer = client.get(LIST, {"ordering": ordering, "page_size": 5}).json()
        seen = [row["id"] for row in answer["results"]]
        while answer["next"] and len(seen) < len(every):
            make_run(accuracy=0.5)
            answer = client.get(answer["next"]).json()
            seen += [row["id"] for row in answer["results"]]
        assert [number for number in seen if number in every] == every
        assert len(set(seen)) == len(seen)


def test_links_lead_back_to_where_one_came_from(make_run: MakeRun) -> None:
    for _ in range(45):
        make_run()
    client = rest("viewer")
    first = client.get(LIST).json()
    second = client.get(first["next"]).json()
    again = client.get(second["previous"]).json()
    assert again["results"] == first["results"]
    assert (again["previous"], "page=2" in again["next"]) == (None, True)
    assert client.get(LIST, {"page": 2}).json()["results"] == second["results"]
    last = client.get(LIST, {"page": "last"}).json()
    assert [row["id"] for row in last["results"]] == [5, 4, 3, 2, 1]
    assert client.get(last["previous"]).json()["results"] == second["results"]


@pytest.mark.parametrize("cursor", ["x", "\0", "W10", "WzAsMSwiYSJd", "9" * 5000, "' OR 1=1 --"])
def test_a_link_that_nobody_gave_out_is_404(cursor: str, make_run: MakeRun) -> None:
    make_run()
    answer = rest("viewer").get(LIST, {"cursor": cursor})
    assert (answer.status_code, answer.json()) == (404, {"detail": "Invalid page."})
