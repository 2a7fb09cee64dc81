"""Reading what is kept about serving."""

from django.conf import settings

from modelwright.registry.models import ModelVersion, Subject
from modelwright.registry.selectors import file_is_good
from modelwright.serving.models import ServingSettings
from modelwright.serving.routing import earlier_champions


def serving_settings_of(subject: Subject) -> ServingSettings:
    """Return what is kept of a subject's predictions; without a row of its own, everything."""
    found = ServingSettings.objects.filter(subject=subject).first()
    return found or ServingSettings(subject=subject)


def kept_days_of(kept: ServingSettings | None) -> int:
    """Return for how many days predictions are kept; 0: for ever."""
    if kept is None or kept.kept_days is None:
        return max(0, int(settings.PREDICTIONS_KEPT_DAYS))
    return kept.kept_days


def last_good(subject: Subject) -> ModelVersion | None:
    """Return who answers where the champion's file is refused; None: nobody can."""
    return next(filter(file_is_good, earlier_champions(subject)), None)
