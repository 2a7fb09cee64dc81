"""Counting logged predictions into hourly cells, each once, long after the answer was given.

Whoever counts holds the row of the mark: in one transaction the cells grow and the mark moves, so
a process killed in between has done nothing, and of two at once one goes away. A prediction whose
request is not kept (`log_share`) is in no cell; requests are drawn by lot, so the cells are a fair
sample of them.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.db.models import Q

from modelwright.core.clock import ms_of, now
from modelwright.engine.drift import Counts, Profile
from modelwright.engine.drift.numeric import NumericColumn
from modelwright.engine.machines.series import HOUR_MS
from modelwright.engine.profile_names import CONFIDENCE, PREDICTION
from modelwright.monitoring.traffic_models import (
    TrafficCell,
    TrafficMark,
    TrafficNews,
    TrafficProfile,
)
from modelwright.serving.models import Prediction

BATCH = 5_000
GAP_KEPT = dt.timedelta(hours=1)
"""No request is open for longer: what did not show by then was rolled back."""
MAX_GAPS = 200
FIELDS = ("id", "version_id", "role", "at", "label", "value", "details", "inputs", "actual_id")


def hour_of(moment: dt.datetime) -> int:
    """Return the hours since 1970-01-01 UTC."""
    return ms_of(moment) // HOUR_MS


@dataclass
class _Part:
    """The new predictions of one version, by column."""

    hours: list[int] = field(default_factory=list)
    given: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    shadow: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    labels: list[str | None] = field(default_factory=list)
    values: list[float | None] = field(default_factory=list)
    confidences: list[float | None] = field(default_factory=list)
    inputs: list[Mapping[str, Any]] = field(default_factory=list)
    input_hours: list[int] = field(default_factory=list)


def traffic_count() -> int:
    """Count the next predictions of the log, and return how many; 0: there are no more.

    Also where somebody else is counting at this moment it returns 0.
    """
    TrafficMark.objects.get_or_create(id=1)
    with transaction.atomic():
        mark = TrafficMark.objects.select_for_update(skip_locked=True).filter(id=1).first()
        if mark is None:
            return 0
        gaps = _open_gaps(mark)
        rows = [*_late(gaps), *_next(mark.counted_to)]
        if not rows:
            return 0
        parts: dict[int, _Part] = defaultdict(_Part)
        news: set[tuple[int, int]] = set()
        for row in rows:
            if row["version_id"] is None:  # the version was deleted meanwhile
                continue
            hour = hour_of(row["at"])
            _take(parts[row["version_id"]], row, hour)
            if row["actual_id"] is not None:
                news.add((row["version_id"], hour))
        profiles = {
            profile.pk: profile
            for profile in TrafficProfile.objects.filter(pk__in=parts).only("pk", "created_at")
        }
        for version_id, part in sorted(parts.items()):
            _write(version_id, part, profiles.get(version_id))
        news_note(news)
        ids = [row["id"] for row in rows]
        mark.gaps = _gaps(gaps, ids, mark.counted_to)
        mark.counted_to = max(mark.counted_to, *ids)
        mark.save()
    return len(rows)


def predictions_uncounted() -> Q:
    """Return which predictions are still to be counted: they are in no cell yet."""
    mark = TrafficMark.objects.filter(id=1).first() or TrafficMark()
    waiting = Q(pk__gt=mark.counted_to)
    for first, last, _ in _open_gaps(mark):
        waiting |= Q(pk__range=(first, last))
    return waiting


def news_note(hours: Iterable[tuple[int, int]]) -> None:
    """Note (version id, hour) whose outcomes are to be summed anew.

    The row is written, not only left alone where it is there: whoever sums an hour takes its row
    away first, and so waits for the end of a transaction that has just noted it.
    """
    TrafficNews.objects.bulk_create(
        [TrafficNews(version_id=version, hour=hour) for version, hour in sorted(hours)],
        update_conflicts=True,
        unique_fields=["version", "hour"],
        update_fields=["since"],
    )


def _open_gaps(mark: TrafficMark) -> list[list[Any]]:
    since = (now() - GAP_KEPT).isoformat()
    return [gap for gap in mark.gaps if gap[2] >= since][-MAX_GAPS:]


def _late(gaps: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """Return predictions that were committed after later ones had been counted."""
    if not gaps:
        return []
    missed = Q()
    for first, last, _ in gaps:
        missed |= Q(pk__range=(first, last))
    return list(Prediction.objects.filter(missed).order_by("pk").values(*FIELDS)[:BATCH])


def _next(after: int) -> list[dict[str, Any]]:
    return list(Prediction.objects.filter(pk__gt=after).order_by("pk").values(*FIELDS)[:BATCH])


def _gaps(before: Sequence[Sequence[Any]], ids: list[int], counted_to: int) -> list[list[Any]]:
    """Return the ranges of ids that are still missing.

    Examples
    --------
    >>> [gap[:2] for gap in _gaps([[3, 5, "then"]], [4, 11, 13], 10)]
    [[3, 3], [5, 5], [12, 12]]
    """
    late = sorted(i for i in ids if i <= counted_to)
    found: list[list[Any]] = []
    for first, last, seen in before:
        inside = [i for i in late if first <= i <= last]
        found += [[a, b, seen] for a, b in _holes(first - 1, [*inside, last + 1])]
    moment = now().isoformat()
    new = sorted(i for i in ids if i > counted_to)
    # before the first prediction ever there is nothing to wait for
    found += [[a, b, moment] for a, b in _holes(counted_to, new) if counted_to or a > 1]
    return found


def _holes(before: int, ids: Sequence[int]) -> list[tuple[int, int]]:
    holes = []
    for one in ids:
        if one > before + 1:
            holes.append((before + 1, one - 1))
        before = one
    return holes


def _take(part: _Part, row: Mapping[str, Any], hour: int) -> None:
    counts = part.given if row["role"] == Prediction.Role.GIVEN else part.shadow
    counts[hour] += 1
    part.hours.append(hour)
    part.labels.append(row["label"] or None)
    part.values.append(row["value"])
    shares = row["details"].get("probabilities")
    part.confidences.append(max(shares.values()) if shares else None)
    if row["inputs"] is not None:
        part.inputs.append(row["inputs"])
        part.input_hours.append(hour)


def _write(version_id: int, part: _Part, row: TrafficProfile | None) -> None:
    inputs: Mapping[Any, Counts] = {}
    answers: Mapping[Any, Counts] = {}
    if row is not None:
        of_inputs, of_answers = profiles_of(row)
        answers = of_answers.count_by(_answers(of_answers, part), part.hours)
        if of_inputs is not None and part.inputs:
            columns = {c.name: _cells(part.inputs, c) for c in of_inputs.columns}
            inputs = of_inputs.count_by(columns, part.input_hours)
    moment = now()
    for hour in sorted({*part.given, *part.shadow}):
        cell, _ = TrafficCell.objects.get_or_create(version_id=version_id, hour=hour)
        # fields of its own: outcomes are written by others
        TrafficCell.objects.filter(pk=cell.pk).update(
            given=cell.given + part.given.get(hour, 0),
            shadow=cell.shadow + part.shadow.get(hour, 0),
            inputs=_plus(cell.inputs, inputs.get(hour)),
            answers=_plus(cell.answers, answers.get(hour)),
            updated_at=moment,
        )


def _plus(there: bytes | memoryview | None, more: Counts | None) -> bytes | None:
    if more is None:
        return None if there is None else bytes(there)
    return (more if there is None else Counts.from_bytes(bytes(there)) + more).to_bytes()


def _answers(profile: Profile, part: _Part) -> dict[str, list[Any]]:
    is_number = isinstance(profile.columns[0], NumericColumn)
    columns: dict[str, list[Any]] = {PREDICTION: list(part.values if is_number else part.labels)}
    if CONFIDENCE in profile.names:
        columns[CONFIDENCE] = list(part.confidences)
    return columns


def _cells(rows: Sequence[Mapping[str, Any]], column: Any) -> list[Any]:
    """Return a column's cells; a text without a character is none, as in a file."""
    is_number = isinstance(column, NumericColumn)
    found: list[Any] = []
    for row in rows:
        cell = row.get(column.name)
        if isinstance(cell, str):
            cell = (cell.strip() if is_number else cell) or None
        found.append(cell)
    return found


def profiles_of(row: TrafficProfile) -> tuple[Profile | None, Profile]:
    """Return the profiles of inputs and answers; each process keeps those that it used last."""
    return _profiles(row.pk, row.created_at)


@lru_cache(maxsize=64)
def _profiles(key: int, _made: dt.datetime) -> tuple[Profile | None, Profile]:
    row = TrafficProfile.objects.get(pk=key)
    inputs = None if row.inputs is None else Profile.from_bytes(bytes(row.inputs))
    return inputs, Profile.from_bytes(bytes(row.answers))
