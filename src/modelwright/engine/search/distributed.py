"""A search in pieces, for several workers: each piece can be computed anywhere, in any order."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from modelwright.engine.results import plain
from modelwright.engine.search.config import SearchConfig
from modelwright.engine.search.errors import SearchError
from modelwright.engine.search.evaluators import Evaluator, choose
from modelwright.engine.search.execution import ShouldStop, grouped
from modelwright.engine.search.methods import BayesianMethod, Proposal, make_method
from modelwright.engine.search.problem import Problem
from modelwright.engine.search.results import Trial
from modelwright.engine.search.runner import never, running
from modelwright.engine.search.space import BAYESIAN, Params

Group: TypeAlias = tuple[Proposal, ...]


@dataclass(frozen=True)
class WorkUnit:
    """Combinations that share work.

    Parameters
    ----------
    index : int
        Of the unit in the plan.
    proposals : tuple of Proposal
        The combinations, with the numbers of their trials.
    weight : float
        How much work it is, compared with other units of the plan.
    """

    index: int
    proposals: tuple[Proposal, ...]
    weight: float = 1.0

    def to_dict(self) -> dict[str, Any]:
        """Return plain data that JSON can hold."""
        data: dict[str, Any] = plain(self)
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "WorkUnit":
        """Make a unit of what `to_dict` gave.

        Examples
        --------
        >>> unit = WorkUnit(0, (Proposal(0, {"p": 1}),))
        >>> WorkUnit.from_dict(unit.to_dict()) == unit
        True
        """
        proposals = tuple(Proposal(p["number"], dict(p["params"])) for p in data["proposals"])
        return cls(data["index"], proposals, data.get("weight", 1.0))


def plan(
    config: SearchConfig,
    *,
    problem: Problem | None = None,
    known: Sequence[Trial] = (),
    done: Sequence[int] = (),
    units: int = 1,
) -> list[WorkUnit]:
    """Cut a ``grid_search`` or ``random_search`` into units of combinations that share work.

    Parameters
    ----------
    config : SearchConfig
        The search; the same gives the same plan everywhere.
    problem : Problem, optional
        Its data, where they are there already.
    known : sequence of Trial
        As `run_search` takes it.
    done : sequence of int
        Numbers of trials that are there already and stay out of the plan.
    units : int
        How many there should be at least, where that is possible: one for each worker, say. The
        fewer units, the more work is shared.

    Raises
    ------
    SearchError
        The combinations of ``bayesian`` aren't known before: use `next_proposals`.
    """
    if config.method == BAYESIAN:
        raise SearchError("A bayesian search can't be planned: ask for its next combinations.")
    problem = problem or Problem.from_config(config)
    method = make_method(config, config.check(problem.task), known)
    evaluator, _ = choose(problem, config.evaluator)
    left = [p for p in method.ask(method.total) if p.number not in set(done)]
    groups = _parted(evaluator, grouped(problem, evaluator, left), units)
    return [
        WorkUnit(index, group, evaluator.weight([p.params for p in group]))
        for index, group in enumerate(groups)
    ]


def _parted(evaluator: Evaluator, groups: list[Group], units: int) -> list[Group]:
    """Part the heaviest group until there are enough, or nothing can be parted."""
    whole: list[Group] = []
    while groups and len(groups) + len(whole) < units:
        groups.sort(key=lambda group: evaluator.weight([p.params for p in group]))
        heaviest = groups.pop()
        parts = evaluator.split([p.params for p in heaviest])
        if len(parts) == 1:
            whole.append(heaviest)
        else:
            groups += [tuple(heaviest[i] for i in part) for part in parts]
    return sorted([*groups, *whole], key=lambda group: group[0].number)


def next_proposals(
    config: SearchConfig,
    trials: Sequence[Trial],
    *,
    count: int = 1,
    under_way: Sequence[Params] = (),
    known: Sequence[Trial] = (),
    task: str | None = None,
) -> list[Proposal]:
    """Return what a ``bayesian`` search tries next, from nothing but its trials so far.

    Parameters
    ----------
    config : SearchConfig
        The search.
    trials : sequence of Trial
        That have ended.
    count : int
        How many to return at most.
    under_way : sequence of dict
        Combinations that workers are trying now.
    known : sequence of Trial
        As `run_search` takes it.
    task : str, optional
        Of the data, where it is known.

    Examples
    --------
    >>> from modelwright.engine.config import TrainingConfig
    >>> grid = {"alpha": {"low": 0.01, "high": 10, "log": True}}
    >>> config = SearchConfig(TrainingConfig("t.csv", model_type="ridge"), BAYESIAN, grid)
    >>> [proposal.number for proposal in next_proposals(config, [], count=2)]
    [0, 1]
    """
    method = make_method(config, config.check(task), known)
    if not isinstance(method, BayesianMethod):
        raise SearchError("Only a bayesian search is asked for its next combinations: plan it.")
    method.resume(trials, under_way)
    return method.ask(count)


def evaluate(
    unit: WorkUnit,
    config: SearchConfig,
    *,
    problem: Problem | None = None,
    on_trial: Callable[[Trial], None] | None = None,
    should_stop: ShouldStop = never,
) -> list[Trial]:
    """Compute the trials of a unit; they don't depend on where, when or beside which others.

    Parameters
    ----------
    unit : WorkUnit
        Of `plan`, or made of `next_proposals`.
    config : SearchConfig
        The search. Racing needs all combinations at one place and isn't done here.
    problem : Problem, optional
        Its data, where they are there already.
    on_trial : callable, optional
        Called with each trial as it ends.
    should_stop : callable
        As `run_search` takes it.

    Returns
    -------
    list of Trial
        By number; fewer than there are proposals where it was told to stop.
    """
    problem = problem or Problem.from_config(config)
    evaluator, _ = choose(problem, config.evaluator)
    trials = []
    with running(problem, config, evaluator, should_stop, time.monotonic()) as execution:
        execution.race = None
        for trial in execution.run(unit.proposals):
            trials.append(trial)
            if on_trial is not None:
                on_trial(trial)
    return sorted(trials, key=lambda trial: trial.number)
