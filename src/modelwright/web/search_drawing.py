"""What trials look like: parallel coordinates, slices and a map of two parameters, as SVG."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from modelwright.engine.search.results import Trial
from modelwright.web.drawing import Scale, scale_for

MOST_LINES = 400
MOST_TICKS = 9
MOST_CELLS = 10
STRONG = 60
ABSENT: Any = object()
"""Stands for the value of a conditional parameter in a trial that doesn't have it."""
ABSENT_SHARE = 0.1
"""What an axis of many numbers leaves free below them for trials without one."""


def word_of(value: Any) -> str:
    """Write a value of a parameter."""
    if value is ABSENT:
        return "–"  # noqa: RUF001  (as everywhere where there is no value)
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    return f"{value:.3g}" if isinstance(value, float) else str(value)


class Axis:
    """Where the values of one parameter lie, from 0 to 1.

    Parameters
    ----------
    name : str
    values : sequence
        Of all trials; `ABSENT` where a trial doesn't have the parameter.
    """

    def __init__(self, name: str, values: Sequence[Any]) -> None:
        self.name = name
        distinct = sorted({_key(v): v for v in values}.items(), key=lambda item: item[0])
        self.values = [value for _key_, value in distinct]
        present = [v for v in values if v is not ABSENT]
        numbers = [v for v in present if isinstance(v, int | float) and not isinstance(v, bool)]
        self._scale: Scale | None = None
        self._low = ABSENT_SHARE if len(present) < len(values) else 0.0
        if len(self.values) > MOST_TICKS and len(numbers) == len(present):
            self._scale = scale_for(numbers)
        self._places = {_key(v): i for i, v in enumerate(self.values)}

    @property
    def varies(self) -> bool:
        """Return whether there is more than one value."""
        return len(self.values) > 1

    def value(self, trial: Trial) -> Any:
        """Return a trial's value of the parameter, or `ABSENT`."""
        return trial.params.get(self.name, ABSENT)

    def word(self, trial: Trial) -> str:
        """Write a trial's value of the parameter."""
        return word_of(self.value(trial))

    def place(self, value: Any) -> float:
        """Return where a value lies."""
        if self._scale is not None:
            return 0.0 if value is ABSENT else self._low + (1 - self._low) * self._scale(value)
        if len(self.values) < 2:
            return 0.5
        return self._places[_key(value)] / (len(self.values) - 1)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Return places and words."""
        shown = self.values
        if self._scale is not None or len(shown) > MOST_TICKS:
            gap = [ABSENT] if shown[0] is ABSENT else []
            shown = [*gap, shown[len(gap)], shown[-1]]
        return [(self.place(value), word_of(value)) for value in shown]

    def cell(self, value: Any) -> int:
        """Return in which of at most `MOST_CELLS` cells a value lies."""
        if len(self.values) <= MOST_CELLS:
            return self._places[_key(value)]
        return min(5, int(6 * self.place(value)))

    @property
    def cells(self) -> list[str]:
        """Return the words for the cells."""
        if len(self.values) <= MOST_CELLS:
            return [word_of(value) for value in self.values]
        groups: dict[int, list[Any]] = defaultdict(list)
        for value in self.values:
            groups[self.cell(value)].append(value)
        return [
            f"{word_of(groups[i][0])} … {word_of(groups[i][-1])}" if groups[i] else ""
            for i in range(6)
        ]


def _key(value: Any) -> Any:
    """Order numbers by size, then words, then none; what isn't there comes first."""
    if value is ABSENT:
        return (-1, 0.0, "")
    if value is None:
        return (2, 0.0, "")
    if isinstance(value, int | float):
        return (0, float(value), "")
    return (1, 0.0, str(value))


def axes_of(trials: Sequence[Trial]) -> list[Axis]:
    """Return the parameters that vary, those that only some trials have included."""
    names = dict.fromkeys(name for trial in trials for name in trial.params)
    axes = [Axis(name, [t.params.get(name, ABSENT) for t in trials]) for name in names]
    return [axis for axis in axes if axis.varies]


