"""What every method of gathering evidence can do."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from modelwright.engine.abtest.blocks import Blocks, Floats
from modelwright.engine.abtest.design import Design
from modelwright.engine.abtest.errors import ABTestError
from modelwright.engine.abtest.results import Interval


class Method(ABC):
    """Gathers evidence from differences, loss of the champion minus loss of the challenger.

    Laws, which the contract tests hold every method to: the interval leaves out no difference
    exactly where the evidence against it reaches 1 / alpha; exchanging the models turns the sign
    and nothing else; rows in one batch or in many give the same; a method made from its state goes
    on as if nothing had been.

    Attributes
    ----------
    name : str
        As requests spell it.
    exact : bool
        Whether the error is bounded with any number of rows, not only with many. Such a method
        needs rows that don't depend on each other.

    Parameters
    ----------
    design : Design
        What is fixed before.
    blocks : Blocks
        The differences so far; whoever owns them adds to them first.
    """

    name: ClassVar[str]
    exact: ClassVar[bool] = False

    def __init__(self, design: Design, blocks: Blocks) -> None:
        self.design = design
        self.blocks = blocks

    def check(self, differences: Floats) -> None:  # noqa: B027
        """Refuse rows that don't suit the method.

        Raises
        ------
        ABTestError
            They don't.
        """

    def add(self, differences: Floats) -> None:  # noqa: B027
        """Take further rows, shape (n_rows,); a method that lives on the blocks needs nothing."""

    @abstractmethod
    def interval(self) -> Interval | None:
        """Return all differences that aren't refuted, or None where it is too early."""

    @abstractmethod
    def log_evidence(self) -> float:
        """Return the logarithm of the e-value against no difference; 0 where it is too early."""

    def log_evidence_above(self, difference: float) -> float:
        """Return the logarithm of the e-value against a difference of at most so much.

        Raises
        ------
        ABTestError
            The method has no e-values.
        """
        raise ABTestError(f"{self.name} has no e-values: use another method here.")

    def waiting(self) -> str | None:
        """Say what has to come before an interval can be given, or None."""
        return None

    def block_length(self) -> int | None:
        """Return how many rows are averaged into one value."""
        return self.design.block

    def state(self) -> dict[str, Any]:
        """Return what the blocks don't know, as plain data that JSON can hold."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:  # noqa: B027
        """Take over what `state` gave."""
