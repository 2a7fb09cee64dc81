"""Whether a model gets better or worse over time."""

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from modelwright.catalog.models import Machine
from modelwright.core.clock import EPOCH, now
from modelwright.engine.trend import Trend, trend
from modelwright.monitoring.errors import NoMetricsError
from modelwright.monitoring.models import MetricsRecord

IMPROVING, STABLE, DEGRADING = "improving", "stable", "degrading"
DIRECTIONS = (IMPROVING, STABLE, DEGRADING)
CONFIDENCE = 0.975
"""Of each of the two measures that are looked at: 95 % together."""
MATERIAL = 0.05
"""Share of the usual error by which it must have changed over the time seen."""
ENOUGH = 5

Error = Callable[[MetricsRecord], float | None]


@dataclass(frozen=True)
class MetricsTrend:
    """The records of a period and where they lead.

    Parameters
    ----------
    records : list of MetricsRecord
        Oldest first.
    direction : str
        ``improving``, ``stable`` or ``degrading``.
    degradation_rate : float
        Relative growth of the error a day: 0.01 is 1 % of the usual error; below 0 it shrinks.
    measure : str
        What the rate is about: ``rmse``, ``mae`` or ``r_squared`` (the share of the spread that
        isn't explained); empty where there is nothing to go by.
    trend : Trend or None
        Of the error's size.
    """

    records: list[MetricsRecord]
    direction: str
    degradation_rate: float
    measure: str = ""
    trend: Trend | None = None


def metrics_trend(machine: Machine, model_type: str, days: float) -> MetricsTrend:
    """Return the records of the last days and their trend.

    The direction needs two keys: the interval of a robust slope excludes zero, and the error has
    changed by a twentieth of its usual size over the time seen. Records of hold-outs, which are of
    other periods and lengths, count only where there are few others.

    Raises
    ------
    NoMetricsError
        There is no record.
    """
    since = now() - dt.timedelta(days=days)
    records = list(
        MetricsRecord.objects.filter(
            machine=machine, model_type=model_type, evaluation_date__gte=since
        ).order_by("evaluation_end", "evaluation_date", "id")
    )
    if not records:
        raise NoMetricsError("No metrics found for this period")
    found = [
        (measure, one)
        for measure, one in ((name, _trend(records, error)) for name, error in _errors(records))
        if one is not None
    ]
    moving = [pair for pair in found if _is_material(pair[1])]
    moving.sort(key=lambda pair: pair[1].slope <= 0)  # what gets worse comes first
    if not found:
        return MetricsTrend(records, STABLE, 0.0)
    measure, shown = (moving or found)[0]
    direction = STABLE
    if moving:
        direction = DEGRADING if shown.slope > 0 else IMPROVING
    return MetricsTrend(records, direction, _relative(shown), measure, shown)


def _errors(records: Sequence[MetricsRecord]) -> list[tuple[str, Error]]:
    """Return what tells the error's size: RMSE or MAE, whichever most records have; and R²."""
    counts = {
        name: sum(getattr(record, name) is not None for record in records)
        for name in ("rmse", "mae")
    }
    size = max(counts, key=counts.__getitem__)
    return [(size, lambda record: getattr(record, size)), ("r_squared", _unexplained)]


def _unexplained(record: MetricsRecord) -> float | None:
    return None if record.r_squared is None else math.sqrt(max(1 - record.r_squared, 0.0))


def _trend(records: Sequence[MetricsRecord], error: Error) -> Trend | None:
    points = [(record, value) for record in records if (value := error(record)) is not None]
    later = [pair for pair in points if pair[0].source != MetricsRecord.Source.HOLD_OUT]
    if len(later) >= ENOUGH:
        points = later
    if not points:
        return None
    days = [(record.evaluation_end - EPOCH) / dt.timedelta(days=1) for record, _ in points]
    return trend(days, [value for _, value in points], confidence=CONFIDENCE)


def _relative(found: Trend) -> float:
    return found.slope / found.level if found.level > 0 else 0.0


def _is_material(found: Trend) -> bool:
    return found.is_sure and abs(_relative(found)) * found.days >= MATERIAL
