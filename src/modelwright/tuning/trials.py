"""The trials of a search as the engine knows them, and what is made of them when it ends."""

from collections.abc import Iterable, Sequence
from typing import Any

from modelwright.engine.search.results import FAILED, Trial, ranked
from modelwright.tuning.models import TuningRun, TuningTrial

KEPT_IN_RESULTS = 20
FINISHED = "finished"
TIMED_OUT = "timed_out"
CANCELLED = "cancelled"
BROKEN = "failed"


def as_trial(row: TuningTrial) -> Trial:
    """Return a stored trial as the engine has it."""
    return Trial(
        number=row.number,
        params=row.params,
        fold_scores=tuple(row.fold_scores),
        mean=row.mean,
        std=row.std,
        duration=row.duration,
        status=row.status,
        error=row.error or None,
    )


def as_row(run: TuningRun, trial: Trial, recipe: Any = None) -> TuningTrial:
    """Return a trial as it is stored."""
    return TuningTrial(
        tuning_run=run,
        number=trial.number,
        params=dict(trial.params),
        fold_scores=list(trial.fold_scores),
        mean=trial.mean,
        std=trial.std,
        duration=trial.duration,
        status=trial.status,
        error=trial.error or "",
        recipe=recipe,
    )


def trials_of(run: TuningRun) -> list[Trial]:
    """Return all trials of a search, by number."""
    return [as_trial(row) for row in run.trials.defer("recipe").order_by("number")]


def shown(rank: int, trial: Trial) -> dict[str, Any]:
    """Return a trial as contract C lists it."""
    return {
        "rank": rank,
        "params": dict(trial.params),
        "mean_score": trial.mean,
        "std_score": trial.std,
        "scores": list(trial.fold_scores),
    }


def listed(trials: Iterable[Trial], count: int) -> list[dict[str, Any]]:
    """Return the best trials as contract C lists them."""
    return [shown(rank, t) for rank, t in enumerate(ranked(list(trials))[:count], 1)]


def results_of(
    run: TuningRun,
    trials: Sequence[Trial],
    *,
    ended: str,
    seconds: float,
    units: Sequence[dict[str, Any]],
    error: dict[str, str] | None,
) -> dict[str, Any]:
    """Return the `results` of the table: the contract's entries, and how the search ended.

    Parameters
    ----------
    run : TuningRun
        Not yet ended.
    trials : sequence of Trial
        All that there are.
    ended : str
        `finished`, `timed_out`, `cancelled` or `failed`.
    seconds : float
        That the search took.
    units : sequence of dict
        What its pieces said in the end.
    error : dict or None
        Type and message, where it failed.
    """
    best = ranked(list(trials))[:1]
    failed = [trial for trial in trials if trial.status == FAILED]
    notes = list(dict.fromkeys(note for unit in units for note in unit.get("notes", ())))
    said = {name: next((u[name] for u in units if u.get(name)), "") for name in _SAID}
    return {
        "best_score": best[0].mean if best else None,
        "total_combinations": total_of(run, len(trials)),
        "cv_folds": run.config["cv_folds"],
        "scoring_metric": run.config["scoring_metric"],
        "tuning_time": round(seconds, 4),
        "tuning_method": run.tuning_method,
        "all_results": listed(trials, KEPT_IN_RESULTS),
        "error": error,
        "ended": ended,
        "timed_out": ended == TIMED_OUT,
        "tried": len(trials),
        "failed": len(failed),
        "evaluator": said["evaluator"],
        "sampler": said["sampler"] or run.tuning_method,
        "notes": notes,
    }


_SAID = ("evaluator", "sampler")


def total_of(run: TuningRun, tried: int) -> int:
    """Return how many combinations the search is to try."""
    return max(tried, int((run.progress or {}).get("total", 0)))
