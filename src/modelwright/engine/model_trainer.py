"""`ModelTrainer`: load a table, train a model, evaluate it, save it, record the run."""

import dataclasses
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from modelwright.engine.artifacts import write_artifact
from modelwright.engine.config import TableLimits, TrainingConfig
from modelwright.engine.dataset import Dataset, ReportProgress, load_dataset
from modelwright.engine.environment import environment
from modelwright.engine.errors import TrainingError
from modelwright.engine.evaluation import evaluate_classification, evaluate_regression
from modelwright.engine.fitting import FIT_FAILURES, FIT_TO, first_line, fit_pipeline
from modelwright.engine.hyperparameters import validate_hyperparameters
from modelwright.engine.importance import permutation_importance, summed_importance
from modelwright.engine.parameters import CLASSIFICATION
from modelwright.engine.presets import FUTURE_SKILLS, preset_for
from modelwright.engine.recording import get_recorder
from modelwright.engine.results import ArtifactInfo, Evaluation, TrainingResult, plain
from modelwright.engine.trainers import Trainer, trainer_for


def _silent(_percent: float, _step: str, _message: str) -> None:
    """Tell nobody."""


class ModelTrainer:
    """Trains one model on one table.

    Without `target_column` and `preset` it is the *future skills* trainer: its columns, its labels,
    a random forest with balanced classes.

    Parameters
    ----------
    dataset_path : path-like
        A CSV or Parquet file.
    test_split : float
        Share of the rows kept for the evaluation, 0.1 to 0.5; checked by `load_data`.
    random_state : int
        Seed of the split and of the model.
    target_column : str, optional
        What to predict.
    model_type : str, optional
        One of `MODEL_TYPES`; default the preset's, or a random forest.
    preset : str, optional
        A ready-made set-up by name.
    task : str, optional
        ``classification`` or ``regression``; told from the target where not given.
    allowed_labels : sequence of str, optional
        Rows with another target value are left out.
    feature_columns : sequence of str, optional
        Columns to learn from.
    threads : int
        How many threads the fit may use.
    display_name : str, optional
        What messages call the file.
    limits : TableLimits
        How large the table may be.
    report : callable, optional
        Told the progress: per cent, step (``read``, ``check``, ``split``, ``fit``, ``evaluate``,
        ``save``), message.

    Attributes
    ----------
    X_train, X_test : pandas.DataFrame or None
        The features, after `load_data`.
    y_train, y_test : pandas.Series or None
        The target, after `load_data`.
    model : sklearn.pipeline.Pipeline or None
        Takes a frame with the feature columns, after `train`.
    data_ : Dataset or None
        All that `load_data` found out: task, labels, features, warnings.
    evaluation_ : Evaluation or None
        Of `model` on the test rows.
    metrics_ : dict
        What `train` returned.
    artifact_ : ArtifactInfo or None
        After `save_model`.
    model_path_ : str or None
        After `save_model`.

    Examples
    --------
    >>> import tempfile
    >>> from modelwright.engine.samples import write_future_skills_csv
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     trainer = ModelTrainer(write_future_skills_csv(f"{folder}/skills.csv"))
    ...     trainer.load_data()
    ...     metrics = trainer.train(n_estimators=20)
    >>> len(trainer.X_train), len(trainer.X_test), metrics["accuracy"] > 0.8
    (285, 72, True)
    """

    def __init__(
        self,
        dataset_path: str | os.PathLike[str],
        test_split: float = 0.2,
        random_state: int = 42,
        *,
        target_column: str | None = None,
        model_type: str | None = None,
        preset: str | None = None,
        task: str | None = None,
        allowed_labels: Sequence[str] | None = None,
        feature_columns: Sequence[str] | None = None,
        threads: int = 1,
        display_name: str | None = None,
        limits: TableLimits | None = None,
        report: ReportProgress | None = None,
    ) -> None:
        if preset is None and target_column is None:
            preset = FUTURE_SKILLS.name
        self.config = TrainingConfig(
            dataset_path=os.fspath(dataset_path),
            target_column=target_column or "",
            model_type=model_type or FUTURE_SKILLS.model_type,
            preset=preset,
            task=task,
            allowed_labels=None if allowed_labels is None else tuple(allowed_labels),
            feature_columns=None if feature_columns is None else tuple(feature_columns),
            test_split=test_split,
            random_state=random_state,
            threads=threads,
            display_name=display_name,
            limits=limits or TableLimits(),
        )
        self._begin(report)

    @classmethod
    def from_config(
        cls, config: TrainingConfig, report: ReportProgress | None = None
    ) -> "ModelTrainer":
        """Make a trainer of a configuration, as stored with a run."""
        trainer = cls.__new__(cls)
        trainer.config = config
        trainer._begin(report)
        return trainer

    def _begin(self, report: ReportProgress | None) -> None:
        self.report = report or _silent
        self.data_: Dataset | None = None
        self.model: Pipeline | None = None
        self.evaluation_: Evaluation | None = None
        self.metrics_: dict[str, float | None] = {}
        self.artifact_: ArtifactInfo | None = None
        self.model_path_: str | None = None
        self._fit_warnings: tuple[str, ...] = ()
        self._importance: dict[str, float] | None = None
        self._started: float | None = None

    @property
    def dataset_path(self) -> str:
        """Return the path as given."""
        return self.config.dataset_path

    @property
    def test_split(self) -> float:
        """Return the share of test rows as given."""
        return self.config.test_split

    @property
    def random_state(self) -> int:
        """Return the seed as given."""
        return self.config.random_state

    @property
    def X_train(self) -> pd.DataFrame | None:  # noqa: N802  (scikit-learn's own name)
        """Return the features to learn from."""
        return self.data_.X_train if self.data_ else None

    @property
    def X_test(self) -> pd.DataFrame | None:  # noqa: N802  (scikit-learn's own name)
        """Return the features to test with."""
        return self.data_.X_test if self.data_ else None

    @property
    def y_train(self) -> pd.Series | None:
        """Return the target to learn from."""
        return self.data_.y_train if self.data_ else None

    @property
    def y_test(self) -> pd.Series | None:
        """Return the target to test with."""
        return self.data_.y_test if self.data_ else None

    def load_data(self) -> None:
        """Read the table, check it and split it.

        Raises
        ------
        DataLoadError
            The message names the column, the row where known, and the remedy.
        """
        self._started = time.perf_counter()
        self.data_ = load_dataset(self.config, self.report)

    def train(self, **hyperparameters: Any) -> dict[str, float | None]:
        """Fit the model and evaluate it on the test rows.

        Parameters
        ----------
        **hyperparameters
            Those that differ from the defaults.

        Returns
        -------
        dict
            The metrics, ``training_duration_seconds`` (of fit and evaluation) among them.

        Raises
        ------
        HyperparameterError
            One is unknown or out of range.
        TrainingError
            `load_data` wasn't called, or the fit fails.
        """
        data = self._loaded()
        given = {**self.config.hyperparameters, **hyperparameters}
        trainer, estimator = self._estimator(data, given)
        self.config = dataclasses.replace(self.config, hyperparameters=given)
        failures: tuple[type[Exception], ...] = (*FIT_FAILURES, *trainer.failures)
        started = time.perf_counter()
        try:
            fitted = fit_pipeline(trainer, estimator, data, self.config, self.report)
            self.model, self._fit_warnings = fitted.pipeline, fitted.warnings
            self.report(FIT_TO, "evaluate", f"Evaluating on {len(data.X_test)} rows")
            self.evaluation_ = self._evaluate(self.model, data.X_test, data.y_test)
        except failures as error:
            self.model = None
            raise TrainingError(f"The fit failed: {first_line(error)}") from error
        duration = round(time.perf_counter() - started, 4)
        self._importance = None
        self.metrics_ = {**self.evaluation_.metrics, "training_duration_seconds": duration}
        return dict(self.metrics_)

    def _estimator(self, data: Dataset, given: Mapping[str, Any]) -> tuple[Trainer, Any]:
        config = self.config
        preset = preset_for(config.preset) if config.preset else None
        ready_made = preset is not None and preset.model_type == config.model_type
        only = preset.hyperparameters if preset and ready_made else None
        checked = validate_hyperparameters(config.model_type, given, only, task=data.task)
        if preset and ready_made:
            checked = {**preset.defaults, **checked}
        trainer = trainer_for(config.model_type)
        estimator = trainer.build(
            data.task, checked, random_state=config.random_state, threads=config.threads
        )
        fault = trainer.fault(estimator, len(data.X_train))
        if fault:
            raise TrainingError(fault)
        return trainer, estimator

    def _evaluate(self, model: Pipeline, X: Any, y: Any) -> Evaluation:
        data = self._loaded()
        predicted = model.predict(X)
        if data.task == CLASSIFICATION:
            return evaluate_classification(y, predicted, data.labels)
        return evaluate_regression(y, predicted)

    def evaluate(self, X_test: pd.DataFrame, y_test: Any) -> dict[str, float | None]:
        """Evaluate the model on any rows.

        Parameters
        ----------
        X_test : pandas.DataFrame, shape (n_rows, n_features)
            With the feature columns.
        y_test : array-like, shape (n_rows,)
            Their targets.

        Returns
        -------
        dict
            As `train` returns, without the duration.

        Raises
        ------
        TrainingError
            `train` wasn't called, or the rows don't fit the model.
        """
        model = self._trained()
        if not len(y_test) or len(X_test) != len(y_test):
            raise TrainingError(
                f"There are {len(X_test)} rows and {len(y_test)} targets: one target for each of at"
                " least one row is needed."
            )
        try:
            return dict(self._evaluate(model, X_test, y_test).metrics)
        except FIT_FAILURES as error:
            raise TrainingError(f"These rows can't be evaluated: {first_line(error)}") from error

    def save_model(self, path: str | os.PathLike[str]) -> ArtifactInfo:
        """Save the model, whole or not at all; `joblib.load` opens it.

        Parameters
        ----------
        path : path-like
            Its folder is made where missing.

        Raises
        ------
        TrainingError
            `train` wasn't called, or the file can't be written.
        """
        model = self._trained()
        target = Path(path)
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise TrainingError(
                f"The folder of '{target.name}' can't be made: {error.strerror}."
            ) from error
        self.artifact_ = write_artifact(model, target)
        self.model_path_ = os.fspath(path)
        return self.artifact_

    def get_feature_importance(self) -> dict[str, float]:
        """Return how much each column matters, largest first; the sum is 1 unless all are 0.

        Trees have such numbers, linear models have the size of their weights; for other models the
        columns are shuffled, one at a time, and the loss of score counts.

        Raises
        ------
        TrainingError
            `train` wasn't called.
        """
        model = self._trained()
        if self._importance is None:
            self._importance = self._compute_importance(model, self._loaded())
        return dict(self._importance)

    def _compute_importance(self, model: Pipeline, data: Dataset) -> dict[str, float]:
        encoded = trainer_for(self.config.model_type).importance(model.steps[-1][1])
        if encoded is not None:
            return summed_importance(model.steps[0][1], encoded)
        random = np.random.default_rng(self.config.random_state)
        return permutation_importance(model, data.X_test, data.y_test, random)

    def result(self) -> TrainingResult:
        """Return all that is known of the training.

        Raises
        ------
        TrainingError
            `train` wasn't called.
        """
        model, data = self._trained(), self._loaded()
        evaluation = self.evaluation_
        if evaluation is None:
            raise TrainingError("The model wasn't evaluated. Call train() again.")
        trainer = trainer_for(self.config.model_type)
        estimator = model.steps[-1][1]
        return TrainingResult(
            task=data.task,
            model_type=self.config.model_type,
            metrics=self.metrics_,
            per_class_metrics=evaluation.per_class_metrics,
            confusion_matrix=evaluation.confusion_matrix,
            feature_importance=self.get_feature_importance(),
            features_used=tuple(f.name for f in data.features),
            missing_features=data.missing_features,
            feature_kinds={f.name: f.kind for f in data.features},
            total_samples=len(data.X_train) + len(data.X_test),
            train_samples=len(data.X_train),
            test_samples=len(data.X_test),
            n_estimators=trainer.size(estimator),
            hyperparameters=plain(trainer.parameters(estimator)),
            dataset_sha256=data.sha256,
            warnings=(*data.warnings, *self._fit_warnings),
            artifact=self.artifact_,
            environment=environment(),
        )

    def save_training_run(
        self,
        model_version: str,
        model_path: str | os.PathLike[str] | None = None,
        user: object | None = None,
        notes: str = "",
    ) -> object:
        """Have the run recorded.

        Parameters
        ----------
        model_version : str
            Name of the version.
        model_path : path-like, optional
            Where the model lies; default where `save_model` put it.
        user : object, optional
            Who trained it.
        notes : str
            Free text.

        Returns
        -------
        object
            The record.

        Raises
        ------
        ModelTrainerError
            Nobody is registered to record it, or `train` wasn't called.
        """
        path = self.model_path_ if model_path is None else os.fspath(model_path)
        return get_recorder().record_training(
            result=self.result(),
            config=self.config,
            model_version=model_version,
            model_path=path,
            user=user,
            notes=notes,
        )

    def save_failed_training_run(
        self,
        model_version: str,
        error_message: str,
        user: object | None = None,
        notes: str = "",
    ) -> object:
        """Have a failed run recorded, with the time since `load_data` was called.

        Parameters
        ----------
        model_version : str
            Name that the version would have had.
        error_message : str
            Why it failed.
        user : object, optional
            Who tried.
        notes : str
            Free text.

        Returns
        -------
        object
            The record.

        Raises
        ------
        ModelTrainerError
            Nobody is registered to record it.
        """
        elapsed = 0.0 if self._started is None else time.perf_counter() - self._started
        return get_recorder().record_failure(
            config=self.config,
            model_version=model_version,
            error_message=error_message,
            duration_seconds=round(elapsed, 4),
            user=user,
            notes=notes,
        )

    def _loaded(self) -> Dataset:
        if self.data_ is None:
            raise TrainingError("No data loaded. Call load_data() first.")
        return self.data_

    def _trained(self) -> Pipeline:
        if self.model is None:
            raise TrainingError("No model trained. Call train() first.")
        return self.model
