"""What a model found out of the ordinary, and whether people agree."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

from modelwright.catalog.models import Machine
from modelwright.core.clock import ms_of
from modelwright.engine.machines.local_time import DAY_MS
from modelwright.monitoring.anomalies import READER, anomalies_of
from modelwright.monitoring.models import MachineAnomaly, Progress
from modelwright.monitoring.versions import version_for
from modelwright.web.machine_range import Range, around
from modelwright.web.machine_sections.base import Section
from modelwright.web.machine_sections.lack import Lack, explained
from modelwright.web.machine_sections.times import ends_of

SHOWN = 50
TONES = {"critical": "bad", "warning": "warn", "info": "info"}
ICONS = {"critical": "failed", "warning": "warning", "info": "info"}


@dataclass(frozen=True)
class Row:
    """An anomaly as the page shows it."""

    anomaly: MachineAnomaly

    @property
    def tone(self) -> str:
        """Return its colour."""
        return TONES[self.anomaly.severity]

    @property
    def icon(self) -> str:
        """Return its shape."""
        return ICONS[self.anomaly.severity]

    @property
    def seconds(self) -> float:
        """Return how long it lasted."""
        return (self.anomaly.end_at - self.anomaly.start_at).total_seconds()

    @property
    def around(self) -> str:
        """Return the query that shows the readings around it."""
        start, end = ms_of(self.anomaly.start_at), ms_of(self.anomaly.end_at)
        margin = max(DAY_MS, (end - start) // 2)
        query = around(start - margin, end + margin)
        channel = next(iter(self.anomaly.channels), "")
        return urlencode(query | ({"channel": channel} if channel else {}), safe=":")


def context(_request: HttpRequest, shown: Range) -> Mapping[str, Any]:
    """Return the anomalies that touch the range, newest first."""
    start, end = ends_of(shown)
    found = anomalies_of(shown.machine, start, end)
    count = found.count()
    if not count:
        return {"lack": _none(shown.machine)}
    return {
        "count": count,
        "rows": [Row(one) for one in found[:SHOWN]],
        "false_alarms": found.filter(is_false_alarm=True).count(),
    }


def _none(machine: Machine) -> Lack:
    version_for(machine, "anomaly")  # or there is no model, which is said instead
    if anomalies_of(machine).exists():
        text = "The model found some at other times."
        return Lack("Nothing out of the ordinary in this time", text, everything=True)
    if not Progress.objects.filter(machine=machine, reader=READER).exists():
        text = "The model looks at what is new every hour; the first time at all readings."
        return Lack("Not looked at yet", text)
    return Lack("Nothing out of the ordinary", "The model looks at new readings every hour.")


SECTION = Section(
    "anomalies", "Anomalies", "machine/_anomalies.html", explained("anomaly", context)
)
