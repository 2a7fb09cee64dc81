"""The looks of a test, thinned where there are many, for drawing."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from modelwright.engine.abtest.results import Point

MOST_POINTS = 240


class History:
    """Keeps at most 240 looks, evenly spread over the rows, and always the last one.

    Examples
    --------
    >>> history = History()
    >>> for n in range(1, 1001):
    ...     history.add(Point(n, 0.0, None, None, 1.0))
    >>> len(history.points()) <= MOST_POINTS, history.points()[0].n, history.points()[-1].n
    (True, 1, 1000)
    """

    def __init__(self) -> None:
        self.kept: list[Point] = []
        self.last: Point | None = None
        self.step = 1

    def add(self, point: Point) -> None:
        """Take a look; it has more rows than the one before."""
        self.last = point
        if self.kept and point.n < self.kept[-1].n + self.step:
            return
        self.kept.append(point)
        if len(self.kept) >= MOST_POINTS:
            self.step = max(self.step * 2, 2 * point.n // MOST_POINTS)
            self.kept = self._thinned()

    def points(self) -> tuple[Point, ...]:
        """Return the looks, the last one included."""
        missing = self.last is not None and (not self.kept or self.kept[-1] != self.last)
        return (*self.kept, self.last) if missing and self.last else tuple(self.kept)

    def to_dict(self) -> dict[str, Any]:
        """Return the looks as plain data that JSON can hold."""
        return {
            "step": self.step,
            "kept": [list(asdict(point).values()) for point in self.kept],
            "last": list(asdict(self.last).values()) if self.last else None,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "History":
        """Make the looks of what `to_dict` gave."""
        history = cls()
        history.step = int(data["step"])
        kept: Sequence[Sequence[Any]] = data["kept"]
        history.kept = [Point(*values) for values in kept]
        history.last = Point(*data["last"]) if data["last"] else None
        return history

    def _thinned(self) -> list[Point]:
        found: list[Point] = []
        for point in self.kept:
            if not found or point.n >= found[-1].n + self.step:
                found.append(point)
        return found
