"""Contract C, tuning: asking, following, results, bad grids; other people's are closed."""

import csv
import io
import json
import time
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from modelwright.accounts.models import AuditEntry
from modelwright.runs.models import JobEvent, TrainingRun
from modelwright.tuning.models import TuningRun, TuningTrial, TuningUnit
from tests.api.research import (
    MALFORMED,
    MODELS,
    NOBODYS,
    TARGET,
    a_dataset,
    a_model_run,
    an_experiment,
    share,
)
from tests.people import person, rest
from tests.tuning.conftest import work_all

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("silent_bell")]

TUNE = "/api/v1/tuning/tune"
GRID = {"n_estimators": [5, 10], "max_depth": [2, None]}
CALLS = (
    ("GET", "status"), ("GET", "results"), ("GET", "trials"), ("GET", "importance"),
    ("GET", "export"), ("POST", "cancel"), ("POST", "continue"), ("POST", "train-best"),
)  # fmt: skip


@pytest.fixture
def model_run() -> TrainingRun:
    """Return a completed run of the trainer's experiment on the sample table."""
    return a_model_run(an_experiment(dataset=a_dataset(), target=TARGET))


@pytest.fixture
def light_run() -> TrainingRun:
    """Return a completed run without a table: enough to be asked, not to be searched."""
    return a_model_run(an_experiment())


def body(model_run: TrainingRun, **fields: Any) -> dict[str, Any]:
    return {
        "model_run_id": str(model_run.pk),
        "tuning_method": "grid_search",
        "param_grid": GRID,
        "cv_folds": 3,
        **fields,
    }


def tune(model_run: TrainingRun, who: str = "trainer", **fields: Any) -> Any:
    return rest(who).post(TUNE, body(model_run, **fields), format="json")


def tuned(model_run: TrainingRun, **fields: Any) -> TuningRun:
    """Return a search that has been worked on until nothing was pending."""
    answer = tune(model_run, **fields)
    assert answer.status_code == 202, answer.content
    work_all()
    return TuningRun.objects.get(pk=answer.json()["tuning_run_id"])


def ask(run: TuningRun | str, what: str, who: str = "trainer", **query: Any) -> Any:
    key = run.pk if isinstance(run, TuningRun) else run
    return rest(who).get(f"{TUNE}/{key}/{what}", query)


# --- the way of a search -----------------------------------------------------------------------


def test_a_search_from_asking_to_its_results(model_run: TrainingRun) -> None:
    answer = tune(model_run)
    assert answer.status_code == 202
    accepted = answer.json()
    assert accepted["status"] == "PENDING"
    assert accepted["message"] == "Hyperparameter tuning initiated successfully"
    assert set(accepted) == {"tuning_run_id", "task_id", "status", "message", "created_at"}
    key = accepted["tuning_run_id"]
    state = ask(key, "status").json()
    assert set(state) == {"tuning_run_id", "task_id", "status", "progress", "result", "error"}
    assert (state["status"], state["progress"], state["result"], state["error"]) == (
        "PENDING", None, None, None,
    )  # fmt: skip
    assert ask(key, "results").status_code == 400

    work_all()
    state = ask(key, "status").json()
    assert (state["status"], state["error"]) == ("SUCCESS", None)
    assert set(state["result"]) == {
        "best_params", "best_score", "total_combinations", "tuning_time",
    }  # fmt: skip
    results = ask(key, "results").json()
    assert results["tuning_run_id"] == key
    assert results["model_run_id"] == str(model_run.pk)
    assert (results["tuning_method"], results["cv_folds"], results["scoring_metric"]) == (
        "grid_search", 3, "accuracy",
    )  # fmt: skip
    assert results["total_combinations"] == 4
    top = results["top_results"]
    assert [entry["rank"] for entry in top] == [1, 2, 3, 4]
    assert all(len(entry["scores"]) == 3 for entry in top)
    assert top[0]["params"] == results["best_params"]
    assert top[0]["mean_score"] == results["best_score"]
    means = [entry["mean_score"] for entry in top]
    assert means == sorted(means, reverse=True)
    assert ask(key, "results", top_n=2).json()["top_results"] == top[:2]
    verbs = set(AuditEntry.objects.filter(object_id=key).values_list("verb", flat=True))
    assert verbs >= {"run.submitted", "run.started", "run.ended"}


@pytest.mark.parametrize("top_n", ["0", "101", "-1", "x", "1.5", "1e2", "99999999999999999999"])
def test_top_n_is_one_to_a_hundred(model_run: TrainingRun, top_n: str) -> None:
    run = tuned(model_run)
    assert ask(run, "results", top_n=top_n).status_code == 400
    assert ask(run, "results", top_n=1).status_code == 200
    assert ask(run, "results", top_n=100).status_code == 200


