"""What is done every minute: count what was logged, sum what turned out, check what has news."""

import datetime as dt
import logging
import time

from django.conf import settings
from django.db.models import Max

from modelwright.core.clock import ms_of, now
from modelwright.core.errors import ModelwrightError
from modelwright.engine.machines.series import HOUR_MS
from modelwright.monitoring.traffic.checks import is_due, traffic_check
from modelwright.monitoring.traffic.counting import traffic_count
from modelwright.monitoring.traffic.outcomes import traffic_sum
from modelwright.monitoring.traffic_models import TrafficCell
from modelwright.registry.models import ModelAlias
from modelwright.registry.promotion import CHAMPION

log = logging.getLogger(__name__)

EVERY = dt.timedelta(hours=1)
SECONDS = 30.0
"""A long log is counted in turns, so that others get theirs."""


def traffic_follow() -> int:
    """Count, sum and check; return how many champions were checked. May run at once."""
    traffic_catch_up()
    return traffic_checks()


def traffic_catch_up(seconds: float = SECONDS) -> None:
    """Count what was logged and sum what turned out, for so long at most."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and traffic_count():
        pass
    while time.monotonic() < until and traffic_sum():
        pass


def traffic_checks() -> int:
    """Check the champions whose traffic has news and that were not checked within the hour."""
    champions = ModelAlias.objects.filter(name=CHAMPION, version__traffic_profile__isnull=False)
    checked = 0
    for alias in champions.select_related("subject", "version__traffic_profile"):
        row = alias.version.traffic_profile
        cells = TrafficCell.objects.filter(version=alias.version_id)
        updated = cells.aggregate(last=Max("updated_at"))["last"]
        if updated is None or not is_due(row, updated, EVERY):
            continue
        try:
            traffic_check(subject=alias.subject)
            checked += 1
        except ModelwrightError as error:
            log.info("%s could not be checked for drift: %s", alias.subject, error.message)
    return checked


def traffic_forget() -> int:
    """Let go of old cells' counts, which no check will ask for; their outcomes stay.

    Returns
    -------
    int
        Cells that were made smaller.
    """
    first = ms_of(now()) // HOUR_MS - settings.DRIFT_CELL_DAYS * 24
    old = TrafficCell.objects.filter(hour__lt=first).exclude(inputs=None, answers=None)
    return old.update(inputs=None, answers=None)
