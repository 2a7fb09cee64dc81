"""Combinations drawn at random."""

import math
from collections.abc import Sequence
from itertools import islice
from typing import Any, ClassVar

import numpy as np
from sklearn.model_selection import ParameterGrid
from sklearn.utils.random import sample_without_replacement

from modelwright.engine.search.methods.base import ListedMethod
from modelwright.engine.search.results import Trial
from modelwright.engine.search.space import (
    RANDOM,
    Choices,
    Dimension,
    Params,
    SearchSpace,
    params_key,
)
from modelwright.engine.search.warm import best_known

LARGEST_LIST = 2**31 - 1
DRAWS_PER_TRIAL = 50


class RandomMethod(ListedMethod):
    """Draws combinations without repetition.

    Where there are only lists, they are those that scikit-learn's ``ParameterSampler`` draws with
    the same seed.

    Parameters
    ----------
    space : SearchSpace
        Lists and ranges.
    n_iter : int
        How many; fewer where there aren't so many.
    seed : int
        The same seed draws the same.
    known : sequence of Trial
        Of another search: its best combination is tried first.

    Examples
    --------
    >>> from modelwright.engine.search.space import parse_space
    >>> space = parse_space("ridge", {"alpha": [1.0, 0.1, 0.2]}, "random_search")
    >>> len(RandomMethod(space, 10, 0).ask(10))
    3
    """

    name: ClassVar[str] = RANDOM

    def __init__(
        self, space: SearchSpace, n_iter: int, seed: int, known: Sequence[Trial] = ()
    ) -> None:
        first = best_known(space, known)
        drawn = _listed(space, n_iter, seed) if _can_list(space) else _drawn(space, n_iter, seed)
        unique = {params_key(params): params for params in [*first, *drawn]}
        super().__init__(list(islice(unique.values(), n_iter)))


def _can_list(space: SearchSpace) -> bool:
    conditional = any(d.condition for d in space.dimensions)
    return space.lists_only and not conditional and space.count() <= LARGEST_LIST


def _listed(space: SearchSpace, n_iter: int, seed: int) -> list[Params]:
    grid = ParameterGrid(
        {d.name: list(d.values) for d in space.dimensions if isinstance(d, Choices)}
    )
    size = len(grid)
    numbers = sample_without_replacement(size, min(n_iter, size), random_state=seed)
    return [space.active(grid[number]) for number in numbers]


def _drawn(space: SearchSpace, n_iter: int, seed: int) -> list[Params]:
    random = np.random.default_rng(seed)
    found: dict[tuple[Any, ...], Params] = {}
    for _ in range(n_iter * DRAWS_PER_TRIAL):
        if len(found) == n_iter:
            break
        params = space.active({d.name: draw(d, random) for d in space.dimensions})
        found.setdefault(params_key(params), params)
    return list(found.values())


def draw(dimension: Dimension, random: np.random.Generator) -> Any:
    """Return one value of a dimension.

    Examples
    --------
    >>> draw(Choices("p", (2,)), np.random.default_rng(0))
    2
    """
    if isinstance(dimension, Choices):
        return dimension.values[int(random.integers(len(dimension.values)))]
    low, high, share = dimension.low, dimension.high, float(random.random())
    if dimension.step is not None:
        steps = math.floor((high - low) / dimension.step + 1e-9)
        return low + dimension.step * int(random.integers(steps + 1))
    if dimension.integer:
        if not dimension.log:
            return int(random.integers(int(low), int(high) + 1))
        value = math.exp(math.log(low) + share * math.log((high + 1) / low))
        return min(int(high), max(int(low), math.floor(value)))
    if dimension.log:
        return float(min(high, max(low, math.exp(math.log(low) + share * math.log(high / low)))))
    return float(low + share * (high - low))
