"""What a test says. Light: plain data only."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

PROMOTE = "promote"
STOP = "stop"
EQUIVALENT = "equivalent"
INCONCLUSIVE = "inconclusive"
CONTINUE = "continue"
VERDICTS = (PROMOTE, STOP, EQUIVALENT, INCONCLUSIVE, CONTINUE)

CHAMPION = "a"
CHALLENGER = "b"
WINNERS = {PROMOTE: CHALLENGER, STOP: CHAMPION}


@dataclass(frozen=True)
class Interval:
    """All differences that the rows so far don't contradict; ends are in units of the loss.

    Examples
    --------
    >>> 0.0 in Interval(-0.2, 0.1), Interval(-0.2, 0.1).width
    (True, 0.30000000000000004)
    """

    lower: float
    upper: float

    def __contains__(self, value: float) -> bool:
        return self.lower <= value <= self.upper

    @property
    def width(self) -> float:
        """Upper minus lower end."""
        return self.upper - self.lower


@dataclass(frozen=True)
class Point:
    """One look, for drawing the interval over time.

    Parameters
    ----------
    n : int
        Rows by then.
    difference : float
        Mean loss of the champion minus that of the challenger.
    lower, upper : float or None
        The interval; None where it was too early for one.
    p_value : float
        Always-valid.
    at : str or None
        Time of the last row, as the caller gave it.
    """

    n: int
    difference: float
    lower: float | None
    upper: float | None
    p_value: float
    at: str | None = None


@dataclass(frozen=True)
class ABResult:
    """What is known of a test after the rows so far.

    Parameters
    ----------
    n : int
        Rows (pairs of losses, or losses in a split test).
    mean_a, mean_b : float or None
        Mean loss of champion and challenger; None without rows.
    difference : float or None
        `mean_a` minus `mean_b`: above 0 the challenger is better.
    interval : Interval or None
        Covers the true difference with probability 1 - alpha, at all looks together; None where it
        is too early for one.
    p_value : float
        Always-valid: at most alpha with probability alpha where the models are equal, whenever one
        looks and stops.
    winner : str or None
        ``b`` where the verdict is to promote, ``a`` where it is to stop.
    verdict : str
        ``promote``, ``stop``, ``equivalent``, ``inconclusive`` or ``continue``. The first verdict
        but ``continue`` stays.
    reason : str
        One sentence for people.
    block_length : int or None
        Rows in a block, where block means are what the interval is made of.
    method : str
        What the interval was made by.
    decided_at : int or None
        Rows when the verdict fell.
    history : tuple of Point
        Looks so far, thinned where there are many.
    """

    n: int
    mean_a: float | None
    mean_b: float | None
    difference: float | None
    interval: Interval | None
    p_value: float
    winner: str | None
    verdict: str
    reason: str
    block_length: int | None
    method: str
    decided_at: int | None = None
    history: tuple[Point, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain data that JSON can hold."""
        return asdict(self) | {"history": [asdict(point) for point in self.history]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "ABResult":
        """Make the result of what `to_dict` gave.

        Examples
        --------
        >>> result = ABResult(0, None, None, None, None, 1.0, None, "continue", "", None, "betting")
        >>> ABResult.from_dict(result.to_dict()) == result
        True
        """
        values = dict(data)
        interval = values["interval"]
        values["interval"] = Interval(**interval) if interval else None
        values["history"] = tuple(Point(**point) for point in values["history"])
        return cls(**values)
