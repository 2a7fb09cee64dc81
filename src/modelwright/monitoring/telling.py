"""Telling people of alerts: what happens to one goes to the outbox in the same transaction."""

from modelwright.accounts.notifications.outbox import notify
from modelwright.core.clock import now
from modelwright.monitoring.alert_types import AlertType
from modelwright.monitoring.models import Alert
from modelwright.registry.about import about as business
from modelwright.registry.models import Subject

PAGE = "/ui/alerts"
SERVER_PAGE = "/ui/status"


def alert_told(alert: Alert, what: str) -> None:
    """Tell that an alert fires or is resolved; that somebody looks after it needs no telling.

    How bad it is is part of where it stands, so that an alert that got worse is told again.
    """
    silenced = alert.silenced_until is not None and alert.silenced_until > now()
    if what == Alert.Status.ACKNOWLEDGED or silenced:
        return
    resolved = what == Alert.Status.RESOLVED
    machine, subject = alert.machine, alert.subject
    about = machine.name if machine else subject.title if subject else "server"
    known = subject
    if known is None and machine is not None:
        known = Subject.objects.filter(machine=machine, model_type=alert.model_type).first()
    notify(
        event="alert" if machine or subject else "system",
        incident=f"alert:{alert.incident}",
        state="resolved" if resolved else alert.severity,
        severity=alert.severity,
        title=f"{AlertType(alert.alert_type).label}: {about}"
        f"{f' ({alert.model_type})' if alert.model_type and not alert.subject else ''}",
        body=(alert.resolution or alert.message) if resolved else alert.message,
        path=_page_of(alert),
        about=business(known),
        data={
            "alert_id": str(alert.pk),
            "alert_type": alert.alert_type,
            "model_type": alert.model_type,
            "subject": subject.slug if subject else None,
            "machine_id": str(machine.pk) if machine else None,
            "machine_name": machine.name if machine else None,
            "current_value": alert.current_value,
            "threshold": alert.threshold,
        },
    )


def _page_of(alert: Alert) -> str:
    """Return the page on which to look after it."""
    if alert.subject is not None:
        return f"/ui/registry/{alert.subject.slug}"
    return PAGE if alert.machine is not None else SERVER_PAGE
