"""Reading what is kept about serving."""

from modelwright.registry.models import Subject
from modelwright.serving.models import ServingSettings


def serving_settings_of(subject: Subject) -> ServingSettings:
    """Return what is kept of a subject's predictions; without a row of its own, everything."""
    found = ServingSettings.objects.filter(subject=subject).first()
    return found or ServingSettings(subject=subject)
