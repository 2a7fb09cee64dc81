"""What is searched on: rows, folds, and how a model of a combination is made."""

import copy
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import get_scorer
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing

from modelwright.engine.columns import Feature
from modelwright.engine.dataset import Dataset, load_dataset
from modelwright.engine.errors import ModelTrainerError, TrainingError
from modelwright.engine.parameters import CLASSIFICATION, REGRESSION
from modelwright.engine.preprocessing import build_preprocessor
from modelwright.engine.presets import preset_for
from modelwright.engine.search.config import SearchConfig
from modelwright.engine.search.errors import SearchDataError
from modelwright.engine.search.scorers import Outputs, label_scorer, score_outputs
from modelwright.engine.search.scoring import default_metric, metric_for
from modelwright.engine.trainers import trainer_for

# What scikit-learn and numpy raise where a combination can't be fitted or scored.
FIT_FAILURES: tuple[type[Exception], ...] = (
    ValueError,
    TypeError,
    ArithmeticError,
    MemoryError,
    IndexError,
    RuntimeError,
    np.linalg.LinAlgError,
    ModelTrainerError,
)
ERROR_CHARS = 300


@dataclass
class Fold:
    """The rows of one fold, made ready once for all combinations.

    Parameters
    ----------
    index : int
        The first is 0.
    X_train, X_test : array-like, shape (n_rows, n_encoded)
        After the preprocessing, which has seen the training rows only.
    y_train, y_test : ndarray, shape (n_rows,)
        Labels or numbers.
    codes_train, codes_test : ndarray, shape (n_rows,)
        The labels as 0, 1, … in the order of the problem's classes; numbers as they are.
    cache : dict
        For evaluators: whatever several combinations share.
    """

    index: int
    X_train: Any
    X_test: Any
    y_train: Any
    y_test: Any
    codes_train: Any
    codes_test: Any
    cache: dict[Any, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Problem:
    """Everything that a score depends on, but the combination.

    Parameters
    ----------
    X : DataFrame or ndarray, shape (n_rows, n_features)
        The rows.
    y : ndarray, shape (n_rows,)
        Labels or numbers.
    task, model_type, metric : str
        What is modelled, by what, and what is maximised.
    splits : tuple of (ndarray, ndarray)
        Row numbers to learn from and to test with, for each fold.
    preprocessor : transformer or None
        Not fitted.
    fixed : mapping
        Hyperparameters that stay as they are.
    random_state : int
        Seed of the model.
    notes : tuple of str
        What the user should know of the data.
    recipe : mapping
        Where the data come from, for the export.

    Examples
    --------
    >>> X = np.arange(40.0).reshape(20, 2)
    >>> problem = Problem.from_arrays(X, np.arange(20) % 2, model_type="knn", cv_folds=2)
    >>> problem.task, problem.metric, len(problem.splits)
    ('classification', 'accuracy', 2)
    """

    X: Any
    y: Any
    task: str
    model_type: str
    metric: str
    splits: tuple[tuple[Any, Any], ...]
    preprocessor: Any = None
    fixed: Mapping[str, Any] = field(default_factory=dict)
    random_state: int = 42
    notes: tuple[str, ...] = ()
    recipe: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_arrays(
        cls,
        X: Any,
        y: Any,
        *,
        model_type: str,
        task: str = CLASSIFICATION,
        metric: str | None = None,
        cv_folds: int = 5,
        random_state: int = 42,
        preprocessor: Any = None,
        fixed: Mapping[str, Any] | None = None,
        splits: Sequence[tuple[Any, Any]] | None = None,
    ) -> "Problem":
        """Make a problem of arrays.

        Parameters
        ----------
        X, y : array-like
            Rows and target.
        model_type, task, metric : str
            See the class; the metric is `default_metric` where not given.
        cv_folds, random_state : int
            Folds as `SearchConfig` has them; the seed is the model's too.
        preprocessor : transformer, optional
            Fitted to the training part of each fold.
        fixed : mapping, optional
            Hyperparameters that stay as they are.
        splits : sequence, optional
            Folds of your own.

        Raises
        ------
        SearchDataError
            There are too few rows for so many folds.
        ScoringError
            The metric has no meaning for the task.
        """
        target = np.asarray(y)
        metric = metric or default_metric(task)
        classes = len(np.unique(target)) if task == CLASSIFICATION else 0
        metric_for(metric, task, model_type=model_type, classes=classes)
        made = splits if splits is not None else make_splits(target, task, cv_folds, random_state)
        rare = rare_class(target, len(made)) if task == CLASSIFICATION else ""
        preprocessor = copy.deepcopy(preprocessor)
        if trainer_for(model_type).dense and hasattr(preprocessor, "sparse_threshold"):
            preprocessor.sparse_threshold = 0.0
        return cls(
            X,
            target,
            task,
            model_type,
            metric,
            tuple(made),
            preprocessor,
            dict(fixed or {}),
            random_state,
            (rare,) if rare else (),
        )

    @classmethod
    def from_config(cls, config: SearchConfig) -> "Problem":
        """Read the table and make the folds.

        Raises
        ------
        DataLoadError, SearchDataError, ScoringError, SpaceError
            The data can't be used, or not so.
        """
        training = config.training
        data = load_dataset(training, _silent)
        config.check(data.task)
        X, y = data.X_train, data.y_train
        if config.rows == "all":
            X = pd.concat([X, data.X_test]).sort_index()
            y = pd.concat([y, data.y_test]).sort_index()
        exact = training.preset is not None
        problem = cls.from_arrays(
            X.reset_index(drop=True),
            y.to_numpy(dtype=float) if data.task == REGRESSION else np.asarray(list(y), dtype=str),
            model_type=training.model_type,
            task=data.task,
            metric=config.scoring_metric,
            cv_folds=config.cv_folds,
            random_state=config.random_state,
            preprocessor=build_preprocessor(data.features, exact_categories=exact),
            fixed=config.fixed,
        )
        return replace(
            problem,
            random_state=training.random_state,
            notes=(*data.warnings, *problem.notes),
            recipe=_recipe(config, data),
        )

    @cached_property
    def classes(self) -> Any:
        """The classes, sorted; empty for regression."""
        return np.unique(self.y) if self.task == CLASSIFICATION else np.empty(0)

    @cached_property
    def scorer(self) -> Any:
        """scikit-learn's scorer: ``scorer(estimator, X, y)``."""
        found = label_scorer(self.metric, self.classes)
        return get_scorer(found) if isinstance(found, str) else found

    @cached_property
    def failures(self) -> tuple[type[Exception], ...]:
        """What a combination that can't be fitted raises."""
        return (*FIT_FAILURES, *trainer_for(self.model_type).failures)

    @cached_property
    def _folds(self) -> dict[int, Fold]:
        return {}

    def estimator(self, params: Mapping[str, Any]) -> Any:
        """Return the model of a combination, not fitted, for one thread."""
        return trainer_for(self.model_type).build(
            self.task,
            {**self.fixed, **params},
            random_state=self.random_state,
            threads=1,
        )

    def pipeline(self, params: Mapping[str, Any]) -> Any:
        """Return what scikit-learn's ``GridSearchCV`` would be given for a combination."""
        model = self.estimator(params)
        if self.preprocessor is None:
            return Pipeline([("model", model)])
        return Pipeline([("preprocessor", clone(self.preprocessor)), ("model", model)])

    def fold(self, index: int) -> Fold:
        """Return one fold, prepared at the first call."""
        if index not in self._folds:
            self._folds[index] = self._prepare(index)
        return self._folds[index]

    def raw(self, index: int) -> tuple[Any, Any, Any, Any]:
        """Return the rows of a fold as they are: X_train, X_test, y_train, y_test."""
        train, test = self.splits[index]
        return (
            _safe_indexing(self.X, train),
            _safe_indexing(self.X, test),
            self.y[train],
            self.y[test],
        )

    def score(self, fold: Fold, outputs: Outputs) -> float:
        """Score predictions (codes or numbers) for the test rows of a fold."""
        return score_outputs(self.metric, fold.codes_test, outputs, len(self.classes))

    def check_rows(self, model: Any, rows: int) -> None:
        """Refuse a model that can't be fitted to so many rows.

        Raises
        ------
        TrainingError
            With the remedy.
        """
        fault = trainer_for(self.model_type).fault(model, rows)
        if fault:
            raise TrainingError(fault)

    def _prepare(self, index: int) -> Fold:
        X_train, X_test, y_train, y_test = self.raw(index)
        if self.preprocessor is not None:
            preprocessor = clone(self.preprocessor)
            X_train = preprocessor.fit_transform(X_train, y_train)
            X_test = preprocessor.transform(X_test)
        train, test = y_train, y_test
        if self.task == CLASSIFICATION:
            train = np.searchsorted(self.classes, y_train)
            test = np.searchsorted(self.classes, y_test)
        return Fold(index, X_train, X_test, y_train, y_test, train, test)


def make_splits(y: Any, task: str, cv_folds: int, random_state: int) -> tuple[tuple[Any, Any], ...]:
    """Return the folds of a search: shuffled, and stratified for a classification.

    Raises
    ------
    SearchDataError
        There are too few rows.

    Examples
    --------
    >>> len(make_splits(np.array([0, 1] * 5), "classification", 5, 0))
    5
    """
    if task == CLASSIFICATION:
        counts = np.unique(y, return_counts=True)[1]
        if counts.max() < cv_folds:
            raise SearchDataError(
                f"No class has {cv_folds} rows to learn from, one for each fold: choose fewer"
                " folds, or add rows."
            )
        kind = StratifiedKFold
    else:
        if len(y) < 2 * cv_folds:
            raise SearchDataError(
                f"{len(y)} rows are too few for {cv_folds} folds: choose fewer folds, or add rows."
            )
        kind = KFold
    splitter = kind(cv_folds, shuffle=True, random_state=random_state)
    with warnings.catch_warnings():
        # rare_class says it in words of its own
        warnings.filterwarnings("ignore", message="The least populated class")
        return tuple(splitter.split(np.zeros((len(y), 1)), y))


def rare_class(y: Any, cv_folds: int) -> str:
    """Return a warning where a class has fewer rows than there are folds, or nothing.

    Examples
    --------
    >>> rare_class(np.array(["a"] * 5 + ["b"] * 2), 5)
    "Class 'b' has only 2 rows to learn from: some of the 5 folds have none to test with."
    """
    names, counts = np.unique(y, return_counts=True)
    if counts.min() >= cv_folds:
        return ""
    rarest = str(names[counts.argmin()])[:60]
    return (
        f"Class '{rarest}' has only {counts.min()} rows to learn from: some of the {cv_folds} folds"
        " have none to test with."
    )


def short_error(error: BaseException) -> str:
    """Return the first line of an error, with its kind where it is not one of ours."""
    text = (str(error).strip().splitlines() or [""])[0][:ERROR_CHARS]
    return text if isinstance(error, ModelTrainerError) else f"{type(error).__name__}: {text}"


def _silent(_percent: float, _step: str, _message: str) -> None:
    """Take a progress report and do nothing with it."""


def _recipe(config: SearchConfig, data: Dataset) -> dict[str, Any]:
    preset = preset_for(config.training.preset) if config.training.preset else None
    return {
        "dataset": config.training.shown_name,
        "encoding": data.encoding,
        "delimiter": data.delimiter,
        "target": config.training.target_column or (preset.target_column if preset else ""),
        "preset": config.training.preset,
        "task": data.task,
        "test_split": config.training.test_split,
        "split_seed": config.training.random_state,
        "fold_seed": config.random_state,
        "rows": config.rows,
        "features": [_feature(feature) for feature in data.features],
    }


def _feature(feature: Feature) -> dict[str, Any]:
    return {"name": feature.name, "kind": feature.kind}