@dataclass(frozen=True)
class Tick:
    """A mark on an axis."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Upright:
    """An axis of the parallel coordinates."""

    x: float
    name: str
    ticks: tuple[Tick, ...]


@dataclass(frozen=True)
class Line:
    """One trial: its path, how good it is from 0 to 100, and its words."""

    path: str
    value: int
    best: bool
    text: str


@dataclass(frozen=True)
class Parallel:
    """Parallel coordinates: a line for each trial through all parameters to its score."""

    width: int
    height: int
    top: int
    bottom: int
    axes: tuple[Upright, ...]
    lines: tuple[Line, ...]
    left_out: int


def parallel_draw(ranked: Sequence[Trial], axes: Sequence[Axis], metric: str) -> Parallel | None:
    """Draw the complete trials, the best first; the best lies on top."""
    shown = list(ranked[:MOST_LINES])
    if len(shown) < 2 or not axes:
        return None
    width, height, top, bottom, side = 960, 300, 34, 280, 60
    scores = [float(t.mean or 0.0) for t in shown]
    scale = Scale(min(scores), max(scores))
    step = (width - 2 * side) / len(axes)

    def y(place: float) -> float:
        return round(bottom - place * (bottom - top), 1)

    uprights = [
        Upright(
            round(side + i * step, 1),
            axis.name,
            tuple(Tick(0, y(place), text) for place, text in axis.ticks),
        )
        for i, axis in enumerate(axes)
    ]
    ends = tuple(Tick(0, y(scale(s)), f"{s:.4f}") for s in sorted({min(scores), max(scores)}))
    uprights.append(Upright(width - side, metric, ends))
    lines = []
    for rank, (trial, value) in enumerate(zip(shown, scores, strict=True)):
        points = [
            f"{u.x} {y(a.place(a.value(trial)))}" for u, a in zip(uprights, axes, strict=False)
        ]
        points.append(f"{width - side} {y(scale(value))}")
        text = f"Trial {trial.number + 1}: {params_text(trial)}, {value:.4f}"
        lines.append(Line("M" + "L".join(points), round(100 * scale(value)), rank == 0, text))
    lines.reverse()
    return Parallel(
        width, height, top, bottom, tuple(uprights), tuple(lines), len(ranked) - len(shown)
    )


def params_text(trial: Trial) -> str:
    """Return a combination in one line."""
    return ", ".join(f"{name} {word_of(value)}" for name, value in trial.params.items())


@dataclass(frozen=True)
class Dot:
    """One trial on a slice."""

    x: float
    y: float
    best: bool
    text: str


@dataclass(frozen=True)
class Slice:
    """The scores over the values of one parameter."""

    name: str
    dots: tuple[Dot, ...]
    ticks: tuple[Tick, ...]
    mean: str
    low: str
    high: str


def slices_draw(ranked: Sequence[Trial], axes: Sequence[Axis]) -> list[Slice]:
    """Draw for each parameter the scores over its values, and the mean of each value."""
    if len(ranked) < 2:
        return []
    scores = [float(t.mean or 0.0) for t in ranked]
    scale = Scale(min(scores), max(scores))

    def x(place: float) -> float:
        return round(44 + place * 220, 1)

    def y(score: float) -> float:
        return round(118 - scale(score) * 104, 1)

    found = []
    for axis in axes:
        dots = tuple(
            Dot(
                x(axis.place(axis.value(trial))),
                y(score),
                rank == 0,
                f"Trial {trial.number + 1}: {axis.word(trial)}, {score:.4f}",
            )
            for rank, (trial, score) in enumerate(zip(ranked, scores, strict=True))
        )
        groups: dict[Hashable, list[tuple[float, float]]] = defaultdict(list)
        for dot, score in zip(dots, scores, strict=True):
            groups[dot.x].append((dot.x, score))
        means = sorted((g[0][0], fmean(score for _x, score in g)) for g in groups.values())
        path = "M" + "L".join(f"{px} {y(m)}" for px, m in means) if len(means) <= 12 else ""
        ticks = tuple(Tick(x(place), 136, text) for place, text in axis.ticks)
        low, high = f"{min(scores):.3f}", f"{max(scores):.3f}"
        found.append(Slice(axis.name, dots[::-1], ticks, path, low, high))
    return found


@dataclass(frozen=True)
class Cell:
    """The best score of the trials with two values, None where there is no trial."""

    score: float | None
    count: int
    value: int

    @property
    def strong(self) -> bool:
        """Return whether the cell is dark enough for white ink."""
        return self.value >= STRONG


@dataclass(frozen=True)
class Heat:
    """The best scores over the values of two parameters."""

    x: str
    y: str
    columns: list[str]
    rows: list[tuple[str, list[Cell]]]


def heat_draw(ranked: Sequence[Trial], across: Axis, down: Axis) -> Heat:
    """Return the best score of every pair of values."""
    groups: dict[tuple[int, int], list[float]] = defaultdict(list)
    for trial in ranked:
        key = (down.cell(down.value(trial)), across.cell(across.value(trial)))
        groups[key].append(float(trial.mean or 0.0))
    tops = [max(scores) for scores in groups.values()]
    scale = Scale(min(tops), max(tops))
    rows = []
    for i, word in enumerate(down.cells):
        cells = []
        for j in range(len(across.cells)):
            scores = groups.get((i, j), [])
            top = max(scores, default=None)
            value = 0 if top is None else round(100 * scale(top))
            cells.append(Cell(top, len(scores), value))
        rows.append((word, cells))
    return Heat(across.name, down.name, across.cells, rows)
