"""A straight line in temperature and drivers."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np

from modelwright.engine.machines.candidates.base import Candidate, Folds, Rows, Term, each_fold
from modelwright.engine.machines.candidates.drivers import DriverPlan
from modelwright.engine.machines.candidates.frame import Frame
from modelwright.engine.machines.candidates.squares import least_squares
from modelwright.engine.machines.series import Values

BASE_LOAD = "base load"


class LinearCandidate(Candidate):
    """Ordinary least squares: base load, temperature, production, further drivers.

    With neither temperature nor drivers it is the mean.
    """

    name: ClassVar[str] = "linear"
    title: ClassVar[str] = "Linear regression"

    def __init__(self) -> None:
        super().__init__()
        self.plan = DriverPlan()
        self.warm = False
        self.labels: list[str] = []
        self.coefficients = np.empty(0)
        self.standard_errors = np.empty(0)

    @classmethod
    def suits(cls, frame: Frame, rows: Rows) -> bool:
        return True

    def cross_validate(self, frame: Frame, rows: Rows, folds: Folds) -> Values:
        predicted = np.full(len(frame), np.nan)
        for learn, test in each_fold(rows, folds):
            predicted[test] = type(self)().fit(frame, learn).predict(frame)[test]
        return predicted

    def fit(self, frame: Frame, rows: Rows) -> Self:
        self.warm = frame.temperature is not None
        self.plan = DriverPlan.of(frame, rows, bent=False)
        fit = least_squares(self._design(frame)[rows], frame.target[rows])
        self.coefficients, self.standard_errors = fit.coefficients, fit.standard_errors
        self.parameters = float(self.coefficients.size)
        return self

    def predict(self, frame: Frame) -> Values:
        predicted: Values = self._design(frame) @ self.coefficients
        return predicted

    def _design(self, frame: Frame) -> Values:
        columns = [np.ones((len(frame), 1))]
        if self.warm and frame.temperature is not None:
            columns.append(frame.temperature[:, None])
        return np.hstack([*columns, self.plan.matrix(frame)])

    def terms(self) -> list[Term]:
        names = [BASE_LOAD, *(["temperature"] if self.warm else [])]
        return terms_of(names, self.plan, self.coefficients, self.standard_errors)

    def equation(self) -> str:
        return equation_of(self.terms())

    def to_dict(self) -> dict[str, Any]:
        return {
            "warm": self.warm,
            "plan": self.plan.to_list(),
            "coefficients": self.coefficients.tolist(),
            "standard_errors": self.standard_errors.tolist(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        model = cls()
        model.warm = bool(data["warm"])
        model.plan = DriverPlan.from_list(data["plan"])
        model.coefficients = np.array(data["coefficients"])
        model.standard_errors = np.array(data["standard_errors"])
        model.parameters = float(model.coefficients.size)
        return model


def terms_of(
    names: list[str], plan: DriverPlan, coefficients: Values, standard_errors: Values
) -> list[Term]:
    """Return what a fit says of its own columns, by `names`, and of the plan's in their own units.

    Parameters
    ----------
    names : list of str
        Of the columns before the plan's.
    plan : DriverPlan
    coefficients, standard_errors : ndarray of float64, shape (p,)
        Of the own columns, then of the plan's.
    """
    labels = [*names, *(column.label for column in plan.columns)]
    scales = [*([1.0] * len(names)), *(column.scale for column in plan.columns)]
    return [
        Term(label, float(value / scale), float(error / scale))
        for label, value, error, scale in zip(
            labels, coefficients, standard_errors, scales, strict=True
        )
    ]


def equation_of(terms: list[Term]) -> str:
    """Return an equation's right-hand side.

    Examples
    --------
    >>> equation_of([Term(BASE_LOAD, 5.0), Term("temperature", -1.5)])
    '5 - 1.5 * temperature'
    """
    text = ""
    for term in terms:
        minus = term.value < 0
        lead = f" {'-' if minus else '+'} " if text else ("-" if minus else "")
        factor = "" if term.name == BASE_LOAD else f" * {_bracketed(term.name)}"
        text += f"{lead}{abs(term.value):.4g}{factor}"
    return text


def _bracketed(name: str) -> str:
    return f"({name})" if " " in name else name
