"""What a search may choose from: lists of choices and ranges, checked before anything is run.

Light: neither scikit-learn nor numpy is loaded, so that the web process can check a grid.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeAlias

from modelwright.engine.hyperparameters import ModelType, model_type_for
from modelwright.engine.parameters import IntegerParameter, NumberParameter, Parameter
from modelwright.engine.search.errors import SpaceError

Params: TypeAlias = dict[str, Any]

GRID = "grid_search"
RANDOM = "random_search"
BAYESIAN = "bayesian"
METHODS = (GRID, RANDOM, BAYESIAN)

MAX_CHOICES = 1_000
MAX_COMBINATIONS = 10_000
SHOWN_NAME_CHARS = 60
_RANGE_KEYS = {"low", "high", "log", "step"}


@dataclass(frozen=True)
class Condition:
    """A parameter has a meaning only where others have certain values.

    Parameters
    ----------
    parameter : str
        The one that decides.
    values : tuple
        Those for which the conditional parameter is searched.
    """

    parameter: str
    values: tuple[Any, ...]

    def holds(self, params: Mapping[str, Any]) -> bool:
        """Return whether the conditional parameter counts beside these values."""
        return self.parameter in params and any(
            same_value(params[self.parameter], value) for value in self.values
        )


@dataclass(frozen=True)
class Choices:
    """A list of values, in the order given.

    Parameters
    ----------
    name : str
        Of the parameter.
    values : tuple
        At least one, no two alike.
    condition : Condition or None
        When it counts.
    """

    name: str
    values: tuple[Any, ...]
    condition: Condition | None = None

    def holds(self, value: object) -> bool:
        """Return whether `value` is one of the choices."""
        return any(same_value(value, choice) for choice in self.values)


@dataclass(frozen=True)
class Range:
    """All numbers between two ends, both included.

    Parameters
    ----------
    name : str
        Of the parameter.
    low, high : float
        The ends; whole numbers where `integer`.
    integer : bool
        Whole numbers only.
    log : bool
        Each order of magnitude is as likely as the next.
    step : float or None
        Distance of the values, counted from `low`.
    condition : Condition or None
        When it counts.
    """

    name: str
    low: float
    high: float
    integer: bool = False
    log: bool = False
    step: float | None = None
    condition: Condition | None = None

    def holds(self, value: object) -> bool:
        """Return whether `value` is a number between the ends."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return self.low <= value <= self.high


Dimension: TypeAlias = Choices | Range


@dataclass(frozen=True)
class SearchSpace:
    """All that a search may choose from.

    Parameters
    ----------
    model_type : str
        The model whose parameters these are.
    dimensions : tuple of Choices or Range
        Sorted by name, which is the order of scikit-learn's ``ParameterGrid``.
    """

    model_type: str
    dimensions: tuple[Dimension, ...]

    @property
    def lists_only(self) -> bool:
        """Return whether there are no ranges, so that the combinations can be counted."""
        return all(isinstance(d, Choices) for d in self.dimensions)

    def dimension(self, name: str) -> Dimension | None:
        """Return one dimension by its name."""
        return next((d for d in self.dimensions if d.name == name), None)

    def active(self, params: Mapping[str, Any]) -> Params:
        """Return only the parameters whose condition holds, sorted by name."""
        return {
            d.name: params[d.name]
            for d in self.dimensions
            if d.name in params and (d.condition is None or d.condition.holds(params))
        }

    def holds(self, params: Mapping[str, Any]) -> bool:
        """Return whether a combination (of an earlier search, say) belongs to the space."""
        wanted = {
            d.name for d in self.dimensions if d.condition is None or d.condition.holds(params)
        }
        found = {d.name: d for d in self.dimensions if d.name in params}
        return wanted == set(params) and all(found[n].holds(v) for n, v in params.items())

    def count(self) -> int:
        """Return the number of combinations, without making them; ranges must not be there."""
        deciding = _deciding(self.dimensions)
        parents = [d for d in self._choices() if d.name in deciding]
        others = [d for d in self._choices() if d.name not in deciding]
        free = math.prod(len(d.values) for d in others if d.condition is None)
        conditional = [d for d in others if d.condition is not None]
        total = math.prod(len(d.values) for d in parents)
        if not conditional or total > MAX_COMBINATIONS:
            return total * free
        names = [d.name for d in parents]
        return sum(
            free * math.prod(len(d.values) for d in conditional if _holds(d, names, values))
            for values in product(*(d.values for d in parents))
        )

    def combinations(self) -> Iterator[Params]:
        """Give every combination in ``ParameterGrid``'s order: the last name changes fastest.

        Examples
        --------
        >>> space = SearchSpace("knn", (Choices("n_neighbors", (3, 5)), Choices("p", (1, 2))))
        >>> [tuple(c.values()) for c in space.combinations()]
        [(3, 1), (3, 2), (5, 1), (5, 2)]
        """
        choices = self._choices()
        names = [d.name for d in choices]
        conditional = any(d.condition for d in choices)
        seen: set[tuple[Any, ...]] = set()
        for values in product(*(d.values for d in choices)):
            params = dict(zip(names, values, strict=True))
            if conditional:
                params = self.active(params)
                key = params_key(params)
                if key in seen:
                    continue
                seen.add(key)
            yield params

    def _choices(self) -> list[Choices]:
        found = [d for d in self.dimensions if isinstance(d, Choices)]
        if len(found) < len(self.dimensions):
            raise SpaceError(["a range has no list of combinations"])
        return found


