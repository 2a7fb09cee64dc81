"""Which hyperparameters mattered."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from modelwright.engine.search.results import Trial, ranked
from modelwright.engine.search.space import params_key

FEWEST_TRIALS = 4
TREES = 64
MOST_POINTS = 200


def parameter_importance(trials: Sequence[Trial], *, seed: int = 0) -> dict[str, float]:
    """Return how much of the differences in score each hyperparameter accounts for by itself.

    A small forest learns the mean score from the combination. A parameter is set to each of the
    values that were tried, in all combinations; the variance of the mean answers is what it
    accounts for. For a whole grid these are the main effects of an analysis of variance.

    Parameters
    ----------
    trials : sequence of Trial
        Those that are complete count.
    seed : int
        Of the forest.

    Returns
    -------
    dict
        Parameter -> share, the largest first; they add up to 1 unless nothing mattered. Empty where
        there are too few trials to tell.

    References
    ----------
    Hutter, Hoos, Leyton-Brown (2014), An Efficient Approach for Assessing Hyperparameter
    Importance, ICML; Greenwell, Boehmke, McCarthy (2018), arXiv:1805.04755.

    Examples
    --------
    >>> trials = [
    ...     Trial(2 * i + j, {"a": i, "b": j}, (), 0.1 * i, 0.0) for i in range(4) for j in range(2)
    ... ]
    >>> list(parameter_importance(trials))
    ['a', 'b']
    """
    complete = ranked(list(trials))
    names = sorted({name for trial in complete for name in trial.params})
    if len(complete) < FEWEST_TRIALS or not names:
        return {}
    values = {n: _distinct([t.params[n] for t in complete if n in t.params]) for n in names}
    points = np.array([[_rank(values[n], t.params, n) for n in names] for t in complete])
    scores = np.array([t.mean for t in complete], dtype=float)
    if np.ptp(scores) == 0:
        return dict.fromkeys(names, 0.0)
    model = RandomForestRegressor(TREES, random_state=seed).fit(points, scores)
    step = max(1, len(points) // MOST_POINTS)
    found = {n: _effect(model, points[::step], i) for i, n in enumerate(names)}
    total = sum(found.values())
    shares = {n: effect / total if total else 0.0 for n, effect in found.items()}
    return dict(sorted(shares.items(), key=lambda item: (-item[1], item[0])))


def _effect(model: Any, points: Any, column: int) -> float:
    tried = np.unique(points[:, column])
    if len(tried) < 2:
        return 0.0
    if len(tried) > MOST_POINTS // 10:
        tried = np.quantile(tried, np.linspace(0, 1, MOST_POINTS // 10))
    moved = np.tile(points, (len(tried), 1))
    moved[:, column] = np.repeat(tried, len(points))
    return float(model.predict(moved).reshape(len(tried), -1).mean(axis=1).var())


def _distinct(values: list[Any]) -> list[Any]:
    """Return the values tried, numbers by size, the rest by name, null last."""
    unique = list({params_key({"": value}): value for value in values}.values())
    return sorted(unique, key=_order)


def _order(value: Any) -> tuple[int, float, str]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return 0, float(value), ""
    return (2, 0.0, "") if value is None else (1, 0.0, str(value))


def _rank(values: list[Any], params: Any, name: str) -> float:
    if name not in params:
        return -1.0
    key = params_key({"": params[name]})
    return float(next(i for i, v in enumerate(values) if params_key({"": v}) == key))
