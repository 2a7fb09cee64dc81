"""What every evaluator can do."""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from modelwright.engine.search.problem import Problem
from modelwright.engine.search.space import Params


@dataclass(frozen=True)
class Scored:
    """The score of one combination on one fold.

    Parameters
    ----------
    position : int
        Of the combination among those that were given.
    score : float or None
        None where it failed.
    seconds : float
        Its share of the computing time.
    error : str or None
        Why it failed.
    """

    position: int
    score: float | None
    seconds: float
    error: str | None = None


class Evaluator(ABC):
    """Scores combinations on one fold after the other.

    Laws, which the contract tests hold every evaluator to: each score equals that of
    scikit-learn's ``GridSearchCV`` with the same pipeline and folds; the order in which
    combinations are given, and which of them are given together, changes nothing; one that fails
    leaves the others alone.

    Attributes
    ----------
    name : str
        As results say it.
    """

    name: ClassVar[str]

    @abstractmethod
    def key(self, problem: Problem, params: Params) -> Hashable:
        """Return what combinations have in common that should be scored together."""

    @abstractmethod
    def score(
        self, problem: Problem, fold: int, combinations: Sequence[Params]
    ) -> Iterator[Scored]:
        """Give one `Scored` for each combination, in any order.

        Parameters
        ----------
        problem : Problem
            What is searched on.
        fold : int
            Its index.
        combinations : sequence of dict
            All of the same key.
        """

    def weight(self, combinations: Sequence[Params]) -> float:
        """Return how much work a group is, compared with other groups."""
        return float(len(combinations))

    def split(self, combinations: Sequence[Params]) -> list[list[int]]:
        """Return positions in parts that share less with each other than within themselves.

        One part where there is nothing to gain, or only one combination.
        """
        return [list(range(len(combinations)))]
