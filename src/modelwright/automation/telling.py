"""Telling people what changed about a model: a new champion, a file that was refused."""

from modelwright.accounts.notifications.outbox import notify
from modelwright.monitoring.alert_types import AlertType, Severity
from modelwright.monitoring.alerts import Finding, alert_raise
from modelwright.registry.about import about
from modelwright.registry.models import ModelVersion, Subject


def champion_told(
    subject: Subject, before: ModelVersion | None, after: ModelVersion | None
) -> None:
    """Tell that another version answers."""
    if before is None:
        return
    now_answers = f"version {after.number} answers" if after else "no version answers"
    notify(
        event="promotion",
        incident=f"champion:{subject.pk}",
        state=f"version {after.number if after else 0}",
        severity="info",
        title=f"{subject.title}: {now_answers} in place of version {before.number}",
        path=f"/ui/registry/{subject.slug}",
        about=about(subject),
        data={"subject": subject.slug, "from": before.number, "to": after and after.number},
    )


def refusal_told(subject: Subject, version: ModelVersion, message: str) -> None:
    """Raise an alert: a version's file isn't the one that was recorded."""
    machine = subject.machine
    alert_raise(
        Finding(
            AlertType.FILE_REFUSED,
            machine,
            f"Version {version.number} is refused. {message} The last good version answers.",
            subject.model_type,
            severity=Severity.CRITICAL,
            data={"version": version.number},
            subject=subject if machine is None else None,
        )
    )
