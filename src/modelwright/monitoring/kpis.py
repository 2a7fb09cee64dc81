"""Key figures of machines by their own days, kept up to date with readings that come late."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from modelwright.catalog.models import Machine
from modelwright.catalog.readings import series_of
from modelwright.core.clock import now
from modelwright.engine.machines.kpis import DailyKpis, daily_kpis
from modelwright.engine.machines.local_time import DAY_MS, local, utc
from modelwright.monitoring.models import KpiDay
from modelwright.monitoring.progress import News, news_done, news_of, start_over

READER = "kpi"
EPOCH_DAY = dt.date(1970, 1, 1)
BATCH = 500
DAYS_AT_ONCE = 62
"""So many days of readings are in memory together."""

Span = tuple[dt.date, dt.date]


@dataclass(frozen=True)
class KpiTotals:
    """Key figures of several days together.

    Parameters
    ----------
    energy_kwh, production_count, cost, carbon_kg : float or None
        Sums over the days that have them.
    specific_energy_kwh : float or None
        kWh a piece, over the days that have both.
    peak_kw : float or None
        The largest.
    load_factor : float or None
        Mean power over the peak.
    """

    energy_kwh: float | None
    production_count: float | None
    specific_energy_kwh: float | None
    peak_kw: float | None
    load_factor: float | None
    cost: float | None
    carbon_kg: float | None


def kpis_calculate(machine: Machine, *, afresh: bool = False) -> int:
    """Bring the key figures of a machine up to date, and return how many days were written.

    Only the days are computed to which readings have come since the last time. Safe to run twice
    and at once.

    Parameters
    ----------
    machine : Machine
    afresh : bool
        Compute all days again, as after a change of price or time zone.
    """
    if afresh:
        start_over(machine, READER)
    news = news_of(machine, READER)
    if news is None:
        return 0
    spans = _spans(machine, news)
    days = [kpi for span in spans for kpi in _computed(machine, span)]
    written = news_done(machine, READER, news, lambda: _write(machine, days, afresh))
    return len(days) if written else 0


def kpis_of(machine: Machine, first: dt.date, last: dt.date) -> list[KpiDay]:
    """Return the key figures of the days from `first` to `last`, oldest first.

    Days to which readings have come since they were last computed are computed now, and not
    stored; so they are right whenever the job last ran.
    """
    stored = {
        row.day: row
        for row in KpiDay.objects.filter(machine=machine, day__gte=first, day__lte=last)
    }
    news = news_of(machine, READER)
    for start, end in _spans(machine, news) if news else ():
        span = max(start, first), min(end, last)
        if span[0] <= span[1]:
            stored.update((kpi.day, _row(machine, kpi)) for kpi in _computed(machine, span))
    return [stored[day] for day in sorted(stored)]


def kpi_totals(days: list[KpiDay]) -> KpiTotals:
    """Return the key figures of several days together."""
    both = [day for day in days if day.energy_kwh is not None and day.production_count]
    made = sum(day.production_count or 0.0 for day in both)
    peaks = [day.peak_kw for day in days if day.peak_kw is not None]
    peak = max(peaks) if peaks else None
    hours = sum(  # that were read: the mean power is the peak times the load factor
        day.energy_kwh / (day.load_factor * day.peak_kw)
        for day in days
        if day.energy_kwh is not None and day.load_factor and day.peak_kw
    )
    energy = _sum(day.energy_kwh for day in days)
    return KpiTotals(
        energy_kwh=energy,
        production_count=_sum(day.production_count for day in days),
        specific_energy_kwh=sum(day.energy_kwh or 0.0 for day in both) / made if made else None,
        peak_kw=peak,
        load_factor=min(1.0, energy / hours / peak) if energy and hours and peak else None,
        cost=_sum(day.cost for day in days),
        carbon_kg=_sum(day.carbon_kg for day in days),
    )


def day_of(machine: Machine, milliseconds: int) -> dt.date:
    """Return the machine's own day at a moment."""
    shown = int(local(np.array([milliseconds]), machine.timezone)[0])
    return EPOCH_DAY + dt.timedelta(days=shown // DAY_MS)


def day_begin(machine: Machine, day: dt.date) -> int:
    """Return when one of the machine's days begins, milliseconds UTC."""
    return utc((day - EPOCH_DAY).days * DAY_MS, machine.timezone)


def _sum(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _spans(machine: Machine, news: News) -> list[Span]:
    """Return the days that new readings touch, as spans that don't meet."""
    spans: list[Span] = []
    for start, end in news.periods:
        # the reading before a new one lasts as long as until it: its day may be the day before
        first = day_of(machine, start) - dt.timedelta(days=1)
        last = day_of(machine, end)
        if spans and first <= spans[-1][1] + dt.timedelta(days=1):
            spans[-1] = (spans[-1][0], max(last, spans[-1][1]))
        else:
            spans.append((first, last))
    return spans


def _computed(machine: Machine, span: Span) -> list[DailyKpis]:
    """Return the key figures of the days of a span that have readings."""
    first, last = span
    found = []
    while first <= last:
        some = min((last - first).days + 1, DAYS_AT_ONCE)
        found += _some(machine, [first + dt.timedelta(days=i) for i in range(some)])
        first += dt.timedelta(days=some)
    return found


def _some(machine: Machine, days: list[dt.date]) -> list[DailyKpis]:
    """Return the key figures of neighbouring days; those around them say how long readings last."""
    day = dt.timedelta(days=1)
    series = series_of(
        machine,
        start=day_begin(machine, days[0] - day),
        end=day_begin(machine, days[-1] + 2 * day),
    )
    return daily_kpis(
        series,
        price=machine.energy_price_per_kwh,
        carbon=machine.carbon_kg_per_kwh,
        days=frozenset(days),
    )


def _write(machine: Machine, days: list[DailyKpis], afresh: bool) -> None:
    if afresh:
        KpiDay.objects.filter(machine=machine).delete()
    rows = [_row(machine, kpi) for kpi in days]
    KpiDay.objects.bulk_create(
        rows,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["machine", "day"],
        update_fields=[
            f.name for f in KpiDay._meta.fields if f.name not in ("id", "machine", "day")
        ],
    )


def _row(machine: Machine, kpi: DailyKpis) -> KpiDay:
    return KpiDay(
        machine=machine,
        day=kpi.day,
        energy_kwh=kpi.energy_kwh,
        production_count=kpi.production,
        specific_energy_kwh=kpi.specific_energy_kwh,
        peak_kw=kpi.peak_demand_kw,
        demand_minutes=kpi.demand_minutes,
        load_factor=kpi.load_factor,
        cost=kpi.cost,
        carbon_kg=kpi.carbon_kg,
        coverage=kpi.coverage,
        reading_count=kpi.readings,
        computed_at=now(),
    )
