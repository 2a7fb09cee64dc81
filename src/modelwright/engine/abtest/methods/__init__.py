"""Ways to gather evidence, one per file. A line in `METHODS` enrols one in the contract tests."""

from modelwright.engine.abtest.blocks import Blocks
from modelwright.engine.abtest.design import Design
from modelwright.engine.abtest.errors import ABTestError
from modelwright.engine.abtest.methods.asymptotic import AsymptoticMethod
from modelwright.engine.abtest.methods.base import Method
from modelwright.engine.abtest.methods.beta_binomial import BetaBinomialMethod
from modelwright.engine.abtest.methods.betting import BettingMethod
from modelwright.engine.abtest.methods.group_sequential import GroupSequentialMethod

METHODS: dict[str, type[Method]] = {
    method.name: method
    for method in (AsymptoticMethod, BetaBinomialMethod, BettingMethod, GroupSequentialMethod)
}

__all__ = ["METHODS", "Method", "make_method"]


def make_method(name: str, design: Design, blocks: Blocks) -> Method:
    """Return a method by its name.

    Raises
    ------
    ABTestError
        There is no such method, or the design lacks what it needs.

    Examples
    --------
    >>> make_method("asymptotic", Design(), Blocks()).name
    'asymptotic'
    """
    if name not in METHODS:
        raise ABTestError(f"There is no method {name!r}: use one of {', '.join(METHODS)}.")
    return METHODS[name](design, blocks)
