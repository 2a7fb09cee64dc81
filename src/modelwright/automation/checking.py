"""Checking the machines' models for drift as their readings come in."""

import datetime as dt
import logging

from django.db.models import F

from modelwright.core.errors import ModelwrightError
from modelwright.monitoring.drift import drift_check_run
from modelwright.monitoring.models import DriftProfile

log = logging.getLogger(__name__)

EVERY = dt.timedelta(hours=1)
"""Of data, not of time: a machine that reads nothing is not checked again."""


def machines_check() -> int:
    """Check the champion of every active machine that has an hour of new data; return how many."""
    champions = DriftProfile.objects.filter(
        is_counting=True,
        machine__is_active=True,
        version__aliases__name="champion",
    )
    kind = F("version__run__model_type")
    profiles = champions.select_related("machine").defer("data", "concept").annotate(kind=kind)
    checked = 0
    for profile in profiles:
        last, until = profile.machine.last_reading_at, profile.checked.get("evaluation_end")
        if last is None or (until and last < dt.datetime.fromisoformat(until) + EVERY):
            continue
        try:
            drift_check_run(machine=profile.machine, model_type=profile.kind)
            checked += 1
        except ModelwrightError as error:
            log.info("%s could not be checked for drift: %s", profile.machine, error.message)
    return checked
