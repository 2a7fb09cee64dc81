"""The inbox of alerts."""

from uuid import UUID

from django.db.models import Q, QuerySet

from modelwright.monitoring.alert_types import AlertType
from modelwright.monitoring.models import Alert
from modelwright.monitoring.selectors import alerts_visible
from modelwright.web.listing import Listing
from modelwright.web.runs_list import Column

OPEN = "open"


class AlertList(Listing[Alert]):
    """The alerts that fit; the open ones unless told."""

    place = "alerts"
    columns = (
        Column("severity", "Severity", "severity"),
        Column("status", "Status", "status"),
        Column("about", "About", "machine__name"),
        Column("times", "Times", "occurrences", number=True),
        Column("seen", "Last seen", "last_seen_at"),
        Column("created", "Since", "created_at"),
    )
    titles = {
        "search": "Search", "status": "Status", "severity": "Severity", "type": "Type",
        "machine": "Machine",
    }  # fmt: skip
    severities = tuple(Alert.Severity)
    types = tuple(AlertType)
    statuses = ((OPEN, "Open"), *((s.value, s.label) for s in Alert.Status), ("all", "All"))

    @property
    def status(self) -> str:
        """Return the status that is filtered by."""
        return self.address.get("status") or OPEN

    def matching(self) -> QuerySet[Alert]:
        """Return them, narrowed by the filters."""
        found = alerts_visible(self.user)
        if self.status == OPEN:
            found = found.exclude(status=Alert.Status.RESOLVED)
        elif self.status in Alert.Status.values:
            found = found.filter(status=self.status)
        if (severity := self.address.get("severity")) in Alert.Severity.values:
            found = found.filter(severity=severity)
        if (kind := self.address.get("type")) in AlertType.values:
            found = found.filter(alert_type=kind)
        if machine := self.address.get("machine"):
            try:
                found = found.filter(machine=UUID(machine))
            except ValueError:
                found = found.none()
        if self.search:
            found = found.filter(
                Q(message__icontains=self.search)
                | Q(machine__name__icontains=self.search)
                | Q(subject__title__icontains=self.search)
            )
        return found