def test_more_than_the_twenty_that_are_kept_with_the_search_can_be_listed(
    model_run: TrainingRun,
) -> None:
    run = tuned(model_run, param_grid={"n_estimators": list(range(1, 26))}, cv_folds=2)
    assert run.results is not None
    assert len(run.results["all_results"]) == 20
    assert len(ask(run, "results", top_n=100).json()["top_results"]) == 25


def test_progress_is_told_after_trials(
    model_run: TrainingRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tuned(model_run)
    TuningRun.objects.filter(pk=run.pk).delete()
    run = TuningRun.objects.create(
        model_run=model_run,
        tuning_method="grid_search",
        status="running",
        config=run.config,
        progress={
            "current": 15, "total": 36, "percentage": 41.67, "best_score": 0.5,
            "status": "Testing parameter combination 15/36...",
        },
    )  # fmt: skip
    state = ask(run, "status").json()
    assert state["status"] == "PROGRESS"
    assert state["progress"] == {
        "current": 15,
        "total": 36,
        "status": "Testing parameter combination 15/36...",
        "percentage": 41.67,
    }


@pytest.mark.parametrize("method", ["random_search", "bayesian"])
def test_other_methods_take_ranges(model_run: TrainingRun, method: str) -> None:
    grid = {"n_estimators": {"low": 2, "high": 12, "step": 2}, "max_depth": [2, 4, None]}
    run = tuned(model_run, tuning_method=method, param_grid=grid, n_iter=5)
    assert run.status == "completed", run.results
    assert run.trials.count() == 5
    for trial in run.trials.all():
        assert trial.params["n_estimators"] in range(2, 13, 2)


def test_racing_says_what_was_dropped(model_run: TrainingRun) -> None:
    grid = {"n_estimators": [1, 2, 20, 30], "max_depth": [1, None]}
    run = tuned(model_run, param_grid=grid, cv_folds=10, early_stopping=True)
    assert run.status == "completed"
    assert run.trials.count() == 8
    assert all(t.error for t in run.trials.filter(status="dropped"))


def test_trials_importance_and_exports(model_run: TrainingRun) -> None:
    run = tuned(model_run)
    found = ask(run, "trials").json()
    assert [t["number"] for t in found["trials"]] == [0, 1, 2, 3]
    assert (found["current"], found["total"], found["remaining_seconds"]) == (4, 4, None)
    assert [t["number"] for t in ask(run, "trials", after=1, limit=1).json()["trials"]] == [2]

    importance = ask(run, "importance").json()["importances"]
    assert {entry["parameter"] for entry in importance} == set(GRID)
    assert importance[0]["importance"] >= importance[1]["importance"]
    assert sum(group["trials"] for group in importance[0]["groups"]) == 4

    table = ask(run, "export", format="csv")
    assert table["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(table.content.decode())))
    assert len(rows) == 4
    assert {json.loads(row["n_estimators"]) for row in rows} == {5, 10}
    assert float(rows[0]["fold_1"]) == found["trials"][0]["fold_scores"][0]

    code = ask(run, "export", format="python")
    assert code["Content-Type"].startswith("text/x-python")
    text = code.content.decode()
    compile(text, "export.py", "exec")
    assert text.startswith('"""The best of 4 combinations: accuracy ')
    assert "RandomForestClassifier(" in text
    for wrong in ("xml", "json", "api"):
        assert ask(run, "export", format=wrong).status_code == 400


def test_train_best_makes_a_version(
    model_run: TrainingRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tuned(model_run)
    answer = rest("trainer").post(f"{TUNE}/{run.pk}/train-best", {}, format="json")
    assert answer.status_code == 202, answer.content
    training = TrainingRun.objects.get(pk=answer.json()["model_run_id"])
    assert training.tuning_run_id == run.pk
    assert run.best_params is not None
    assert run.best_params.items() <= training.requested_hyperparameters.items()
    assert training.experiment == model_run.experiment
    work_all("training")
    training.refresh_from_db()
    assert training.status == "completed", training.error_message
    assert training.version.number == 1


# --- cancel and continue -----------------------------------------------------------------------


def test_a_pending_search_is_cancelled_at_once(light_run: TrainingRun) -> None:
    key = tune(light_run).json()["tuning_run_id"]
    answer = rest("trainer").post(f"{TUNE}/{key}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "REVOKED")
    assert work_all() == 0
    state = ask(key, "status").json()
    assert (state["status"], state["result"], state["error"]) == ("REVOKED", None, None)
    assert ask(key, "results").status_code == 400
    assert rest("trainer").post(f"{TUNE}/{key}/cancel").status_code == 400


def test_continuing_a_cancelled_search_tries_only_what_is_missing(model_run: TrainingRun) -> None:
    whole = tuned(model_run)
    run = TuningRun.objects.create(
        model_run=model_run,
        tuning_method="grid_search",
        status="cancelled",
        config=whole.config,
        results={"ended": "cancelled"},
    )
    kept = whole.trials.get(number=2)
    TuningTrial.objects.create(
        tuning_run=run, number=2, params=kept.params, fold_scores=[0.125] * 3, mean=0.125, std=0.0,
        status="complete",
    )  # fmt: skip
    answer = rest("trainer").post(f"{TUNE}/{run.pk}/continue", {}, format="json")
    assert answer.status_code == 202, answer.content
    work_all()
    finer = TuningRun.objects.get(pk=answer.json()["tuning_run_id"])
    assert (finer.status, finer.parent_tuning_run) == ("completed", run)
    scores = {t.number: t.fold_scores for t in finer.trials.all()}
    assert scores == {
        t.number: [0.125] * 3 if t.number == 2 else t.fold_scores for t in whole.trials.all()
    }


def test_a_finished_search_is_continued_only_with_something_new(model_run: TrainingRun) -> None:
    run = tuned(model_run)
    url = f"{TUNE}/{run.pk}/continue"
    assert rest("trainer").post(url, {}, format="json").status_code == 400
    bad = rest("trainer").post(url, {"param_grid": {}}, format="json")
    assert bad.status_code == 400
    finer = rest("trainer").post(
        url, {"param_grid": {"n_estimators": [9, 11]}, "tuning_method": "random_search"},
        format="json",
    )  # fmt: skip
    assert finer.status_code == 202, finer.content
    work_all()
    assert TuningRun.objects.get(pk=finer.json()["tuning_run_id"]).trials.count() == 2


def test_a_bayesian_search_is_continued_with_more_trials(model_run: TrainingRun) -> None:
    grid = {"n_estimators": {"low": 2, "high": 30}}
    run = tuned(model_run, tuning_method="bayesian", param_grid=grid, n_iter=3)
    answer = rest("trainer").post(f"{TUNE}/{run.pk}/continue", {"n_iter": 5}, format="json")
    assert answer.status_code == 202, answer.content
    work_all()
    more = TuningRun.objects.get(pk=answer.json()["tuning_run_id"])
    assert more.status == "completed"
    first = [t.params for t in run.trials.order_by("number")]
    assert [t.params for t in more.trials.order_by("number")][:3] == first
    assert more.trials.count() == 5


# --- what is refused ---------------------------------------------------------------------------

HUGE = "x" * 1_000_000
BAD_GRIDS: dict[str, Any] = {
    "empty": {},
    "empty list": {"n_estimators": []},
    "a billion combinations": {
        "n_estimators": list(range(1, 1001)),
        "min_samples_leaf": list(range(1, 1001)),
        "min_samples_split": list(range(2, 1002)),
    },
    "no object": [["n_estimators", [1]]],
    "text": "n_estimators",
    "null": None,
    "a number": 5,
    "no list": {"n_estimators": 5},
    "text for a list": {"n_estimators": "50"},
    "nested list": {"n_estimators": [[50]]},
    "nested object": {"n_estimators": [{"a": 1}]},
    "object of no range": {"n_estimators": {"a": {"b": 1}}},
    "unknown parameter": {"n_trees": [50]},
    "unknown beside known": {"n_estimators": [50], "warm_start": [True]},
    "dunder": {"__class__": ["a"]},
    "pipeline path": {"model__n_estimators": [5]},
    "eval": {"n_estimators": ["__import__('os').system('true')"]},
    "eval as name": {"__import__('os')": [1]},
    "lambda": {"max_depth": ["lambda: 5"]},
    "huge text": {"criterion": [HUGE]},
    "huge name": {HUGE: [1]},
    "out of range": {"n_estimators": [0]},
    "negative": {"n_estimators": [-5]},
    "a fraction": {"n_estimators": [5.5]},
    "true": {"n_estimators": [True]},
    "twice the same": {"n_estimators": [5, 5]},
    "range in a grid": {"n_estimators": {"low": 5, "high": 10}},
    "empty name": {"": [1]},
}


@pytest.mark.parametrize("name", BAD_GRIDS)
def test_a_bad_grid_is_a_clear_400(light_run: TrainingRun, name: str) -> None:
    begun = time.monotonic()
    answer = tune(light_run, param_grid=BAD_GRIDS[name])
    assert time.monotonic() - begun < 20  # nobody lists 10^9 combinations in that
    assert answer.status_code == 400, answer.content[:500]
    assert answer.json()["details"].keys() == {"param_grid"}
    assert 10 < len(answer.content) < 3000
    assert "Traceback" not in answer.content.decode()
    assert not TuningRun.objects.exists()
    assert not TuningUnit.objects.exists()


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_number_is_a_clear_400(light_run: TrainingRun, number: str) -> None:
    text = json.dumps(body(light_run, param_grid={"max_features": ["HERE"]}))
    answer = rest("trainer").post(
        TUNE, text.replace('"HERE"', number), content_type="application/json"
    )
    assert answer.status_code == 400
    assert "number" in answer.json()["detail"]


def test_an_endlessly_nested_grid_is_a_clear_400(light_run: TrainingRun) -> None:
    deep = "[" * 50_000 + "]" * 50_000
    text = json.dumps(body(light_run)).replace("[5, 10]", deep)
    assert rest("trainer").post(TUNE, text, content_type="application/json").status_code == 400


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tuning_method", "grid"), ("tuning_method", None), ("tuning_method", ["grid_search"]),
        ("tuning_method", HUGE), ("scoring_metric", "r2"), ("scoring_metric", "auc"),
        ("scoring_metric", None), ("cv_folds", 1), ("cv_folds", 21), ("cv_folds", "5"),
        ("cv_folds", 5.0), ("cv_folds", True), ("n_iter", 0), ("n_iter", 10**9),
        ("random_state", -1), ("random_state", 2**32), ("random_state", "42"),
        ("timeout_seconds", 0), ("timeout_seconds", -1), ("timeout_seconds", "soon"),
        ("timeout_seconds", True), ("early_stopping", "yes"), ("early_stopping", 1),
        ("sampler", "annealing"), ("tags", "x"), ("tags", [1]), ("user_notes", 5),
        ("model_run_id", "7"), ("model_run_id", None), ("model_run_id", 7), ("folds", 5),
    ],
)  # fmt: skip
def test_a_bad_field_is_a_clear_400(light_run: TrainingRun, field: str, value: Any) -> None:
    answer = tune(light_run, **{field: value})
    assert answer.status_code == 400, answer.content[:500]
    assert list(answer.json()["details"]) == [field]
    assert field in answer.json()["detail"]
    assert len(answer.content) < 3000


def test_missing_fields_are_named(light_run: TrainingRun) -> None:
    answer = rest("trainer").post(TUNE, {}, format="json")
    assert answer.status_code == 400
    assert set(answer.json()["details"]) == {"model_run_id", "tuning_method", "param_grid"}


@pytest.mark.parametrize("status", ["pending", "running", "failed", "cancelled"])
def test_only_a_completed_model_run_is_tuned(light_run: TrainingRun, status: str) -> None:
    other = a_model_run(light_run.experiment, status=status)  # type: ignore[arg-type]
    answer = tune(other)
    assert (answer.status_code, answer.json()["code"]) == (400, "model_run_not_completed")


def test_an_unknown_model_run_or_search_is_404(light_run: TrainingRun) -> None:
    answer = rest("trainer").post(TUNE, body(light_run, model_run_id=NOBODYS), format="json")
    assert answer.status_code == 404
    for method, what in CALLS:
        answer = rest("trainer").generic(
            method, f"{TUNE}/{NOBODYS}/{what}", b"{}", content_type="application/json"
        )
        assert answer.status_code == 404, (method, what)


@pytest.mark.parametrize("key", MALFORMED)
def test_a_malformed_uuid_is_400(light_run: TrainingRun, key: str) -> None:
    for method, what in CALLS:
        answer = rest("trainer").generic(
            method, f"{TUNE}/{key}/{what}", b"{}", content_type="application/json"
        )
        assert answer.status_code == 400, (method, what)
    assert rest("trainer").get(f"{TUNE}/", {"model_run_id": key}).status_code == 400


# --- whose it is -------------------------------------------------------------------------------


def test_anothers_searches_are_closed(model_run: TrainingRun) -> None:
    run = tuned(model_run)
    other = a_model_run(an_experiment("admin"))
    theirs = TuningRun.objects.create(
        model_run=other, tuning_method="grid_search", status="completed", config=run.config,
        results={}, best_params={"n_estimators": 5},
    )  # fmt: skip
    assert tune(other).status_code == 403
    for method, what in CALLS:
        answer = rest("trainer").generic(
            method, f"{TUNE}/{theirs.pk}/{what}", b"{}", content_type="application/json"
        )
        assert answer.status_code == 403, (method, what)
        assert "best_params" not in answer.content.decode()
    listed = rest("trainer").get(f"{TUNE}/").json()["results"]
    assert [row["tuning_run_id"] for row in listed] == [str(run.pk)]
    assert rest("trainer").get(f"{TUNE}/", {"model_run_id": str(other.pk)}).status_code == 403
    assert rest("admin").get(f"{TUNE}/").json()["count"] == 2
    assert ask(run, "results", who="admin").status_code == 200


def test_those_with_a_share_may_what_it_says(light_run: TrainingRun) -> None:
    experiment = an_experiment("admin")
    shared = a_model_run(experiment)
    share_of = share(experiment, "trainer", "viewer")
    assert tune(shared).status_code == 403
    run = TuningRun.objects.create(
        model_run=shared, tuning_method="grid_search", status="running", config={"cv_folds": 2}
    )
    assert ask(run, "status").status_code == 200
    assert rest("trainer").post(f"{TUNE}/{run.pk}/cancel").status_code == 403
    share_of.level = "editor"
    share_of.save()
    assert rest("trainer").get(f"{TUNE}/").json()["count"] == 1
    assert tune(shared).status_code == 202


def test_the_list_is_narrowed_by_model_run_and_status(model_run: TrainingRun) -> None:
    run = tuned(model_run)
    key = tune(model_run).json()["tuning_run_id"]
    get = rest("trainer").get
    assert get(f"{TUNE}/", {"model_run_id": str(model_run.pk)}).json()["count"] == 2
    for word, expected in (("SUCCESS", str(run.pk)), ("completed", str(run.pk)), ("pending", key)):
        rows = get(f"{TUNE}/", {"status": word}).json()["results"]
        assert [row["tuning_run_id"] for row in rows] == [expected], word
    assert get(f"{TUNE}/", {"status": "done"}).status_code == 400
    assert get(f"{TUNE}/", {"model_run_id": NOBODYS}).status_code == 404


# --- the database itself -----------------------------------------------------------------------


def test_a_search_is_deleted_by_its_owner_with_all_that_hangs_on_it(
    model_run: TrainingRun,
) -> None:
    run = tuned(model_run)
    open_one = tune(model_run).json()["tuning_run_id"]
    finer = TuningRun.objects.create(
        model_run=model_run, tuning_method="bayesian", parent_tuning_run=run, status="completed"
    )
    assert model_run.experiment is not None
    share(model_run.experiment, "other", "editor")
    person("other").groups.add(Group.objects.get_or_create(name="DRH")[0])
    assert rest("other").delete(f"{TUNE}/{run.pk}/").status_code == 403
    assert rest("trainer").get(f"{TUNE}/{run.pk}/").json()["tuning_run_id"] == str(run.pk)
    for key in (run.pk, open_one):
        assert rest("trainer").delete(f"{TUNE}/{key}/").status_code == 204
        assert rest("trainer").delete(f"{TUNE}/{key}/").status_code == 404
    assert list(TuningRun.objects.all()) == [finer]
    assert not TuningUnit.objects.exists()
    assert not TuningTrial.objects.exists()
    assert not JobEvent.objects.exists()
    assert AuditEntry.objects.filter(verb="search.deleted").count() == 2
    assert work_all() == 0


def test_deleting_a_model_run_deletes_its_searches(model_run: TrainingRun) -> None:
    run = tuned(model_run)
    assert JobEvent.objects.filter(job_id=run.pk).exists()
    assert rest("trainer").delete(f"{MODELS}{model_run.pk}/").status_code == 204
    assert not JobEvent.objects.exists()
    for table in (TuningRun, TuningUnit, TuningTrial):
        assert not table.objects.exists(), table
    assert ask(run, "status").status_code == 404


def test_the_database_deletes_them_by_itself(model_run: TrainingRun) -> None:
    run = tuned(model_run)
    other = TuningRun.objects.create(
        model_run=a_model_run(an_experiment("admin")), tuning_method="bayesian",
        parent_tuning_run=run,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM model_runs WHERE number = %s", [model_run.number])
    assert not TuningTrial.objects.exists()
    assert list(TuningRun.objects.all()) == [other]
    other.refresh_from_db()
    assert other.parent_tuning_run is None
