"""Reading what is kept about serving."""

from django.conf import settings

from modelwright.registry.models import Subject
from modelwright.serving.models import ServingSettings


def serving_settings_of(subject: Subject) -> ServingSettings:
    """Return what is kept of a subject's predictions; without a row of its own, everything."""
    found = ServingSettings.objects.filter(subject=subject).first()
    return found or ServingSettings(subject=subject)


def kept_days_of(kept: ServingSettings | None) -> int:
    """Return for how many days predictions are kept; 0: for ever."""
    if kept is None or kept.kept_days is None:
        return max(0, int(settings.PREDICTIONS_KEPT_DAYS))
    return kept.kept_days
