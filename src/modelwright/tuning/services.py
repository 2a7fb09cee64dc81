"""Starting, cancelling and continuing searches, and training what they found best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.models import User
from modelwright.catalog.models import DataSet
from modelwright.core.errors import InvalidInputError
from modelwright.engine.config import TrainingConfig
from modelwright.engine.errors import HyperparameterError
from modelwright.engine.search.config import SearchConfig
from modelwright.engine.search.errors import SearchError
from modelwright.engine.search.scoring import default_metric, metric_for
from modelwright.engine.search.space import BAYESIAN, GRID, SearchSpace
from modelwright.runs.models import TrainingRun
from modelwright.runs.services import TrainingRequest, training_submit
from modelwright.runs.states import Status
from modelwright.tuning.errors import (
    ModelRunNotReadyError,
    NotCompletedError,
    NotContinuableError,
    TuningEndedError,
)
from modelwright.tuning.life import locked, tuning_stop, unit_add, units_stop
from modelwright.tuning.models import TuningRun, TuningUnit


@dataclass(frozen=True)
class TuningRequest:
    """What somebody asks to be searched, not yet checked.

    Parameters
    ----------
    tuning_method : str
        `grid_search`, `random_search` or `bayesian`.
    param_grid : mapping
        Parameter -> list of choices, or range.
    cv_folds : int
        2 to 20.
    scoring_metric : str
        Empty: accuracy, or R2 for a regression.
    n_iter : int
        Combinations of `random_search` and `bayesian`.
    random_state : int
        Of the folds and the choice.
    timeout_seconds : float or None
        The search ends then with what it has.
    early_stopping : bool
        Combinations that are surely worse are dropped after some folds.
    sampler : str
        Of `bayesian`: `auto`, `tpe` or `gp`.
    tags : sequence of str
        Free words.
    user_notes : str
        Free text.
    """

    tuning_method: str
    param_grid: Mapping[str, Any]
    cv_folds: int = 5
    scoring_metric: str = ""
    n_iter: int = 20
    random_state: int = 42
    timeout_seconds: float | None = None
    early_stopping: bool = False
    sampler: str = "auto"
    tags: Sequence[str] = field(default_factory=tuple)
    user_notes: str = ""


def tuning_check(request: TuningRequest, model_run: TrainingRun) -> tuple[SearchConfig, int]:
    """Check all that can be told without the data; nothing heavy is loaded.

    Returns
    -------
    config : SearchConfig
        With the data set's name only.
    total : int
        Combinations that the search will try, at most.

    Raises
    ------
    InvalidInputError
        With the messages of a wrong field.
    """
    task = model_run.task or None
    config = SearchConfig(
        training=TrainingConfig(
            dataset_path=model_run.dataset_path,
            target_column=model_run.target_column,
            model_type=model_run.model_type,
            preset=model_run.preset or None,
            task=task,
            hyperparameters=model_run.requested_hyperparameters,
        ),
        method=request.tuning_method,
        param_grid=request.param_grid,
        cv_folds=request.cv_folds,
        scoring_metric=request.scoring_metric or default_metric(task or "classification"),
        n_iter=request.n_iter,
        random_state=request.random_state,
        timeout_seconds=request.timeout_seconds,
        early_stopping=request.early_stopping,
        sampler=request.sampler,
    )
    try:
        space = config.check(task)
        metric_for(
            config.scoring_metric,
            task,
            model_type=model_run.model_type,
            classes=len(model_run.per_class_metrics) or None,
        )
    except HyperparameterError as error:
        raise InvalidInputError({"param_grid": error.messages}) from error
    except SearchError as error:
        raise InvalidInputError({_field_of(error): [str(error)]}) from error
    return config, _count(config, space)


def _field_of(error: SearchError) -> str:
    """Return the name that stands at the beginning of the message."""
    return str(error).partition(" ")[0]


def _count(config: SearchConfig, space: SearchSpace) -> int:
    if config.method == GRID:
        return space.count()
    return min(config.n_iter, space.count()) if space.lists_only else config.n_iter


def tuning_submit(
    *,
    request: TuningRequest,
    model_run: TrainingRun,
    user: User | None,
    parent: TuningRun | None = None,
    continues: bool = False,
    here: bool = False,
    gathered: DataSet | None = None,
) -> TuningRun:
    """Write a pending search and ring for a worker once the transaction is through.

    Parameters
    ----------
    request : TuningRequest
        Checked here.
    model_run : TrainingRun
        Whose data, target and model type are searched on.
    user : User or None
        Who searches; that they may is `tuning.access`'s to say, before.
    parent : TuningRun, optional
        A search to start from.
    continues : bool
        Take the parent's trials over: it is the same search, which was stopped.
    here : bool
        The caller runs it itself, as one piece: no bell is rung.
    gathered : DataSet, optional
        The table to search on; default: the model run's.

    Raises
    ------
    ModelRunNotReadyError
        The model run has not completed.
    InvalidInputError
        A field is wrong; nothing is recorded.
    """
    if model_run.status != Status.COMPLETED:
        raise ModelRunNotReadyError(
            f"Only a completed model run can be tuned; this one is {model_run.status}.",
            status=model_run.status,
        )
    config, total = tuning_check(request, model_run)
    stored = {
        "param_grid": dict(request.param_grid),
        "cv_folds": config.cv_folds,
        "scoring_metric": config.scoring_metric,
        "n_iter": config.n_iter,
        "random_state": config.random_state,
        "timeout_seconds": config.timeout_seconds,
        "early_stopping": config.early_stopping,
        "sampler": config.sampler,
        "continues": continues,
    }
    at_one_place = here or config.method == BAYESIAN or config.early_stopping
    role = TuningUnit.Role.WHOLE if at_one_place else TuningUnit.Role.PLAN
    with transaction.atomic():
        run = TuningRun.objects.create(
            model_run=model_run,
            gathered=gathered,
            tuning_method=config.method,
            config=stored,
            progress={"current": 0, "total": total, "status": "Starting", "percentage": 0.0},
            tags=list(request.tags),
            user_notes=request.user_notes,
            parent_tuning_run=parent,
            user=user,
        )
        unit_add(run, 0, role, ring=not here)
        audit_record(
            verb=Verb.RUN_SUBMITTED,
            target=run,
            actor=user,
            after={"model_run": str(model_run.pk), "method": config.method, **stored},
        )
    return run


def tuning_cancel(*, run: TuningRun, user: User | None) -> TuningRun:
    """End a search at once, keeping what was found; its processes are ended within two seconds.

    Raises
    ------
    TuningEndedError
        It has ended already.
    """
    with transaction.atomic():
        held = locked(run.pk)
        if held is not None:
            tuning_stop(held, user)
    if held is None:
        run.refresh_from_db()
        raise TuningEndedError(f"The search has already ended ({run.status}).", status=run.status)
    units_stop(run.pk)
    run.refresh_from_db()
    return run


def tuning_delete(*, run: TuningRun, user: User | None) -> None:
    """Delete a search with its trials, pieces and events; one that goes on still ends within 2 s.

    Its workers notice that their pieces are gone. Searches that were continued from it stay.
    """
    with transaction.atomic():
        held = TuningRun.objects.select_for_update().filter(pk=run.pk).first()
        if held is None:
            return
        audit_record(
            verb=Verb.SEARCH_DELETED,
            target=held,
            actor=user,
            before={
                "model_run": str(held.model_run_id),
                "method": held.tuning_method,
                "status": held.status,
                "best_params": held.best_params,
            },
        )
        TuningRun.objects.filter(pk=held.pk).delete()  # the database takes the rest along


def tuning_continue(*, run: TuningRun, changes: Mapping[str, Any], user: User | None) -> TuningRun:
    """Start a search that goes on where an ended one stopped.

    With the same grid and scoring the trials of the old one are taken over and only what is missing
    is computed; with another grid (a finer one around the best, say) they are what the new search
    learns from.

    Parameters
    ----------
    run : TuningRun
        Ended.
    changes : mapping
        Fields of `TuningRequest` that are to differ.
    user : User or None
        Who continues it.

    Raises
    ------
    NotContinuableError
        The search goes on still, or has nothing left to try.
    InvalidInputError
        A changed field is wrong.
    """
    if not run.is_ended:
        raise NotContinuableError("The search has not ended yet: cancel it, or wait for it.")
    known = TuningRequest.__dataclass_fields__
    fields: dict[str, Any] = {name: run.config[name] for name in run.config if name in known}
    fields |= {"tuning_method": run.tuning_method, "tags": run.tags, "user_notes": run.user_notes}
    request = TuningRequest(**{**fields, **changes})
    same = all(
        changes.get(name, fields.get(name)) == fields.get(name)
        for name in ("tuning_method", "param_grid", "cv_folds", "scoring_metric", "random_state")
    )
    if (
        same
        and (run.results or {}).get("ended") == "finished"
        and (run.tuning_method == GRID or request.n_iter <= run.config["n_iter"])
    ):
        raise NotContinuableError(
            "The search has tried everything it was asked for: give another param_grid"
            " or, but for grid_search, a larger n_iter."
        )
    return tuning_submit(
        request=request,
        model_run=run.model_run,
        user=user,
        parent=run,
        continues=same,
        gathered=run.gathered,
    )


def tuning_train_best(
    *, run: TuningRun, user: User | None, notes: str = "", trigger_type: str = "manual"
) -> TrainingRun:
    """Submit a training with the best parameters; its completion makes a version.

    Raises
    ------
    NotCompletedError
        The search has found nothing (yet).
    InvalidInputError, SubjectBusyError
        As `training_submit`.
    """
    if not run.is_ended or not run.best_params:
        raise NotCompletedError(
            f"The search has no best combination ({run.status}).", status=run.status
        )
    old = run.model_run
    score = (run.results or {}).get("best_score")
    text = f"Best of tuning run {run.pk}: {run.config['scoring_metric']} {score:.6g}"
    return training_submit(
        request=TrainingRequest(
            dataset_path=old.dataset_path,
            test_split=old.test_split,
            hyperparameters={**old.requested_hyperparameters, **run.best_params},
            notes=notes or text,
            preset=old.preset,
            target_column=old.target_column,
            model_type=old.model_type,
            task=old.task,
            random_state=old.random_state,
            experiment=old.experiment,
            gathered=run.gathered or old.gathered,
            tuning_run_id=run.pk,
            trigger_type=trigger_type,
        ),
        user=user,
    )
