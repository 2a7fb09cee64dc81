"""What the pages say of a champion whose file is refused: which version answers in its place."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse

from modelwright.monitoring.alert_types import AlertType
from modelwright.monitoring.models import Alert
from modelwright.registry.models import ModelVersion, Subject
from modelwright.registry.selectors import champion_alone, file_is_good
from modelwright.serving.selectors import last_good


@dataclass(frozen=True)
class Refusal:
    """A champion that is refused.

    Parameters
    ----------
    alert : Alert
        That was raised about it.
    champion : ModelVersion
    instead : ModelVersion or None
        Who answers; None: nobody can.
    """

    alert: Alert
    champion: ModelVersion
    instead: ModelVersion | None

    @property
    def address(self) -> str:
        """Return where its alert stands."""
        return f"{reverse('alerts')}?type={AlertType.FILE_REFUSED}#alert-{self.alert.pk}"


def refusals_of(subjects: Iterable[Subject]) -> dict[UUID, Refusal]:
    """Return those of some subjects, by their ids.

    Files are read only where an alert is open: it may be about another version than the champion,
    or the file may have been put back meanwhile.
    """
    alerts = Alert.objects.filter(alert_type=AlertType.FILE_REFUSED)
    raised = list(alerts.exclude(status=Alert.Status.RESOLVED))
    found = {}
    for subject in subjects if raised else ():
        alert = next((alert for alert in raised if _is_about(alert, subject)), None)
        champion = champion_alone(subject.key) if alert else None
        if alert and champion and not file_is_good(champion):
            found[subject.pk] = Refusal(alert, champion, last_good(subject))
    return found


def _is_about(alert: Alert, subject: Subject) -> bool:
    if alert.subject_id is not None:
        return bool(alert.subject_id == subject.pk)
    return bool(alert.machine_id == subject.machine_id and alert.model_type == subject.model_type)


def refusal_of(subject: Subject) -> Refusal | None:
    """Return that of one subject; None: its champion is not refused."""
    return refusals_of([subject]).get(subject.pk)
