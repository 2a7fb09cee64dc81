"""What is wrong with readings, in a form that can be shown and sorted."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.machines.series import HOUR_MS, Times

EACH = 20  # of a kind and channel are told one by one; the shorter rest is told together


@dataclass(frozen=True)
class Finding:
    """Something about readings that somebody should look at.

    Parameters
    ----------
    kind : str
        ``gap``, ``daylight_saving``, ``duplicate``, ``irregular``, ``future``, ``stuck``,
        ``unit_slip``, ``negative``, ``energy_mismatch``, ``above_rated`` or ``off_neighbours``.
    channel : str
        Empty where all channels are concerned.
    start, end : int
        First and last reading concerned, milliseconds UTC; of a gap, the first and the last that
        are missing.
    count : int
        Readings concerned; of a gap, those that are missing.
    severity : str
        ``info``, ``warning`` or ``critical``.
    message : str
        What is seen and what to do.
    """

    kind: str
    channel: str
    start: int
    end: int
    count: int
    severity: str
    message: str


@dataclass(frozen=True)
class Stretch:
    """Rows `first` to `last`, both included."""

    first: int
    last: int

    @property
    def count(self) -> int:
        """How many rows."""
        return self.last - self.first + 1


def stretches(wrong: NDArray[np.bool_], *, join: int = 0) -> list[Stretch]:
    """Return the runs of true values; those at most `join` rows apart are one.

    Examples
    --------
    >>> stretches(np.array([True, True, False, True]))
    [Stretch(first=0, last=1), Stretch(first=3, last=3)]
    """
    at = np.flatnonzero(wrong)
    if not at.size:
        return []
    breaks = np.flatnonzero(np.diff(at) > join + 1)
    firsts, lasts = at[np.append(0, breaks + 1)], at[np.append(breaks, at.size - 1)]
    return [Stretch(int(a), int(b)) for a, b in zip(firsts, lasts, strict=True)]


def told(found: Sequence[Finding], together: Callable[[int, int], str]) -> list[Finding]:
    """Return the longest `EACH` one by one and the rest as one finding.

    Parameters
    ----------
    found : sequence of Finding
        Of one kind and channel.
    together : callable
        Gives the message for how many stretches, with how many readings.
    """
    ranked = sorted(found, key=lambda finding: -finding.count)
    each, rest = ranked[:EACH], ranked[EACH:]
    if rest:
        count = sum(finding.count for finding in rest)
        each.append(
            Finding(
                rest[0].kind,
                rest[0].channel,
                min(finding.start for finding in rest),
                max(finding.end for finding in rest),
                count,
                worst(finding.severity for finding in rest),
                together(len(rest), count),
            )
        )
    return each


def worst(severities: Iterable[str]) -> str:
    """Return the gravest of severities."""
    order = ("info", "warning", "critical")
    return order[max(order.index(severity) for severity in severities)]


def by_length(milliseconds: int, *, warning: int = 3, critical: int = 24) -> str:
    """Return the severity of what lasts so long; limits in hours."""
    if milliseconds >= critical * HOUR_MS:
        return "critical"
    return "warning" if milliseconds >= warning * HOUR_MS else "info"


def long(milliseconds: float) -> str:
    """Return a duration as people say it.

    Examples
    --------
    >>> long(5_400_000), long(45_000), long(864_000_000)
    ('1.5 h', '45 s', '10 days')
    """
    for size, unit in ((24 * HOUR_MS, "days"), (HOUR_MS, "h"), (60_000, "min")):
        if milliseconds >= size * (3 if unit == "days" else 1):
            return f"{milliseconds / size:.3g} {unit}"
    return f"{milliseconds / 1000:.3g} s"


def rows(times: Times, stretch: Stretch) -> tuple[int, int]:
    """Return the first and the last time of a stretch."""
    return int(times[stretch.first]), int(times[stretch.last])
