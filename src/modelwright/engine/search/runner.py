"""One search from start to end: what a job runs."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from modelwright.engine.search.config import SearchConfig
from modelwright.engine.search.evaluators import Evaluator, choose
from modelwright.engine.search.execution import Execution, ShouldStop, make_work
from modelwright.engine.search.export import recipe_of
from modelwright.engine.search.methods import Method, make_method
from modelwright.engine.search.pool import open_pool
from modelwright.engine.search.problem import Problem
from modelwright.engine.search.racing import Race
from modelwright.engine.search.results import (
    DROPPED,
    FAILED,
    FINISHED,
    SearchProgress,
    SearchResult,
    Trial,
    best_of,
)
from modelwright.engine.search.space import params_key

Report = Callable[[SearchProgress], None]


def never() -> bool:
    """Don't stop."""
    return False


def silent(_progress: SearchProgress) -> None:
    """Tell nobody."""


def run_search(
    config: SearchConfig,
    *,
    report: Report = silent,
    should_stop: ShouldStop = never,
    earlier: Sequence[Trial] = (),
    known: Sequence[Trial] = (),
) -> SearchResult:
    """Read the data, and search.

    Parameters
    ----------
    config : SearchConfig
        What to do.
    report : callable
        Called at the start and after each trial with a `SearchProgress`.
    should_stop : callable
        Asked some ten times a second; once it says so, the search ends within a second and keeps
        what was found.
    earlier : sequence of Trial
        Of this very search, which was stopped: they are taken over, not computed again.
    known : sequence of Trial
        Of another search on the same data: a start for ``random_search`` and ``bayesian``.

    Returns
    -------
    SearchResult
        Also where the time was up or it was told to stop: `SearchResult.ended` says so.

    Raises
    ------
    DataLoadError
        The data can't be used.
    SearchError, SpaceError, ScoringError
        The search isn't possible as it was asked for.

    Examples
    --------
    >>> import tempfile
    >>> from modelwright.engine.config import TrainingConfig
    >>> from modelwright.engine.samples import write_future_skills_csv
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     data = write_future_skills_csv(f"{folder}/skills.csv")
    ...     training = TrainingConfig(str(data), preset="future_skills")
    ...     grid = {"n_estimators": [5, 10], "max_depth": [2, None]}
    ...     result = run_search(SearchConfig(training, param_grid=grid, cv_folds=3))
    >>> len(result.trials), result.ended, result.evaluator
    (4, 'finished', 'forest')
    """
    config.check()
    started = time.monotonic()
    problem = Problem.from_config(config)
    return search(
        problem,
        config,
        report=report,
        should_stop=should_stop,
        earlier=earlier,
        known=known,
        started=started,
    )


def search(
    problem: Problem,
    config: SearchConfig,
    *,
    report: Report = silent,
    should_stop: ShouldStop = never,
    earlier: Sequence[Trial] = (),
    known: Sequence[Trial] = (),
    started: float | None = None,
) -> SearchResult:
    """Search on data that are there already; see `run_search`.

    Parameters
    ----------
    problem : Problem
        Rows, folds and model; of `config` only what concerns the search counts.
    started : float, optional
        By `time.monotonic`; now where not given.
    """
    started = time.monotonic() if started is None else started
    method = make_method(config, config.check(problem.task), known)
    evaluator, notes = choose(problem, config.evaluator)
    book = _Book(method, started, report)
    done = {params_key(trial.params): trial for trial in earlier}
    with running(problem, config, evaluator, should_stop, started) as execution:
        book.tell_all()
        while not execution.ended:
            proposals = method.ask(method.batch)
            if not proposals:
                break
            fresh = []
            for proposal in proposals:
                trial = done.get(params_key(proposal.params))
                if trial is None:
                    fresh.append(proposal)
                else:
                    book.add(replace(trial, number=proposal.number))
            for trial in execution.run(fresh):
                book.add(trial)
    return assemble(
        problem,
        config,
        book.trials,
        total=method.total,
        tuning_time=time.monotonic() - started,
        ended=execution.ended or FINISHED,
        evaluator=evaluator.name,
        sampler=method.sampler,
        notes=notes,
    )


@contextlib.contextmanager
def running(
    problem: Problem,
    config: SearchConfig,
    evaluator: Evaluator,
    should_stop: ShouldStop,
    started: float,
) -> Iterator[Execution]:
    """Prepare all folds, start the processes, and end them afterwards."""
    for fold in range(len(problem.splits)):
        # What fails here fails for every combination, which then says why.
        with contextlib.suppress(*problem.failures):
            problem.fold(fold)
    deadline = None if config.timeout_seconds is None else started + config.timeout_seconds
    pool = open_pool(make_work(problem, evaluator), config.processes)
    try:
        yield Execution(
            problem,
            evaluator,
            pool,
            should_stop=should_stop,
            deadline=deadline,
            race=Race(len(problem.splits)) if config.early_stopping else None,
        )
    finally:
        pool.close()


def assemble(
    problem: Problem,
    config: SearchConfig,
    trials: Sequence[Trial],
    *,
    total: int,
    tuning_time: float,
    ended: str = FINISHED,
    evaluator: str = "",
    sampler: str = "",
    notes: Sequence[str] = (),
) -> SearchResult:
    """Make the result of trials, wherever they were computed."""
    ordered = tuple(sorted(trials, key=lambda trial: trial.number))
    best = best_of(ordered)
    failed = [trial for trial in ordered if trial.status == FAILED]
    dropped = sum(trial.status == DROPPED for trial in ordered)
    found = [*problem.notes, *notes]
    if failed:
        found.append(f"{len(failed)} of {len(ordered)} trials failed; the first: {failed[0].error}")
    if dropped:
        found.append(f"{dropped} of {len(ordered)} combinations were dropped early; each says why.")
    return SearchResult(
        method=config.method,
        model_type=problem.model_type,
        scoring_metric=problem.metric,
        cv_folds=len(problem.splits),
        best_params=None if best is None else dict(best.params),
        best_score=None if best is None else best.mean,
        trials=ordered,
        total_combinations=total,
        tuning_time=round(tuning_time, 4),
        ended=ended,
        evaluator=evaluator,
        sampler=sampler or config.method,
        notes=tuple(found),
        recipe=recipe_of(problem, None if best is None else best.params),
    )


@dataclass
class _Book:
    """Keeps the trials, and tells the method and the user of each."""

    method: Method
    started: float
    report: Report

    def __post_init__(self) -> None:
        self.trials: list[Trial] = []
        self.best: Trial | None = None

    def add(self, trial: Trial) -> None:
        self.trials.append(trial)
        self.method.tell(trial)
        self.best = best_of([t for t in (self.best, trial) if t is not None])
        self.tell_all(trial)

    def tell_all(self, trial: Trial | None = None) -> None:
        elapsed = time.monotonic() - self.started
        current, total = len(self.trials), self.method.total
        left = elapsed / current * (total - current) if current else None
        self.report(
            SearchProgress(
                current,
                total,
                trial,
                None if self.best is None else dict(self.best.params),
                None if self.best is None else self.best.mean,
                elapsed,
                left,
            )
        )
