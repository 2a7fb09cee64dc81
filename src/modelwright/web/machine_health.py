"""How machines fare, in a word."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count

from modelwright.catalog.models import Machine
from modelwright.monitoring.models import Alert
from modelwright.monitoring.selectors import alerts_of


@dataclass(frozen=True)
class Health:
    """How a machine fares: word, shape and colour."""

    word: str
    icon: str
    tone: str


WELL = Health("Well", "completed", "good")
PAUSED = Health("Paused", "paused", "idle")
UNREAD = Health("No readings", "pending", "warn")
OF_ALERT = {
    Alert.Severity.CRITICAL: Health("Critical", "failed", "bad"),
    Alert.Severity.WARNING: Health("Warning", "warning", "warn"),
}


def open_alerts(machines: Iterable[Machine]) -> dict[UUID, dict[str, int]]:
    """Return for each machine how many open alerts there are of each severity."""
    counted = (
        alerts_of(is_open=True)
        .filter(machine__in=[machine.pk for machine in machines])
        .order_by()
        .values_list("machine_id", "severity")
        .annotate(count=Count("id"))
    )
    found: dict[UUID, dict[str, int]] = {}
    for machine_id, severity, count in counted:
        found.setdefault(machine_id, {})[severity] = count
    return found


def health_of(machine: Machine, alerts: dict[str, int]) -> Health:
    """Return how a machine fares, by its open alerts."""
    if not machine.is_active:
        return PAUSED
    for severity, health in OF_ALERT.items():
        if alerts.get(severity):
            return health
    return WELL if machine.reading_count else UNREAD
