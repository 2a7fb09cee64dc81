"""The list of machines: what its address may say, and the rows that follow from it."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from modelwright.catalog.machines import machines_found, machines_tagged
from modelwright.catalog.models import Machine
from modelwright.catalog.readings_draw import readings_strips
from modelwright.core.clock import ms_of
from modelwright.engine.machines.local_time import DAY_MS
from modelwright.monitoring.models import Alert
from modelwright.registry.models import Subject
from modelwright.web.drawing import Line, line_draw
from modelwright.web.listing import Listing
from modelwright.web.machine_health import Health, health_of, open_alerts
from modelwright.web.machine_sections.readings import channel_of
from modelwright.web.runs_list import Column
from modelwright.web.units import unit_of

STRIP_DAYS = 7
STRIP_POINTS = 56
ACTIVE = {"yes": True, "no": False}


@dataclass(frozen=True)
class Row:
    """A machine as the list shows it."""

    machine: Machine
    health: Health
    strip: Line
    alerts: int
    models: int


class MachineList(Listing[Machine]):
    """All machines."""

    place = "machines"
    columns = (
        Column("name", "Machine", "name"),
        Column("site", "Site", "site"),
        Column("type", "Type", "machine_type"),
        Column("last", "Last reading", "last_reading_at"),
        Column("alerts", "Open alerts", "alert_count", number=True),
        Column("models", "Models", "model_count", number=True),
    )
    titles = {"search": "Search", "site": "Site", "type": "Type", "tag": "Tag", "active": "Active"}

    def matching(self) -> QuerySet[Machine]:
        """Return those that the filters let through, with their numbers of alerts and models."""
        found = machines_found(self.search)
        for name, field in (("site", "site"), ("type", "machine_type")):
            if value := self.address.get(name):
                found = found.filter(**{field: value})
        if tag := self.address.get("tag"):
            found = machines_tagged(found, tag)
        if (active := self.address.get("active")) in ACTIVE:
            found = found.filter(is_active=ACTIVE[active])
        alerts = Alert.objects.exclude(status=Alert.Status.RESOLVED)
        return found.annotate(alert_count=_count(alerts), model_count=_count(Subject.objects.all()))

    @property
    def _sorting(self) -> tuple[str, bool]:
        asked = self.address.get("sort")
        if asked.removeprefix("-") in {column.name for column in self.columns}:
            return asked.removeprefix("-"), asked.startswith("-")
        return "name", False

    @cached_property
    def shown(self) -> list[Row]:
        """Return the rows of the page."""
        machines = list(self.rows)
        alerts = open_alerts(machines)
        strips = strips_of(machines)
        return [
            Row(
                machine,
                health_of(machine, alerts.get(machine.pk, {})),
                strips[machine.pk],
                machine.alert_count,  # type: ignore[attr-defined]  # annotated
                machine.model_count,  # type: ignore[attr-defined]
            )
            for machine in machines
        ]

    @property
    def sites(self) -> list[str]:
        """Return the sites to choose from."""
        return _different("site")

    @property
    def types(self) -> list[str]:
        """Return the types to choose from."""
        return _different("machine_type")


def _count(rows: QuerySet[Alert] | QuerySet[Subject]) -> Coalesce:
    of_machine = rows.filter(machine=OuterRef("pk")).order_by().values("machine")
    return Coalesce(Subquery(of_machine.annotate(n=Count("pk")).values("n")), 0)


def _different(field: str) -> list[str]:
    found = Machine.objects.exclude(**{field: ""}).order_by(field)
    return list(found.values_list(field, flat=True).distinct()[:200])


def strips_of(machines: Iterable[Machine]) -> dict[UUID, Line]:
    """Draw the last days of machines: power, or what there is."""
    found: dict[UUID, Line] = {}
    by_channel: dict[str, list[tuple[Machine, int]]] = {}
    for machine in machines:
        channel = channel_of("", machine.channels)
        if not channel or machine.last_reading_at is None:
            found[machine.pk] = Line("", None, "No readings")
        else:
            end = ms_of(machine.last_reading_at) + 1
            by_channel.setdefault(channel, []).append((machine, end))
    width = STRIP_DAYS * DAY_MS // STRIP_POINTS
    for channel, wanted in by_channel.items():
        unit = unit_of(channel)
        text = f"{channel} of {STRIP_DAYS} days{f', {unit}' if unit else ''}"
        means = readings_strips(wanted, channel, width_ms=width, count=STRIP_POINTS)
        for (machine, _), values in zip(wanted, means.tolist(), strict=True):
            found[machine.pk] = line_draw(values, text)
    return found
