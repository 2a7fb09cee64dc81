"""What is wrong with the readings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

from modelwright.catalog.quality import quality_of
from modelwright.core.clock import moment_of
from modelwright.engine.machines.finding import Finding
from modelwright.engine.machines.local_time import DAY_MS
from modelwright.web.machine_range import Range, around
from modelwright.web.machine_sections.base import Section

TITLES = {
    "gap": "Gap",
    "daylight_saving": "Change of the clocks",
    "duplicate": "Repeated times",
    "irregular": "Irregular steps",
    "future": "Times to come",
    "stuck": "Stuck sensor",
    "unit_slip": "Slip of unit",
    "negative": "Negative energy",
    "energy_mismatch": "Energy is not power times time",
    "above_rated": "Above the rated power",
    "off_neighbours": "Differs from its neighbours",
}
TONES = {"critical": "bad", "warning": "warn", "info": "info"}
ICONS = {"critical": "failed", "warning": "warning", "info": "info"}


@dataclass(frozen=True)
class Row:
    """A finding as the page shows it."""

    finding: Finding

    @property
    def title(self) -> str:
        """Return its kind, as people read it."""
        return TITLES.get(self.finding.kind, self.finding.kind.replace("_", " ").capitalize())

    @property
    def tone(self) -> str:
        """Return its colour."""
        return TONES[self.finding.severity]

    @property
    def icon(self) -> str:
        """Return its shape."""
        return ICONS[self.finding.severity]

    @property
    def start(self) -> Any:
        """Return the first reading concerned."""
        return moment_of(self.finding.start)

    @property
    def end(self) -> Any:
        """Return the last one."""
        return moment_of(self.finding.end)

    @property
    def around(self) -> str:
        """Return the query that shows the readings around it."""
        margin = max(DAY_MS, (self.finding.end - self.finding.start) // 2)
        query = around(self.finding.start - margin, self.finding.end + margin)
        if self.finding.channel:
            query["channel"] = self.finding.channel
        return urlencode(query, safe=":")


def context(_request: HttpRequest, shown: Range) -> Mapping[str, Any]:
    """Return the findings: what is usual is told from all there is, so of the last year."""
    quality = quality_of(shown.machine)
    return {"quality": quality, "rows": [Row(finding) for finding in quality.findings]}


SECTION = Section("quality", "Data quality", "machine/_quality.html", context)
