"""Counting readings into hourly cells as they arrive, so that a drift check never reads them again.

The cells of a profile hold, for every hour from `counted_from` on, the counts of exactly the
readings that the machine has then. Whatever changes readings holds the machine's row, and so does
whatever begins to count; so each reading is in its cell once.
"""

import datetime as dt
from collections.abc import Collection
from functools import lru_cache

import numpy as np
from django.conf import settings
from django.db import connection, transaction

from modelwright.catalog.models import Machine
from modelwright.catalog.readings import series_of
from modelwright.core.clock import ms_of
from modelwright.engine.drift import Counts, DriftDataError, DriftResult, Profile, drift_check
from modelwright.engine.machines.series import HOUR_MS, Series
from modelwright.monitoring.models import DriftCell, DriftProfile
from modelwright.registry.models import ModelVersion

FIRST_DAYS = 8


def readings_counted(machine: Machine, before: Series, after: Series) -> None:
    """Bring the cells up to date; called in the transaction that changes the readings.

    Parameters
    ----------
    machine : Machine
        Its row is held.
    before, after : Series
        The same times; NaN in all channels where there was no reading before.
    """
    for row in DriftProfile.objects.filter(machine=machine, is_counting=True).defer("data"):
        since = row.counted_from * HOUR_MS
        if int(after.times[-1]) >= since:
            _change(machine, row, _since(before, since), _since(after, since))


def count_afresh(row: DriftProfile, machine: Machine) -> None:
    """Begin to count, or begin again: what the machine has now, from some days before its end.

    The caller holds the machine's row.
    """
    last = machine.last_reading_at
    row.counted_from = 0 if last is None else _hour(ms_of(last)) - FIRST_DAYS * 24
    row.is_counting = True
    row.save(update_fields=["counted_from", "is_counting"])
    DriftCell.objects.filter(profile=row).delete()
    series = series_of(machine, start=row.counted_from * HOUR_MS)
    _write(row, counts_by_hour(profile_of(row), series))


def count_no_more(row: DriftProfile) -> None:
    """Stop counting and forget what was counted."""
    row.is_counting = False
    row.save(update_fields=["is_counting"])
    DriftCell.objects.filter(profile=row).delete()


def window_counts(row: DriftProfile, start: dt.datetime, end: dt.datetime) -> Counts | None:
    """Return the counts of all hours that a period touches; None where there are none."""
    cells = DriftCell.objects.filter(
        profile=row, hour__gte=_hour(ms_of(start)), hour__lte=_hour(max(ms_of(end) - 1, 0))
    )
    counts = Counts.many_from_bytes(list(map(bytes, cells.values_list("data", flat=True))))
    total = Counts.total(counts) if counts else None
    return total if total is not None and total.rows else None


def window_drift(version: ModelVersion, start: dt.datetime, end: dt.datetime) -> DriftResult | None:
    """Return whether the readings of a period have drifted from what a version learned from.

    Returns
    -------
    DriftResult or None
        None where none of them was counted.
    """
    row = DriftProfile.objects.filter(version=version, is_counting=True).first()
    counts = None if row is None else window_counts(row, start, end)
    if row is None or counts is None:
        return None
    return drift_check(
        profile_of(row), counts, at=(ms_of(start), ms_of(end)), alpha=settings.DRIFT_ALPHA
    )


def drift_lasts(version: ModelVersion, start: dt.datetime, end: dt.datetime) -> bool:
    """Return whether a period that has drifted is no single one: k of the last n have (settings).

    The others are as long and lie before it, one after the other; those without a counted reading
    are none.
    """
    needed: int = settings.DRIFT_ALARM_NEEDED - 1
    for back in range(1, settings.DRIFT_ALARM_WINDOWS):
        if needed <= 0:
            break
        before = back * (end - start)
        found = window_drift(version, start - before, end - before)
        needed -= int(found is not None and found.drifted)
    return needed <= 0


def cells_forget() -> int:
    """Delete cells that no check will ask for, and return how many.

    Kept are those of the last days of each machine (a setting).
    """
    gone = 0
    for row in DriftProfile.objects.filter(is_counting=True).select_related("machine"):
        last = row.machine.last_reading_at
        if last is None:
            continue
        first = _hour(ms_of(last)) - settings.DRIFT_CELL_DAYS * 24
        if first <= row.counted_from:
            continue
        with transaction.atomic():
            Machine.objects.select_for_update().get(pk=row.machine_id)
            DriftProfile.objects.filter(pk=row.pk).update(counted_from=first)
            gone += DriftCell.objects.filter(profile=row, hour__lt=first).delete()[0]
    return gone


def profile_of(row: DriftProfile) -> Profile:
    """Return the profile of a row; each process keeps those that it used last."""
    return _profile(row.pk, row.created_at)


@lru_cache(maxsize=64)
def _profile(key: int, _made: dt.datetime) -> Profile:
    data = DriftProfile.objects.values_list("data", flat=True).get(pk=key)
    return Profile.from_bytes(bytes(data))


def counts_by_hour(profile: Profile, series: Series) -> dict[int, Counts]:
    """Return the counts of each hour with readings, oldest first."""
    if not len(series):
        return {}
    nothing = np.full(len(series), np.nan)
    columns = {name: series.channels.get(name, nothing) for name in profile.names}
    hours: list[int] = (series.times // HOUR_MS).tolist()
    found = profile.count_by(columns, hours, times=series.times)
    return {hour: found[hour] for hour in dict.fromkeys(hours)}


def _change(machine: Machine, row: DriftProfile, before: Series, after: Series) -> None:
    profile = profile_of(row)
    plus = counts_by_hour(profile, after)
    minus = counts_by_hour(profile, _that_were(before))
    cells = _cells(row, plus)
    changed = {}
    for hour, added in plus.items():
        there = cells.get(hour)
        now_there = added if there is None else there + added
        try:
            changed[hour] = now_there - minus[hour] if hour in minus else now_there
        except DriftDataError:  # the cell isn't what it should be: never fail to store for it
            hourly = series_of(machine, start=hour * HOUR_MS, end=(hour + 1) * HOUR_MS)
            changed.update(counts_by_hour(profile, hourly))
    _write(row, changed)


def _cells(row: DriftProfile, hours: Collection[int]) -> dict[int, Counts]:
    """Return the cells that there are of some hours."""
    cells = DriftCell.objects.filter(profile=row, hour__gte=min(hours), hour__lte=max(hours))
    stored = {
        hour: bytes(data) for hour, data in cells.values_list("hour", "data") if hour in hours
    }
    return dict(zip(stored, Counts.many_from_bytes(list(stored.values())), strict=True))


def _write(row: DriftProfile, cells: dict[int, Counts]) -> None:
    """Write cells, over those that are there; past Django's objects: there may be very many."""
    key, stored = row.pk, Counts.many_to_bytes(list(cells.values()))
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO drift_cells (profile_id, hour, data) VALUES (%s, %s, %s)"
            " ON CONFLICT (profile_id, hour) DO UPDATE SET data = excluded.data",
            [(key, hour, data) for hour, data in zip(cells, stored, strict=True)],
        )


def _that_were(before: Series) -> Series:
    """Return the rows that there were: those with any value."""
    there = np.zeros(len(before), dtype=bool)
    for values in before.channels.values():
        there |= ~np.isnan(values)
    channels = {name: values[there] for name, values in before.channels.items()}
    return Series(before.times[there], channels, before.timezone)


def _since(series: Series, start: int) -> Series:
    return series.between(start, int(series.times[-1]) + 1)


def _hour(milliseconds: int) -> int:
    return milliseconds // HOUR_MS
