"""How far a reader has dealt with a machine's batches of readings.

A reader looks at what is new without a lock, then writes its results and its progress in one short
transaction, if nobody was quicker: run twice or at once, each batch is dealt with once.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max

from modelwright.catalog.models import Machine, ReadingBatch
from modelwright.core.clock import now
from modelwright.monitoring.models import Progress


@dataclass(frozen=True)
class News:
    """What has come since a reader's last time.

    Parameters
    ----------
    after, last : int
        Ids of the last batch that was dealt with, and of the last one that is new.
    periods : list of (int, int)
        Of the new batches: first and last reading, milliseconds UTC, oldest first; none overlap.
    """

    after: int
    last: int
    periods: list[tuple[int, int]]

    @property
    def start(self) -> int:
        """The earliest reading that is new."""
        return self.periods[0][0]

    @property
    def end(self) -> int:
        """The latest reading that is new."""
        return self.periods[-1][1]


def news_of(machine: Machine, reader: str) -> News | None:
    """Return what has come since a reader's last time, or None."""
    after = (
        Progress.objects.filter(machine=machine, reader=reader)
        .values_list("batch_id", flat=True)
        .first()
        or 0
    )
    batches = ReadingBatch.objects.filter(machine=machine, pk__gt=after)
    last = batches.aggregate(last=Max("pk"))["last"]
    if last is None:
        return None
    spans = batches.filter(pk__lte=last).order_by("start_at").values_list("start_at", "end_at")
    return News(after, last, _joined(list(spans)))


def news_done(machine: Machine, reader: str, news: News, write: Callable[[], None]) -> bool:
    """Write results and progress together; False, and nothing is written, where others did."""
    with transaction.atomic():
        Progress.objects.get_or_create(machine=machine, reader=reader)
        mine = Progress.objects.filter(machine=machine, reader=reader, batch_id=news.after)
        if not mine.update(batch_id=news.last, updated_at=now()):
            return False
        write()
    return True


def start_over(machine: Machine, reader: str) -> None:
    """Have a reader deal with all readings again, at its next time."""
    Progress.objects.filter(machine=machine, reader=reader).update(batch_id=0, updated_at=now())


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join periods that overlap; `spans` rise by their start."""
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
