"""How answers turned out: sums by version and hour, made anew wherever an actual value came.

An hour's sums are always those of the log as it stands, so an actual value that is late, repeated
or corrected needs no book-keeping: its hour is noted in the transaction that stores it, and summed.
What a deleted prediction came to is added to its hour before it goes, and stays.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from django.db import transaction

from modelwright.core.clock import moment_of, now
from modelwright.engine.machines.series import HOUR_MS
from modelwright.monitoring.traffic.counting import hour_of, news_note
from modelwright.monitoring.traffic.scores import Outcome, added, sums_of
from modelwright.monitoring.traffic_models import TrafficCell, TrafficNews
from modelwright.registry.models import ModelVersion
from modelwright.serving.models import Prediction

AT_ONCE = 500
HOURS_AT_ONCE = 24


def actuals_came(actual_ids: Sequence[int]) -> None:
    """Note the hours that actual values are about; in the transaction that stores them."""
    for start in range(0, len(actual_ids), AT_ONCE):
        found = Prediction.objects.filter(
            actual__in=actual_ids[start : start + AT_ONCE], version__isnull=False
        ).values_list("version_id", "at")
        news_note({(version, hour_of(at)) for version, at in found if version is not None})


def traffic_sum() -> int:
    """Sum the outcomes of the next hours with news, and return how many; 0: there are none."""
    due = TrafficNews.objects.order_by("version", "hour")[:HOURS_AT_ONCE]
    return sum(_sum(version, hour) for version, hour in due.values_list("version", "hour"))


def _sum(version_id: int, hour: int) -> bool:
    with transaction.atomic():
        if not TrafficNews.objects.filter(version=version_id, hour=hour).delete()[0]:
            return False  # somebody else was quicker
        TrafficCell.objects.get_or_create(version_id=version_id, hour=hour)
        # locked before the log is read: predictions may be about to go
        cell = TrafficCell.objects.select_for_update().get(version=version_id, hour=hour)
        sums = added(cell.outcomes_gone or {}, sums_of(_outcomes(version_id, hour)))
        TrafficCell.objects.filter(pk=cell.pk).update(outcomes=sums, updated_at=now())
    return True


def outcomes_keep(leaving: Sequence[Prediction]) -> None:
    """Keep what predictions came to; in the transaction that deletes them.

    The hour's sums are the same before and after; a sum that is still to be made finds these, too.
    """
    hours: dict[tuple[int, int], list[Prediction]] = defaultdict(list)
    for row in leaving:
        if row.version_id is not None and row.actual is not None:
            hours[row.version_id, hour_of(row.at)].append(row)
    for (version, hour), rows in sorted(hours.items()):  # in the order in which cells are counted
        TrafficCell.objects.get_or_create(version_id=version, hour=hour)
        cell = TrafficCell.objects.select_for_update().get(version=version, hour=hour)
        gone = added(cell.outcomes_gone or {}, sums_of(_turned_out(rows)))
        TrafficCell.objects.filter(pk=cell.pk).update(outcomes_gone=gone)


def _outcomes(version_id: int, hour: int) -> Iterator[Outcome]:
    start, end = moment_of(hour * HOUR_MS), moment_of((hour + 1) * HOUR_MS)
    subject = ModelVersion.objects.values_list("subject", flat=True).get(pk=version_id)
    rows = Prediction.objects.filter(
        subject__key=subject,  # whose index by time is used
        version=version_id,
        at__gte=start,
        at__lt=end,
        actual__isnull=False,
    ).select_related("actual")
    fields = ("label", "value", "details", "actual__label", "actual__value")
    yield from _turned_out(rows.only(*fields).iterator())


def _turned_out(rows: Iterable[Prediction]) -> Iterator[Outcome]:
    for row in rows:
        actual = row.actual
        if actual is not None:
            yield Outcome(
                row.label,
                row.value,
                actual.label_beside(row.label),
                actual.value,
                row.details.get("probabilities"),
            )
