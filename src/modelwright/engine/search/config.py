"""What a search is told. Light: plain data only."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from modelwright.engine.config import TrainingConfig
from modelwright.engine.presets import preset_for
from modelwright.engine.search.errors import SearchError
from modelwright.engine.search.scoring import metric_for
from modelwright.engine.search.space import GRID, METHODS, SearchSpace, parse_space

FOLDS_RANGE = (2, 20)
TRIALS_RANGE = (1, 10_000)
SAMPLERS = ("auto", "tpe", "gp")
ROWS = ("train", "all")
EVALUATORS = ("auto", "plain")
MAX_SEED = 2**32 - 1


@dataclass(frozen=True)
class SearchConfig:
    """One search, ready to be run, spread or repeated.

    Parameters
    ----------
    training : TrainingConfig
        The data, the target, the model type, the hyperparameters that stay as they are, and the
        split: rows kept for the test aren't seen by the search.
    method : str
        ``grid_search``, ``random_search`` or ``bayesian``.
    param_grid : mapping
        As `modelwright.engine.search.space.parse_space` takes it.
    cv_folds : int
        2 to 20; stratified for a classification, shuffled with `random_state`.
    scoring_metric : str
        One of `modelwright.engine.search.scoring.METRICS`.
    n_iter : int
        Trials of ``random_search`` and ``bayesian``.
    random_state : int
        Seed of the folds and of the choice. That of the model is the training's.
    timeout_seconds : float or None
        The search ends then with what it has.
    early_stopping : bool
        Race: combinations that are surely worse after some folds are dropped.
    sampler : str
        For ``bayesian``: ``tpe``, ``gp``, or ``auto``, which takes GP where a trial is dear.
    rows : str
        ``train``: the rows that the training learns from; ``all``: the test rows too.
    evaluator : str
        ``auto``, or ``plain`` for scikit-learn's own way, step by step.
    processes : int or None
        How many compute at the same time; None for one per core.

    Examples
    --------
    >>> config = SearchConfig(
    ...     TrainingConfig("data.csv", "churn"), param_grid={"max_depth": [5, None]}
    ... )
    >>> SearchConfig.from_dict(config.to_dict()) == config
    True
    """

    training: TrainingConfig
    method: str = GRID
    param_grid: Mapping[str, Any] = field(default_factory=dict)
    cv_folds: int = 5
    scoring_metric: str = "accuracy"
    n_iter: int = 20
    random_state: int = 42
    timeout_seconds: float | None = None
    early_stopping: bool = False
    sampler: str = "auto"
    rows: str = "train"
    evaluator: str = "auto"
    processes: int | None = None

    @property
    def fixed(self) -> dict[str, Any]:
        """Return the hyperparameters that stay as they are."""
        preset = preset_for(self.training.preset) if self.training.preset else None
        ready_made = preset is not None and preset.model_type == self.training.model_type
        defaults = preset.defaults if preset and ready_made else {}
        return {**defaults, **self.training.hyperparameters}

    def to_dict(self) -> dict[str, Any]:
        """Return plain data that JSON can hold."""
        data = {f.name: getattr(self, f.name) for f in fields(self)}
        data["training"] = self.training.to_dict()
        data["param_grid"] = {str(k): v for k, v in self.param_grid.items()}
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "SearchConfig":
        """Make a configuration of what `to_dict` gave; what is left out keeps its default.

        Raises
        ------
        SearchError
            An entry is unknown.
        """
        unknown = sorted(set(data) - {f.name for f in fields(cls)})
        if unknown:
            raise SearchError(f"Unknown entries of SearchConfig: {', '.join(unknown)[:200]}")
        values = dict(data)
        if not isinstance(values.get("training"), TrainingConfig):
            values["training"] = TrainingConfig.from_dict(values.get("training") or {})
        return cls(**values)

    def check(self, task: str | None = None) -> SearchSpace:
        """Check all that can be told without the data.

        Parameters
        ----------
        task : str, optional
            Where it is known.

        Raises
        ------
        SearchError, SpaceError, ScoringError
            Something is wrong.

        Examples
        --------
        >>> SearchConfig(TrainingConfig("t.csv"), param_grid={"max_depth": [3, 4]}).check().count()
        2
        """
        task = task or self.training.task
        _check_number("cv_folds", self.cv_folds, *FOLDS_RANGE)
        _check_number("n_iter", self.n_iter, *TRIALS_RANGE)
        _check_number("random_state", self.random_state, 0, MAX_SEED)
        if self.processes is not None:
            _check_number("processes", self.processes, 1, 1024)
        _check_timeout(self.timeout_seconds)
        _check_word("tuning_method", self.method, METHODS)
        _check_word("sampler", self.sampler, SAMPLERS)
        _check_word("rows", self.rows, ROWS)
        _check_word("evaluator", self.evaluator, EVALUATORS)
        if not isinstance(self.early_stopping, bool):
            raise SearchError("early_stopping must be true or false")
        metric_for(self.scoring_metric, task)
        return parse_space(self.training.model_type, self.param_grid, self.method, task=task)


def _check_number(name: str, value: object, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise SearchError(f"{name} must be a whole number between {low} and {high}", parameter=name)


def _check_timeout(value: object) -> None:
    if value is None:
        return
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(float(str(value))) or float(str(value)) <= 0:
        raise SearchError("timeout_seconds must be a number above 0, or null")


def _check_word(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise SearchError(f"{name} must be one of {', '.join(allowed)}", parameter=name)
