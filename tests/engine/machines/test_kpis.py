"""Daily key figures, checked by hand and by law."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.engine.machines.kpis import daily_kpis
from modelwright.engine.machines.local_time import DAY_MS
from modelwright.engine.machines.sample_machines import (
    SampleMachine,
    sample_machines,
    sample_readings,
)
from modelwright.engine.machines.series import HOUR_MS, Series

BERLIN_MARCH_29 = 1_743_202_800_000  # 2025-03-29 00:00 local; the clocks change on the next day
BERLIN_OCTOBER_25 = 1_761_343_200_000


def _hours(start: int, count: int, **channels: float) -> Series:
    times = start + np.arange(count, dtype=np.int64) * HOUR_MS
    values = {name: np.full(count, value) for name, value in channels.items()}
    return Series(times, values, "Europe/Berlin")


@pytest.mark.parametrize(
    ("start", "lengths"), [(BERLIN_MARCH_29, [24, 23, 24]), (BERLIN_OCTOBER_25, [24, 25, 24])]
)
def test_days_are_the_machines_own(start: int, lengths: list[int]) -> None:
    kpis = daily_kpis(_hours(start, sum(lengths), energy_kwh=2.0))
    assert [day.energy_kwh for day in kpis] == [2.0 * hours for hours in lengths]
    assert [(day.end - day.start) // HOUR_MS for day in kpis] == lengths
    assert {day.coverage for day in kpis} == {1.0}
    assert {day.load_factor for day in kpis} == {1.0}


def test_every_figure_of_a_day_by_hand() -> None:
    series = _hours(BERLIN_OCTOBER_25, 24, energy_kwh=10.0, production_count=4.0)
    series.channels["energy_kwh"][3] = 30.0
    series.channels["production_count"][5] = np.nan
    (day,) = daily_kpis(series, price=0.5, carbon=0.4)
    assert day.day == date(2025, 10, 25)
    assert day.energy_kwh == 260
    assert day.production == 92
    assert day.specific_energy_kwh == pytest.approx(250 / 92)
    assert (day.peak_demand_kw, day.demand_minutes) == (30, 60)
    assert day.load_factor == pytest.approx(260 / 24 / 30)
    assert (day.cost, day.carbon_kg) == (130, 104)
    assert day.readings == 24


def test_power_is_integrated_where_the_meter_is_silent() -> None:
    times = np.arange(96, dtype=np.int64) * HOUR_MS // 4
    metered = np.full(96, 2.0)
    metered[:40] = np.nan
    series = Series(times, {"power_kw": np.full(96, 8.0), "energy_kwh": metered})
    (day,) = daily_kpis(series)
    assert day.energy_kwh == pytest.approx(96 * 2.0)
    assert (day.peak_demand_kw, day.demand_minutes) == (8.0, 15)


def test_demand_is_the_mean_of_a_quarter_of_an_hour() -> None:
    times = np.arange(1440, dtype=np.int64) * 60_000
    power = np.full(1440, 10.0)
    power[600:605] = 100.0  # five minutes of the quarter that begins at 10:00
    (day,) = daily_kpis(Series(times, {"power_kw": power}))
    assert day.peak_demand_kw == pytest.approx(40.0)


def test_a_gap_lowers_the_coverage_and_makes_nothing_up() -> None:
    series = _hours(BERLIN_OCTOBER_25, 24, energy_kwh=1.0)
    kept = (np.arange(24) < 6) | (np.arange(24) >= 18)
    gappy = Series(series.times[kept], {"energy_kwh": np.ones(12)}, "Europe/Berlin")
    (day,) = daily_kpis(gappy, price=None)
    assert (day.energy_kwh, day.coverage, day.cost) == (12, 0.5, None)
    assert day.load_factor == 1.0


def test_negative_readings_count_as_not_read() -> None:
    series = _hours(BERLIN_OCTOBER_25, 24, energy_kwh=1.0)
    series.channels["energy_kwh"][:6] = -500.0
    (day,) = daily_kpis(series)
    assert (day.energy_kwh, day.coverage) == (18, 0.75)


def test_a_day_without_energy_has_none() -> None:
    (day,) = daily_kpis(_hours(BERLIN_OCTOBER_25, 24, production_count=3.0), price=1, carbon=1)
    assert day.production == 72
    assert (day.energy_kwh, day.peak_demand_kw, day.load_factor, day.cost) == (None,) * 4
    assert day.coverage == 0


def test_no_readings_no_days() -> None:
    assert daily_kpis(Series(np.array([], dtype=np.int64), {"power_kw": np.array([])})) == []


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(sample_machines()), st.integers(0, 300), st.integers(1, 30))
def test_days_alone_have_the_figures_of_the_year(
    machine: SampleMachine, offset: int, length: int
) -> None:
    year = sample_readings(machine, end_ms=1_764_194_400_000)
    whole = daily_kpis(year, price=1.0)
    wanted = whole[offset : offset + length]
    again = daily_kpis(year, price=1.0, days={day.day for day in wanted})
    assert again == wanted
    piece = year.between(wanted[0].start, wanted[-1].end)
    assert [day.energy_kwh for day in daily_kpis(piece)] == [day.energy_kwh for day in wanted]
    assert sum(day.readings for day in whole) == len(year)
    for day in wanted:
        assert 0 <= day.coverage <= 1
        assert day.load_factor is not None
        assert 0 < day.load_factor <= 1
        assert day.end - day.start in (DAY_MS - HOUR_MS, DAY_MS, DAY_MS + HOUR_MS)
