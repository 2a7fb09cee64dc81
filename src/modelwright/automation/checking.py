"""Checking the machines' models for drift as their readings come in."""

import datetime as dt
import logging

from django.db.models import F

from modelwright.core.errors import ModelwrightError
from modelwright.engine.errors import ModelTrainerError
from modelwright.monitoring.drift import NEXT, drift_check_run
from modelwright.monitoring.models import DriftProfile
from modelwright.monitoring.profiles import profile_ensure
from modelwright.registry.models import ModelAlias
from modelwright.registry.promotion import CHAMPION

log = logging.getLogger(__name__)

EVERY = dt.timedelta(hours=1)
"""Of data, not of time: a machine that reads nothing is not checked again."""


def machines_check() -> int:
    """Check the champion of every active machine that has an hour of new data; return how many.

    New are readings later than those that were checked, and than those that it learned from.
    """
    _profiles_ensure()
    champions = DriftProfile.objects.filter(
        is_counting=True,
        machine__is_active=True,
        version__aliases__name=CHAMPION,
    )
    profiles = champions.select_related("machine").defer("data", "concept")
    run = "version__run__"
    checked = 0
    for profile in profiles.annotate(kind=F(f"{run}model_type"), learned=F(f"{run}period_end")):
        last, end = profile.machine.last_reading_at, profile.checked.get("evaluation_end")
        known = [dt.datetime.fromisoformat(end) - NEXT] if end else []
        known += [profile.learned] if profile.learned is not None else []
        if last is None or (known and last < max(known) + EVERY):
            continue
        try:
            drift_check_run(machine=profile.machine, model_type=profile.kind)
            checked += 1
        except ModelwrightError as error:
            log.info("%s could not be checked for drift: %s", profile.machine, error.message)
    return checked


def _profiles_ensure() -> None:
    """Have every champion counted: one that came back may be so old that its profile is gone."""
    bare = ModelAlias.objects.filter(
        name=CHAMPION, subject__machine__is_active=True, version__drift_profile=None
    )
    for alias in bare.select_related("subject__machine", "version"):
        machine = alias.subject.machine
        if machine is not None:
            try:
                profile_ensure(alias.version, machine)
            except (ModelTrainerError, ModelwrightError) as error:
                log.debug("%s can't be watched for drift: %s", alias.version.name, error)
