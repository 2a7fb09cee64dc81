"""What a search finds. Light: plain data only."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from modelwright.engine.results import plain

COMPLETE = "complete"
FAILED = "failed"
DROPPED = "dropped"
STATUSES = (COMPLETE, FAILED, DROPPED)

FINISHED = "finished"
STOPPED = "stopped"
TIMED_OUT = "timed_out"


@dataclass(frozen=True)
class Trial:
    """One combination and what it scored.

    Parameters
    ----------
    number : int
        Its place in the search; the first is 0.
    params : mapping
        The parameters that were searched.
    fold_scores : tuple of (float or None)
        One for each fold; None where the fold failed. Shorter where the trial was dropped.
    mean, std : float or None
        Of the fold scores (numpy's ``mean`` and ``std``); None where any of them is missing.
    duration : float
        Seconds of computing, that of a shared part split evenly.
    status : str
        ``complete``, ``failed`` or ``dropped`` (by racing).
    error : str or None
        Why it failed or was dropped.
    """

    number: int
    params: Mapping[str, Any]
    fold_scores: tuple[float | None, ...] = ()
    mean: float | None = None
    std: float | None = None
    duration: float = 0.0
    status: str = COMPLETE
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain data that JSON can hold."""
        data: dict[str, Any] = plain(self)
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Trial":
        """Make a trial of what `to_dict` gave.

        Examples
        --------
        >>> trial = Trial(0, {"C": 1.0}, (0.5, 1.0), 0.75, 0.25)
        >>> Trial.from_dict(trial.to_dict()) == trial
        True
        """
        values = {f.name: data[f.name] for f in fields(cls) if f.name in data}
        values["fold_scores"] = tuple(values.get("fold_scores", ()))
        values["params"] = dict(values["params"])
        return cls(**values)


@dataclass(frozen=True)
class SearchResult:
    """All that is known of a search.

    Parameters
    ----------
    method : str
        ``grid_search``, ``random_search`` or ``bayesian``.
    model_type, scoring_metric : str
        What was searched, and what was maximised.
    cv_folds : int
        Number of folds.
    best_params : mapping or None
        Of the best complete trial, the first of them where several score the same; None where
        there is none.
    best_score : float or None
        Its mean.
    trials : tuple of Trial
        By number.
    total_combinations : int
        How many the search was to try; ``len(trials)`` unless it ended early.
    tuning_time : float
        Seconds from start to end.
    ended : str
        ``finished``, ``stopped`` or ``timed_out``.
    evaluator : str
        What computed the scores.
    sampler : str
        What chose the combinations.
    notes : tuple of str
        What the user should know: fallbacks, warnings of the data.
    recipe : mapping
        What `to_python` needs.
    """

    method: str
    model_type: str
    scoring_metric: str
    cv_folds: int
    best_params: Mapping[str, Any] | None
    best_score: float | None
    trials: tuple[Trial, ...]
    total_combinations: int
    tuning_time: float
    ended: str = FINISHED
    evaluator: str = ""
    sampler: str = ""
    notes: tuple[str, ...] = ()
    recipe: Mapping[str, Any] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Return whether nothing was left out."""
        return self.ended == FINISHED

    def top(self, count: int = 10) -> tuple[Trial, ...]:
        """Return the best complete trials, the best first, earlier ones first where they tie."""
        return ranked(self.trials)[:count]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data that JSON can hold."""
        data: dict[str, Any] = plain(self)
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "SearchResult":
        """Make a result of what `to_dict` gave."""
        values = {f.name: data[f.name] for f in fields(cls) if f.name in data}
        values["trials"] = tuple(Trial.from_dict(entry) for entry in values["trials"])
        values["notes"] = tuple(values.get("notes", ()))
        return cls(**values)


@dataclass(frozen=True)
class SearchProgress:
    """How far a search is.

    Parameters
    ----------
    current, total : int
        Trials that ended, and trials in all.
    trial : Trial or None
        The one that ended last.
    best_params : mapping or None
        The best so far.
    best_score : float or None
        Its mean.
    elapsed, remaining : float
        Seconds; `remaining` is estimated from the pace so far, None before the first trial.
    """

    current: int
    total: int
    trial: Trial | None = None
    best_params: Mapping[str, Any] | None = None
    best_score: float | None = None
    elapsed: float = 0.0
    remaining: float | None = None

    @property
    def percentage(self) -> float:
        """Return how much is done, in per cent with two decimals.

        Examples
        --------
        >>> SearchProgress(15, 36).percentage
        41.67
        """
        return round(100 * self.current / self.total, 2) if self.total else 0.0


def ranked(trials: tuple[Trial, ...] | list[Trial]) -> tuple[Trial, ...]:
    """Return the complete trials, the best first."""
    scored = [t for t in trials if t.status == COMPLETE and t.mean is not None]
    return tuple(sorted(scored, key=lambda t: (-_number(t.mean), t.number)))


def best_of(trials: tuple[Trial, ...] | list[Trial]) -> Trial | None:
    """Return the best complete trial, the first where several score the same."""
    return next(iter(ranked(trials)), None)


def _number(value: float | None) -> float:
    return -math.inf if value is None else value
