"""Training a subject's model again as its champion was trained, on the data of today."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from modelwright.catalog.errors import DataSetRefusedError
from modelwright.catalog.models import DataSet
from modelwright.core.files import UnsafePathError
from modelwright.registry.models import ModelVersion, Subject
from modelwright.runs.machine_services import machine_training_submit
from modelwright.runs.models import TrainingRun
from modelwright.runs.services import TrainingRequest, model_train, training_submit
from modelwright.runs.states import Status
from modelwright.serving.gathering import dataset_gather
from modelwright.tuning.models import TuningRun
from modelwright.tuning.services import TuningRequest, tuning_submit, tuning_train_best

SPACES: dict[str, dict[str, Any]] = {
    "random_forest": {
        "n_estimators": [50, 100, 200, 400],
        "max_depth": [None, 5, 10, 20],
        "min_samples_leaf": {"low": 1, "high": 10},
    },
    "extra_trees": {
        "n_estimators": [50, 100, 200, 400],
        "max_depth": [None, 5, 10, 20],
        "min_samples_leaf": {"low": 1, "high": 10},
    },
    "hist_gradient_boosting": {
        "learning_rate": {"low": 0.01, "high": 0.3, "log": True},
        "max_iter": [50, 100, 200],
        "max_leaf_nodes": [15, 31, 63],
    },
    "logistic_regression": {"C": {"low": 0.001, "high": 100.0, "log": True}},
    "ridge": {"alpha": {"low": 0.001, "high": 1000.0, "log": True}},
    "svm": {"C": {"low": 0.01, "high": 100.0, "log": True}},
    "knn": {"n_neighbors": {"low": 1, "high": 30}},
    "xgboost": {
        "learning_rate": {"low": 0.01, "high": 0.3, "log": True},
        "n_estimators": [50, 100, 200],
    },
    "lightgbm": {
        "learning_rate": {"low": 0.01, "high": 0.3, "log": True},
        "n_estimators": [50, 100, 200],
    },
}
"""Where a policy looks for better hyperparameters of each model type."""


@dataclass(frozen=True)
class Material:
    """What a challenger is to learn from.

    Parameters
    ----------
    table : DataSet or None
        None: the machine's readings, or the champion's table as it stands.
    fault : str
        Why there is nothing to learn from; it would be the same the next time.
    """

    table: DataSet | None = None
    fault: str = ""


def material_of(champion: ModelVersion, *, turn: str, since: dt.datetime | None) -> Material:
    """Return what a challenger is to learn from: of a table, what came true is gathered.

    It may take minutes, so it is done under no lock; done twice, it gives the same data set.

    Parameters
    ----------
    champion : ModelVersion
    turn : str
        What it is for: by this the data set is known again.
    since : datetime, optional
        Learn only from what was predicted from then on.
    """
    if champion.run.machine is not None:
        return Material()
    try:
        return Material(dataset_gather(champion=champion, source=turn, since=since))
    except (DataSetRefusedError, UnsafePathError) as error:
        return Material(fault=error.message)


def subject_retrain(
    subject: Subject,
    champion: ModelVersion,
    *,
    trigger: str,
    reason: str,
    since: dt.datetime | None = None,
    gathered: DataSet | None = None,
) -> TrainingRun:
    """Submit a training like the champion's.

    Parameters
    ----------
    subject : Subject
    champion : ModelVersion
    trigger, reason : str
        As on the run.
    since : datetime, optional
        A machine's model learns from its readings from then on.
    gathered : DataSet, optional
        A table's model learns from this in place of the table.

    Raises
    ------
    SubjectBusyError
        One is pending or running.
    """
    run = champion.run
    if subject.machine is not None:
        return machine_training_submit(
            machine=subject.machine,
            model_type=subject.model_type,
            user=None,
            trigger_type=trigger,
            reason=reason,
            options=run.requested_hyperparameters,
            since=since,
        )
    if run.experiment is not None:
        return model_train(
            experiment=run.experiment,
            model_type=run.model_type,
            user=None,
            hyperparameters=run.requested_hyperparameters,
            test_size=run.test_split,
            random_state=run.random_state,
            notes=reason,
            trigger_type=trigger,
            gathered=gathered,
        )
    return training_submit(
        request=TrainingRequest(
            dataset_path=run.dataset_path,
            test_split=run.test_split,
            hyperparameters=run.requested_hyperparameters,
            notes=reason,
            preset=run.preset,
            target_column=run.target_column,
            model_type=run.model_type,
            random_state=run.random_state,
            trigger_type=trigger,
            gathered=gathered,
        ),
        user=None,
    )


def subject_tune(
    champion: ModelVersion, rule: Mapping[str, Any], *, gathered: DataSet | None = None
) -> TuningRun:
    """Start a search over the hyperparameters of the champion's model type.

    Raises
    ------
    InvalidInputError
        The search can't be started.
    """
    run = champion.run
    return tuning_submit(
        request=TuningRequest(
            tuning_method=rule.get("method", "random_search"),
            param_grid=SPACES[run.model_type],
            n_iter=rule.get("trials", 20),
            scoring_metric="accuracy" if run.task == "classification" else "r2",
        ),
        model_run=run,
        user=None,
        gathered=gathered,
    )


def tuned_run(tuning_run_id: UUID | None, *, trigger: str) -> TrainingRun | str | None:
    """Return the training with what a search found, why there is none, or None: it goes on."""
    searches = TuningRun.objects.all() if tuning_run_id else TuningRun.objects.none()
    search = searches.filter(pk=tuning_run_id or "").first()
    if search is None:
        return "The search was deleted."
    if not search.is_ended:
        return None
    if search.status != Status.COMPLETED:
        return f"The search is {search.status}."
    return tuning_train_best(run=search, user=None, trigger_type=trigger)
