"""Reading what traffic has shown: the last check, and metrics over time."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from modelwright.core.clock import now
from modelwright.monitoring.traffic.counting import hour_of
from modelwright.monitoring.traffic.windows import Window, series
from modelwright.monitoring.traffic_models import TrafficProfile
from modelwright.registry.models import ModelVersion, Subject
from modelwright.registry.selectors import champion_of

STEPS = {"hour": 1, "day": 24}
MAX_DAYS = 366


@dataclass(frozen=True)
class VersionSeries:
    """One version's windows, oldest first."""

    version: ModelVersion
    windows: Sequence[Window]


def last_check_of(subject: Subject) -> dict[str, Any]:
    """Return what the last check of the champion found; `checked_at` is None before the first."""
    champion = champion_of(subject.key)
    row = TrafficProfile.objects.filter(version=champion).first() if champion else None
    return {
        "subject": subject.slug,
        "version": champion.number if champion else None,
        "is_profiled": row is not None,
        "checked_at": row.checked_at if row else None,
        "check": row.checked if row and row.checked else None,
    }


def metrics_over_time(
    subject: Subject, *, days: int = 30, step: str = "day", number: int | None = None
) -> list[VersionSeries]:
    """Return the windows of every version that answered lately, by version, newest first.

    Parameters
    ----------
    subject : Subject
    days : int
        How far back from now.
    step : str
        `hour` or `day` (of UTC).
    number : int, optional
        Of one version only.
    """
    last = hour_of(now() + dt.timedelta(hours=1))
    first = last - days * 24
    versions = ModelVersion.objects.filter(
        subject=subject.key, traffic_cells__hour__gte=first, traffic_cells__hour__lte=last
    )
    if number is not None:
        versions = versions.filter(number=number)
    return [
        VersionSeries(version, series(version, first, last, STEPS[step]))
        for version in versions.select_related("run").distinct().order_by("-number")
    ]
