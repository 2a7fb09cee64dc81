"""A search reports, stops, goes on, survives what fails, and can be cut into pieces."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from modelwright.engine.config import TrainingConfig
from modelwright.engine.search.config import SearchConfig
from modelwright.engine.search.distributed import WorkUnit, evaluate, next_proposals, plan
from modelwright.engine.search.errors import ScoringError, SearchError
from modelwright.engine.search.evaluators import Scored
from modelwright.engine.search.evaluators.prepared import PreparedEvaluator
from modelwright.engine.search.execution import Execution, make_work
from modelwright.engine.search.export import csv_rows, to_csv, to_python
from modelwright.engine.search.importance import parameter_importance
from modelwright.engine.search.methods import Proposal
from modelwright.engine.search.pool import ForkedPool, InlinePool
from modelwright.engine.search.problem import Problem
from modelwright.engine.search.results import SearchProgress, SearchResult
from modelwright.engine.search.runner import never, run_search, search
from modelwright.engine.search.space import Params
from tests.engine.search.helpers import breast_cancer, config, preprocessor, skills

SMALL = {"n_estimators": [3, 6], "max_depth": [2, None], "min_samples_leaf": [1, 4]}


@pytest.fixture
def problem() -> Problem:
    X, y = skills()
    return Problem.from_arrays(
        X, y, model_type="random_forest", preprocessor=preprocessor(X), cv_folds=3
    )


def scores(result: SearchResult) -> list[tuple[Any, Any]]:
    return [(dict(trial.params), trial.fold_scores) for trial in result.trials]


def test_progress_is_told_after_each_trial(problem: Problem) -> None:
    told: list[SearchProgress] = []
    result = search(problem, config(SMALL), report=told.append)
    assert [p.current for p in told] == list(range(9))
    assert {p.total for p in told} == {8}
    best = [p.best_score for p in told[1:] if p.best_score is not None]
    assert best == sorted(best)
    assert best[-1] == result.best_score
    assert told[0].remaining is None
    assert told[-1].remaining == 0
    assert told[3].percentage == 37.5


def test_the_first_of_equals_is_the_best() -> None:
    X = np.repeat([[0.0], [1.0]], 20, axis=0)
    easy = Problem.from_arrays(X, np.arange(40) > 19, model_type="knn", cv_folds=2)
    result = search(easy, config({"n_neighbors": [3, 1]}, "knn"))
    assert (result.best_params, result.best_score) == ({"n_neighbors": 3}, 1.0)


def test_stopped_it_keeps_what_it_has_and_goes_on_to_the_same_end(problem: Problem) -> None:
    told: list[SearchProgress] = []
    half = search(
        problem,
        config(SMALL, processes=1),
        report=told.append,
        should_stop=lambda: bool(told) and told[-1].current >= 3,
    )
    assert half.ended == "stopped"
    assert 3 <= len(half.trials) < 8
    assert half.total_combinations == 8
    whole = search(problem, config(SMALL), earlier=half.trials)
    assert whole.ended == "finished"
    assert scores(whole) == scores(search(problem, config(SMALL)))
    kept = {trial.number: trial for trial in half.trials}
    assert all(trial == kept[trial.number] for trial in whole.trials if trial.number in kept)


def test_it_stops_in_the_middle_of_a_fit() -> None:
    X = np.random.default_rng(0).normal(size=(4000, 60))
    slow = Problem.from_arrays(X, X[:, 0] > 0, model_type="random_forest", cv_folds=2)
    started = time.monotonic()
    result = search(
        slow,
        config({"n_estimators": [1000]}),
        should_stop=lambda: time.monotonic() > started + 0.5,
    )
    assert (result.ended, result.trials, result.best_params) == ("stopped", (), None)
    assert time.monotonic() - started < 10  # not to the end of the fit


def test_the_time_limit_ends_it_with_what_it_has() -> None:
    X = np.random.default_rng(0).normal(size=(20_000, 40))
    slow = Problem.from_arrays(X, X[:, 0] > 0, model_type="random_forest", cv_folds=2)
    result = search(slow, config({"n_estimators": [1, 1000]}, timeout_seconds=5))
    assert result.ended == "timed_out"
    assert [dict(trial.params) for trial in result.trials] == [{"n_estimators": 1}]
    assert result.best_params == {"n_estimators": 1}


def test_forests_of_other_smallest_nodes_end_one_after_the_other() -> None:
    X = np.random.default_rng(0).normal(size=(400, 8))
    problem = Problem.from_arrays(X, X[:, 0] > 0, model_type="random_forest", cv_folds=5)
    told: list[SearchProgress] = []
    grid = {"n_estimators": [20, 40], "min_samples_split": [2, 8, 20, 50, 90, 150]}
    result = search(
        problem,
        config(grid, processes=1),
        report=told.append,
        should_stop=lambda: bool(told) and told[-1].current >= 2,
    )
    assert result.ended == "stopped"
    assert {trial.params["min_samples_split"] for trial in result.trials} < {2, 8, 20, 50, 90, 150}
    assert len(result.trials) >= 2


def test_a_trial_that_fails_says_why_and_ends_nothing(problem: Problem) -> None:
    X, y = breast_cancer()
    small = Problem.from_arrays(X[:40], y[:40], model_type="knn", cv_folds=2)
    result = search(small, config({"n_neighbors": [3, 500, 5]}, "knn"))
    assert [trial.status for trial in result.trials] == ["complete", "failed", "complete"]
    failed = result.trials[1]
    assert failed.error is not None
    assert "n_neighbors is 500, but there are only 20 rows" in failed.error
    assert (failed.mean, failed.fold_scores) == (None, (None, None))
    assert "1 of 3 trials failed" in " ".join(result.notes)


def test_a_solver_that_refuses_a_penalty_fails_alone() -> None:
    X, y = breast_cancer()
    two = Problem.from_arrays(X[:80], y[:80], model_type="logistic_regression", cv_folds=2)
    grid = {"l1_ratio": [0.0, 1.0], "solver": ["lbfgs", "liblinear"]}
    result = search(two, config(grid, "logistic_regression"))
    failed = [t for t in result.trials if t.status == "failed"]
    assert [dict(t.params) for t in failed] == [{"l1_ratio": 1.0, "solver": "lbfgs"}]
    assert "lbfgs supports only" in (failed[0].error or "")
    assert len(result.top(9)) == 3


class DyingEvaluator(PreparedEvaluator):
    """Kills its process at one combination, as the system does for want of memory."""

    name: ClassVar[str] = "dying"

    def score(
        self, problem: Problem, fold: int, combinations: Sequence[Params]
    ) -> Iterator[Scored]:
        if combinations[0]["n_neighbors"] == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        yield from super().score(problem, fold, combinations)


def test_a_process_that_dies_costs_only_its_trial() -> None:
    X, y = breast_cancer()
    small = Problem.from_arrays(X[:60], y[:60], model_type="knn", cv_folds=2)
    evaluator = DyingEvaluator()
    pool = ForkedPool(make_work(small, evaluator), 2)
    execution = Execution(small, evaluator, pool, should_stop=never)
    trials = list(execution.run([Proposal(i, {"n_neighbors": i + 1}) for i in range(4)]))
    pool.close()
    status = {trial.number: trial.status for trial in trials}
    assert status == {0: "complete", 1: "failed", 2: "complete", 3: "complete"}
    assert "SIGKILL" in next(str(t.error) for t in trials if t.number == 1)


def test_processes_end_with_the_search(problem: Problem) -> None:
    pool = ForkedPool(make_work(problem, PreparedEvaluator()), 2)
    execution = Execution(problem, PreparedEvaluator(), pool, should_stop=never)
    list(execution.run([Proposal(i, {"n_estimators": i + 1}) for i in range(3)]))
    processes = [worker.process for worker in pool.workers]
    pool.close()
    assert processes
    assert not any(process.is_alive() for process in processes)


def test_without_processes_it_is_the_same(problem: Problem) -> None:
    pool = InlinePool(make_work(problem, PreparedEvaluator()))
    execution = Execution(problem, PreparedEvaluator(), pool, should_stop=never)
    trials = list(execution.run([Proposal(0, {"n_estimators": 3, "max_depth": 2})]))
    wanted = search(problem, config({"n_estimators": [3], "max_depth": [2]})).trials
    assert [t.fold_scores for t in trials] == [t.fold_scores for t in wanted]


def test_racing_drops_what_is_worse_and_says_why() -> None:
    X, y = breast_cancer()
    race = Problem.from_arrays(X, y, model_type="random_forest", cv_folds=10)
    grid = {"n_estimators": [30], "min_samples_leaf": [1, 2, 220]}
    result = search(race, config(grid, early_stopping=True))
    status = {t.params["min_samples_leaf"]: t.status for t in result.trials}
    assert status[220] == "dropped"
    dropped = next(t for t in result.trials if t.status == "dropped")
    assert 3 <= len(dropped.fold_scores) < 10
    assert "paired t-test" in str(dropped.error)
    plain = search(race, config(grid))
    assert (result.best_params, result.best_score) == (plain.best_params, plain.best_score)


def test_pieces_make_the_same_whole_in_any_order(problem: Problem) -> None:
    wanted = search(problem, config(SMALL))
    units = plan(config(SMALL), problem=problem, units=4)
    assert len(units) >= 4
    again = [WorkUnit.from_dict(json.loads(json.dumps(unit.to_dict()))) for unit in units]
    assert again == units
    trials = [t for unit in units[::-1] for t in evaluate(unit, config(SMALL), problem=problem)]
    trials.sort(key=lambda trial: trial.number)
    assert [(dict(t.params), t.fold_scores) for t in trials] == scores(wanted)
    left = plan(config(SMALL), problem=problem, done=[t.number for t in trials[:5]])
    assert [p.number for unit in left for p in unit.proposals] == [5, 6, 7]


@pytest.mark.parametrize("sampler", ["tpe", "gp"])
def test_bayesian_repeats_itself_and_goes_on_where_it_stopped(
    problem: Problem, sampler: str
) -> None:
    grid = {
        "n_estimators": {"low": 2, "high": 9},
        "max_depth": [2, 4, None],
        "min_samples_leaf": {"low": 1, "high": 40, "log": True},
    }
    wanted = config(grid, method="bayesian", n_iter=12, sampler=sampler)
    first = search(problem, wanted)
    assert len({json.dumps(t.params, sort_keys=True) for t in first.trials}) == 12
    assert first.sampler == sampler
    assert scores(search(problem, wanted)) == scores(first)
    assert scores(search(problem, wanted, earlier=first.trials[:7])) == scores(first)


def test_bayesian_ends_when_every_combination_was_tried(problem: Problem) -> None:
    grid = {"n_estimators": [1, 2], "max_depth": [1, 2]}
    result = search(problem, config(grid, method="bayesian", n_iter=20))
    assert len(result.trials) == result.total_combinations == 4
    assert result.complete


def test_the_best_of_another_search_is_a_start(problem: Problem) -> None:
    before = search(problem, config(SMALL))
    random = search(problem, config(SMALL, method="random_search", n_iter=3), known=before.trials)
    assert random.trials[0].params == before.best_params
    bayesian = search(problem, config(SMALL, method="bayesian", n_iter=3), known=before.trials[1:])
    assert len(bayesian.trials) == 3


def test_next_proposals_follow_from_the_trials_alone(problem: Problem) -> None:
    wanted = config(
        {"n_estimators": {"low": 2, "high": 50}}, method="bayesian", sampler="tpe", n_iter=10
    )
    some = search(problem, wanted).trials[:6]
    following = next_proposals(wanted, some, count=2, task=problem.task)
    assert following == next_proposals(wanted, some[::-1], count=2, task=problem.task)
    assert [proposal.number for proposal in following] == [6, 7]
    tried = [dict(trial.params) for trial in some]
    assert all(proposal.params not in tried for proposal in following)
    other = next_proposals(wanted, some, under_way=[following[0].params], task=problem.task)
    assert other[0].params != following[0].params


def test_a_result_survives_json(problem: Problem) -> None:
    result = search(problem, config(SMALL))
    data = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert SearchResult.from_dict(data) == result
    assert [trial.mean for trial in result.top(3)] == sorted(
        (t.mean for t in result.trials if t.mean is not None), reverse=True
    )[:3]


def test_words_stand_in_the_csv_as_they_are() -> None:
    X, y = breast_cancer()
    few = Problem.from_arrays(X[:60], y[:60], model_type="knn", cv_folds=2)
    text = to_csv(search(few, config({"weights": ["uniform", "distance"]}, "knn")))
    assert [line.split(",")[3] for line in text.splitlines()] == ["weights", "uniform", "distance"]


def test_csv_and_importance(problem: Problem) -> None:
    result = search(problem, config(SMALL))
    rows = csv_rows(result)
    assert len(rows) == 9
    assert {len(row) for row in rows} == {len(rows[0])}
    assert to_csv(result).count("\n") == 9
    shares = parameter_importance(result.trials)
    assert set(shares) == set(SMALL)
    assert math.isclose(sum(shares.values()), 1.0)


@pytest.mark.parametrize("metric", ["accuracy", "f1", "roc_auc"])
def test_the_exported_code_gives_the_best_score_again(
    tmp_path: Path, skills_csv: Path, metric: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = TrainingConfig(str(skills_csv), preset="future_skills")
    grid = {"n_estimators": [5, 8], "max_depth": [3, None]}
    result = run_search(SearchConfig(training, param_grid=grid, scoring_metric=metric))
    code = to_python(result)
    monkeypatch.chdir(skills_csv.parent)
    found: dict[str, Any] = {}
    exec(compile(code, "exported.py", "exec"), found)  # noqa: S102  (our own export)
    assert list(found["scores"]) == pytest.approx(list(result.top(1)[0].fold_scores), abs=1e-12)


@pytest.mark.parametrize("model", ["xgboost", "lightgbm", "svm"])
def test_the_exported_code_of_any_model_runs_without_us(
    tmp_path: Path, skills_csv: Path, model: str
) -> None:
    pytest.importorskip(model if model != "svm" else "sklearn")
    table = tmp_path / "people.csv"
    table.write_text(skills_csv.read_text().replace(",", ";"))
    grid: dict[str, Any] = {"n_estimators": [5]} if model != "svm" else {"C": [1.0]}
    training = TrainingConfig(
        str(table), preset="future_skills", model_type=model, display_name="people"
    )
    result = run_search(SearchConfig(training, param_grid=grid, cv_folds=3))
    code = to_python(result)
    assert "modelwright" not in code
    assert "=None" not in code
    done = subprocess.run(
        [sys.executable, "-c", code + "\nprint(scores.tolist())"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    scores = json.loads(done.stdout.splitlines()[-1])
    assert scores == pytest.approx(list(result.top(1)[0].fold_scores), abs=1e-12)


def test_the_search_does_not_see_the_rows_kept_for_the_test(skills_csv: Path) -> None:
    training = TrainingConfig(str(skills_csv), preset="future_skills")
    small = {"n_estimators": [2]}
    assert len(Problem.from_config(SearchConfig(training, param_grid=small)).y) == 285
    everything = SearchConfig(training, param_grid=small, rows="all")
    assert len(Problem.from_config(everything).y) == 357


@pytest.mark.parametrize(
    "options",
    [
        {"cv_folds": 1},
        {"cv_folds": 21},
        {"cv_folds": True},
        {"n_iter": 0},
        {"random_state": -1},
        {"timeout_seconds": 0},
        {"timeout_seconds": math.nan},
        {"timeout_seconds": "60"},
        {"method": "guess"},
        {"sampler": "magic"},
        {"scoring_metric": "beauty"},
        {"early_stopping": "yes"},
        {"processes": 0},
    ],
)
def test_a_wrong_setting_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(SearchError):
        config(SMALL, **options).check()


def test_a_metric_must_fit_the_task() -> None:
    with pytest.raises(ScoringError, match="is for regression"):
        config(SMALL, scoring_metric="r2").check("classification")


def test_unknown_entries_of_a_configuration_are_refused() -> None:
    with pytest.raises(SearchError, match="Unknown entries"):
        SearchConfig.from_dict({"training": {"dataset_path": "t.csv"}, "grid": {}})
