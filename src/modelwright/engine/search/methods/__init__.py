"""Ways to choose combinations, one per file."""

from collections.abc import Sequence

from modelwright.engine.search.config import SearchConfig
from modelwright.engine.search.methods.base import ListedMethod, Method, Proposal
from modelwright.engine.search.methods.bayesian import BayesianMethod
from modelwright.engine.search.methods.grid import GridMethod
from modelwright.engine.search.methods.random import RandomMethod
from modelwright.engine.search.results import Trial
from modelwright.engine.search.space import GRID, RANDOM, SearchSpace

__all__ = ["BayesianMethod", "ListedMethod", "Method", "Proposal", "make_method"]


def make_method(config: SearchConfig, space: SearchSpace, known: Sequence[Trial] = ()) -> Method:
    """Return the method that a configuration names.

    Parameters
    ----------
    config : SearchConfig
        The search.
    space : SearchSpace
        What `config.check` gave.
    known : sequence of Trial
        Of another search on the same data, to learn from.

    Examples
    --------
    >>> from modelwright.engine.config import TrainingConfig
    >>> config = SearchConfig(TrainingConfig("t.csv"), param_grid={"max_depth": [3, 4]})
    >>> make_method(config, config.check()).total
    2
    """
    if config.method == GRID:
        return GridMethod(space)
    if config.method == RANDOM:
        return RandomMethod(space, config.n_iter, config.random_state, known)
    return BayesianMethod(space, config.n_iter, config.random_state, config.sampler, known)
