"""What a search can learn from the trials of another one. Light."""

from collections.abc import Sequence

from modelwright.engine.search.results import Trial, ranked
from modelwright.engine.search.space import Params, SearchSpace


def fitting(space: SearchSpace, known: Sequence[Trial]) -> tuple[Trial, ...]:
    """Return the complete trials whose combination belongs to the space, the best first."""
    return tuple(trial for trial in ranked(list(known)) if space.holds(trial.params))


def best_known(space: SearchSpace, known: Sequence[Trial]) -> list[Params]:
    """Return the best of these combinations, in a list of one, or an empty list.

    Examples
    --------
    >>> from modelwright.engine.search.space import parse_space
    >>> space = parse_space("knn", {"p": [1, 2]})
    >>> trials = [Trial(0, {"p": 1}, (0.5,), 0.5, 0.0), Trial(1, {"p": 2}, (1.0,), 1.0, 0.0)]
    >>> best_known(space, trials)
    [{'p': 2}]
    """
    return [dict(trial.params) for trial in fitting(space, known)[:1]]
