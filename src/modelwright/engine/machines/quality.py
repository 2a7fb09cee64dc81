"""Data quality: what is wrong with a machine's readings, and what to do."""

import time
from collections.abc import Sequence

from modelwright.engine.machines.finding import Finding
from modelwright.engine.machines.quality_neighbours import off_neighbours
from modelwright.engine.machines.quality_times import all_times, duplicates
from modelwright.engine.machines.quality_values import all_values
from modelwright.engine.machines.series import Series

__all__ = ["Finding", "findings"]

_GRAVITY = {"critical": 0, "warning": 1, "info": 2}


def findings(
    series: Series,
    *,
    rated_power_kw: float | None = None,
    neighbours: Sequence[Series] = (),
    now_ms: int | None = None,
) -> list[Finding]:
    """Return what is wrong with readings, gravest first and then oldest first.

    Looked for: gaps against the usual step, hours lost or repeated where the clocks change and days
    that shift by an hour there, repeated times, irregular steps, times to come, sensors that stick,
    stretches in another unit (a factor of 1000), negative energy, energy that isn't power times
    time, power far above the rated one, and a thermometer that differs from its neighbours.

    Parameters
    ----------
    series : Series
        Months of it are better than days: what is usual is taken from the readings themselves.
        Repeated and unordered times are allowed here, and reported.
    rated_power_kw : float, optional
        That of the machine.
    neighbours : sequence of Series, optional
        Of the other machines at its site: their outdoor temperature.
    now_ms : int, optional
        Milliseconds UTC; the clock's where not given.

    Examples
    --------
    >>> import numpy as np
    >>> hours = np.append(np.arange(48), np.arange(72, 96)) * 3_600_000
    >>> (gap,) = findings(Series(hours, {"power_kw": np.arange(72.0)}))
    >>> gap.kind, gap.count, gap.severity
    ('gap', 24, 'critical')
    """
    now = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    clean, found = duplicates(series)
    found = found + all_times(clean, now) + all_values(clean, rated_power_kw)
    found += off_neighbours(clean, neighbours)
    return sorted(found, key=lambda one: (_GRAVITY[one.severity], one.start, one.kind, one.channel))
