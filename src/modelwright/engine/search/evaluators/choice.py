"""Which evaluator serves which model."""

from modelwright.engine.search.evaluators.base import Evaluator
from modelwright.engine.search.evaluators.boosting import CUTS, BoostingEvaluator
from modelwright.engine.search.evaluators.forest import ForestEvaluator
from modelwright.engine.search.evaluators.neighbours import NeighboursEvaluator
from modelwright.engine.search.evaluators.plain import PlainEvaluator
from modelwright.engine.search.evaluators.prefix import PrefixEvaluator
from modelwright.engine.search.evaluators.prepared import PreparedEvaluator
from modelwright.engine.search.evaluators.selfcheck import (
    boosting_fault,
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
        fault = forest_fault(problem.model_type, problem.task)
        if not fault:
            return _ALL["forest"], ()
        note = f"The search went by scikit-learn's public interface, which is slower: {fault}."
        return _ALL["forest, public interface"], (note,)
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
