"""A Gaussian process over combinations: dear to ask, sparing of trials.

Optuna has one too, but it needs PyTorch, which is larger than all of our other libraries together.
"""

import math
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any

import numpy as np
from scipy.optimize import fmin_l_bfgs_b
from scipy.special import ndtr
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel
from threadpoolctl import ThreadpoolController

from modelwright.engine.search.methods.random import draw
from modelwright.engine.search.results import Trial
from modelwright.engine.search.space import (
    Choices,
    Dimension,
    Params,
    SearchSpace,
    params_key,
    same_value,
)

CANDIDATES = 1000
NEIGHBOURS = 200
STEPS = 20  # of the fit of the kernel: more change the proposals little
BEST_KEPT = 3
MOST_LISTED = 2000
FEW_VALUES = 2

Known = Collection[tuple[Any, ...]]


class Encoder:
    """Turns combinations into points of the unit cube.

    Numbers go by their size (or its logarithm) or by their rank in the list, words to corners.

    Parameters
    ----------
    space : SearchSpace
        What the combinations belong to.

    Examples
    --------
    >>> from modelwright.engine.search.space import parse_space
    >>> grid = {"n_neighbors": [1, 5, 9], "p": {"low": 1, "high": 2}}
    >>> space = parse_space("knn", grid, "bayesian")
    >>> Encoder(space).encode({"n_neighbors": 5, "p": 2}).tolist()
    [0.5, 1.0]
    """

    def __init__(self, space: SearchSpace) -> None:
        self.parts = [_encode_by(dimension) for dimension in space.dimensions]

    def encode(self, params: Mapping[str, Any]) -> Any:
        """Return a point, shape (n_coordinates,)."""
        return np.array([number for part in self.parts for number in part(params)])


def propose(
    space: SearchSpace, trials: Sequence[Trial], taken: Known, random: np.random.Generator
) -> Params | None:
    """Return the combination of which the most improvement is to be expected.

    Parameters
    ----------
    space : SearchSpace
        To choose from.
    trials : sequence of Trial
        Those with a mean; at least two.
    taken : collection
        Keys of combinations that aren't to be proposed.
    random : numpy.random.Generator
        Draws the candidates.

    Returns
    -------
    dict or None
        None where every candidate is taken.

    References
    ----------
    Jones, Schonlau, Welch (1998), Efficient Global Optimization of Expensive Black-Box Functions,
    Journal of Global Optimization 13.
    """
    candidates = [c for c in _candidates(space, trials, random) if params_key(c) not in taken]
    if not candidates:
        return None
    encoder = Encoder(space)
    points = np.array([encoder.encode(trial.params) for trial in trials])
    values = np.array([trial.mean for trial in trials], dtype=float)
    places = np.array([encoder.encode(params) for params in candidates])
    with _libraries().limit(limits=1):  # the arrays are far too small for several threads
        model = _fit(points, values, int(random.integers(2**31)))
        mean, deviation = model.predict(places, return_std=True)
    return candidates[int(np.argmax(_expected_improvement(mean, deviation, values.max())))]


@cache
def _libraries() -> ThreadpoolController:
    """Return what limits threads; finding the libraries takes longer than a proposal."""
    return ThreadpoolController()


def _fit(points: Any, values: Any, seed: int) -> Any:
    scales = np.full(points.shape[1], 0.5)
    shape = Matern(scales, length_scale_bounds=(0.05, 20.0), nu=2.5)
    kernel = ConstantKernel(1.0, (0.05, 20.0)) * shape + WhiteKernel(0.05, (1e-6, 1.0))
    model = GaussianProcessRegressor(
        kernel, optimizer=_climb, normalize_y=True, random_state=seed, copy_X_train=False
    )
    with warnings.catch_warnings():
        # A scale at its bound means a parameter that doesn't matter, which is no fault.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(points, values)


def _climb(objective: Callable[..., Any], start: Any, bounds: Any) -> tuple[Any, float]:
    """Find the kernel's parameters in a bounded number of steps."""
    found, value, _ = fmin_l_bfgs_b(objective, start, bounds=bounds, maxiter=STEPS)
    return found, value


def _expected_improvement(mean: Any, deviation: Any, best: float) -> Any:
    spread = np.maximum(deviation, 1e-12)
    z = (mean - best) / spread
    return (mean - best) * ndtr(z) + spread * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def _candidates(
    space: SearchSpace, trials: Sequence[Trial], random: np.random.Generator
) -> list[Params]:
    if space.lists_only and space.count() <= MOST_LISTED:
        return list(space.combinations())
    drawn = [_draw(space, random) for _ in range(CANDIDATES)]
    best = sorted(trials, key=lambda t: (-_mean(t), t.number))[:BEST_KEPT]
    for trial in islice(_cycle(best), NEIGHBOURS):
        other = _draw(space, random)
        kept = {n: v for n, v in trial.params.items() if random.random() < 0.5}
        drawn.append(space.active({**other, **kept}))
    return [params for params in drawn if space.holds(params)]


def _draw(space: SearchSpace, random: np.random.Generator) -> Params:
    return space.active({d.name: draw(d, random) for d in space.dimensions})


def _cycle(trials: Sequence[Trial]) -> Any:
    while trials:
        yield from trials


def _mean(trial: Trial) -> float:
    return -math.inf if trial.mean is None else trial.mean


def _encode_by(dimension: Dimension) -> Callable[[Mapping[str, Any]], list[float]]:
    name = dimension.name
    if isinstance(dimension, Choices):
        values = dimension.values
        if len(values) > FEW_VALUES and all(_is_number(value) for value in values):
            ordered = sorted(values)
            top = len(ordered) - 1
            return lambda params: [ordered.index(params[name]) / top if name in params else 0.5]
        return lambda params: [
            float(name in params and same_value(params[name], value)) for value in values
        ]
    low, high = float(dimension.low), float(dimension.high)
    if dimension.log:
        low, high = math.log(low), math.log(high)
    width = (high - low) or 1.0

    def place(params: Mapping[str, Any]) -> list[float]:
        if name not in params:
            return [0.5]
        value = math.log(params[name]) if dimension.log else float(params[name])
        return [(value - low) / width]

    return place


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
