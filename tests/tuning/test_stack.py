"""Searches on a whole running server: the contract's example, exact scores, kills, cancels."""

import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import sklearn.model_selection as ms

from modelwright.engine.config import TrainingConfig
from modelwright.engine.samples import future_skills_csv
from modelwright.engine.search.config import SearchConfig
from modelwright.engine.search.problem import Problem
from tests.faults.jobs import processes_of
from tests.stack import Stack, eventually
from tests.tuning.analyst import ENDED, TARGET, TUNE, Analyst

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

FOLDS = 2
# The contract's, with fewer trees: it is scikit-learn's own search that takes long.
EXAMPLE = {
    "n_estimators": [5, 10, 20],
    "max_depth": [5, 10, None],
    "min_samples_split": [2, 5],
    "min_samples_leaf": [1, 2],
}
SLOW_GRID = {"n_estimators": [300, 301, 302, 303], "min_samples_leaf": list(range(1, 11))}
# Each combination is quick, all of them are not: neighbouring ones share no tree.
LONG_GRID = {
    "n_estimators": [20, 40],
    "max_features": ["sqrt", "log2", None],
    "min_samples_leaf": list(range(1, 61)),
    "min_samples_split": list(range(2, 22)),
}
QUICK_SWEEP = {
    "MODELWRIGHT_JOB_BEAT_SECONDS": "0.5",
    "MODELWRIGHT_JOB_DEAD_AFTER_SECONDS": "5",
    "MODELWRIGHT_SWEEP_SECONDS": "2",
    "MODELWRIGHT_RING_AGAIN_AFTER_SECONDS": "2",
    "MODELWRIGHT_JOB_MAX_CRASHES": "20",
    "MODELWRIGHT_SLOTS": "2",
}


@pytest.fixture(scope="module")
def server() -> Iterator[Stack]:
    with Stack(env=QUICK_SWEEP) as stack:
        yield stack


@pytest.fixture(scope="module")
def analyst(server: Stack) -> Analyst:
    return Analyst(server)


def answers(stack: Stack) -> bool:
    try:
        return stack.request("GET", "/readyz").status_code == 200
    except requests.RequestException:
        return False


def expected_scores(stack: Stack, grid: dict[str, Any]) -> dict[str, list[float]]:
    """Return what scikit-learn's own grid search gives: params -> fold scores."""
    path = stack.home / stack.put_dataset("reference.csv", future_skills_csv())
    config = SearchConfig(
        TrainingConfig(
            str(path),
            TARGET,
            model_type="random_forest",
            task="classification",
            hyperparameters={"class_weight": "balanced"},
        ),
        param_grid=grid,
        cv_folds=FOLDS,
    )
    problem = Problem.from_config(config)
    search = ms.GridSearchCV(
        problem.pipeline({}),
        {f"model__{name}": values for name, values in grid.items()},
        scoring="accuracy",
        cv=ms.StratifiedKFold(FOLDS, shuffle=True, random_state=42),
        refit=False,
    )
    search.fit(problem.X, problem.y)
    return {
        spelled({n.removeprefix("model__"): v for n, v in params.items()}): [
            float(search.cv_results_[f"split{fold}_test_score"][place]) for fold in range(FOLDS)
        ]
        for place, params in enumerate(search.cv_results_["params"])
    }


def spelled(params: dict[str, Any]) -> str:
    return repr(sorted(params.items()))


def test_the_contracts_example_gives_the_scores_of_gridsearchcv(
    server: Stack, analyst: Analyst
) -> None:
    key = analyst.tune(EXAMPLE, cv_folds=FOLDS)
    seen: list[dict[str, Any]] = []

    def ended() -> bool:
        state = analyst.status(key)
        if state["progress"]:
            seen.append(state["progress"])
        return state["status"] in ENDED

    eventually(ended, seconds=60, what="the search ends")
    state = analyst.status(key)
    assert state["status"] == "SUCCESS", state
    assert state["result"]["total_combinations"] == 36
    for progress in seen:
        assert set(progress) == {"current", "total", "status", "percentage"}
    counts = [progress["current"] for progress in seen]
    assert counts == sorted(counts)
    results = analyst.call("GET", f"{TUNE}/{key}/results", params={"top_n": 100})
    assert len(results["top_results"]) == 36
    found = {spelled(entry["params"]): entry["scores"] for entry in results["top_results"]}
    expected = expected_scores(server, EXAMPLE)
    assert found.keys() == expected.keys()
    for name, scores in expected.items():
        assert found[name] == pytest.approx(scores, abs=1e-12), name


