"""What can go wrong with a search. Light: no heavy library is loaded."""

from typing import ClassVar

from modelwright.engine.errors import HyperparameterError, ModelTrainerError


class SearchError(ModelTrainerError):
    """Something about a search can't be done."""

    code: ClassVar[str] = "search_error"


class SpaceError(HyperparameterError):
    """The grid or a range in it is wrong.

    Parameters
    ----------
    messages : list of str
        One for each fault.

    Examples
    --------
    >>> SpaceError(["param_grid must not be empty"]).code
    'search_space_error'
    """

    code: ClassVar[str] = "search_space_error"


class ScoringError(SearchError):
    """The metric is unknown, or has no meaning for the task."""

    code: ClassVar[str] = "scoring_error"


class SearchDataError(SearchError):
    """The rows don't allow for so many folds."""

    code: ClassVar[str] = "search_data_error"


class WorkerDiedError(SearchError):
    """A process of the search ended before its work was done."""

    code: ClassVar[str] = "search_worker_died"
