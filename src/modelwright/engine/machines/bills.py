"""Bills and other readings, spread over calendar months."""

import numpy as np

from modelwright.engine.machines.cadence import durations
from modelwright.engine.machines.local_time import local, utc
from modelwright.engine.machines.series import HOUR_MS, Series, Times, Values, is_total

COVERED = 0.9


def calendar_months(series: Series) -> Series:
    """Return a row for each local calendar month that the readings touch.

    Bills are read on any day, drivers are kept by the month: before one can explain the other, both
    have to be for the same time. Each channel is taken by itself: a value is spread evenly over the
    time up to that channel's next reading, and what falls into a month is added up, or averaged. A
    month of which less than 90 % is known is NaN; of the others the unknown part is taken to be
    like the rest.

    Parameters
    ----------
    series : Series
        Readings of any interval; channels need not be read at the same times.

    Examples
    --------
    >>> bills = np.array(["2024-01-16", "2024-02-16", "2024-03-16"], dtype="datetime64[ms]")
    >>> read = Series(bills.astype(np.int64), {"energy_kwh": np.array([310.0, 290.0, 310.0])})
    >>> calendar_months(read).channels["energy_kwh"].round(1)
    array([  nan, 290. , 315.3,   nan])
    """
    if not len(series):
        return series
    edges = _months(series)
    channels = {
        name: _spread(series.times, values, edges, total=is_total(name))
        for name, values in series.channels.items()
    }
    return Series(edges[:-1], channels, series.timezone)


def _months(series: Series) -> Times:
    """Return the starts of the months from the first reading's to the one after the last."""
    end = int(series.times[-1]) + round(float(durations(series.times)[-1]) * HOUR_MS)
    clock = local(np.array([series.times[0], end - 1]), series.timezone)
    first, last = clock.astype("datetime64[ms]").astype("datetime64[M]")
    months = np.arange(first, last + 2).astype("datetime64[ms]").astype(np.int64)
    return np.array([utc(int(month), series.timezone) for month in months], dtype=np.int64)


def _spread(times: Times, values: Values, edges: Times, *, total: bool) -> Values:
    known = np.isfinite(values)
    found = np.full(edges.size - 1, np.nan)
    if not known.any():
        return found
    begins, amount = times[known], values[known]
    hours = durations(begins)
    ends = begins + np.round(hours * HOUR_MS).astype(np.int64)
    at = np.column_stack([begins, ends]).ravel()
    if not total:
        amount = amount * hours
    read = _between(at, hours, edges)
    mass = _between(at, amount, edges)
    length = np.diff(edges) / HOUR_MS
    enough = read >= COVERED * length
    found[enough] = mass[enough] / read[enough] * (length[enough] if total else 1.0)
    return found


def _between(at: Times, amounts: Values, edges: Times) -> Values:
    """Return what of the amounts falls between neighbouring edges."""
    added = np.cumsum(amounts)
    sums = np.column_stack([np.concatenate([[0.0], added[:-1]]), added]).ravel()
    falls: Values = np.diff(np.interp(edges, at, sums))
    return falls
