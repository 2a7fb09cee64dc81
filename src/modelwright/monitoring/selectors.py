"""Reading what is known of how models do."""

from uuid import UUID

from django.db.models import QuerySet

from modelwright.monitoring.errors import AlertNotFoundError
from modelwright.monitoring.models import Alert


def alert_get(alert_id: UUID) -> Alert:
    """Return an alert.

    Raises
    ------
    AlertNotFoundError
        There is none of this id.
    """
    found = Alert.objects.select_related("machine").filter(pk=alert_id).first()
    if found is None:
        raise AlertNotFoundError("Alert not found")
    return found


def alerts_of(
    *,
    machine_id: UUID | None = None,
    model_type: str = "",
    severity: str = "",
    alert_type: str = "",
    status: str = "",
    is_open: bool | None = None,
) -> QuerySet[Alert]:
    """Return the alerts that fit, newest first.

    Parameters
    ----------
    machine_id : UUID, optional
    model_type, severity, alert_type, status : str
        Empty: any.
    is_open : bool, optional
        True: only those that are not resolved; False: only those that are.
    """
    found = Alert.objects.select_related("machine", "acknowledged_by", "resolved_by")
    if machine_id is not None:
        found = found.filter(machine=machine_id)
    wanted = {
        "model_type": model_type,
        "severity": severity,
        "alert_type": alert_type,
        "status": status,
    }
    found = found.filter(**{name: value for name, value in wanted.items() if value})
    if is_open is None:
        return found
    resolved = found.filter(status=Alert.Status.RESOLVED)
    return found.exclude(status=Alert.Status.RESOLVED) if is_open else resolved
