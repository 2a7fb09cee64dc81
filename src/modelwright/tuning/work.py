"""What the pieces of a search do in their child process. For workers only: it loads scikit-learn.

Every trial is handed over as soon as it has ended, so that it survives whatever comes after.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from modelwright.engine.search.config import SearchConfig
from modelwright.engine.search.distributed import WorkUnit, evaluate, plan
from modelwright.engine.search.evaluators import choose
from modelwright.engine.search.evaluators.choice import FORESTS, forest_for
from modelwright.engine.search.export import recipe_of, to_python
from modelwright.engine.search.problem import Problem
from modelwright.engine.search.results import SearchProgress, SearchResult, Trial, best_of
from modelwright.engine.search.runner import search
from modelwright.runs.child import Report

Payload = Mapping[str, Any]


def work(payload: Payload, _scratch: Path, report: Report) -> Mapping[str, Any]:
    """Do what `payload["do"]` says with the search that `payload["config"]` describes."""
    return _DOES[payload["do"]](payload, report)


def warm_up(payload: Payload) -> None:
    """Check once in the worker that the fast way is exact here: each child would take as long."""
    training = payload.get("config", {}).get("training", {})
    if training.get("model_type") in FORESTS and training.get("task"):
        forest_for(training["model_type"], training["task"])


def _nothing(_payload: Payload, _report: Report) -> Mapping[str, Any]:
    return {}


def _plan(payload: Payload, _report: Report) -> Mapping[str, Any]:
    config = SearchConfig.from_dict(payload["config"])
    units = plan(config, known=_trials(payload["known"]), units=payload["units"])
    return {"groups": [unit.to_dict() for unit in units]}


def _evaluate(payload: Payload, report: Report) -> Mapping[str, Any]:
    config = SearchConfig.from_dict(payload["config"])
    problem = Problem.from_config(config)
    unit = WorkUnit.from_dict({"index": 0, "proposals": payload["proposals"]})
    keeper = _Keeper(problem, report, _trials(payload["earlier"]))
    evaluate(unit, config, problem=problem, on_trial=keeper.keep)
    evaluator, notes = choose(problem, config.evaluator)
    return {"evaluator": evaluator.name, "notes": [*problem.notes, *notes]}


def _whole(payload: Payload, report: Report) -> Mapping[str, Any]:
    config = SearchConfig.from_dict(payload["config"])
    problem = Problem.from_config(config)
    earlier = _trials(payload["earlier"])
    keeper = _Keeper(problem, report, earlier)
    there = set(payload["there"])

    def heard(progress: SearchProgress) -> None:
        if progress.trial is not None and progress.trial.number not in there:
            keeper.keep(progress.trial, total=progress.total)

    result = search(problem, config, report=heard, earlier=earlier, known=_trials(payload["known"]))
    return {
        "evaluator": result.evaluator,
        "sampler": result.sampler,
        "notes": list(result.notes),
        "ended": result.ended,
    }


_DOES: dict[str, Callable[[Payload, Report], Mapping[str, Any]]] = {
    "nothing": _nothing,
    "plan": _plan,
    "trials": _evaluate,
    "whole": _whole,
}


class _Keeper:
    """Hands over each trial; one that is the best so far with what its export needs."""

    def __init__(self, problem: Problem, report: Report, earlier: list[Trial]) -> None:
        self._problem = problem
        self._report = report
        self._best = best_of(earlier)

    def keep(self, trial: Trial, total: int | None = None) -> None:
        """Hand over one trial."""
        part: dict[str, Any] = {"trial": trial.to_dict(), "total": total}
        best = best_of([t for t in (self._best, trial) if t is not None])
        if best is trial:
            part["recipe"] = {"python": self._code(trial)}
        self._best = best
        self._report.keep(part)

    def _code(self, trial: Trial) -> str:
        """Return the code of the best; made here, since only here the estimators are at hand."""
        problem = self._problem
        result = SearchResult(
            method="",
            model_type=problem.model_type,
            scoring_metric=problem.metric,
            cv_folds=len(problem.splits),
            best_params=trial.params,
            best_score=trial.mean,
            trials=(trial,),
            total_combinations=1,
            tuning_time=0.0,
            recipe=recipe_of(problem, trial.params),
        )
        return to_python(result)


def _trials(entries: list[Mapping[str, Any]]) -> list[Trial]:
    return [Trial.from_dict(entry) for entry in entries]
