"""Ways to score combinations, one per file; `choose` takes the fastest that is exact."""

from modelwright.engine.search.evaluators.base import Evaluator, Scored
from modelwright.engine.search.evaluators.choice import choose, evaluator_named

__all__ = ["Evaluator", "Scored", "choose", "evaluator_named"]
