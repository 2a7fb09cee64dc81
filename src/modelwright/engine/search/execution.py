"""From proposals to trials: groups that share work, spread over processes, fold by fold."""

import math
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from modelwright.engine.search.evaluators import Evaluator, Scored
from modelwright.engine.search.methods import Proposal
from modelwright.engine.search.pool import Answer, Pool, Work, remaining
from modelwright.engine.search.problem import Problem, short_error
from modelwright.engine.search.racing import Race
from modelwright.engine.search.results import COMPLETE, DROPPED, FAILED, STOPPED, TIMED_OUT, Trial
from modelwright.engine.search.space import Params

ShouldStop = Callable[[], bool]


@dataclass(frozen=True)
class Task:
    """One group of combinations on one fold.

    Parameters
    ----------
    proposals : tuple of Proposal
        They share work.
    fold : int
        Its index.
    """

    proposals: tuple[Proposal, ...]
    fold: int


@dataclass
class Tally:
    """What is known of a combination so far."""

    params: Params
    scores: dict[int, float | None] = field(default_factory=dict)
    errors: dict[int, str] = field(default_factory=dict)
    seconds: float = 0.0

    def add(self, fold: int, scored: Scored) -> None:
        """Take the score of one fold."""
        self.scores[fold] = scored.score
        self.seconds += scored.seconds
        if scored.error is not None:
            self.errors[fold] = scored.error

    def trial(self, number: int, folds: int, dropped: str | None = None) -> Trial:
        """Return what became of it."""
        scores = tuple(self.scores.get(fold) for fold in range(folds) if fold in self.scores)
        status, error = COMPLETE, None
        mean = std = None
        if self.errors:
            fold, text = min(self.errors.items())
            status, error = FAILED, f"fold {fold + 1} of {folds}: {text}"
        else:
            numbers = np.array(scores, dtype=float)
            mean, std = float(numbers.mean()), float(numbers.std())
        if dropped:
            status, error = DROPPED, dropped
        return Trial(
            number, dict(self.params), scores, mean, std, round(self.seconds, 6), status, error
        )


def make_work(problem: Problem, evaluator: Evaluator) -> Work:
    """Return what the processes of a search do with a `Task`: give its scores one by one."""

    def work(task: Task) -> Iterator[Scored]:
        combinations = [proposal.params for proposal in task.proposals]
        left = dict.fromkeys(range(len(combinations)))
        try:
            for scored in evaluator.score(problem, task.fold, combinations):
                left.pop(scored.position, None)
                yield _finite(scored)
        except problem.failures as error:
            for position in left:
                yield Scored(position, None, 0.0, short_error(error))

    return work


def _finite(scored: Scored) -> Scored:
    if scored.score is None or math.isfinite(scored.score):
        return scored
    return Scored(scored.position, None, scored.seconds, "the score is not a number")


def grouped(
    problem: Problem, evaluator: Evaluator, proposals: Sequence[Proposal]
) -> list[tuple[Proposal, ...]]:
    """Return the proposals in groups that share work, in the order of their first ones."""
    groups: dict[Hashable, list[Proposal]] = {}
    for proposal in proposals:
        groups.setdefault(evaluator.key(problem, proposal.params), []).append(proposal)
    return [tuple(group) for group in groups.values()]


class Execution:
    """Scores proposals until it is told to stop or the time is up.

    Parameters
    ----------
    problem : Problem
        What is searched on.
    evaluator : Evaluator
        What scores.
    pool : Pool
        Of processes that do `make_work`.
    should_stop : callable
        Asked some ten times a second.
    deadline : float, optional
        By `time.monotonic`.
    race : Race, optional
        Drops what is surely worse.

    Attributes
    ----------
    ended : str
        Why it ended early; empty where it didn't.
    """

    def __init__(
        self,
        problem: Problem,
        evaluator: Evaluator,
        pool: Pool,
        *,
        should_stop: ShouldStop,
        deadline: float | None = None,
        race: Race | None = None,
    ) -> None:
        self.problem = problem
        self.evaluator = evaluator
        self.pool = pool
        self.should_stop = should_stop
        self.deadline = deadline
        self.race = race
        self.folds = len(problem.splits)
        self.ended = ""

    def run(self, proposals: Sequence[Proposal]) -> Iterator[Trial]:
        """Give a trial for each proposal, as they end. Those under way at an early end are lost."""
        tallies = {p.number: Tally(p.params) for p in proposals}
        first = self.race.first_folds if self.race else self.folds
        rounds = [range(first), *(range(f, f + 1) for f in range(first, self.folds))]
        alive = list(proposals)
        for folds in rounds:
            for trial in self._round(alive, folds, tallies):
                yield trial
                if self.race:
                    self.race.note(trial)
            if self.ended:
                return
            if self.race and folds.stop < self.folds:
                for trial in self._losers(alive, tallies):
                    yield trial
            alive = [p for p in alive if p.number in tallies]

    def _round(
        self, proposals: Sequence[Proposal], folds: range, tallies: dict[int, Tally]
    ) -> Iterator[Trial]:
        """Score some folds of all proposals; give the trials that are settled by them."""
        for task in self._tasks(proposals, folds):
            self.pool.submit(task)
        while self.pool.busy:
            if self._over():
                return
            for answer in self.pool.answers(remaining(self.deadline)):
                yield from self._settle(answer, folds, tallies)

    def _tasks(self, proposals: Sequence[Proposal], folds: range) -> list[Task]:
        """Return the work: group by group, the last ones in smaller pieces.

        The pieces share less, but no process is left with a large one when the others have ended.
        """
        groups = grouped(self.problem, self.evaluator, proposals)
        tasks = [Task(group, fold) for group in groups for fold in folds]
        tail = self.pool.processes if self.pool.processes > 1 else 0
        cut = max(0, len(tasks) - tail)
        whole, last = tasks[:cut], tasks[cut:]
        return [*whole, *(piece for task in last for piece in self._pieces(task))]

    def _pieces(self, task: Task) -> list[Task]:
        parts = self.evaluator.split([p.params for p in task.proposals])
        return [Task(tuple(task.proposals[i] for i in part), task.fold) for part in parts]

    def _settle(self, answer: Answer, folds: range, tallies: dict[int, Tally]) -> Iterator[Trial]:
        task: Task = answer.task
        for position, scored in _scores(answer):
            number = task.proposals[position].number
            tally = tallies.get(number)
            if tally is None or task.fold in tally.scores:
                continue
            tally.add(task.fold, scored)
            run = len(tally.scores) == folds.stop
            if run and (folds.stop == self.folds or tally.errors):
                yield tallies.pop(number).trial(number, self.folds)

    def _losers(self, alive: Sequence[Proposal], tallies: dict[int, Tally]) -> Iterator[Trial]:
        scores = {
            p.number: [s for _, s in sorted(tallies[p.number].scores.items()) if s is not None]
            for p in alive
            if p.number in tallies
        }
        assert self.race is not None  # noqa: S101  (only called in a race)
        for number, why in self.race.losers(scores).items():
            yield tallies.pop(number).trial(number, self.folds, why)

    def _over(self) -> bool:
        if self.should_stop():
            self.ended = STOPPED
        elif self.deadline is not None and time.monotonic() >= self.deadline:
            self.ended = TIMED_OUT
        if self.ended:
            self.pool.close()
        return bool(self.ended)


def _scores(answer: Answer) -> Iterator[tuple[int, Scored]]:
    if answer.died is None:
        yield answer.item.position, answer.item
        return
    for position in range(len(answer.task.proposals)):
        yield position, Scored(position, None, 0.0, answer.died)
