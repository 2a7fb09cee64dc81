"""What every method of choosing combinations can do."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from modelwright.engine.search.results import Trial
from modelwright.engine.search.space import Params


@dataclass(frozen=True)
class Proposal:
    """A combination to be tried.

    Parameters
    ----------
    number : int
        That of the trial it becomes.
    params : dict
        The combination.
    """

    number: int
    params: Params


class Method(ABC):
    """Chooses combinations: `ask` for some, `tell` what they scored.

    Laws, which the contract tests hold every method to: numbers count up from 0; no combination is
    proposed twice; told the same, a method of the same seed proposes the same.

    Attributes
    ----------
    name : str
        As requests spell it.
    """

    name: ClassVar[str]

    @property
    @abstractmethod
    def total(self) -> int:
        """How many combinations there will be in all."""

    @property
    def sampler(self) -> str:
        """What chooses, for the result."""
        return self.name

    @property
    def batch(self) -> int:
        """How many to ask for at a time; the fewer, the better each is chosen."""
        return self.total

    @abstractmethod
    def ask(self, count: int) -> list[Proposal]:
        """Return at most so many further combinations; none where there are no more."""

    @abstractmethod
    def tell(self, trial: Trial) -> None:
        """Learn from a trial, whatever its end."""


class ListedMethod(Method):
    """A method whose combinations are known from the start."""

    def __init__(self, combinations: list[Params]) -> None:
        self.combinations = combinations
        self.asked = 0

    @property
    def total(self) -> int:
        """How many combinations there are."""
        return len(self.combinations)

    def ask(self, count: int) -> list[Proposal]:
        """Return the next ones of the list."""
        first = self.asked
        self.asked = min(self.total, first + count)
        return [Proposal(i, self.combinations[i]) for i in range(first, self.asked)]

    def tell(self, trial: Trial) -> None:
        """Learn nothing: the list is as it is."""
