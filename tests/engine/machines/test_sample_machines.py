"""The sample machines: the same for everybody, and with the faults that they claim."""

import numpy as np
import pytest

from modelwright.engine.machines.local_time import DAY_MS, hour_of_week, local
from modelwright.engine.machines.sample_machines import (
    SampleMachine,
    Shift,
    continued,
    own_shift,
    sample_faults,
    sample_machines,
    sample_readings,
)
from modelwright.engine.machines.series import HOUR_MS

END = 1_764_194_400_000  # 2025-11-26 22:00 UTC
MACHINES = sample_machines()
each = pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.machine_type)


def _machine(machine_type: str) -> SampleMachine:
    return next(machine for machine in MACHINES if machine.machine_type == machine_type)


@each
def test_a_year_of_plausible_hours(machine: SampleMachine) -> None:
    readings = sample_readings(machine, end_ms=END + 1234)
    assert 8400 < len(readings) < 8760
    assert readings.times[-1] == END - HOUR_MS
    assert (np.diff(readings.times) % HOUR_MS == 0).all()
    for values in readings.channels.values():
        assert np.isfinite(values).all()
    power = readings.channels["power_kw"]
    assert power.min() > 0
    assert power.max() < 1.15 * machine.rated_power_kw
    assert np.array_equal(power, readings.channels["energy_kwh"])


@each
def test_readings_go_on_where_they_ended(machine: SampleMachine) -> None:
    year = sample_readings(machine, end_ms=END)
    shift = own_shift(machine, END)
    middle, later = END - 30 * DAY_MS, END + 9 * DAY_MS
    again = continued(machine, middle, later, shift=shift)
    known = year.between(middle, END)
    assert np.array_equal(again.between(middle, END).times, known.times)
    for name, values in known.channels.items():
        assert np.array_equal(again.between(middle, END).channels[name], values)
    assert again.times[-1] == later - HOUR_MS


def test_another_seed_gives_other_readings() -> None:
    one, two = (sample_readings(MACHINES[0], end_ms=END, days=9, seed=seed) for seed in (1, 2))
    assert one.channels["power_kw"].tolist() != two.channels["power_kw"].tolist()


def test_an_efficiency_loss_can_be_put_in_and_ended() -> None:
    machine = _machine("furnace")
    usual = continued(machine, END, END + 6 * DAY_MS)
    shift = Shift(END + DAY_MS, until_ms=END + 3 * DAY_MS, loss=0.2)
    worse = continued(machine, END, END + 6 * DAY_MS, shift=shift)
    ratio = worse.channels["energy_kwh"] / usual.channels["energy_kwh"]
    lost = (usual.times >= shift.from_ms) & (usual.times < END + 3 * DAY_MS)
    assert ratio[lost] == pytest.approx(1.2, abs=1e-3)
    assert (ratio[~lost] == 1).all()


def test_one_machine_drifts_at_the_end() -> None:
    drifting = [machine for machine in MACHINES if own_shift(machine, END)]
    assert [machine.machine_type for machine in drifting] == ["chiller"]
    fouled = sample_readings(drifting[0], end_ms=END, days=60)
    clean = continued(drifting[0], END - 60 * DAY_MS, END)
    ratio = fouled.channels["power_kw"] / clean.channels["power_kw"]
    assert ratio[:300] == pytest.approx(1.0)
    assert ratio[-24:] == pytest.approx(1.15, abs=0.005)


def test_faults_are_where_the_truth_says() -> None:
    machine = _machine("hvac")
    year = sample_readings(machine, end_ms=END)
    faults = sample_faults(machine, END - 365 * DAY_MS, END)
    assert {fault.kind for fault in faults} == {"gap", "idle_load", "stuck_sensor"}
    for fault in faults:
        here = year.between(fault.start, fault.end + 1)
        if fault.kind == "gap":
            assert len(here) == 0
        elif fault.kind == "stuck_sensor":
            assert len(set(here.channels["outdoor_temp_c"].tolist())) <= 1
        else:
            assert here.channels["power_kw"].min() >= 0.85 * fault.size * machine.rated_power_kw


def test_lost_output_leaves_the_power_on() -> None:
    machine = _machine("injection_moulding")
    year = sample_readings(machine, end_ms=END)
    rate = year.channels["production_count"] / year.channels["power_kw"]
    lost = [f for f in sample_faults(machine, END - 365 * DAY_MS, END) if f.kind == "lost_output"]
    assert lost
    for fault in lost:
        here = (year.times >= fault.start) & (year.times <= fault.end)
        assert rate[here].max() < 2


def test_work_follows_the_local_week_and_holidays() -> None:
    machine = _machine("compressor")
    year = sample_readings(machine, end_ms=END)
    hour = hour_of_week(local(year.times, machine.timezone))
    made = year.channels["production_count"]
    assert made[hour == 6].mean() > 200  # Monday, 6 o'clock, summer and winter
    assert made[hour == 5].max() == 0
    assert made[hour >= 6 * 24].max() == 0
    easter_monday = 1_745_236_800_000  # 2025-04-21 12:00 UTC
    assert year.between(easter_monday, easter_monday + HOUR_MS).channels["production_count"] == [0]


def test_weather_has_seasons_and_is_shared_on_a_site() -> None:
    one, two = (sample_readings(_machine(kind), end_ms=END) for kind in ("compressor", "chiller"))
    day = one.times // DAY_MS
    temperature = one.channels["outdoor_temp_c"]
    july = temperature[(day >= 20_270) & (day < 20_300)].mean()
    january = temperature[(day >= 20_089) & (day < 20_119)].mean()
    assert july > january + 10
    both = np.intersect1d(one.times, two.times)
    apart = [
        series.channels["outdoor_temp_c"][np.searchsorted(series.times, both)]
        for series in (one, two)
    ]
    assert np.abs(apart[0] - apart[1]).max() < 2
