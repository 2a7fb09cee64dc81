"""The life of a model as its page draws it: what repeats itself stands on one line."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from modelwright.automation.timeline import Happening
from modelwright.monitoring.alert_types import AlertType
from modelwright.monitoring.models import Alert

ALERT = "alert"
REPEATS_FROM = 3


@dataclass(frozen=True)
class Entries:
    """One line: an entry, or several alerts of one kind between which nothing else happened.

    Parameters
    ----------
    entries : sequence of Happening
        Newest first.
    """

    entries: Sequence[Happening]

    @property
    def kind(self) -> str:
        """Return of which kind they are."""
        return self.entries[0].kind

    @property
    def until(self) -> dt.datetime:
        """Return when the last one was."""
        return self.entries[0].at

    @property
    def since(self) -> dt.datetime:
        """Return when the first one was."""
        return self.entries[-1].at

    @property
    def summary(self) -> str:
        """Return in words how often what was found; empty for a single entry."""
        if len(self.entries) == 1:
            return ""
        alert_type = self.entries[0].data["type"]
        known = alert_type in AlertType.values
        title = AlertType(alert_type).label if known else alert_type
        ends = sum(one.data["status"] == Alert.Status.RESOLVED for one in self.entries)
        return f"{title}, found {_times(len(self.entries) - ends)} and resolved {_times(ends)}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def lines_of(happenings: Sequence[Happening]) -> list[Entries]:
    """Return the lines that a life is drawn with.

    Parameters
    ----------
    happenings : sequence of Happening
        Newest first; each stands in one line of those that are returned.
    """
    found: list[Entries] = []
    for is_alerts, stretch in groupby(happenings, lambda one: one.kind == ALERT):
        if is_alerts:
            found += _alerts(list(stretch))
        else:
            found += [Entries([one]) for one in stretch]
    return found


def _alerts(stretch: list[Happening]) -> Iterator[Entries]:
    """Yield alerts that nothing else came between, those of a kind that repeats at its newest."""
    counts = Counter(one.data["type"] for one in stretch)
    told = set()
    for one in stretch:
        kind = one.data["type"]
        if counts[kind] < REPEATS_FROM:
            yield Entries([one])
        elif kind not in told:
            told.add(kind)
            yield Entries([other for other in stretch if other.data["type"] == kind])
