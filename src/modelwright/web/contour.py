"""A contour chart of the scores over two parameters, as SVG.

Between the trials the score is interpolated by inverse distance (Shepard, 1968, A two-dimensional
interpolation function for irregularly-spaced data); lines of equal score are found by marching
squares (Lorensen, Cline, 1987). Plain Python: the web server loads no numerical library.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from modelwright.engine.search.results import Trial
from modelwright.web.drawing import Scale
from modelwright.web.search_drawing import Axis, Dot, Tick, params_text

COLUMNS, ROWS = 32, 20
LEVELS = 7
MOST_TRIALS = 200
FEWEST_PLACES = 6
FEWEST_VALUES = 3
LEFT, RIGHT, TOP, BOTTOM = 64.0, 624.0, 12.0, 292.0
SMOOTH = 1e-3

Point = tuple[float, float]


@dataclass(frozen=True)
class IsoLine:
    """Where the score is the same: a path, and how good that is from 0 to 100."""

    path: str
    value: int
    text: str


@dataclass(frozen=True)
class Contour:
    """Lines of equal score over two parameters, and the trials that they are told from."""

    x: str
    y: str
    lines: tuple[IsoLine, ...]
    dots: tuple[Dot, ...]
    ticks_x: tuple[Tick, ...]
    ticks_y: tuple[Tick, ...]


def contour_draw(ranked: Sequence[Trial], across: Axis, down: Axis) -> Contour | None:
    """Draw the scores over two numeric parameters; None where too little is known for lines."""
    if not (_is_wide(across) and _is_wide(down)):
        return None
    shown = ranked[:MOST_TRIALS]
    places: dict[Point, list[float]] = defaultdict(list)
    for trial in shown:
        place = across.place(across.value(trial)), down.place(down.value(trial))
        places[place].append(float(trial.mean or 0.0))
    known = {place: fmean(scores) for place, scores in places.items()}
    low, high = min(known.values()), max(known.values())
    if len(known) < FEWEST_PLACES or low == high:
        return None
    scale = Scale(low, high)
    field = [[_between(known, (c / COLUMNS, r / ROWS)) for c in range(COLUMNS + 1)]
             for r in range(ROWS + 1)]  # fmt: skip
    levels = [low + (high - low) * (n + 1) / (LEVELS + 1) for n in range(LEVELS)]
    lines = [IsoLine(_path(field, level), round(100 * scale(level)), f"{level:.4f}")
             for level in levels]  # fmt: skip
    dots = tuple(
        Dot(
            _x(across.place(across.value(trial))),
            _y(down.place(down.value(trial))),
            rank == 0,
            f"Trial {trial.number + 1}: {params_text(trial)}, {trial.mean:.4f}",
        )
        for rank, trial in enumerate(shown)
    )
    return Contour(
        across.name,
        down.name,
        tuple(line for line in lines if line.path),
        dots[::-1],
        tuple(Tick(_x(place), BOTTOM + 18, text) for place, text in across.ticks),
        tuple(Tick(LEFT - 8, _y(place) + 4, text) for place, text in down.ticks),
    )


def _is_wide(axis: Axis) -> bool:
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in axis.values)
    return numbers and len(axis.values) >= FEWEST_VALUES


def _x(place: float) -> float:
    return round(LEFT + place * (RIGHT - LEFT), 1)


def _y(place: float) -> float:
    return round(BOTTOM - place * (BOTTOM - TOP), 1)


def _between(known: dict[Point, float], at: Point) -> float:
    """Return the mean of what is known, the nearer the more."""
    total = weights = 0.0
    for (x, y), score in known.items():
        weight = 1 / ((x - at[0]) ** 2 + (y - at[1]) ** 2 + SMOOTH) ** 1.5
        total += weight * score
        weights += weight
    return total / weights


def _path(field: Sequence[Sequence[float]], level: float) -> str:
    """Return the line on which the field has a value, in pieces."""
    pieces = []
    for row, (below, above) in enumerate(pairwise(field)):
        for column in range(COLUMNS):
            corners = (below[column], below[column + 1], above[column + 1], above[column])
            found = list(_crossings(corners, level, column, row))
            for start, end in zip(found[::2], found[1::2], strict=False):
                pieces.append(f"M{start[0]} {start[1]}L{end[0]} {end[1]}")
    return "".join(pieces)


def _crossings(
    corners: tuple[float, float, float, float], level: float, column: int, row: int
) -> Iterator[Point]:
    """Give the points on the edges of a square where the level is crossed: none, two or four."""
    places = ((column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1))
    for here in range(4):
        there = (here + 1) % 4
        if (corners[here] < level) != (corners[there] < level):
            share = (level - corners[here]) / (corners[there] - corners[here])
            (x1, y1), (x2, y2) = places[here], places[there]
            yield (
                _x((x1 + share * (x2 - x1)) / COLUMNS),
                _y((y1 + share * (y2 - y1)) / ROWS),
            )
