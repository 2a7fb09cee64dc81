"""How much each parameter matters, told from the trials alone. Light: no heavy library."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from statistics import fmean, pvariance
from typing import Any

from modelwright.engine.search.results import Trial, ranked

MOST_GROUPS = 4
FEWEST_TRIALS = 4


@dataclass(frozen=True)
class Importance:
    """What one parameter does.

    Parameters
    ----------
    parameter : str
        Its name.
    importance : float
        Share of the variance of the scores that goes with it alone, 0 to 1.
    groups : tuple of (str, float, int)
        Value or range of values, mean score, and number of trials.
    """

    parameter: str
    importance: float
    groups: tuple[tuple[str, float, int], ...]


def importances(trials: Sequence[Trial]) -> list[Importance]:
    """Return the main effects of all parameters, the largest first.

    The share of variance between the groups of trials that have the same value (one-way analysis of
    variance; numbers with many values are put into quarters). On a full grid this is exactly the
    first-order term of the functional ANOVA of Hutter, Hoos, Leyton-Brown (2014), An Efficient
    Approach for Assessing Hyperparameter Importance, ICML. Empty with fewer than four trials.

    Examples
    --------
    >>> trials = [
    ...     Trial(2 * a + b, {"a": a, "b": b}, mean=float(a)) for a in (0, 1) for b in (0, 1)
    ... ]
    >>> [(i.parameter, i.importance) for i in importances(trials)]
    [('a', 1.0), ('b', 0.0)]
    """
    scored = [(t.params, float(t.mean)) for t in ranked(list(trials)) if t.mean is not None]
    if len(scored) < FEWEST_TRIALS:
        return []
    whole = pvariance([score for _, score in scored])
    names = sorted({name for params, _ in scored for name in params})
    found = [_one(name, scored, whole) for name in names]
    return sorted(found, key=lambda i: (-i.importance, i.parameter))


def _one(name: str, scored: Sequence[tuple[Any, float]], whole: float) -> Importance:
    group_of = _grouping([params[name] for params, _ in scored if name in params])
    groups: dict[str, list[float]] = defaultdict(list)
    for params, score in scored:
        groups[group_of(params[name]) if name in params else "(not used)"].append(score)
    mean = fmean(score for _, score in scored)
    between = sum(len(g) * (fmean(g) - mean) ** 2 for g in groups.values()) / len(scored)
    share = between / whole if whole > 0 else 0.0
    return Importance(
        name,
        round(min(1.0, max(0.0, share)), 6),
        tuple((label, fmean(scores), len(scores)) for label, scores in groups.items()),
    )


def _grouping(values: Sequence[Any]) -> Any:
    """Return a function from a value to the name of its group."""
    distinct: set[Hashable] = {(type(v).__name__, v) for v in values}
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(distinct) <= 2 * MOST_GROUPS or len(numbers) < len(values):
        return str
    ordered = sorted(numbers)
    edges = [ordered[len(ordered) * i // MOST_GROUPS] for i in range(1, MOST_GROUPS)]
    bounds = [ordered[0], *edges, ordered[-1]]

    def group(value: float) -> str:
        index = sum(value >= edge for edge in edges)
        return f"{bounds[index]:.4g} … {bounds[index + 1]:.4g}"

    return group
