"""The pieces of a search as a kind of job: what goes to the child, what becomes of its parts."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import transaction

from modelwright.engine.search.results import FAILED, Trial
from modelwright.runs.kinds import Fields, JobKind
from modelwright.runs.training_kind import training_prepare
from modelwright.tuning.life import (
    slots_there,
    trials_keep,
    tuning_advance,
    tuning_begin,
    tunings_advance_all,
)
from modelwright.tuning.models import TuningRun, TuningUnit
from modelwright.tuning.trials import trials_of

HARD_LIMIT_AFTER_SECONDS = 1.0
NOTHING: Fields = {"do": "nothing"}
SEARCH_OPTIONS = (
    "param_grid", "cv_folds", "scoring_metric", "n_iter", "random_state", "early_stopping",
    "sampler",
)  # fmt: skip


def unit_prepare(unit: TuningUnit) -> Fields:
    """Return what the child needs to know: a `SearchConfig` as a dict, and which part of it."""
    tuning_begin(unit.tuning_run_id)
    run = TuningRun.objects.select_related(
        "model_run__experiment__dataset", "parent_tuning_run", "gathered"
    ).get(pk=unit.tuning_run_id)
    left = run.seconds_left
    if run.is_ended or (left is not None and left <= 0):
        return NOTHING
    whole = unit.role == TuningUnit.Role.WHOLE
    limit = settings.JOB_TIME_LIMIT_SECONDS if whole else None
    seconds = min((s for s in (left, limit) if s is not None), default=None)
    if seconds is not None:
        _limit(unit, seconds + HARD_LIMIT_AFTER_SECONDS)
    earlier = trials_of(run)
    numbers = {trial.number for trial in earlier}
    if whole:
        earlier = [*_of_stopped_parent(run), *earlier]
    proposals = [p for p in unit.proposals if p["number"] not in numbers]
    if unit.role == TuningUnit.Role.TRIALS and not proposals:
        return NOTHING
    return {
        "do": unit.role,
        "config": {
            **{name: run.config[name] for name in SEARCH_OPTIONS if name in run.config},
            "training": training_prepare(run.model_run, gathered=run.gathered),
            "method": run.tuning_method,
            "timeout_seconds": seconds,
            "processes": settings.JOB_THREADS * (settings.JOB_SLOTS if whole else 1),
        },
        "proposals": proposals,
        "units": slots_there(),
        "earlier": [trial.to_dict() for trial in earlier],
        "there": sorted(numbers),
        "known": _known(run),
    }


def _limit(unit: TuningUnit, seconds: float) -> None:
    """Have the watcher end the piece when the search's time is up, even in the midst of a fit."""
    unit.time_limit_seconds = min(unit.time_limit_seconds or seconds, seconds)
    TuningUnit.objects.filter(pk=unit.pk).update(time_limit_seconds=unit.time_limit_seconds)


def _of_stopped_parent(run: TuningRun) -> list[Trial]:
    """Return what the search that this one goes on with has found; what failed is tried again."""
    if run.parent_tuning_run is None or not run.config.get("continues"):
        return []
    return [trial for trial in trials_of(run.parent_tuning_run) if trial.status != FAILED]


def _known(run: TuningRun) -> list[Fields]:
    """Return the trials of another search to start from."""
    if run.parent_tuning_run is None or run.config.get("continues"):
        return []
    return [trial.to_dict() for trial in trials_of(run.parent_tuning_run)]


def unit_completed_fields(_unit: TuningUnit, result: Mapping[str, Any]) -> Fields:
    """Return the columns of a completed piece."""
    return {"result": dict(result)}


def unit_failed_fields(_unit: TuningUnit) -> Fields:
    """Return the columns of a failed piece: none."""
    return {}


def unit_keep(unit: TuningUnit, parts: Sequence[Mapping[str, Any]]) -> None:
    """Store trials."""
    trials_keep(unit.tuning_run_id, parts)


def unit_ended(unit: TuningUnit) -> None:
    """Go on with the search once the end of the piece is committed."""
    run_id = unit.tuning_run_id
    transaction.on_commit(lambda: tuning_advance(run_id))


TUNING = JobKind(
    name="tuning",
    model=TuningUnit,
    queue="tuning",
    work="modelwright.tuning.work:work",
    warm_up="modelwright.tuning.work:warm_up",
    prepare=unit_prepare,
    completed_fields=unit_completed_fields,
    failed_fields=unit_failed_fields,
    ended=unit_ended,
    keep=unit_keep,
    sweep=tunings_advance_all,
)
