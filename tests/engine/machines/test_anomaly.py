"""Anomalies: what is put in is found, as often as asked for, whichever way the readings come."""

import re
import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.engine.errors import HyperparameterError
from modelwright.engine.machines.anomalies.alarms import joined
from modelwright.engine.machines.anomaly import AnomalyModel
from modelwright.engine.machines.local_time import DAY_MS
from modelwright.engine.machines.sample_machines import (
    SampleFault,
    continued,
    own_shift,
    sample_faults,
    sample_machines,
    sample_readings,
)
from modelwright.engine.machines.series import HOUR_MS, Series

END = 1_764_194_400_000  # 2025-11-26 22:00 UTC
SPLIT = END - 120 * DAY_MS
WEEKS = 120 / 7
NEAR = 6 * HOUR_MS
DATA_FAULTS = ("gap", "stuck_sensor")


@pytest.fixture(scope="module")
def compressor() -> tuple[AnomalyModel, Series]:
    """Give a model of a compressor, and a year of it of which the model knows eight months."""
    year = sample_readings(sample_machines()[0], end_ms=END)
    return AnomalyModel({"alarms_per_week": 1.0}).fit(year.between(0, SPLIT)), year


def _pump(count: int, seed: int = 0, *, level: float = 50.0) -> Series:
    """Make a machine with two channels that go together: pressure follows power."""
    random = np.random.default_rng(seed)
    hour = np.arange(count, dtype=np.int64)
    load = np.repeat(random.normal(0, 1, -(-count // 3)), 3)[:count]
    power = level + 8 * np.sin(hour * np.pi / 12) + 4 * load + random.normal(0, 0.5, count)
    pressure = 5 + 0.05 * power + random.normal(0, 0.05, count)
    return Series(hour * HOUR_MS, {"power_kw": power, "pressure_bar": pressure})


def test_faults_of_the_sample_machines_are_found_with_few_false_alarms() -> None:
    found_faults, faults, false = 0, 0, 0
    for machine in sample_machines():
        year = sample_readings(machine, end_ms=END)
        model = AnomalyModel({"alarms_per_week": 0.5}).fit(year.between(0, SPLIT))
        found = [one for one in model.detect(year) if one.end >= SPLIT]
        real = [f for f in sample_faults(machine, SPLIT, END) if f.kind != "gap"]

        def near(fault: SampleFault, start: int, end: int) -> bool:
            return start <= fault.end + NEAR and end >= fault.start - NEAR

        wanted = [fault for fault in real if fault.kind not in DATA_FAULTS]
        faults += len(wanted)
        found_faults += sum(any(near(f, a.start, a.end) for a in found) for f in wanted)
        false += sum(not any(near(f, a.start, a.end) for f in real) for a in found)
    assert faults >= 8
    assert found_faults >= 0.75 * faults
    assert false / (len(sample_machines()) * WEEKS) <= 0.5


@pytest.mark.parametrize("rate", [0.3, 3.0])
def test_false_alarms_come_about_as_often_as_asked_for(rate: float) -> None:
    alarms, weeks = 0, 0.0
    for seed in range(6):
        series = _pump(24 * 7 * 60, seed)
        model = AnomalyModel({"alarms_per_week": rate})
        later = int(series.times[24 * 7 * 20])
        model.fit(series.between(0, later))
        alarms += sum(one.end >= later for one in model.detect(series))
        weeks += 40
    assert rate / 4 <= alarms / weeks <= rate * 2


def test_more_alarms_are_given_to_who_wants_more(compressor: tuple[AnomalyModel, Series]) -> None:
    _, year = compressor
    early = year.between(0, SPLIT)
    numbers = [
        len(AnomalyModel({"alarms_per_week": rate}).fit(early).detect(year))
        for rate in (0.05, 1.0, 10.0)
    ]
    assert numbers == sorted(numbers)
    assert numbers[0] < numbers[-1]


@settings(max_examples=6, deadline=None)
@given(st.lists(st.integers(1, 119 * 24), min_size=1, max_size=8, unique=True))
def test_pieces_give_what_one_call_for_all_gives(
    compressor: tuple[AnomalyModel, Series], hours: list[int]
) -> None:
    model, year = compressor
    bounds = [SPLIT, *(SPLIT + hour * HOUR_MS for hour in sorted(hours)), END]
    known = []
    for start, end in pairwise(bounds):
        piece = year.between(start - model.history_needed, end)
        found = [one for one in model.detect(piece) if one.end >= start]
        known = joined(known, found, model.merged_within)
    at_once = [one for one in model.detect(year) if one.end >= SPLIT]
    assert [(a.start, a.end, a.severity) for a in known] == [
        (a.start, a.end, a.severity) for a in at_once
    ]
    assert [a.score for a in known] == pytest.approx([a.score for a in at_once])


@pytest.mark.parametrize("cut", [1, 400, 2000])
def test_a_reading_is_judged_by_what_was_before_it(
    compressor: tuple[AnomalyModel, Series], cut: int
) -> None:
    model, year = compressor
    end = SPLIT + cut * HOUR_MS
    early, whole = model.watch(year.between(0, end)), model.watch(year)
    np.testing.assert_allclose(early.surprise, whole.surprise[: early.surprise.size], atol=1e-9)


def test_channels_that_part_company_speak_though_each_is_in_its_range() -> None:
    series = _pump(24 * 200)
    model = AnomalyModel({"alarms_per_week": 0.2, "drivers": ()}).fit(
        series.between(0, 24 * 150 * HOUR_MS)
    )
    at = slice(24 * 180, 24 * 180 + 12)
    power = series.channels["power_kw"]
    series.channels["pressure_bar"][at] = 5 + 0.05 * (power[at] + 9)
    (found,) = [one for one in model.detect(series) if one.start >= series.times[at.start] - NEAR]
    assert 0 <= found.start - series.times[at.start] <= 6 * HOUR_MS
    assert "pressure_bar" in found.channels
    assert found.severity in ("warning", "critical")


def test_a_value_that_was_never_read_is_an_anomaly_once() -> None:
    series = _pump(24 * 200)
    model = AnomalyModel({"alarms_per_week": 0.2}).fit(series.between(0, 24 * 100 * HOUR_MS))
    level = Series(series.times, {n: v.copy() for n, v in series.channels.items()})
    level.channels["power_kw"][24 * 120 :] += 40
    level.channels["pressure_bar"][24 * 120 :] += 2
    found = [one for one in model.detect(level) if one.start >= 24 * 119 * HOUR_MS]
    assert found[0].start == 24 * 120 * HOUR_MS
    assert found[0].severity == "critical"
    late = [one for one in found if one.start >= 24 * 150 * HOUR_MS]  # by then it is usual
    assert sum(one.end - one.start for one in late) < 0.05 * 50 * DAY_MS
    assert {one.severity for one in late} <= {"info", "warning"}


def test_the_message_says_how_much_more_than_expected() -> None:
    machine = sample_machines()[4]
    year = sample_readings(machine, end_ms=END)
    model = AnomalyModel({"alarms_per_week": 0.5, "channels": ["energy_kwh"]})
    model.fit(year.between(0, SPLIT))
    year.channels["energy_kwh"][-30:-10] *= 1.2
    (found,) = [one for one in model.detect(year) if one.end >= year.times[-30]]
    assert found.channels == ("energy_kwh",)
    assert "above what is expected" in found.message
    year.channels["energy_kwh"][-30:-10] *= 1000
    (found,) = [one for one in model.detect(year) if one.end >= year.times[-30]]
    assert "e+" not in found.message
    assert re.search(r": \d{2,3},\d{3} against \d+", found.message), found.message


def test_what_is_expected_comes_with_a_band_that_holds() -> None:
    machine = sample_machines()[2]
    year = sample_readings(machine, end_ms=END)
    model = AnomalyModel().fit(year.between(0, SPLIT))
    evaluation = model.evaluate(year, start=SPLIT)
    assert evaluation.metrics["r_squared"] > 0.97  # type: ignore[operator]
    assert evaluation.metrics["coverage"] == pytest.approx(0.95, abs=0.03)
    assert 0 <= evaluation.metrics["false_alarm_rate"] < 2  # type: ignore[operator]
    drifting = sample_machines()[1]
    fouled = sample_readings(drifting, end_ms=END)
    drift_model = AnomalyModel().fit(fouled.between(0, SPLIT))
    later = continued(drifting, END - 10 * DAY_MS, END, shift=own_shift(drifting, END))
    expected = drift_model.expected(later).mean
    assert later.channels["energy_kwh"].sum() / expected.sum() == pytest.approx(1.13, abs=0.03)


def test_gaps_lost_channels_and_lost_drivers_are_no_error(
    compressor: tuple[AnomalyModel, Series],
) -> None:
    model, year = compressor
    later = year.between(SPLIT, END)
    for lost in ("pressure_bar", "outdoor_temp_c", "energy_kwh"):
        rest = {name: values for name, values in later.channels.items() if name != lost}
        model.detect(Series(later.times, rest, later.timezone))
    holed = Series(
        later.times,
        {n: np.where(np.arange(v.size) % 5, v, np.nan) for n, v in later.channels.items()},
    )
    model.detect(holed)
    assert np.isnan(model.expected(holed).mean[::5]).all()
    empty = later.between(0, 1)
    assert model.detect(empty) == []
    assert len(model.detect(later.between(SPLIT, SPLIT + HOUR_MS))) <= 1


def test_energy_is_not_watched_twice_nor_are_drivers(
    compressor: tuple[AnomalyModel, Series],
) -> None:
    model, _ = compressor
    assert model.target == "energy_kwh"
    assert [one.name for one in model.channels] == ["energy_kwh", "pressure_bar"]
    assert set(model.drivers) == {"production_count", "outdoor_temp_c"}


def test_a_sensitivity_out_of_range_is_refused() -> None:
    with pytest.raises(HyperparameterError, match="alarms_per_week"):
        AnomalyModel.check_options({"alarms_per_week": 0})


def test_twenty_thousand_readings_are_quick() -> None:
    series = _pump(21_000)
    model = AnomalyModel().fit(series.between(0, 1000 * HOUR_MS))
    started = time.thread_time()
    model.detect(series)
    assert time.thread_time() - started < 1
