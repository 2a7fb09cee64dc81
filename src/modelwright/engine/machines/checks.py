"""Whether a machine's readings can be learned from; every message says what to do."""

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.errors import DataLoadError
from modelwright.engine.machines.local_time import zone
from modelwright.engine.machines.series import ENERGY, POWER, Series, Values

IMPLAUSIBLE_SPREADS = 15.0
OUTER_SHARES = (0.05, 0.95)


def check_series(series: Series, *, minimum: int) -> None:
    """Refuse what no model type can use.

    Parameters
    ----------
    series : Series
    minimum : int
        Readings that are needed.

    Raises
    ------
    DataLoadError
        Too few readings, no channels, columns of different lengths, times out of order, an
        infinite value, or an unknown time zone.

    Examples
    --------
    >>> check_series(Series(np.array([0, 1]), {"power_kw": np.array([1.0, 2.0])}), minimum=3)
    Traceback (most recent call last):
    modelwright.engine.errors.DataLoadError: Only 2 readings: send at least 3.
    """
    count = len(series)
    if count < minimum:
        raise DataLoadError(
            f"{f'Only {count}' if count else 'No'} readings: send at least {minimum}.",
            readings=count,
            minimum=minimum,
        )
    if not series.channels:
        raise DataLoadError("The readings have no channels: send power_kw or energy_kwh.")
    if not bool((np.diff(series.times) > 0).all()):
        raise DataLoadError("The readings' times must increase: sort them and drop repeated ones.")
    for name, values in series.channels.items():
        if values.shape != (count,):
            raise DataLoadError(
                f"Channel {name!r} has {values.size} values for {count} times.", channel=name
            )
        if bool(np.isinf(values).any()):
            raise DataLoadError(
                f"Channel {name!r} has an infinite value: correct or remove it.", channel=name
            )
    zone(series.timezone)


def target_channel(series: Series, wanted: str | None) -> str:
    """Return the channel to model: `wanted`, else energy, else power.

    Power is taken where energy was read less than half as often.

    Raises
    ------
    DataLoadError
        The channel isn't there.
    """
    if wanted is not None:
        if wanted not in series.channels:
            raise DataLoadError(
                f"There is no channel {wanted!r}: the readings have {_names(series)}.",
                channel=wanted,
            )
        return wanted
    counts = {
        name: int(np.isfinite(series.channels[name]).sum())
        for name in (ENERGY, POWER)
        if name in series.channels
    }
    if not counts or not max(counts.values()):
        raise DataLoadError(
            f"The readings have neither {ENERGY} nor {POWER}: send one of them, or name the channel"
            f" to model in the option 'target'; there are {_names(series)}."
        )
    energy, power = counts.get(ENERGY, 0), counts.get(POWER, 0)
    return ENERGY if 2 * energy >= power and energy else POWER


def target_values(series: Series, target: str, *, minimum: int) -> Values:
    """Return the target's values after a look at them.

    Raises
    ------
    DataLoadError
        Too few of them, or all the same.
    """
    values = series.channels[target]
    known = values[np.isfinite(values)]
    if known.size < minimum:
        raise DataLoadError(
            f"Channel {target!r} has only {known.size} values: send at least {minimum}.",
            channel=target,
            readings=int(known.size),
            minimum=minimum,
        )
    if known.min() == known.max():
        raise DataLoadError(
            f"Channel {target!r} always reads {known[0]:g}: check the sensor, or choose a period in"
            " which the machine runs.",
            channel=target,
        )
    return values


def implausible_values(values: Values, known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which values lie many times the usual spread away from all others.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
    known : ndarray of bool, shape (n,)
        Those that the usual is taken from.

    Examples
    --------
    >>> values = np.append(np.arange(100.0), 50_000.0)
    >>> np.flatnonzero(implausible_values(values, np.isfinite(values)))
    array([100])
    """
    low, high = np.quantile(values[known], OUTER_SHARES)
    reach = IMPLAUSIBLE_SPREADS * (high - low)
    if not reach > 0:
        return np.zeros(values.size, dtype=bool)
    far: NDArray[np.bool_] = (values < low - reach) | (values > high + reach)
    return far


def implausible_warning(channel: str, count: int) -> str:
    """Return what the user is told of implausible values."""
    return (
        f"{count} readings of {channel} are far out of all others (a slip of the unit, a counter"
        " that was set back?) and were left out."
    )


def _names(series: Series) -> str:
    return ", ".join(sorted(series.channels)[:20])