def same_value(one: object, other: object) -> bool:
    """Return whether two values are the same choice: true is not 1, but 1.0 is."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def params_key(params: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return something hashable that is equal for the same combination.

    Examples
    --------
    >>> params_key({"b": 1, "a": None}) == params_key({"a": None, "b": 1})
    True
    """
    return tuple((name, isinstance(params[name], bool), params[name]) for name in sorted(params))


def parse_space(
    model_type: str,
    param_grid: object,
    method: str = GRID,
    *,
    task: str | None = None,
    fixed: Sequence[str] = (),
) -> SearchSpace:
    """Check a grid as a client sent it.

    Parameters
    ----------
    model_type : str
        One of `MODEL_TYPES`.
    param_grid : mapping
        Parameter -> a list of choices, or a range ``{"low", "high", "log", "step"}`` (not for
        ``grid_search``), or either with a condition: ``{"choices": [2, 3], "when": {"kernel":
        ["poly"]}}``.
    method : str
        One of `METHODS`.
    task : str, optional
        Refuse parameters that have no meaning for it.
    fixed : sequence of str
        Parameters that can't be searched.

    Raises
    ------
    SpaceError
        With one message for each fault. No message repeats a value that was sent.

    Examples
    --------
    >>> parse_space("random_forest", {"n_estimators": [50, 100], "max_depth": [5, None]}).count()
    4
    >>> parse_space("random_forest", {"n_estimators": []})
    Traceback (most recent call last):
    modelwright.engine.search.errors.SpaceError: n_estimators: the list of choices is empty
    """
    if method not in METHODS:
        raise SpaceError([f"tuning_method must be one of {', '.join(METHODS)}"])
    if not isinstance(param_grid, Mapping):
        raise SpaceError(["param_grid must be an object of parameter names and values"])
    if not param_grid:
        raise SpaceError(["param_grid must not be empty"])
    parser = _Parser(model_type_for(model_type), method, task, fixed)
    space = parser.parse(param_grid)
    if method == GRID and space.count() > MAX_COMBINATIONS:
        raise SpaceError(
            [
                f"param_grid has {_shown_count(space.count())} combinations; grid_search takes at"
                f" most {MAX_COMBINATIONS:,}. Shorten the lists, or use random_search or bayesian."
            ]
        )
    return space


def _shown_count(count: int) -> str:
    return f"{count:,}" if count < 10**15 else f"about 10^{len(str(count)) - 1}"


def _deciding(dimensions: Sequence[Dimension]) -> set[str]:
    return {d.condition.parameter for d in dimensions if d.condition is not None}


def _holds(dimension: Choices, names: Sequence[str], values: Sequence[Any]) -> bool:
    params = dict(zip(names, values, strict=True))
    return dimension.condition is None or dimension.condition.holds(params)


class _WrongError(ValueError):
    """One parameter of the grid is wrong; the text goes behind its name."""


