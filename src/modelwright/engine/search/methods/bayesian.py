"""Combinations chosen in the light of what earlier ones scored."""

import statistics
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from modelwright.engine.optional import load
from modelwright.engine.search.errors import SearchError
from modelwright.engine.search.methods.base import Method, Proposal
from modelwright.engine.search.methods.gaussian import propose
from modelwright.engine.search.methods.random import draw
from modelwright.engine.search.results import Trial
from modelwright.engine.search.space import (
    BAYESIAN,
    Choices,
    Dimension,
    Params,
    SearchSpace,
    params_key,
)
from modelwright.engine.search.warm import fitting

FIRST_TRIALS = 5
DEAR_SECONDS = 1.0
REPEATS = 20
DRAWS = 1000
TPE = "tpe"
GP = "gp"


class BayesianMethod(Method):
    """Optuna's TPE, or a Gaussian process where a trial is dear.

    A TPE costs some milliseconds a trial, a Gaussian process some hundred, and needs fewer trials.
    The first trials are the same for both. With ``auto`` their durations decide, and `sampler` says
    how; for a search to be repeated wherever it runs, give that name.

    A combination that was tried already isn't tried again: the sampler is told its score and asked
    for another one.

    Parameters
    ----------
    space : SearchSpace
        Lists and ranges.
    n_iter : int
        How many trials; fewer where there aren't so many combinations.
    seed : int
        The same seed, told the same, proposes the same.
    sampler : str
        ``auto``, ``tpe`` or ``gp``.
    known : sequence of Trial
        Of another search on the same data: learned from, not counted.

    References
    ----------
    Bergstra, Bardenet, Bengio, Kégl (2011), Algorithms for Hyper-Parameter Optimization, NIPS 24.

    Examples
    --------
    >>> from modelwright.engine.search.space import parse_space
    >>> space = parse_space("ridge", {"alpha": {"low": 0.01, "high": 10, "log": True}}, BAYESIAN)
    >>> method = BayesianMethod(space, 3, 1)
    >>> [proposal.number for proposal in method.ask(1)]
    [0]
    """

    name: ClassVar[str] = BAYESIAN

    def __init__(
        self,
        space: SearchSpace,
        n_iter: int,
        seed: int,
        sampler: str = "auto",
        known: Sequence[Trial] = (),
    ) -> None:
        self.space = space
        self.seed = seed
        self.wanted = sampler
        self.n_iter = min(n_iter, space.count()) if space.lists_only else n_iter
        self.known = fitting(space, known)
        self.asked = 0
        self.told: dict[int, Trial] = {}
        self.scores: dict[tuple[Any, ...], float | None] = {}
        self.open: dict[int, Any] = {}
        self.chosen = sampler if sampler != "auto" else TPE
        self.optuna = load("optuna", error=SearchError)
        self.optuna.logging.set_verbosity(self.optuna.logging.WARNING)
        self.study = self.optuna.create_study(
            direction="maximize", sampler=self.optuna.samplers.TPESampler(seed=seed)
        )
        for trial in self.known:
            self._add(trial)

    @property
    def total(self) -> int:
        """How many trials there will be."""
        return self.n_iter

    @property
    def sampler(self) -> str:
        """What chose the combinations after the first ones."""
        return self.chosen

    @property
    def batch(self) -> int:
        """One at a time."""
        return 1

    def ask(self, count: int) -> list[Proposal]:
        """Return further combinations; several at a time are chosen a little less well."""
        found: list[Proposal] = []
        while len(found) < count and self.asked < self.total:
            params = self._next()
            if params is None:
                self.n_iter = self.asked
                break
            self.scores[params_key(params)] = None
            found.append(Proposal(self.asked, params))
            self.asked += 1
        return found

    def tell(self, trial: Trial) -> None:
        """Learn from a trial; of a dropped one the mean of the folds that it had counts."""
        self.told[trial.number] = trial
        self.scores[params_key(trial.params)] = trial.mean
        opened = self.open.pop(trial.number, None)
        if opened is None:
            self._add(trial)
        else:
            self._close(opened, trial.mean)
        if self.wanted == "auto" and len(self.told) == FIRST_TRIALS:
            typical = statistics.median(t.duration for t in self.told.values())
            self.chosen = GP if typical >= DEAR_SECONDS else TPE

    def resume(self, trials: Sequence[Trial], under_way: Sequence[Params] = ()) -> None:
        """Take over a search: its trials so far, and combinations that are being tried.

        Another process may have proposed them; what follows depends on them alone.
        """
        for trial in sorted(trials, key=lambda t: t.number):
            self.tell(trial)
        for params in under_way:
            self.scores[params_key(params)] = None
        numbers = [trial.number for trial in trials]
        self.asked = max([len(trials) + len(under_way), *(number + 1 for number in numbers)])

    def _next(self) -> Params | None:
        usable = [t for t in [*self.known, *self.told.values()] if t.mean is not None]
        if self.chosen == GP and self.asked >= FIRST_TRIALS and len(usable) > 1:
            random = np.random.default_rng([self.seed, self.asked])
            return propose(self.space, usable, self.scores.keys(), random) or self._unused()
        for _ in range(REPEATS):
            opened = self.study.ask()
            params = self._suggest(opened)
            key = params_key(params)
            if key not in self.scores:
                self.open[self.asked] = opened
                return params
            self._close(opened, self.scores[key])
        return self._unused()

    def _suggest(self, opened: Any) -> Params:
        params: Params = {}
        ordered = sorted(self.space.dimensions, key=lambda d: d.condition is not None)
        for dimension in ordered:
            if dimension.condition is None or dimension.condition.holds(params):
                params[dimension.name] = self._value(opened, dimension)
        return {name: params[name] for name in sorted(params)}

    def _value(self, opened: Any, dimension: Dimension) -> Any:
        if isinstance(dimension, Choices):
            return opened.suggest_categorical(dimension.name, dimension.values)
        if dimension.integer:
            return opened.suggest_int(
                dimension.name,
                dimension.low,
                dimension.high,
                step=dimension.step or 1,
                log=dimension.log,
            )
        return opened.suggest_float(
            dimension.name, dimension.low, dimension.high, step=dimension.step, log=dimension.log
        )

    def _close(self, opened: Any, value: float | None) -> None:
        if value is None:
            self.study.tell(opened, state=self.optuna.trial.TrialState.FAIL)
        else:
            self.study.tell(opened, value)

    def _add(self, trial: Trial) -> None:
        """Tell the study of a combination that it didn't propose."""
        if trial.mean is None or not self.space.holds(trial.params):
            return
        self.study.enqueue_trial(dict(trial.params))
        opened = self.study.ask()
        self._suggest(opened)
        self.study.tell(opened, trial.mean)

    def _unused(self) -> Params | None:
        """Return a combination that wasn't tried, where there is one to be found."""
        random = np.random.default_rng([self.seed, self.asked, 1])
        for _ in range(DRAWS):
            drawn = {d.name: draw(d, random) for d in self.space.dimensions}
            params = self.space.active(drawn)
            if params_key(params) not in self.scores:
                return params
        if not self.space.lists_only or self.space.count() > DRAWS:
            return None
        listed = self.space.combinations()
        return next((p for p in listed if params_key(p) not in self.scores), None)
