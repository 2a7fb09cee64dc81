"""What ASHRAE Guideline 14 and good practice say of a baseline."""

from typing import Any

import numpy as np

from modelwright.engine.machines.candidates.base import Rows
from modelwright.engine.machines.candidates.folds import SEASON_DAYS
from modelwright.engine.machines.candidates.frame import DAY, HOUR, PERIOD, Frame
from modelwright.engine.machines.local_time import DAY_MS
from modelwright.engine.machines.series import HOUR_MS, Values

FINE_LIMITS, MONTHLY_LIMITS = (30.0, 10.0), (15.0, 5.0)
ENOUGH_SHARE = 0.9
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
LEAST_MONTH_DAYS = 10


def verdict(cv_rmse: float | None, nmbe: float | None, resolution: str) -> dict[str, Any]:
    """Return the verdict of ASHRAE Guideline 14-2014 on a baseline's errors, in per cent.

    Hourly models may have a CV(RMSE) of 30 % and an NMBE of 10 %, monthly ones 15 and 5 %. The
    guideline has no limits for days; those for hours are taken.

    Examples
    --------
    >>> verdict(12.0, -0.5, "hour")["acceptable"], verdict(16.0, 0.0, "period")["acceptable"]
    (True, False)
    """
    most, bias = MONTHLY_LIMITS if resolution == PERIOD else FINE_LIMITS
    good = cv_rmse is not None and nmbe is not None and cv_rmse <= most and abs(nmbe) <= bias
    message = "Acceptable by ASHRAE Guideline 14."
    if not good:
        advice = {
            HOUR: "model days (option resolution), or add the drivers that are missing",
            DAY: "add the drivers that are missing, such as production",
            PERIOD: "add the drivers that are missing, or send days or hours",
        }
        message = f"Not acceptable by ASHRAE Guideline 14: {advice[resolution]}."
    return {
        "acceptable": good,
        "cv_rmse": cv_rmse,
        "cv_rmse_limit": most,
        "nmbe": nmbe,
        "nmbe_limit": bias,
        "resolution": resolution,
        "message": message,
    }


def months_of(frame: Frame, rows: Rows) -> list[int]:
    """Return the months (1 … 12) with ten days of rows or more."""
    days = frame.hours[rows] / 24
    known = np.bincount(frame.month[rows], days, minlength=13)
    return [month for month in range(1, 13) if known[month] >= LEAST_MONTH_DAYS]


def sufficiency(frame: Frame, rows: Rows, months: list[int]) -> dict[str, Any]:
    """Return whether the readings cover what a baseline should: a year, with few gaps."""
    times = frame.times[rows]
    span = float(times[-1] - times[0]) / HOUR_MS + float(frame.hours[rows][-1])
    covered = min(float(frame.hours[rows].sum()) / span, 1.0)
    days = span * HOUR_MS / DAY_MS
    notes = []
    if days < SEASON_DAYS:
        notes.append(f"{days:.0f} days of readings: a whole year knows every season.")
    if covered < ENOUGH_SHARE:
        notes.append(f"Only {covered:.0%} of the time was read: fill the gaps.")
    missing = [MONTHS[m - 1] for m in range(1, 13) if m not in months]
    if missing and days >= SEASON_DAYS and frame.resolution != PERIOD:
        notes.append(f"No readings from {', '.join(missing)}.")
    return {
        "sufficient": not notes,
        "days": days,
        "covered": covered,
        "rows": int(rows.sum()),
        "months": months,
        "notes": notes,
    }


def lag_correlation(errors: Values) -> float:
    """Return the correlation of neighbouring errors; 0 where there is none.

    Examples
    --------
    >>> lag_correlation(np.array([1.0, 1.0, 1.0]))
    0.0
    """
    centred = errors - errors.mean()
    squares = float(centred @ centred)
    return float(centred[1:] @ centred[:-1]) / squares if squares > 0 else 0.0