class _Parser:
    """Turns one grid into dimensions and collects what is wrong with it."""

    def __init__(
        self, model: ModelType, method: str, task: str | None, fixed: Sequence[str]
    ) -> None:
        self.model = model
        self.method = method
        self.allowed = {
            p.name: p
            for p in model.parameters
            if (task is None or task in p.tasks) and p.name not in fixed
        }
        self.faults: list[str] = []

    def parse(self, grid: Mapping[Any, Any]) -> SearchSpace:
        if len(grid) > len(self.allowed):
            unknown = len(set(map(str, grid)) - set(self.allowed))
            if unknown > len(self.allowed):
                raise SpaceError([f"param_grid has {unknown} unknown parameters. {self._hint()}"])
        dimensions = []
        for name, value in grid.items():
            if not isinstance(name, str) or name not in self.allowed:
                shown = str(name)[:SHOWN_NAME_CHARS]
                self.faults.append(f"Unknown hyperparameter {shown!r}. {self._hint()}")
                continue
            try:
                dimensions.append(self._dimension(self.allowed[name], value))
            except _WrongError as wrong:
                self.faults.append(f"{name}: {wrong}")
        if not self.faults:
            self._check_conditions({d.name: d for d in dimensions})
        if self.faults:
            raise SpaceError(self.faults)
        return SearchSpace(self.model.name, tuple(sorted(dimensions, key=lambda d: d.name)))

    def _hint(self) -> str:
        return f"Allowed: {', '.join(sorted(self.allowed))}"

    def _dimension(self, parameter: Parameter, value: object) -> Dimension:
        if isinstance(value, Mapping):
            return self._from_object(parameter, value)
        return self._choices(parameter, value, None)

    def _from_object(self, parameter: Parameter, value: Mapping[Any, Any]) -> Dimension:
        entries = dict(value)
        condition = None
        if "when" in entries:
            condition = _condition(entries.pop("when"))
        if set(entries) == {"choices"}:
            return self._choices(parameter, entries["choices"], condition)
        if "low" in entries and "high" in entries and set(entries) <= _RANGE_KEYS:
            return self._range(parameter, entries, condition)
        raise _WrongError(
            'must be a list of choices or a range like {"low": 1, "high": 10}, with "log" or "step"'
            " if wanted",
        )

    def _choices(self, parameter: Parameter, value: object, condition: Condition | None) -> Choices:
        if not isinstance(value, list | tuple):
            raise _WrongError("must be a list of choices or a range")
        if not value:
            raise _WrongError("the list of choices is empty")
        if len(value) > MAX_CHOICES:
            raise _WrongError(f"has {len(value):,} choices; the limit is {MAX_CHOICES:,}")
        for position, entry in enumerate(value, 1):
            fault = parameter.fault(entry)
            if fault:
                raise _WrongError(f"choice {position}: {fault}")
        repeated = _repeated(value)
        if repeated:
            first, second = repeated
            raise _WrongError(f"choices {first} and {second} are the same")
        return Choices(parameter.name, tuple(value), condition)

    def _range(
        self, parameter: Parameter, entries: Mapping[str, Any], condition: Condition | None
    ) -> Range:
        fault = self._range_fault(parameter, entries)
        if fault:
            raise _WrongError(fault)
        return Range(
            parameter.name,
            entries["low"],
            entries["high"],
            isinstance(parameter, IntegerParameter),
            bool(entries.get("log", False)),
            entries.get("step"),
            condition,
        )

    def _range_fault(self, parameter: Parameter, entries: Mapping[str, Any]) -> str:
        low, high, step = entries["low"], entries["high"], entries.get("step")
        log = entries.get("log", False)
        if self.method == GRID:
            return (
                "grid_search takes lists of choices only; ranges are for random_search and bayesian"
            )
        if not isinstance(parameter, IntegerParameter | NumberParameter):
            return "takes a list of choices, not a range"
        for end, value in (("low", low), ("high", high)):
            fault = (
                f"{parameter.name} must not be null" if value is None else parameter.fault(value)
            )
            if fault:
                return f"{end}: {fault}"
        if low > high:
            return "low is above high"
        if not isinstance(log, bool):
            return "log must be true or false"
        if log and low <= 0:
            return "log needs a low above 0"
        return _step_fault(step, log, isinstance(parameter, IntegerParameter))

    def _check_conditions(self, dimensions: Mapping[str, Dimension]) -> None:
        for dimension in dimensions.values():
            condition = dimension.condition
            if condition is None:
                continue
            other = dimensions.get(condition.parameter)
            if not isinstance(other, Choices) or other.condition is not None:
                self.faults.append(
                    f'{dimension.name}: "when" must name a parameter with an unconditional list of'
                    " choices in the same grid"
                )
            elif not all(other.holds(value) for value in condition.values):
                self.faults.append(
                    f'{dimension.name}: "when" holds a value that {other.name} can\'t have'
                )


def _condition(when: object) -> Condition:
    if not isinstance(when, Mapping) or len(when) != 1:
        raise _WrongError('"when" must name one parameter and the list of its values')
    other, values = next(iter(when.items()))
    if not isinstance(values, list | tuple) or not values or len(values) > MAX_CHOICES:
        raise _WrongError('"when" must give a list of values')
    return Condition(str(other)[:SHOWN_NAME_CHARS], tuple(values))


def _repeated(values: Sequence[Any]) -> tuple[int, int] | None:
    seen: dict[tuple[bool, Any], int] = {}
    for position, value in enumerate(values, 1):
        key = (isinstance(value, bool), value)
        if key in seen:
            return seen[key], position
        seen[key] = position
    return None


def _step_fault(step: object, log: bool, integer: bool) -> str:
    if step is None:
        return ""
    if isinstance(step, bool) or not isinstance(step, int if integer else int | float):
        return "step must be a whole number" if integer else "step must be a number"
    if not (math.isfinite(step) and step > 0):
        return "step must be above 0"
    return "log and step can't be used together" if log else ""
