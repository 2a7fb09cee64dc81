"""Units, as the names of channels tell them, and lengths of time in words."""

from modelwright.engine.machines.local_time import DAY_MS
from modelwright.engine.machines.series import HOUR_MS

_UNITS = {
    "_kw": "kW",
    "_kwh": "kWh",
    "_c": "°C",
    "_k": "K",
    "_bar": "bar",
    "_percent": "%",
    "_m3": "m³",
    "_hz": "Hz",
    "_a": "A",
    "_v": "V",
}

_SIZES = ((7 * DAY_MS, "week"), (DAY_MS, "day"), (HOUR_MS, "hour"), (60_000, "minute"))


def unit_of(channel: str) -> str:
    """Return the unit that the name of a channel ends with, empty where it tells none.

    Examples
    --------
    >>> unit_of("outdoor_temp_c"), unit_of("production_count")
    ('°C', '')
    """
    name = channel.lower()
    return next((unit for ending, unit in _UNITS.items() if name.endswith(ending)), "")


def width_said(width_ms: int) -> str:
    """Return how long a stretch is, in words.

    Examples
    --------
    >>> width_said(15 * 60_000), width_said(6 * HOUR_MS), width_said(14 * DAY_MS)
    ('15 minutes', '6 hours', '2 weeks')
    """
    for size, word in (
        (7 * DAY_MS, "week"),
        (DAY_MS, "day"),
        (HOUR_MS, "hour"),
        (60_000, "minute"),
    ):
        if width_ms >= size:
            count = width_ms // size
            return f"{count} {word}s" if count != 1 else f"1 {word}"
    return f"{width_ms / 1000:g} seconds"
