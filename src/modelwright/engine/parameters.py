"""The kinds of hyperparameters, and how a value is checked against its declaration."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

CLASSIFICATION = "classification"
REGRESSION = "regression"
TASKS = (CLASSIFICATION, REGRESSION)
SAME: Any = object()
TEXT_CHARS = 100
MOST_NAMES = 100


def _one_of(choices: Sequence[str]) -> str:
    quoted = [f'"{choice}"' for choice in choices]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


@dataclass(frozen=True)
class Parameter:
    """What every hyperparameter declares.

    Parameters
    ----------
    name : str
        As scikit-learn (or the library) calls it.
    default : object
        In force where nothing is given.
    help : str
        One line for the form and the API documentation.
    nullable : bool
        Whether null is a value.
    tasks : tuple of str
        The tasks that it has a meaning for.
    regression_default : object
        Default for regression, where it is another one.
    """

    name: str
    default: Any
    help: str
    nullable: bool = False
    tasks: tuple[str, ...] = TASKS
    regression_default: Any = SAME

    def default_for(self, task: str) -> Any:
        """Return what is in force for a task where nothing is given."""
        other = task == REGRESSION and self.regression_default is not SAME
        return self.regression_default if other else self.default

    @property
    def kind(self) -> str:
        """Return the name of the type, for forms: integer, number, choice, boolean, text, names."""
        raise NotImplementedError

    def fault(self, value: object) -> str | None:
        """Return what is wrong with `value`, or None where it will do."""
        if value is None:
            return None if self.nullable else f"{self.name} must not be null"
        text = self._fault(value)
        if text is None:
            return None
        return f"{self.name} {text}{' or null' if self.nullable else ''}"

    def _fault(self, value: object) -> str | None:
        raise NotImplementedError


@dataclass(frozen=True)
class _Ranged(Parameter):
    low: float = 0
    high: float = math.inf
    open_ended: bool = False
    log: bool = False

    def _range_fault(self, value: float) -> str | None:
        if self.low <= value <= self.high:
            return None
        if not self.open_ended:
            return f"must be between {self.low} and {self.high}"
        return (
            f"must be at least {self.low}" if value < self.low else f"must be at most {self.high}"
        )


@dataclass(frozen=True)
class IntegerParameter(_Ranged):
    """A whole number in a range; True, "5" and 5.0 are none.

    Parameters
    ----------
    low, high : int
        The range, both ends included.
    open_ended : bool
        `high` is only where computers end; it isn't shown.
    log : bool
        A search should go by orders of magnitude.

    Examples
    --------
    >>> trees = IntegerParameter("n_estimators", 100, "Number of trees.", low=1, high=1000)
    >>> trees.fault(0)
    'n_estimators must be between 1 and 1000'
    >>> trees.fault(True)
    'n_estimators must be an integer'
    """

    high: float = 1_000_000_000

    @property
    def kind(self) -> str:
        return "integer"

    def _fault(self, value: object) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int):
            return "must be an integer"
        return self._range_fault(value)


@dataclass(frozen=True)
class NumberParameter(_Ranged):
    """A finite number in a range; True, "0.5", NaN and infinity are none.

    Examples
    --------
    >>> rate = NumberParameter("learning_rate", 0.1, "Step.", low=0.001, high=1)
    >>> rate.fault(float("nan")), rate.fault(0.5)
    ('learning_rate must be a number', None)
    """

    @property
    def kind(self) -> str:
        return "number"

    def _fault(self, value: object) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return "must be a number"
        if isinstance(value, float) and not math.isfinite(value):
            return "must be a number"
        return self._range_fault(value)


@dataclass(frozen=True)
class ChoiceParameter(Parameter):
    """One of some words.

    Examples
    --------
    >>> ChoiceParameter("kernel", "rbf", "Kernel.", choices=("rbf", "linear")).fault("cubic")
    'kernel must be "rbf" or "linear"'
    """

    choices: tuple[str, ...] = field(default=())

    @property
    def kind(self) -> str:
        return "choice"

    def _fault(self, value: object) -> str | None:
        if isinstance(value, str) and value in self.choices:
            return None
        words = (
            ", ".join(f'"{c}"' for c in self.choices) if self.nullable else _one_of(self.choices)
        )
        return f"must be {words}"


@dataclass(frozen=True)
class NumberOrWordParameter(NumberParameter):
    """A finite number in a range, or one of some words; a search may take a range of numbers.

    Parameters
    ----------
    words : tuple of str
        The words.

    Examples
    --------
    >>> reach = NumberOrWordParameter("gamma", "scale", "Reach.", low=0.1, high=9, words=("scale",))
    >>> reach.fault("scale"), reach.fault(0.5), reach.fault("wide")
    (None, None, 'gamma must be "scale" or a number between 0.1 and 9')
    """

    words: tuple[str, ...] = field(default=())

    def _fault(self, value: object) -> str | None:
        if (isinstance(value, str) and value in self.words) or super()._fault(value) is None:
            return None
        words = ", ".join(f'"{word}"' for word in self.words)
        return f"must be {words} or a number between {self.low:g} and {self.high:g}"


@dataclass(frozen=True)
class BooleanParameter(Parameter):
    """True or false; 1 and "true" are neither.

    Examples
    --------
    >>> BooleanParameter("fit_intercept", True, "Fit an intercept.").fault(1)
    'fit_intercept must be true or false'
    """

    @property
    def kind(self) -> str:
        return "boolean"

    def _fault(self, value: object) -> str | None:
        return None if isinstance(value, bool) else "must be true or false"


@dataclass(frozen=True)
class TextParameter(Parameter):
    """A short text.

    Examples
    --------
    >>> TextParameter("target", None, "Channel.", True).fault("")
    'target must be a text of 1 to 100 characters or null'
    """

    @property
    def kind(self) -> str:
        return "text"

    def _fault(self, value: object) -> str | None:
        if isinstance(value, str) and 0 < len(value) <= TEXT_CHARS:
            return None
        return f"must be a text of 1 to {TEXT_CHARS} characters"


@dataclass(frozen=True)
class NamesParameter(Parameter):
    """A list of different short texts.

    Examples
    --------
    >>> NamesParameter("drivers", (), "Channels.").fault(["a", "a"])
    'drivers must be a list of different texts'
    """

    @property
    def kind(self) -> str:
        return "names"

    def _fault(self, value: object) -> str | None:
        if (
            isinstance(value, list | tuple)
            and len(value) <= MOST_NAMES
            and all(isinstance(name, str) and 0 < len(name) <= TEXT_CHARS for name in value)
            and len({*value}) == len(value)
        ):
            return None
        return "must be a list of different texts"
