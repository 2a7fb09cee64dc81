"""Every combination of a grid."""

from typing import ClassVar

from modelwright.engine.search.methods.base import ListedMethod
from modelwright.engine.search.space import GRID, SearchSpace


class GridMethod(ListedMethod):
    """Proposes all combinations, in the order of scikit-learn's ``ParameterGrid``.

    Parameters
    ----------
    space : SearchSpace
        Lists of choices only.

    Examples
    --------
    >>> from modelwright.engine.search.space import parse_space
    >>> method = GridMethod(parse_space("ridge", {"alpha": [1.0, 0.1]}))
    >>> [proposal.params for proposal in method.ask(5)]
    [{'alpha': 1.0}, {'alpha': 0.1}]
    """

    name: ClassVar[str] = GRID

    def __init__(self, space: SearchSpace) -> None:
        super().__init__(list(space.combinations()))
