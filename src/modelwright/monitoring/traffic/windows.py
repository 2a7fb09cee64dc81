"""Reading cells: the sum of hours that a check looks at, and series over time."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from modelwright.core.clock import moment_of, now
from modelwright.engine.drift import Counts
from modelwright.engine.machines.series import HOUR_MS
from modelwright.monitoring.traffic.counting import hour_of
from modelwright.monitoring.traffic.scores import Sums, added, metrics_of
from modelwright.monitoring.traffic_models import TrafficCell
from modelwright.registry.models import ModelVersion

SPANS = (24, 7 * 24, 30 * 24)
"""Hours that a check looks back, the shortest that has enough rows; else the longest."""
ENOUGH_ROWS = 200
ENOUGH_ACTUALS = 50


@dataclass(frozen=True)
class Window:
    """Some hours of one version, added up.

    Parameters
    ----------
    start, end : datetime
        Full hours; the end is excluded.
    given, shadow : int
        Answers.
    outcomes : mapping
        Sums of those with actual values.
    inputs, answers : Counts or None
        Where they were asked for, and there are any.
    """

    start: dt.datetime
    end: dt.datetime
    given: int = 0
    shadow: int = 0
    outcomes: Sums = field(default_factory=dict)
    inputs: Counts | None = None
    answers: Counts | None = None

    @property
    def rows(self) -> int:
        """Return the number of answers."""
        return self.given + self.shadow

    @property
    def actuals(self) -> int:
        """Return how many of them have an actual value that they can be compared with."""
        return int(self.outcomes.get("n", 0))

    @property
    def metrics(self) -> dict[str, float]:
        """Return what they make."""
        return metrics_of(self.outcomes)


def last_hour(version: ModelVersion, at: dt.datetime | None = None) -> int | None:
    """Return the newest hour with an answer, none of the future; None: there is none."""
    hours = TrafficCell.objects.filter(version=version, hour__lte=hour_of(at or now()))
    found = hours.order_by("-hour").values_list("hour", flat=True).first()
    return None if found is None else int(found)


def window(version: ModelVersion, first: int, last: int, *, counts: bool = False) -> Window:
    """Return the hours from `first` to `last` together, both included.

    Parameters
    ----------
    version : ModelVersion
    first, last : int
        Hours since 1970-01-01 UTC.
    counts : bool
        With the counts of inputs and answers.
    """
    cells = TrafficCell.objects.filter(version=version, hour__gte=first, hour__lte=last)
    return _sum(cells if counts else cells.defer("inputs", "answers"), first, last, counts=counts)


def _sum(cells: Iterable[TrafficCell], first: int, last: int, *, counts: bool) -> Window:
    given = shadow = 0
    outcomes: Sums = {}
    inputs, answers = [], []
    for cell in cells:
        given, shadow = given + cell.given, shadow + cell.shadow
        outcomes = added(outcomes, cell.outcomes)
        if counts:
            inputs += [cell.inputs] if cell.inputs is not None else []
            answers += [cell.answers] if cell.answers is not None else []
    return Window(
        moment_of(first * HOUR_MS),
        moment_of((last + 1) * HOUR_MS),
        given,
        shadow,
        outcomes,
        _total(inputs),
        _total(answers),
    )


def _total(parts: list[bytes | memoryview]) -> Counts | None:
    if not parts:
        return None
    total = Counts.total(Counts.many_from_bytes(list(map(bytes, parts))))
    return total if total.rows else None


def last_window(
    version: ModelVersion, *, at: dt.datetime | None = None, counts: bool = False
) -> Window | None:
    """Return the newest day that has enough rows, else week, else 30 days; None without answers."""
    last = last_hour(version, at)
    if last is None:
        return None
    first = last - SPANS[-1] + 1
    for span in SPANS:
        some = TrafficCell.objects.filter(version=version, hour__gt=last - span, hour__lte=last)
        if sum(some.values_list("given", flat=True)) >= ENOUGH_ROWS:
            first = last - span + 1
            break
    return window(version, first, last, counts=counts)


def outcome_window(version: ModelVersion, *, at: dt.datetime | None = None) -> Window | None:
    """Return the same by rows with actual values: they may come days later than the answers."""
    last = last_hour(version, at)
    if last is None:
        return None
    found = None
    for span in SPANS:
        found = window(version, last - span + 1, last)
        if found.actuals >= ENOUGH_ACTUALS:
            break
    return found


def actuals_since(subject: str, start: dt.datetime, end: dt.datetime) -> int:
    """Return how many answers for a time between two have an actual value, of any version."""
    cells = TrafficCell.objects.filter(
        version__subject=subject, hour__gte=hour_of(start), hour__lte=hour_of(end)
    )
    return sum(sums.get("n", 0) for sums in cells.values_list("outcomes", flat=True))


def series(version: ModelVersion, first: int, last: int, step: int) -> list[Window]:
    """Return windows of `step` hours that have answers, oldest first.

    They begin at hours that `step` divides: days of UTC for 24.
    """
    cells = TrafficCell.objects.filter(version=version, hour__gte=first, hour__lte=last)
    by_step: dict[int, list[TrafficCell]] = {}
    for cell in cells.defer("inputs", "answers").order_by("hour"):
        by_step.setdefault(cell.hour // step * step, []).append(cell)
    return [_sum(some, begin, begin + step - 1, counts=False) for begin, some in by_step.items()]
