"""Change-point models: energy bends at outdoor temperatures that the data tell.

ASHRAE RP-1050 (Kissock, Haberl and Claridge 2003) has the forms with 3, 4 and 5 parameters. Where
only the mean temperature of a day or a month is known, the corners are rounded: on a day whose mean
is at the change point, part of the hours are below it and part above.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.machines.candidates.base import Candidate, Folds, Rows, Term, each_fold
from modelwright.engine.machines.candidates.drivers import DriverPlan
from modelwright.engine.machines.candidates.frame import Frame
from modelwright.engine.machines.candidates.ols import BASE_LOAD, equation_of, terms_of
from modelwright.engine.machines.candidates.squares import least_squares, solve_many
from modelwright.engine.machines.series import Values

KNOTS = 32
INNER_SHARES = (0.03, 0.97)
SPREADS = (0.0, 0.1, 0.2, 0.3)
ROWS_PER_PARAMETER = 2


@dataclass(frozen=True)
class _Bend:
    """Where the line bends: below `low` it heats, above `high` it cools; None is no bend."""

    low: float | None
    high: float | None
    spread: float


class _Search:
    """All bends of one form at once: the normal equations share one table of cross products."""

    def __init__(self, frame: Frame, rows: Rows, plan: DriverPlan, form: "type[_Form]") -> None:
        self.form = form
        temperature = frame.temperature if frame.temperature is not None else np.empty(0)
        known = temperature[rows]
        low, high = np.quantile(known, INNER_SHARES)
        self.knots = np.unique(np.linspace(low, high, KNOTS))
        spread = float(known.std())
        shares = (0.0,) if frame.spread_known else SPREADS
        self.spreads = [share * spread for share in shares]
        base = np.hstack([np.ones((len(frame), 1)), plan.matrix(frame)])
        self.width = base.shape[1]
        self.designs = [
            np.hstack([base, frame.warmth(self.knots, -1, s), frame.warmth(self.knots, 1, s)])
            for s in self.spreads
        ]
        self.target = frame.target

    def best(self, rows: Rows) -> _Bend | None:
        """Return the bend with the least squared error on `rows`, or None where none is sound."""
        found: list[tuple[float, _Bend]] = []
        target = self.target[rows]
        for design, spread in zip(self.designs, self.spreads, strict=True):
            table = design[rows]
            gram, right = table.T @ table, table.T @ target
            errors, pairs = self._errors(gram, right, float(target @ target))
            at = int(errors.argmin())
            if np.isfinite(errors[at]):
                found.append((float(errors[at]), self._bend(pairs[at], spread)))
        return min(found, key=lambda item: item[0])[1] if found else None

    def _errors(
        self, gram: Values, right: Values, total: float
    ) -> tuple[Values, NDArray[np.int64]]:
        pairs = self.form.pairs(self.knots.size)
        offsets = self.width + np.array([0, self.knots.size])[list(self.form.sides)]
        bends = pairs[:, list(self.form.sides)] + offsets
        fixed = np.broadcast_to(np.arange(self.width), (pairs.shape[0], self.width))
        columns = np.hstack([fixed, bends])
        grams = gram[columns[:, :, None], columns[:, None, :]]
        rights = right[columns]
        found = solve_many(grams, rights)
        errors = total - (found * rights).sum(axis=1)
        if self.form.rising:
            errors[(found[:, self.width :] <= 0).any(axis=1)] = np.inf
        return errors, pairs

    def _bend(self, pair: NDArray[np.int64], spread: float) -> _Bend:
        low, high = float(self.knots[pair[0]]), float(self.knots[pair[1]])
        sides = self.form.sides
        return _Bend(low if 0 in sides else None, high if 1 in sides else None, spread)


class _Form(Candidate):
    """One form of change-point model.

    Attributes
    ----------
    sides : tuple of int
        0 where it heats below a change point, 1 where it cools above one.
    rising : bool
        Whether energy must rise away from the change points.
    """

    sides: ClassVar[tuple[int, ...]]
    rising: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self.plan = DriverPlan()
        self.bend = _Bend(None, None, 0.0)
        self.coefficients = np.empty(0)
        self.standard_errors = np.empty(0)

    @classmethod
    def pairs(cls, knots: int) -> NDArray[np.int64]:
        """Return the pairs (low, high) of knots to try, shape (n_pairs, 2)."""
        same = np.arange(knots)
        return np.column_stack([same, same])

    @classmethod
    def suits(cls, frame: Frame, rows: Rows) -> bool:
        if frame.temperature is None:
            return False
        known = frame.temperature[rows]
        needed = ROWS_PER_PARAMETER * (1 + 2 * len(cls.sides) + len(frame.drivers))
        return known.size >= needed and np.unique(known).size >= len(cls.sides) + 3

    def cross_validate(self, frame: Frame, rows: Rows, folds: Folds) -> Values:
        predicted = np.full(len(frame), np.nan)
        search = _Search(frame, rows, DriverPlan.of(frame, rows, bent=False), type(self))
        for learn, test in each_fold(rows, folds):
            bend = search.best(learn)
            if bend is not None:
                predicted[test] = type(self)()._fit_at(frame, learn, bend).predict(frame)[test]
        return predicted

    def fit(self, frame: Frame, rows: Rows) -> Self:
        search = _Search(frame, rows, DriverPlan.of(frame, rows, bent=False), type(self))
        bend = search.best(rows)
        return self._fit_at(frame, rows, bend if bend is not None else self.bend)

    def _fit_at(self, frame: Frame, rows: Rows, bend: _Bend) -> Self:
        self.bend = bend
        self.plan = DriverPlan.of(frame, rows, bent=False)
        fit = least_squares(self._design(frame)[rows], frame.target[rows])
        self.coefficients, self.standard_errors = fit.coefficients, fit.standard_errors
        bends = {bend.low, bend.high} - {None}
        self.parameters = float(self.coefficients.size + len(bends))
        return self

    def predict(self, frame: Frame) -> Values:
        predicted: Values = self._design(frame) @ self.coefficients
        return predicted

    def _design(self, frame: Frame) -> Values:
        columns = [np.ones((len(frame), 1))]
        for knot, side in ((self.bend.low, -1), (self.bend.high, 1)):
            if knot is not None:
                columns.append(frame.warmth([knot], side, self.bend.spread))
        return np.hstack([*columns, self.plan.matrix(frame)])

    def _labels(self) -> list[str]:
        labels = []
        if self.bend.low is not None:
            labels.append(f"degrees below {self.bend.low:.1f}")
        if self.bend.high is not None:
            labels.append(f"degrees above {self.bend.high:.1f}")
        return labels

    def terms(self) -> list[Term]:
        names = [BASE_LOAD, *self._labels()]
        return terms_of(names, self.plan, self.coefficients, self.standard_errors)

    def equation(self) -> str:
        rounded = f" (corners rounded by {self.bend.spread:.1f})" if self.bend.spread else ""
        return equation_of(self.terms()) + rounded

    def to_dict(self) -> dict[str, Any]:
        return {
            "bend": [self.bend.low, self.bend.high, self.bend.spread],
            "plan": self.plan.to_list(),
            "coefficients": self.coefficients.tolist(),
            "standard_errors": self.standard_errors.tolist(),
            "parameters": self.parameters,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        model = cls()
        model.bend = _Bend(*data["bend"])
        model.plan = DriverPlan.from_list(data["plan"])
        model.coefficients = np.array(data["coefficients"])
        model.standard_errors = np.array(data["standard_errors"])
        model.parameters = float(data["parameters"])
        return model


class HeatingCandidate(_Form):
    """Three parameters: a base load, and more the colder it is below a change point."""

    name: ClassVar[str] = "heating_3p"
    title: ClassVar[str] = "Change point, heating (3 parameters)"
    sides: ClassVar[tuple[int, ...]] = (0,)


class CoolingCandidate(_Form):
    """Three parameters: a base load, and more the warmer it is above a change point."""

    name: ClassVar[str] = "cooling_3p"
    title: ClassVar[str] = "Change point, cooling (3 parameters)"
    sides: ClassVar[tuple[int, ...]] = (1,)


class BentCandidate(_Form):
    """Four parameters: two slopes, whatever their signs, that meet at one change point."""

    name: ClassVar[str] = "bent_4p"
    title: ClassVar[str] = "Change point, two slopes (4 parameters)"
    sides: ClassVar[tuple[int, ...]] = (0, 1)
    rising: ClassVar[bool] = False


class HeatingCoolingCandidate(_Form):
    """Five parameters: heating below one change point, cooling above another."""

    name: ClassVar[str] = "heating_cooling_5p"
    title: ClassVar[str] = "Change points, heating and cooling (5 parameters)"
    sides: ClassVar[tuple[int, ...]] = (0, 1)

    @classmethod
    def pairs(cls, knots: int) -> NDArray[np.int64]:
        low, high = np.triu_indices(knots)
        return np.column_stack([low, high])
