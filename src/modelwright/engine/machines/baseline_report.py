"""What a baseline tells of itself."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from modelwright.engine.errors import DataLoadError
from modelwright.engine.machines.candidates.base import Candidate, Rows
from modelwright.engine.machines.candidates.frame import PERIOD, Frame, Inputs
from modelwright.engine.machines.guideline import MONTHS
from modelwright.engine.machines.scores import error_metrics
from modelwright.engine.machines.series import Values
from modelwright.engine.machines.student import two_sided_p

SLACK = 0.05


def fit_statistics(
    actual: Values, predicted: Values, parameters: float = 0.0
) -> dict[str, float | None]:
    """Return ``rmse``, ``cv_rmse``, ``nmbe`` (per cent) and ``r_squared``; None where unknown.

    Parameters
    ----------
    actual, predicted : ndarray of float64, shape (n,)
    parameters : float
        Degrees of freedom to take off, as ASHRAE Guideline 14 does for a fit's own rows.
    """
    names = ("r_squared", "rmse", "cv_rmse", "nmbe")
    if not bool(np.isfinite(predicted).all()):
        return dict.fromkeys(names)
    try:
        found = error_metrics(actual, predicted)
    except DataLoadError:
        return dict.fromkeys(names)
    rows = actual.size
    ratio = rows / max(rows - parameters, 1.0)
    factors = {"rmse": ratio**0.5, "cv_rmse": ratio**0.5, "nmbe": ratio}
    scaled = {name: found[name] for name in names}
    for name, factor in factors.items():
        value = scaled[name]
        scaled[name] = value * factor if value is not None else None
    return scaled


def coefficient_table(candidate: Candidate, rows: int) -> list[dict[str, Any]]:
    """Return the coefficients, with standard error, t and p value where there are such."""
    freedom = max(rows - candidate.parameters, 1.0)
    table = []
    for term in candidate.terms():
        error = term.standard_error
        t = term.value / error if error else None
        table.append(
            {
                "name": term.name,
                "value": term.value,
                "standard_error": error,
                "t": t,
                "p_value": two_sided_p(t, freedom) if t is not None else None,
            }
        )
    return table


def ranges_of(frame: Frame, rows: Rows, inputs: Inputs) -> dict[str, list[float]]:
    """Return the lowest and highest value of each driver."""
    columns = dict(frame.drivers)
    if inputs.temperature is not None and frame.temperature is not None:
        columns[inputs.temperature] = frame.temperature
    return {
        name: [float(values[rows].min()), float(values[rows].max())]
        for name, values in columns.items()
    }


def outside_warnings(
    frame: Frame, ranges: Mapping[str, list[float]], months: list[int]
) -> tuple[str, ...]:
    """Return where rows leave what the baseline was learned from."""
    found = []
    columns = dict(frame.drivers)
    for name, (low, high) in ranges.items():
        values = columns.get(name, frame.temperature)
        if values is None:
            continue
        slack = SLACK * (high - low)
        beyond = (values < low - slack) | (values > high + slack)
        if beyond.any():
            found.append(
                f"{name} leaves the baseline's range ({low:.4g} to {high:.4g}) in"
                f" {beyond.mean():.1%} of the readings: what is expected there is a guess."
            )
    new = [MONTHS[m - 1] for m in np.unique(frame.month).tolist() if m not in months]
    if new and months and frame.resolution != PERIOD:
        found.append(f"The baseline has no readings from {', '.join(new)}.")
    return tuple(found)