def test_a_running_search_is_cancelled_within_two_seconds_and_keeps_what_it_found(
    server: Stack, analyst: Analyst
) -> None:
    key = analyst.tune(SLOW_GRID, cv_folds=20)
    analyst.until_tried(key, 2)
    begun = time.monotonic()
    assert analyst.call("POST", f"{TUNE}/{key}/cancel")["status"] == "REVOKED"
    kept = analyst.trials(key)
    eventually(lambda: not server.pids()["children"], seconds=5, what="its processes end")
    assert time.monotonic() - begun < 2.0
    assert 2 <= len(kept) < 40
    state = analyst.status(key)
    assert state["status"] == "REVOKED"
    assert state["result"]["best_params"]
    assert analyst.trials(key) == kept


def test_the_time_is_up_with_what_there_is(analyst: Analyst) -> None:
    key = analyst.tune(LONG_GRID, cv_folds=4, timeout_seconds=8)
    begun = time.monotonic()
    state = analyst.until_ended(key, 30)
    assert time.monotonic() - begun < 13
    assert state["status"] == "SUCCESS", state
    results = analyst.call("GET", f"{TUNE}/{key}/results")
    assert results["ended"] == "timed_out"
    assert 0 < len(analyst.trials(key)) < 7200
    assert results["total_combinations"] == 7200


def test_bayesian_ends_in_time_too(analyst: Analyst) -> None:
    grid = {"n_estimators": {"low": 300, "high": 900}}
    key = analyst.tune(grid, tuning_method="bayesian", n_iter=500, cv_folds=20, timeout_seconds=3)
    assert analyst.until_ended(key, 20)["status"] == "SUCCESS"
    assert analyst.call("GET", f"{TUNE}/{key}/results")["ended"] == "timed_out"


@pytest.mark.parametrize("method", ["grid_search", "bayesian"])
def test_no_trial_is_lost_or_counted_twice_when_workers_are_killed(
    server: Stack, analyst: Analyst, method: str
) -> None:
    fields = {"tuning_method": method, "cv_folds": 4, "n_iter": 16}
    grid = {"n_estimators": [100, 120, 140, 160], "min_samples_leaf": [1, 2, 3, 4]}
    quiet = analyst.tune(grid, **fields)
    assert analyst.until_ended(quiet)["status"] == "SUCCESS"
    key = analyst.tune(grid, **fields)
    kept: dict[int, list[float]] = {}
    for victim, tried in (("children", 2), ("worker", 5), ("everything", 8)):
        analyst.until_tried(key, tried)
        server.kill(victim)
        if victim == "everything":
            eventually(lambda: not processes_of(server), seconds=10, what="orphans end")
            server.start()
            eventually(lambda: answers(server), seconds=60, what="it answers again")
        now = analyst.trials(key)
        assert kept.items() <= now.items(), "a trial was lost or counted anew"
        kept = now
    state = analyst.until_ended(key)
    assert state["status"] == "SUCCESS", state
    assert analyst.trials(key) == analyst.trials(quiet)
    assert kept.items() <= analyst.trials(key).items()


def test_deleting_the_model_run_ends_its_search_everywhere(server: Stack) -> None:
    owner = Analyst(server, "leaver")
    key = owner.tune(SLOW_GRID, cv_folds=20)
    owner.until_tried(key, 1)
    owner.call("DELETE", f"/api/v1/models/{owner.model_run}")
    gone = server.request("GET", f"{TUNE}/{key}/status", owner.secret)
    assert gone.status_code == 404
    for table in ("tuning_units", "tuning_trials"):
        searches = server.rows(f"SELECT tuning_run_id FROM {table}")
        assert uuid.UUID(key) not in {uuid.UUID(str(found)) for (found,) in searches}, table
    eventually(lambda: not server.pids()["children"], seconds=5, what="its processes end")
    other = Analyst(server, "stayer")
    assert other.until_ended(other.tune({"n_estimators": [5]}))["status"] == "SUCCESS"


def test_the_best_is_trained_and_made_a_version(analyst: Analyst) -> None:
    key = analyst.tune({"n_estimators": [5, 20]})
    analyst.until_ended(key)
    made = analyst.call("POST", f"{TUNE}/{key}/train-best", json={})
    path = f"/api/v1/models/train/{made['model_run_id']}/status"
    eventually(lambda: analyst.call("GET", path)["status"] == "SUCCESS", seconds=60)
