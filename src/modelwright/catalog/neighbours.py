"""What the thermometers of the other machines at a site read."""

from itertools import islice

import numpy as np

from modelwright.catalog.models import Machine
from modelwright.catalog.readings import series_of
from modelwright.catalog.readings_draw import readings_strips
from modelwright.core.clock import moment_of
from modelwright.engine.machines.series import HOUR_MS, TEMPERATURE, Series

MOST = 8
AS_READ = 100_000  # readings; of more, the database draws the hours together


def neighbours_of(machine: Machine, *, start: int, end: int) -> list[Series]:
    """Return the outdoor temperature that other machines at the site read.

    Parameters
    ----------
    machine : Machine
    start, end : int
        First and last moment, milliseconds UTC, both included.

    Returns
    -------
    list of Series
        Of active machines, the first eight by name; none where the machine's site has no name.
    """
    if not machine.site:
        return []
    others = Machine.objects.filter(
        site=machine.site,
        is_active=True,
        first_reading_at__lte=moment_of(end),
        last_reading_at__gte=moment_of(start),
    ).exclude(pk=machine.pk)
    measuring = (other for other in others.order_by("name") if TEMPERATURE in other.channels)
    return [_temperature_of(other, start, end) for other in islice(measuring, MOST)]


def _temperature_of(machine: Machine, start: int, end: int) -> Series:
    if machine.reading_count <= AS_READ:
        return series_of(machine, start=start, end=end + 1, channels=[TEMPERATURE])
    hours = np.arange(start // HOUR_MS, end // HOUR_MS + 1, dtype=np.int64)
    until = (int(hours[-1]) + 1) * HOUR_MS
    (means,) = readings_strips([(machine, until)], TEMPERATURE, width_ms=HOUR_MS, count=hours.size)
    return Series(hours * HOUR_MS, {TEMPERATURE: means}, machine.timezone)
