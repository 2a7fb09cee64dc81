"""Drawings as inline SVG, drawn by the server: they need no script and take the page's colours."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Rect:
    """A bar."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Drawn:
    """A small chart of bars, with what it shows in words."""

    rects: tuple[Rect, ...]
    text: str


def columns_draw(
    counts: Sequence[float], text: str, *, width: float = 88.0, height: float = 24.0
) -> Drawn:
    """Draw counts as upright bars.

    Examples
    --------
    >>> drawn = columns_draw([1, 2], "Histogram", width=10, height=10)
    >>> [(r.x, r.height) for r in drawn.rects], drawn.text
    ([(0.0, 5.0), (5.0, 10.0)], 'Histogram: 1, 2')
    """
    top = max(counts, default=0) or 1
    step = width / max(1, len(counts))
    gap = 1.0 if step > 3 else 0.0
    rects = tuple(
        Rect(
            round(i * step, 2),
            round(height - height * n / top, 2),
            round(step - gap, 2),
            round(height * n / top, 2),
        )
        for i, n in enumerate(counts)
    )
    return Drawn(rects, f"{text}: {', '.join(f'{n:g}' for n in counts)}")


@dataclass(frozen=True)
class Line:
    """A small line, in pieces where values are missing, with what it shows in words.

    Parameters
    ----------
    path : str
        Of an SVG.
    dot : tuple of float, optional
        Where the last value is.
    text : str
    """

    path: str
    dot: tuple[float, float] | None
    text: str


def line_draw(
    values: Sequence[float], text: str, *, width: float = 112.0, height: float = 28.0
) -> Line:
    """Draw values, left to right, from 0 (or the least, if below) to the largest.

    Examples
    --------
    >>> line_draw([0, 2, math.nan, 4], "Power", width=30, height=10).path
    'M0,9 L10,5 M30,1'
    """
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return Line("", None, f"{text}: nothing was read")
    low, high = min(0.0, *known), max(known)
    scale, step = (high - low) or 1.0, width / max(1, len(values) - 1)
    pieces, pen, dot = [], "M", None
    for i, value in enumerate(values):
        if not math.isfinite(value):
            pen = "M"
            continue
        dot = (round(i * step, 1), round(height - 1 - (height - 2) * (value - low) / scale, 1))
        pieces.append(f"{pen}{dot[0]:g},{dot[1]:g}")
        pen = "L"
    words = f"{text}: {min(known):.4g} to {high:.4g}, last {known[-1]:.4g}"
    return Line(" ".join(pieces), dot, words)


@dataclass(frozen=True)
class Scale:
    """From a value to a place between 0 and 1.

    Parameters
    ----------
    low, high : float
        Ends of the values.
    log : bool
        By orders of magnitude.
    """

    low: float
    high: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Return the place; in the middle where all values are one.

        Examples
        --------
        >>> Scale(0, 10)(5), Scale(1, 100, log=True)(10), Scale(3, 3)(3)
        (0.5, 0.5, 0.5)
        """
        low, high, value = self.low, self.high, float(value)
        if self.log:
            low, high, value = math.log(low), math.log(high), math.log(value)
        if high <= low:
            return 0.5
        return min(1.0, max(0.0, (value - low) / (high - low)))


def scale_for(values: Sequence[float]) -> Scale:
    """Return the scale that spreads numbers best: by magnitude where they span more than two."""
    low, high = min(values), max(values)
    return Scale(low, high, log=low > 0 and high / low >= 50)
