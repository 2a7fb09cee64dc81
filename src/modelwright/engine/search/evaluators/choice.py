"""Which evaluator serves which model."""

from modelwright.engine.parameters import CLASSIFICATION
from modelwright.engine.search.evaluators.base import Evaluator
from modelwright.engine.search.evaluators.boosting import CUTS, BoostingEvaluator
from modelwright.engine.search.evaluators.forest import CountedForestEvaluator, ForestEvaluator
from modelwright.engine.search.evaluators.neighbours import NeighboursEvaluator
from modelwright.engine.search.evaluators.plain import PlainEvaluator
from modelwright.engine.search.evaluators.prefix import PrefixEvaluator
from modelwright.engine.search.evaluators.prepared import PreparedEvaluator
from modelwright.engine.search.evaluators.selfcheck import (
    boosting_fault,
    counting_fault,
    forest_fault,
    neighbours_fault,
)
from modelwright.engine.search.problem import Problem

FORESTS = ("random_forest", "extra_trees")
NEIGHBOURS = "knn"

_ALL: dict[str, Evaluator] = {
    evaluator.name: evaluator
    for evaluator in (
        PlainEvaluator(),
        PreparedEvaluator(),
        PrefixEvaluator(),
        ForestEvaluator(),
        CountedForestEvaluator(),
        BoostingEvaluator(),
        NeighboursEvaluator(),
    )
}


def evaluator_named(name: str) -> Evaluator:
    """Return an evaluator by the name that results say.

    Examples
    --------
    >>> evaluator_named("plain").name
    'plain'
    """
    return _ALL[name]


def choose(problem: Problem, wanted: str = "auto") -> tuple[Evaluator, tuple[str, ...]]:
    """Return the fastest evaluator whose scores are those of ``GridSearchCV``.

    Parameters
    ----------
    problem : Problem
        What is searched on.
    wanted : str
        ``auto``, or the name of one.

    Returns
    -------
    evaluator : Evaluator
        The one to use.
    notes : tuple of str
        Why it isn't the fastest there is, where it isn't.
    """
    if wanted != "auto":
        return _ALL[wanted], ()
    if problem.model_type in FORESTS:
        return forest_for(problem.model_type, problem.task)
    if problem.model_type in CUTS:
        fault = boosting_fault(problem.model_type, problem.task)
        if not fault:
            return _ALL["boosting"], ()
        note = f"Each number of rounds was fitted anew, which is slower: {fault}."
        return _ALL["prepared"], (note,)
    if problem.model_type == NEIGHBOURS:
        fault = neighbours_fault(problem.task)
        if not fault:
            return _ALL["neighbours"], ()
        note = f"Neighbours were looked for anew for each number of them, which is slower: {fault}."
        return _ALL["prepared"], (note,)
    return _ALL["prepared"], ()


def forest_for(model_type: str, task: str) -> tuple[Evaluator, tuple[str, ...]]:
    """Return what `choose` does for a forest; what it checks is checked once in a process.

    Parameters
    ----------
    model_type : str
        One of `FORESTS`.
    task : str
        ``classification`` or ``regression``.
    """
    if fault := forest_fault(model_type, task):
        note = f"The search went by scikit-learn's public interface, which is slower: {fault}."
        return _ALL["forest, public interface"], (note,)
    if model_type != "random_forest" or task != CLASSIFICATION:
        return _ALL["forest"], ()
    if fault := counting_fault():
        return _ALL["forest"], (f"Trees were grown by sorting, which is slower: {fault}.",)
    return _ALL["forest, counted"], ()
