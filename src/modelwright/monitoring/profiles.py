"""Which profiles there are and which of them count."""

from django.db import transaction

from modelwright.catalog.models import Machine
from modelwright.catalog.readings import series_of
from modelwright.core.clock import ms_of
from modelwright.engine.drift import Profile
from modelwright.monitoring.counting import count_afresh, count_no_more
from modelwright.monitoring.models import DriftProfile
from modelwright.registry.models import ModelVersion
from modelwright.registry.selectors import champion_alone

KEPT_VERSIONS = 5
"""Profiles of older versions are deleted; should one answer again, its profile is made anew."""


def profiles_settle(subject: str, machine: Machine) -> None:
    """Count with the profiles of the champion and of the newest version, and with no others.

    The caller holds the machine's row.
    """
    newest = ModelVersion.objects.filter(subject=subject).order_by("-number").first()
    wanted = {version.pk for version in (champion_alone(subject), newest) if version is not None}
    rows = DriftProfile.objects.filter(version__subject=subject)
    for row in rows.defer("data"):
        if row.version_id in wanted and not row.is_counting:
            count_afresh(row, machine)
        elif row.version_id not in wanted and row.is_counting:
            count_no_more(row)
    if newest is not None:
        rows.filter(version__number__lte=newest.number - KEPT_VERSIONS).exclude(
            version__in=wanted
        ).delete()


def profile_ensure(version: ModelVersion, machine: Machine) -> None:
    """Make the profile of a version anew where it has none, from the readings of its training.

    What its hold-out's errors were like isn't known any more: of the two kinds of drift only that
    of the data is watched.
    """
    if DriftProfile.objects.filter(version=version).exists():
        return
    run = version.run
    if run.period_start is None or run.period_end is None:
        return
    series = series_of(machine, start=ms_of(run.period_start), end=ms_of(run.period_end) + 1)
    features = {n: series.channels[n] for n in run.features_used if n in series.channels}
    if not features:
        return
    profile = Profile.fit(features, times=series.times, timezone=series.timezone)
    with transaction.atomic():
        held = Machine.objects.select_for_update().get(pk=machine.pk)
        DriftProfile.objects.get_or_create(
            version=version,
            defaults={"machine": held, "data": profile.to_bytes(), "is_counting": False},
        )
        profiles_settle(version.subject, held)
