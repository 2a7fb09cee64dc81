"""Contract C, model runs: trained through the queue, looked at, deleted; others' are closed."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from modelwright.accounts.models import AuditEntry
from modelwright.registry.models import ModelVersion
from modelwright.runs.jobs import job_claim
from modelwright.runs.models import JobEvent, TrainingRun
from modelwright.runs.services import model_train
from modelwright.runs.states import Status
from tests.api.conftest import MakeRun
from tests.api.research import (
    EXPERIMENTS,
    MALFORMED,
    MODELS,
    NOBODYS,
    TARGET,
    TRAIN,
    a_dataset,
    a_model_run,
    an_experiment,
    light_dataset,
    share,
)
from tests.people import PEOPLE, person, rest

pytestmark = pytest.mark.django_db


def train(who: str = "trainer", **fields: Any) -> Any:
    body = {"model_type": "random_forest", "hyperparameters": {"n_estimators": 5}, **fields}
    return rest(who).post(TRAIN, {k: v for k, v in body.items() if v is not ...})


def wait_for(run_id: str, seconds: float = 60.0) -> Any:
    client = rest("trainer")
    deadline = time.monotonic() + seconds
    seen = []
    while time.monotonic() < deadline:
        body = client.get(f"{TRAIN}{run_id}/status/").json()
        seen.append(body["status"])
        if body["status"] not in ("PENDING", "PROGRESS"):
            return body
        time.sleep(0.05)
    raise AssertionError(seen)


# --- training ------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_model_from_the_file_to_the_answer(worker: None) -> None:
    experiment = an_experiment(dataset=a_dataset(), target=TARGET)
    answer = train(experiment_id=str(experiment.pk), test_size=0.25, notes="first")
    assert answer.status_code == 202, answer.content
    accepted = answer.json()
    assert {"model_run_id", "task_id", "status", "message"} <= set(accepted)
    assert accepted["status"] == "PENDING"
    run_id = accepted["model_run_id"]
    body = wait_for(run_id)
    assert (body["status"], body["error"], body["progress"]) == ("SUCCESS", None, None)
    assert body["result"]["metrics"]["accuracy"] > 0.7
    client = rest("trainer")
    metrics = client.get(f"{TRAIN}{run_id}/metrics").json()
    assert metrics["model_run_id"] == run_id
    assert metrics["metrics"]["accuracy"] == body["result"]["metrics"]["accuracy"]
    assert (metrics["total_samples"], metrics["test_samples"]) == (357, 90)
    importance = client.get(f"{TRAIN}{run_id}/feature-importance/").json()
    values = list(importance["feature_importance"].values())
    assert values == sorted(values, reverse=True)
    assert [f["rank"] for f in importance["features"]] == list(range(1, 12))
    full = client.get(f"{MODELS}{run_id}/").json()
    assert full["experiment_id"] == str(experiment.pk)
    assert full["dataset_sha256"] == experiment.dataset.sha256
    assert (full["status"], full["notes"], full["test_size"]) == ("SUCCESS", "first", 0.25)
    version = ModelVersion.objects.get(run=run_id)
    assert version.subject == f"random_forest:experiment:{experiment.pk}"
    path = Path(settings.DATA_ROOT) / version.artifact_path
    assert path.is_file()
    assert client.delete(f"{MODELS}{run_id}/").status_code == 204
    assert not path.exists()
    assert not ModelVersion.objects.exists()
    assert not JobEvent.objects.filter(job_id=run_id).exists()
    assert client.get(f"{MODELS}{run_id}/").status_code == 404
    assert client.get(f"{TRAIN}{run_id}/status/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_fit_that_fails_says_why_without_a_path(worker: None) -> None:
    dataset = a_dataset(content=b"x,y\n" + b"1,a\n1,b\n" * 40, name="flat")
    experiment = an_experiment(dataset=dataset, target="y")
    run_id = train(experiment_id=str(experiment.pk)).json()["model_run_id"]
    body = wait_for(run_id)
    assert (body["status"], body["result"]) == ("FAILURE", None)
    assert body["error"]["type"] == "DataLoadError"
    assert "'x'" in body["error"]["message"]
    assert "artifacts" not in body["error"]["message"]


def test_the_run_is_the_experiments(silent_bell: list[str]) -> None:
    experiment = an_experiment()
    run_id = train(experiment_id=str(experiment.pk), random_state=7).json()["model_run_id"]
    run = TrainingRun.objects.get(pk=run_id)
    assert (run.experiment, run.user) == (experiment, person("trainer"))
    assert (run.task, run.target_column, run.preset) == ("classification", "word", "")
    assert (run.random_state, run.test_split) == (7, 0.2)
    assert run.dataset_path == experiment.dataset.path
    assert run.subject == f"random_forest:experiment:{experiment.pk}"
    assert silent_bell == [] or silent_bell == ["training"]
    assert AuditEntry.objects.get(verb="run.submitted").actor_name == "trainer"


def test_one_open_run_of_a_kind_each(silent_bell: list[str]) -> None:
    experiment = an_experiment()
    assert train(experiment_id=str(experiment.pk)).status_code == 202
    again = train(experiment_id=str(experiment.pk))
    assert again.status_code == 409
    assert "run 1" in again.json()["detail"]
    other = {"model_type": "knn", "hyperparameters": {}}
    assert train(experiment_id=str(experiment.pk), **other).status_code == 202
    assert train(experiment_id=str(an_experiment().pk)).status_code == 202


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"experiment_id": ...}, "experiment_id: This field is required."),
        ({"experiment_id": "7"}, "UUID"),
        ({"experiment_id": 7}, "experiment_id"),
        ({"experiment_id": None}, "experiment_id"),
        ({"model_type": "deep_thought"}, "no model type 'deep_thought'"),
        ({"model_type": "x" * 100}, "64"),
        ({"model_type": None}, "model_type"),
        ({"hyperparameters": {"n_estimators": 0}}, "between 1 and 1000"),
        ({"hyperparameters": {"n_estimators": "many"}}, "n_estimators"),
        ({"hyperparameters": {"trees": 5}}, "Unknown hyperparameter 'trees'"),
        ({"hyperparameters": [5]}, "hyperparameters"),
        ({"hyperparameters": None}, "hyperparameters"),
        ({"test_size": 0.05}, "test_size must be between 0.1 and 0.5"),
        ({"test_size": "0.2x"}, "test_size"),
        ({"test_size": True}, "test_size"),
        ({"random_state": -1}, "random_state"),
        ({"random_state": 1.5}, "random_state"),
        ({"notes": "x" * 10_001}, "notes"),
        ({"preset": "future_skills"}, "Unknown field"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_recorded(fields: dict[str, Any], words: str) -> None:
    body = {"experiment_id": str(an_experiment().pk), **fields}
    answer = train(**body)
    assert answer.status_code == 400, answer.content
    assert words in answer.json()["detail"]
    assert not TrainingRun.objects.exists()


@pytest.mark.parametrize(
    ("target", "model_type", "hyperparameters", "words"),
    [
        ("x", "logistic_regression", {}, "can't do regression"),
        ("x", "random_forest", {"class_weight": "balanced"}, "class_weight"),
    ],
)
def test_what_does_not_go_with_the_task_is_refused(
    target: str, model_type: str, hyperparameters: Any, words: str
) -> None:
    experiment = an_experiment(target=target)
    answer = train(
        experiment_id=str(experiment.pk), model_type=model_type, hyperparameters=hyperparameters
    )
    assert answer.status_code == 400
    assert words in answer.json()["detail"]


def test_a_model_type_whose_library_is_missing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "modelwright.engine.hyperparameters.is_installed", lambda name: name != "xgboost"
    )
    experiment = an_experiment()
    answer = train(experiment_id=str(experiment.pk), model_type="xgboost", hyperparameters={})
    assert answer.status_code == 400
    assert "isn't installed" in answer.json()["detail"]


def test_an_experiment_of_nobody_or_of_somebody_else() -> None:
    assert train(experiment_id=NOBODYS).status_code == 404
    theirs = an_experiment("admin")
    assert train(experiment_id=str(theirs.pk)).status_code == 403
    share(theirs, "trainer", "viewer")
    assert train(experiment_id=str(theirs.pk)).status_code == 403
    assert not TrainingRun.objects.exists()


def test_an_editor_trains_and_does_not_delete(silent_bell: list[str]) -> None:
    theirs = an_experiment("admin")
    share(theirs, "trainer", "editor")
    run_id = train(experiment_id=str(theirs.pk)).json()["model_run_id"]
    assert rest("trainer").get(f"{TRAIN}{run_id}/status/").json()["status"] == "PENDING"
    assert rest("trainer").delete(f"{MODELS}{run_id}/").status_code == 403
    assert rest("admin").delete(f"{MODELS}{run_id}/").status_code == 204


# --- looking -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "word"),
    [("pending", "PENDING"), ("running", "PROGRESS"), ("completed", "SUCCESS"),
     ("failed", "FAILURE"), ("cancelled", "REVOKED")],
)  # fmt: skip
def test_the_contracts_words(status: str, word: str) -> None:
    run = a_model_run(
        an_experiment(),
        status=status,
        progress_percent=41.666,
        progress_message="42 of 100 trees",
        error_type="DataLoadError" if status == "failed" else "",
        error_message="Column 'x' is empty." if status == "failed" else "",
    )
    body = rest("trainer").get(f"{TRAIN}{run.pk}/status").json()
    assert (body["model_run_id"], body["task_id"]) == (str(run.pk), str(run.pk))
    assert body["status"] == word
    assert (body["progress"] is not None) == (status == "running")
    assert (body["result"] is not None) == (status == "completed")
    assert (body["error"] is not None) == (status == "failed")
    if status == "running":
        assert body["progress"] == {
            "current": 42, "total": 100, "status": "42 of 100 trees", "percentage": 41.67,
        }  # fmt: skip
    if status == "failed":
        assert body["error"] == {"type": "DataLoadError", "message": "Column 'x' is empty."}
    for part in ("metrics", "feature-importance"):
        answer = rest("trainer").get(f"{TRAIN}{run.pk}/{part}")
        assert answer.status_code == (200 if status == "completed" else 400)


def test_importance_is_sorted_whatever_the_database_made_of_it() -> None:
    run = a_model_run(an_experiment())
    body = rest("trainer").get(f"{TRAIN}{run.pk}/feature-importance").json()
    assert list(body["feature_importance"]) == ["x", "b", "a"]
    assert body["features"][0] == {"rank": 1, "feature": "x", "importance": 0.5}


def test_the_list_is_of_experiments_that_one_may_see(make_run: MakeRun) -> None:
    make_run()
    mine, theirs = an_experiment("trainer"), an_experiment("admin")
    run, closed = a_model_run(mine), a_model_run(theirs, status="failed")
    client = rest("trainer")
    page = client.get(MODELS).json()
    assert set(page) == {"count", "next", "previous", "results"}
    assert [m["id"] for m in page["results"]] == [str(run.pk)]
    assert rest("admin").get(MODELS).json()["count"] == 2
    found = rest("admin").get(MODELS, {"status": "FAILURE"}).json()["results"]
    assert [m["id"] for m in found] == [str(closed.pk)]
    assert client.get(MODELS, {"experiment_id": str(mine.pk)}).json()["count"] == 1
    assert client.get(MODELS, {"experiment_id": str(theirs.pk)}).json()["count"] == 0
    assert client.get(MODELS, {"experiment_id": "7"}).status_code == 400
    assert client.get(MODELS, {"status": "DONE"}).status_code == 400


def test_the_list_takes_few_queries(django_assert_max_num_queries: Any) -> None:
    experiment = an_experiment("trainer")
    for _ in range(5):
        a_model_run(experiment)
    client = rest("trainer")
    with django_assert_max_num_queries(6):
        client.get(MODELS)


# --- contract A's room is another one ------------------------------------------------------------


def test_runs_of_experiments_are_not_in_the_shared_pool(make_run: MakeRun) -> None:
    pool = make_run()
    run = a_model_run(an_experiment("admin"))
    for who in ("viewer", "trainer", "admin"):
        listed = rest(who).get("/api/training/runs/").json()["results"]
        assert [r["id"] for r in listed] == [pool.number]
        for part in ("", "events/", "artifact/"):
            answer = rest(who).get(f"/api/training/runs/{run.number}/{part}")
            assert answer.status_code == 404, (who, part)
    answer = rest("trainer").post(f"/api/training/runs/{run.number}/cancel/")
    assert answer.status_code == 404


def test_a_run_of_the_shared_pool_is_looked_at_and_not_deleted(make_run: MakeRun) -> None:
    pool = make_run()
    for part in ("metrics", "feature-importance", "status"):
        assert rest("viewer").get(f"{TRAIN}{pool.pk}/{part}").status_code == 200
    assert rest("trainer").get(f"{MODELS}{pool.pk}").json()["experiment_id"] is None
    assert rest("trainer").delete(f"{MODELS}{pool.pk}").status_code == 403
    assert rest("admin").delete(f"{MODELS}{pool.pk}").status_code == 204


# --- deleting ------------------------------------------------------------------------------------


def test_deleting_a_pending_run_cancels_it_first(silent_bell: list[str]) -> None:
    experiment = an_experiment()
    run_id = train(experiment_id=str(experiment.pk)).json()["model_run_id"]
    assert rest("trainer").delete(f"{MODELS}{run_id}/").status_code == 204
    assert not TrainingRun.objects.exists()
    verbs = list(AuditEntry.objects.order_by("id").values_list("verb", flat=True))
    assert verbs[-3:] == ["run.ended", "run.cancel_requested", "run.deleted"]
    assert train(experiment_id=str(experiment.pk)).status_code == 202


@pytest.mark.django_db(transaction=True)
def test_deleting_in_the_middle_of_a_fit_ends_it_and_leaves_nothing(worker: None) -> None:
    rows = b"".join(b"%d,%d,%d\n" % (n, n * 7 % 101, n * n % 3) for n in range(20_000))
    dataset = a_dataset(content=b"x,z,y\n" + rows, name="long")
    experiment = an_experiment(dataset=dataset, target="y")
    body = {"hyperparameters": {"n_estimators": 1000}}
    run_id = train(experiment_id=str(experiment.pk), **body).json()["model_run_id"]
    deadline = time.monotonic() + 30
    while not TrainingRun.objects.filter(pk=run_id, status="running").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    version = TrainingRun.objects.values_list("model_version", flat=True).get(pk=run_id)
    answer = rest("trainer").delete(f"{EXPERIMENTS}{experiment.pk}/?force=true")
    assert answer.status_code == 204
    assert not TrainingRun.objects.exists()
    other = train(
        experiment_id=str(an_experiment(dataset=dataset, target="z", task="regression").pk)
    )
    wait_for(other.json()["model_run_id"])  # the worker is free again
    assert not (Path(settings.DATA_ROOT) / settings.MODELS_PREFIX / f"{version}.pkl").exists()


@pytest.mark.django_db(transaction=True)
def test_a_running_run_that_was_deleted_is_nobodys(silent_bell: list[str]) -> None:
    run = model_train(
        experiment=an_experiment(), model_type="random_forest", user=person("trainer")
    )
    claim = job_claim(queue="training", worker="w")
    assert claim is not None
    assert claim.job_id == run.pk
    assert rest("trainer").delete(f"{MODELS}{run.pk}/").status_code == 204
    assert job_claim(queue="training", worker="w") is None


# --- who may -------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", PEOPLE)
def test_who_may_train(who: str, silent_bell: list[str]) -> None:
    experiment = an_experiment(who if who != "anonymous" else "trainer")
    right = {"anonymous": 401, "stranger": 403, "viewer": 403}.get(who, 202)
    assert train(who, experiment_id=str(experiment.pk)).status_code == right


def test_wrong_methods_are_405() -> None:
    run = a_model_run(an_experiment())
    client = rest("trainer")
    assert client.get(TRAIN).status_code == 405
    assert client.post(f"{TRAIN}{run.pk}/status/").status_code == 405
    assert client.patch(f"{MODELS}{run.pk}/", {}).status_code == 405


def test_ids_that_are_none() -> None:
    for text in MALFORMED:
        for path in ("train/{}/status", "train/{}/metrics", "train/{}/feature-importance", "{}"):
            answer = rest("trainer").get(f"{MODELS}{path.format(text)}/")
            assert answer.status_code == 400, (text, path)
            assert "UUID" in answer.json()["detail"]
    assert rest("trainer").get(f"{TRAIN}{NOBODYS}/status").status_code == 404
    assert rest("trainer").delete(f"{MODELS}{NOBODYS}").status_code == 404


# --- two at once ---------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_trains(silent_bell: list[str]) -> None:
    experiment = an_experiment(dataset=light_dataset())
    clients = [rest("trainer") for _ in range(4)]
    codes: list[int] = []

    def post(client: Any) -> None:
        body = {"experiment_id": str(experiment.pk)}
        codes.append(client.post(TRAIN, body).status_code)
        connection.close()

    threads = [threading.Thread(target=post, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [202, 409, 409, 409]
    assert TrainingRun.objects.filter(status=Status.PENDING).count() == 1
