"""Storing readings: each batch in one transaction, and the same batch twice changes nothing.

A reading is one moment of one machine. What is sent of it is merged channel by channel into what is
there: the last value sent holds, and where nothing was sent (null, an empty cell) what is stored
stays. That is so between batches and within one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from django.db import transaction

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.models import User
from modelwright.catalog.errors import MachineNotFoundError, ReadingsRefusedError
from modelwright.catalog.ingest_rows import MAX_CHANNELS, RowError, Rows
from modelwright.catalog.ingest_store import readings_at, readings_write
from modelwright.catalog.models import Machine, ReadingBatch
from modelwright.catalog.readings import extras_of
from modelwright.core.clock import moment_of, ms_of
from modelwright.engine.machines.series import KNOWN_CHANNELS, Series, Times, Values

ON_ERROR = ("reject", "skip")

ReadingsHook = Callable[[Machine, Series, Series], None]
_hooks: list[ReadingsHook] = []


def on_readings(hook: ReadingsHook) -> None:
    """Have `hook(machine, before, after)` called in the transaction that stores readings.

    Both series have the same times, those of the readings that were added or changed, and the same
    channels. `after` has what is stored now, whole readings; `before` what was there, NaN where
    there was nothing. The machine's row is locked. What the hook raises undoes the batch.
    """
    if hook not in _hooks:
        _hooks.append(hook)


@dataclass(frozen=True)
class Ingested:
    """What became of a batch.

    Parameters
    ----------
    accepted : int
        Readings that are new.
    updated : int
        Readings that were there and changed.
    rejected : int
        Rows with something wrong in them.
    errors : tuple of RowError
        The first of them.
    """

    accepted: int
    updated: int
    rejected: int
    errors: tuple[RowError, ...]


def readings_store(
    *, machine: Machine, rows: Rows, user: User | None, on_error: str = "reject"
) -> Ingested:
    """Store a batch.

    Parameters
    ----------
    machine : Machine
        Its counts are brought up to date.
    rows : Rows
    user : User, optional
        Who sends them.
    on_error : str
        ``reject``: store nothing where a row is bad; ``skip``: store the others.

    Raises
    ------
    ReadingsRefusedError
        A row is bad and `on_error` is ``reject``, or the machine would have too many channels.
    MachineNotFoundError
        It was deleted meanwhile.
    """
    errors = _with_rest(rows)
    if rows.rejected and on_error == "reject":
        raise ReadingsRefusedError(
            f"{rows.rejected:,} of the rows can't be used, so nothing was stored: correct them, or"
            " send them with on_error=skip to store the others.",
            rejected=rows.rejected,
            errors=errors,
        )
    times, sent = _one_per_moment(rows)
    with transaction.atomic():
        held = Machine.objects.select_for_update().filter(pk=machine.pk).first()
        if held is None:
            raise MachineNotFoundError("Machine not found")
        _check_channels(held, sent)
        before, new = _stored(held, times, list(sent))
        after = _merged(before, sent)
        changed = _differs(before, after)
        if changed.any():
            accepted = int((new & changed).sum())
            updated = int(changed.sum()) - accepted
            _write(held, _part(before, changed), _part(after, changed), accepted, updated, user)
        else:
            accepted = updated = 0
    machine.refresh_from_db()
    return Ingested(accepted, updated, rows.rejected, errors)


def _with_rest(rows: Rows) -> tuple[RowError, ...]:
    left = rows.rejected - len(rows.errors)
    if not left:
        return rows.errors
    more = f"{left:,} more rows have errors; only the first {len(rows.errors)} are listed."
    return (*rows.errors, RowError(None, more))


def _one_per_moment(rows: Rows) -> tuple[Times, dict[str, Values]]:
    """Sort by time; of several values of one channel at one moment keep the last that is one."""
    order = np.argsort(rows.times, kind="stable")
    times = rows.times[order]
    channels = {name: values[order] for name, values in rows.channels.items()}
    first = np.flatnonzero(np.diff(times, prepend=times[:1] - 1))
    if first.size == times.size:
        return times, channels
    places = np.arange(times.size)
    for name, values in channels.items():
        last = np.maximum.reduceat(np.where(np.isnan(values), -1, places), first)
        channels[name] = np.where(last >= 0, values[last], np.nan)
    return times[first], channels


def _check_channels(machine: Machine, sent: Mapping[str, Values]) -> None:
    together = {*machine.channels, *sent}
    if len(together) > MAX_CHANNELS:
        raise ReadingsRefusedError(
            f"The machine would have {len(together)} channels: it may have {MAX_CHANNELS}. It has"
            f" {', '.join(machine.channels[:20])}."
        )


def _stored(
    machine: Machine, times: Times, names: list[str]
) -> tuple[Series, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Return what is stored at `times`, NaN for nothing, and which of them have no reading."""
    new = np.ones(times.size, dtype=bool)
    channels = {name: np.full(times.size, np.nan) for name in names}
    if machine.first_reading_at is None or machine.last_reading_at is None:
        return Series(times, channels, machine.timezone), new
    begin = int(np.searchsorted(times, ms_of(machine.first_reading_at)))
    end = int(np.searchsorted(times, ms_of(machine.last_reading_at), side="right"))
    places, rows = readings_at(machine.number, times[begin:end])
    places += begin
    new[places] = False
    found = {
        name: np.array([row[i] for row in rows], dtype=np.float64)
        for i, name in enumerate(KNOWN_CHANNELS)
    }
    found.update(extras_of([row[-1] for row in rows]))
    for name, values in found.items():
        if not np.isnan(values).all():
            channels.setdefault(name, np.full(times.size, np.nan))[places] = values
    return Series(times, channels, machine.timezone), new


def _merged(before: Series, sent: Mapping[str, Values]) -> Series:
    channels = dict(before.channels)
    for name, values in sent.items():
        channels[name] = np.where(np.isnan(values), channels[name], values)
    return Series(before.times, channels, before.timezone)


def _differs(before: Series, after: Series) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    changed = np.zeros(len(before), dtype=bool)
    for name, values in after.channels.items():
        changed |= ~((values == before.channels[name]) | np.isnan(values))
    return changed


def _part(series: Series, which: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Series:
    if which.all():
        return series
    channels = {name: values[which] for name, values in series.channels.items()}
    return Series(series.times[which], channels, series.timezone)


def _write(
    machine: Machine,
    before: Series,
    after: Series,
    accepted: int,
    updated: int,
    user: User | None,
) -> None:
    readings_write(machine.number, after.times, after.channels)
    start, end = int(after.times[0]), int(after.times[-1])
    first, last = moment_of(start), moment_of(end)
    machine.reading_count += accepted
    machine.first_reading_at = min(filter(None, (machine.first_reading_at, first)))
    machine.last_reading_at = max(filter(None, (machine.last_reading_at, last)))
    machine.channels = _channel_order({*machine.channels, *after.channels})
    machine.save(update_fields=["reading_count", "first_reading_at", "last_reading_at", "channels"])
    ReadingBatch.objects.create(
        machine=machine, start_at=start, end_at=end, accepted=accepted, updated=updated
    )
    audit_record(
        verb=Verb.READINGS_STORED,
        target=machine,
        actor=user,
        after={
            "accepted": accepted,
            "updated": updated,
            "start": first.isoformat(),
            "end": last.isoformat(),
        },
    )
    for hook in _hooks:
        hook(machine, before, after)


def _channel_order(names: set[str]) -> list[str]:
    known = [name for name in KNOWN_CHANNELS if name in names]
    return known + sorted(names.difference(KNOWN_CHANNELS))
