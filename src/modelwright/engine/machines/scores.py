"""How far predictions of a machine's readings are off."""

from collections.abc import Mapping

import numpy as np

from modelwright.engine.errors import DataLoadError
from modelwright.engine.machines.base import MachineEvaluation
from modelwright.engine.machines.series import Times, Values


def error_metrics(actual: Values, predicted: Values) -> dict[str, float | None]:
    """Compare predictions with actual values, pairs with a gap left out.

    Parameters
    ----------
    actual, predicted : ndarray of float64, shape (n,)
        NaN where there is none.

    Returns
    -------
    dict
        ``r_squared`` (None without variance), ``rmse``, ``mae``, ``mape`` (None where an actual
        value is 0), ``cv_rmse`` and ``nmbe`` (None where the mean is 0). ``nmbe`` is positive where
        the model expects too little. ``mape``, ``cv_rmse`` and ``nmbe`` are in per cent; no degrees
        of freedom are taken off, since the readings are new to the model.

    Raises
    ------
    DataLoadError
        There is no pair.

    Examples
    --------
    >>> scores = error_metrics(np.array([1.0, 3.0]), np.array([1.0, 2.0]))
    >>> scores["mae"], scores["nmbe"]
    (0.5, 25.0)
    """
    known = np.isfinite(actual) & np.isfinite(predicted)
    truth, error = actual[known], (actual - predicted)[known]
    if not truth.size:
        raise DataLoadError(
            "No reading of the period has what the model needs: check the target and the drivers."
        )
    squares = float(error @ error)
    spread = float(((truth - truth.mean()) ** 2).sum())
    mean = abs(float(truth.mean()))
    rmse = float(np.sqrt(squares / truth.size))
    metrics: dict[str, float | None] = {
        "r_squared": 1.0 - squares / spread if spread > 0 else None,
        "rmse": rmse,
        "mae": float(np.abs(error).mean()),
        "mape": 100 * float(np.abs(error / truth).mean()) if bool((truth != 0).all()) else None,
        "cv_rmse": 100 * rmse / mean if mean > 0 else None,
        "nmbe": 100 * float(error.mean()) / mean if mean > 0 else None,
    }
    return {
        name: value if value is not None and np.isfinite(value) else None
        for name, value in metrics.items()
    }


def machine_evaluation(
    times: Times,
    actual: Values,
    predicted: Values,
    more: Mapping[str, float | None] | None = None,
) -> MachineEvaluation:
    """Return the evaluation of predictions, with what a model type has besides.

    Raises
    ------
    DataLoadError
        There is no pair of an actual value and a prediction.
    """
    metrics = error_metrics(actual, predicted) | dict(more or {})
    known = np.isfinite(actual) & np.isfinite(predicted)
    at = times[known]
    return MachineEvaluation(metrics, int(at.min()), int(at.max()), int(known.sum()))
