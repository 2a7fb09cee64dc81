"""Reading what is known of how models do."""

from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from modelwright.catalog.access import Level, Somebody
from modelwright.monitoring.errors import AlertNotFoundError
from modelwright.monitoring.models import Alert
from modelwright.registry.selectors import subject_require, subjects_visible


def alerts_visible(user: Somebody) -> QuerySet[Alert]:
    """Return the alerts that `user` may look at: those of subjects go by their experiment."""
    mine = subjects_visible(user).order_by()
    return Alert.objects.filter(Q(subject__isnull=True) | Q(subject__in=mine)).select_related(
        "machine", "subject", "acknowledged_by", "resolved_by"
    )


def alert_for(user: Somebody, alert_id: UUID, level: Level = Level.VIEWER) -> Alert:
    """Return an alert with which `user` may do what `level` says.

    Raises
    ------
    AlertNotFoundError
        There is none of this id.
    NotYoursError
        It is about a model of somebody else's experiment.
    """
    related = ("machine", "subject__experiment")
    found = Alert.objects.select_related(*related).filter(pk=alert_id).first()
    if found is None:
        raise AlertNotFoundError("Alert not found")
    if found.subject is not None:
        subject_require(user, found.subject, level)
    return found


def alerts_of(
    *,
    user: Somebody | None = None,
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
    user : User, optional
        Who looks; without one only alerts about machines, which everybody may see.
    machine_id : UUID, optional
    model_type, severity, alert_type, status : str
        Empty: any.
    is_open : bool, optional
        True: only those that are not resolved; False: only those that are.
    """
    found = alerts_visible(user or AnonymousUser())
    if user is None:
        found = found.filter(subject__isnull=True)
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
