"""Contract A, POST /api/training/train/: what it answers and what it records."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections

from modelwright.accounts.models import AuditEntry
from modelwright.runs.models import TrainingRun
from tests.people import rest

URL = "/api/training/train/"
Put = Callable[[str, bytes], str]

pytestmark = pytest.mark.django_db(transaction=True)


def train(name: str = "trainer", headers: dict[str, str] | None = None, **body: Any) -> Any:
    return rest(name).post(URL, body, headers=headers or {})


def test_a_training_answers_with_its_metrics_when_it_has_ended(worker: None, sample: Path) -> None:
    answer = train(model_version="v3.0", hyperparameters={"n_estimators": 20})
    body = answer.json()
    assert answer.status_code == 201
    assert set(body) == {"training_run_id", "status", "message", "model_version", "metrics"}
    assert isinstance(body["training_run_id"], int)
    assert body["status"] == "COMPLETED"
    assert body["model_version"] == "v3.0"
    metrics = body["metrics"]
    assert set(metrics) == {
        "accuracy", "precision", "recall", "f1_score", "training_duration_seconds",
    }  # fmt: skip
    assert 0.5 < metrics["accuracy"] <= 1.0
    seconds = metrics["training_duration_seconds"]
    assert body["message"] == f"Training completed successfully in {seconds:.2f}s"
    assert (Path(settings.DATA_ROOT) / "artifacts/models/v3.0.pkl").is_file()


def test_the_run_is_recorded_in_full(worker: None, sample: Path) -> None:
    answer = train(hyperparameters={"n_estimators": 20}, notes="first")
    run = rest("viewer").get(answer["Location"]).json()
    assert run["id"] == answer.json()["training_run_id"]
    assert (run["total_samples"], run["train_samples"], run["test_samples"]) == (357, 285, 72)
    assert (run["test_split"], run["random_state"], run["n_estimators"]) == (0.2, 42, 20)
    assert run["notes"] == "first"
    assert run["trained_by_username"] == "trainer"
    assert run["hyperparameters"]["class_weight"] == "balanced"
    assert set(run["per_class_metrics"]) == {"LOW", "MEDIUM", "HIGH"}
    assert {"accuracy", "support", "precision", "recall", "f1_score"} <= set(
        run["per_class_metrics"]["HIGH"]
    )
    assert len(run["features_used"]) == 11
    assert run["feature_importance"]
    assert run["confusion_matrix"]
    assert run["model_path"] == f"artifacts/models/{run['model_version']}.pkl"
    assert run["error_message"] == ""
    assert {k: run[k] for k in ("accuracy", "precision", "recall", "f1_score")} == {
        k: v for k, v in answer.json()["metrics"].items() if k != "training_duration_seconds"
    }


def test_the_same_request_gives_the_same_metrics(worker: None, sample: Path) -> None:
    one, two = (train(hyperparameters={"n_estimators": 15}).json()["metrics"] for _ in range(2))
    for metrics in (one, two):
        del metrics["training_duration_seconds"]
    assert one == two


def test_who_trained_is_in_the_audit_log(silent_bell: list[str]) -> None:
    train(headers={"Prefer": "wait=0"})
    entry = AuditEntry.objects.get(verb="run.submitted")
    assert (entry.actor_name, entry.channel, entry.address) == ("trainer", "api", "127.0.0.1")
    assert entry.request_id


def test_without_waiting_the_answer_is_202_with_the_address(silent_bell: list[str]) -> None:
    answer = train(headers={"Prefer": "wait=0"})
    assert answer.status_code == 202
    assert answer.json()["status"] == "PENDING"
    assert answer["Preference-Applied"] == "wait=0"
    run = rest("trainer").get(answer["Location"]).json()
    assert (run["id"], run["status"]) == (answer.json()["training_run_id"], "PENDING")
    assert run["accuracy"] is None


@pytest.mark.parametrize(
    ("prefer", "applied"),
    [
        ("respond-async", "respond-async"),
        ("return=minimal, wait=0", "wait=0"),
        ('wait="0"', "wait=0"),
        ("WAIT = 0", "wait=0"),
    ],
)
def test_the_preference_is_read_as_the_rfc_has_it(
    prefer: str, applied: str, silent_bell: list[str]
) -> None:
    answer = train(headers={"Prefer": prefer})
    assert (answer.status_code, answer["Preference-Applied"]) == (202, applied)


@pytest.mark.parametrize("prefer", ["", "wait=-1", "wait=soon", "wait=999999", "wait"])
def test_a_client_can_only_shorten_the_wait(
    prefer: str, silent_bell: list[str], settings: Any
) -> None:
    settings.TRAINING_WAIT_SECONDS = 0.1
    started = time.monotonic()
    answer = train(headers={"Prefer": prefer})
    assert answer.status_code == 202
    assert 0.1 <= time.monotonic() - started < 5


def test_while_it_waits_no_connection_is_held(
    silent_bell: list[str], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TRAINING_WAIT_SECONDS = 0.1
    held: list[bool] = []
    monkeypatch.setattr(
        "modelwright.api.waiting.time.sleep",
        lambda _seconds: held.append(connections["default"].connection is not None),
    )
    train()
    assert held
    assert not any(held)


def test_a_second_training_of_the_same_data_is_409_and_names_the_first(
    silent_bell: list[str],
) -> None:
    first = train(headers={"Prefer": "wait=0"})
    answer = train(headers={"Prefer": "wait=0"})
    assert answer.status_code == 409
    assert answer.json() == {
        "error": "Training already in progress",
        "message": answer.json()["message"],
        "training_run_id": first.json()["training_run_id"],
        "status": "PENDING",
    }
    assert answer["Location"] == first["Location"]
    assert TrainingRun.objects.count() == 1


def test_a_run_cancelled_while_the_client_waits_is_told_so(silent_bell: list[str]) -> None:
    def cancel() -> None:
        while not (run := TrainingRun.objects.first()):
            time.sleep(0.01)
        rest("trainer").post(f"/api/training/runs/{run.number}/cancel/")
        connections.close_all()

    thread = threading.Thread(target=cancel)
    thread.start()
    answer = train()
    thread.join()
    assert (answer.status_code, answer.json()["status"]) == (409, "CANCELLED")


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"test_split": 0.05}, "test_split", "between 0.1 and 0.5"),
        ({"test_split": 0.51}, "test_split", "between 0.1 and 0.5"),
        ({"test_split": "abc"}, "test_split", "valid number"),
        ({"test_split": "nan"}, "test_split", "valid number"),
        ({"test_split": "1e999"}, "test_split", "valid number"),
        ({"test_split": True}, "test_split", "valid number"),
        ({"test_split": None}, "test_split", "null"),
        ({"test_split": [0.2]}, "test_split", "valid number"),
        ({"test_split": {}}, "test_split", "valid number"),
        ({"hyperparameters": {"n_estimators": 0}}, "hyperparameters",
         "n_estimators must be between 1 and 1000"),
        ({"hyperparameters": {"n_estimators": 1001}}, "hyperparameters",
         "n_estimators must be between 1 and 1000"),
        ({"hyperparameters": {"n_estimators": 10.5}}, "hyperparameters", "n_estimators"),
        ({"hyperparameters": {"n_estimators": "10"}}, "hyperparameters", "n_estimators"),
        ({"hyperparameters": {"n_estimators": True}}, "hyperparameters", "n_estimators"),
        ({"hyperparameters": {"n_estimators": None}}, "hyperparameters", "n_estimators"),
        ({"hyperparameters": {"max_depth": 0}}, "hyperparameters", "max_depth"),
        ({"hyperparameters": {"max_depth": 101}}, "hyperparameters", "max_depth"),
        ({"hyperparameters": {"min_samples_split": 1}}, "hyperparameters", "min_samples_split"),
        ({"hyperparameters": {"min_samples_leaf": 0}}, "hyperparameters", "min_samples_leaf"),
        ({"hyperparameters": {"class_weight": "heavy"}}, "hyperparameters", "class_weight"),
        ({"hyperparameters": {"n_jobs": 64}}, "hyperparameters", "n_jobs"),
        ({"hyperparameters": {"__class__": 1}}, "hyperparameters", "__class__"),
        ({"hyperparameters": [1]}, "hyperparameters", "dictionary"),
        ({"hyperparameters": "n_estimators=5"}, "hyperparameters", "dictionary"),
        ({"hyperparameters": None}, "hyperparameters", "null"),
        ({"model_version": ""}, "model_version", "blank"),
        ({"model_version": None}, "model_version", "null"),
        ({"model_version": 3.0}, "model_version", "valid string"),
        ({"model_version": "a b"}, "model_version", "letters"),
        ({"model_version": "a/b"}, "model_version", "letters"),
        ({"model_version": "../../etc/x"}, "model_version", "letters"),
        ({"model_version": ".."}, "model_version", "letters"),
        ({"model_version": "v1\n"}, "model_version", "letters"),
        ({"model_version": "vé"}, "model_version", "letters"),
        ({"model_version": "v1%2f"}, "model_version", "letters"),
        ({"model_version": "v" * 101}, "model_version", "letters"),
        ({"model_version": "$(id)"}, "model_version", "letters"),
        ({"notes": 5}, "notes", "valid string"),
        ({"notes": ["x"]}, "notes", "valid string"),
        ({"notes": None}, "notes", "null"),
        ({"notes": "x" * 10_001}, "notes", "10000"),
        ({"dataset_path": None}, "dataset_path", "null"),
        ({"dataset_path": 5}, "dataset_path", "valid string"),
        ({"dataset_path": {"path": "x"}}, "dataset_path", "valid string"),
        ({"n_estimators": 5}, "n_estimators", "inside 'hyperparameters'"),
        ({"target": "x"}, "target", "Unknown field"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_explained_and_nothing_is_recorded(
    body: dict[str, Any], field: str, words: str
) -> None:
    answer = train(**body)
    assert answer.status_code == 400
    assert set(answer.json()) == {"error", "details"}
    assert answer.json()["error"] == "Invalid request data"
    assert set(answer.json()["details"]) == {field}
    assert words in " ".join(answer.json()["details"][field])
    assert not TrainingRun.objects.exists()


def test_the_message_of_the_contract_comes_to_the_letter() -> None:
    answer = train(hyperparameters={"n_estimators": 5000})
    assert answer.json() == {
        "error": "Invalid request data",
        "details": {"hyperparameters": ["n_estimators must be between 1 and 1000"]},
    }


def test_every_wrong_field_is_named_at_once() -> None:
    details = train(test_split=0.9, hyperparameters={"max_depth": 0}).json()["details"]
    assert set(details) == {"test_split", "hyperparameters"}


def test_a_version_is_taken_once(silent_bell: list[str], put_table: Put) -> None:
    other = put_table("other.csv", b"a\n1\n")
    assert train(model_version="v1", headers={"Prefer": "wait=0"}).status_code == 202
    answer = train(model_version="v1", dataset_path=other, headers={"Prefer": "wait=0"})
    assert answer.status_code == 400
    assert "exists already" in answer.json()["details"]["model_version"][0]


def test_data_that_cannot_be_used_leave_a_failed_run(worker: None, put_table: Put) -> None:
    path = put_table("no_target.csv", b"a,b\n1,2\n3,4\n")
    answer = train(dataset_path=path)
    body = answer.json()
    assert answer.status_code == 400
    assert set(body) == {"training_run_id", "status", "message", "error"}
    assert body["status"] == "FAILED"
    assert body["error"].startswith(
        "Target column 'future_need_level' not found in dataset. Available columns: a, b"
    )
    run = rest("viewer").get(f"/api/training/runs/{body['training_run_id']}/").json()
    assert (run["status"], run["error_message"]) == ("FAILED", body["error"])
    assert [run[k] for k in ("accuracy", "precision", "recall", "f1_score")] == [0.0] * 4
    assert run["training_duration_seconds"] >= 0


def test_a_missing_file_is_400_without_the_servers_own_path(worker: None) -> None:
    answer = train(dataset_path="artifacts/datasets/nothing.csv")
    assert (answer.status_code, answer.json()["status"]) == (400, "FAILED")
    assert "nothing.csv" in answer.json()["error"]
    assert str(settings.DATA_ROOT) not in answer.content.decode()


def test_a_fit_that_fails_is_500_with_the_same_body(
    worker: None, sample: Path, settings: Any
) -> None:
    settings.JOB_TIME_LIMIT_SECONDS = 0.01
    answer = train(hyperparameters={"n_estimators": 1000})
    assert answer.status_code == 500
    assert set(answer.json()) == {"training_run_id", "status", "message", "error"}
    assert "limit" in answer.json()["error"]


def test_one_of_fifty_at_once_is_taken(silent_bell: list[str]) -> None:
    client = rest("trainer")
    credentials = client._credentials
    codes: list[int] = []

    def submit() -> None:
        from_thread = type(client)()
        from_thread.credentials(**credentials)
        codes.append(from_thread.post(URL, {}, headers={"Prefer": "wait=0"}).status_code)
        connections.close_all()

    threads = [threading.Thread(target=submit) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [202] + [409] * 49
    assert TrainingRun.objects.count() == 1
