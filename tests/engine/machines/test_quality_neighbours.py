"""A thermometer beside its neighbours: a change is found, what is usual isn't, nobody is blamed."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.engine.machines.finding import Finding
from modelwright.engine.machines.local_time import DAY_MS
from modelwright.engine.machines.quality import findings
from modelwright.engine.machines.quality_neighbours import off_neighbours
from modelwright.engine.machines.sample_machines import (
    SampleMachine,
    Shift,
    continued,
    sample_machines,
    sample_readings,
)
from modelwright.engine.machines.series import HOUR_MS, TEMPERATURE, Series

END = 1_753_833_600_000  # 2025-07-30 00:00 UTC
NORTHFIELD = [one for one in sample_machines() if one.site == "Northfield works"]
YEAR = {machine.name: sample_readings(machine, end_ms=END) for machine in NORTHFIELD}
NAMES = sorted(YEAR)


def _beside(machine: SampleMachine, **others: Series) -> list[Series]:
    """Return the years of its neighbours, some of them replaced."""
    years = {**YEAR, **{name.replace("_", " "): series for name, series in others.items()}}
    return [series for name, series in years.items() if name != machine.name]


def _too_much(machine: SampleMachine, days: int, until: int = END, share: float = 0.1) -> Series:
    """Return the year of a machine whose thermometer reads too much from some day on."""
    shift = Shift(END - days * DAY_MS, until_ms=until, loss=share, channel=TEMPERATURE)
    return continued(machine, END - 365 * DAY_MS, END, shift=shift)


def _thermometers(
    count: int, *, days: int = 60, noise: float = 0.2, seed: int = 0, step_ms: int = HOUR_MS
) -> list[Series]:
    """Return thermometers in the same weather."""
    random = np.random.default_rng(seed)
    times = END - np.arange(days * DAY_MS // step_ms, 0, -1, dtype=np.int64) * step_ms
    weather = 10 + 5 * np.sin(times / DAY_MS * 2 * np.pi)
    weather += np.cumsum(random.normal(0, 0.2, times.size)) * np.sqrt(step_ms / HOUR_MS)
    return [
        Series(times, {TEMPERATURE: np.round(weather + random.normal(0, noise, times.size), 1)})
        for _ in range(count)
    ]


def _moved(series: Series, by: float | np.ndarray, days: float = np.inf) -> Series:
    """Return it with so much added on the last days."""
    last = series.times >= END - days * DAY_MS
    values = series.channels[TEMPERATURE]
    return Series(series.times, {TEMPERATURE: np.where(last, values + by, values)})


def _found(series: Series, neighbours: Sequence[Series]) -> Finding:
    (found,) = off_neighbours(series, neighbours)
    assert (found.kind, found.channel) == ("off_neighbours", TEMPERATURE)
    return found


@pytest.mark.parametrize("machine", NORTHFIELD, ids=lambda one: one.name)
def test_an_ordinary_year_has_none(machine: SampleMachine) -> None:
    year = YEAR[machine.name]
    assert off_neighbours(year, _beside(machine)) == []
    kinds = {one.kind for one in findings(year, neighbours=_beside(machine), now_ms=END)}
    assert kinds <= {"gap", "stuck"}


@pytest.mark.parametrize("machine", NORTHFIELD, ids=lambda one: one.name)
def test_a_tenth_too_much_is_found_in_three_days_and_nobody_else_is_blamed(
    machine: SampleMachine,
) -> None:
    wrong = _too_much(machine, days=3)
    found = _found(wrong, _beside(machine))
    assert (found.start, found.end) == (END - 3 * DAY_MS, END - HOUR_MS)
    assert found.count == (wrong.times >= found.start).sum()
    assert found.severity == "warning"
    assert "°C above what 3 other machines at this site read (usually the same)" in found.message
    for other in NORTHFIELD:
        if other != machine:
            beside = [wrong, *(YEAR[n] for n in NAMES if n not in (machine.name, other.name))]
            assert off_neighbours(YEAR[other.name], beside) == []


@pytest.mark.parametrize("days", [10, 60, 120])
def test_what_lasts_is_one_finding(days: int) -> None:
    machine = NORTHFIELD[0]
    found = _found(_too_much(machine, days), _beside(machine))
    assert abs(found.start - (END - days * DAY_MS)) <= 12 * DAY_MS  # it was cold 120 days before
    assert found.end == END - HOUR_MS
    assert found.severity == "warning"


def test_what_was_put_right_has_an_end() -> None:
    machine = NORTHFIELD[0]
    repaired = END - 30 * DAY_MS
    found = _found(_too_much(machine, 50, until=repaired), _beside(machine))
    assert abs(found.start - (END - 50 * DAY_MS)) <= DAY_MS
    assert abs(found.end - repaired) <= DAY_MS


@pytest.mark.parametrize(
    ("by", "severity", "told"),
    [(1.2, "warning", "1.2 °C above"), (-1.5, "warning", "1.5 °C below"), (9, "critical", "9.")],
)
def test_a_large_change_is_found_within_a_day(by: float, severity: str, told: str) -> None:
    series, *neighbours = _thermometers(4)
    found = _found(_moved(series, by, days=1), neighbours)
    assert found.start == END - DAY_MS
    assert (found.count, found.severity) == (24, severity)
    assert told in found.message


def test_the_message_counts_from_what_is_usual() -> None:
    series, *neighbours = _thermometers(4, noise=0.02)
    wrong = _moved(_moved(series, -2.0), 3.0, days=5)
    assert "1.0 °C above" in (message := _found(wrong, neighbours).message)
    assert "(usually 2.0 °C below), for 5 days: check the thermometer" in message


def test_a_share_too_much_on_both_sides_of_nothing_is_told_as_such() -> None:
    series, *neighbours = _thermometers(4, noise=0.02)
    turns = np.where((END - series.times) // (4 * DAY_MS) % 2, 1.0, -1.0)
    found = _found(_moved(series, turns, days=16), neighbours)
    assert "1.0 °C above and below what 3 other machines" in found.message


def test_with_one_neighbour_either_may_be_wrong() -> None:
    series, neighbour = _thermometers(2)
    wrong = _moved(series, 1.0, days=4)
    assert "above what one other machine at this site reads" in (
        message := _found(wrong, [neighbour]).message
    )
    assert "either of two may be the wrong one" in message
    assert "either of two" in _found(neighbour, [wrong]).message


@pytest.mark.parametrize("others", [1, 2, 3, 7])
def test_a_neighbour_that_is_wrong_blames_nobody_as_long_as_others_are_right(others: int) -> None:
    series, first, *rest = _thermometers(2 + others)
    assert off_neighbours(series, [_moved(first, 8.0, days=10), *rest]) == []


def test_a_sensor_that_sticks_is_told_once() -> None:
    series, *neighbours = _thermometers(4)
    values = series.channels[TEMPERATURE]
    values[900:1100] = values[900]
    found = findings(series, neighbours=neighbours, now_ms=END)
    assert [one.kind for one in found] == ["stuck"]
    assert off_neighbours(neighbours[0], [series]) == []


@pytest.mark.parametrize("wild", [400.0, -1e308, np.inf])
def test_an_hour_that_is_wildly_wrong_is_none(wild: float) -> None:
    series, *neighbours = _thermometers(4)
    series.channels[TEMPERATURE][[500, 800, -1]] = wild
    assert off_neighbours(series, neighbours) == []
    assert off_neighbours(neighbours[0], [series]) == []


def test_a_neighbour_that_is_too_new_says_nothing() -> None:
    series, *neighbours = _thermometers(4)
    new = [one.between(END - 10 * DAY_MS, END) for one in neighbours]
    wrong = _moved(series, 2.0, days=4)
    assert off_neighbours(wrong, new) == []
    assert "one other machine" in _found(wrong, [*new[1:], neighbours[0]]).message


def test_the_sun_on_the_wall_is_none() -> None:
    series, *neighbours = _thermometers(4, days=365)
    hour, day = series.times // HOUR_MS % 24, series.times // DAY_MS
    random = np.random.default_rng(3)
    sunny = random.random(366)[day - day[0]] * ((hour > 9) & (hour < 15))
    assert off_neighbours(_moved(series, 4 * sunny), neighbours) == []


def test_a_difference_that_comes_and_goes_with_the_seasons_is_none() -> None:
    series, *neighbours = _thermometers(4, days=365)
    season = np.sin(series.times / DAY_MS / 365 * 2 * np.pi)
    assert off_neighbours(_moved(series, 2 * season), neighbours) == []


@settings(max_examples=40)
@given(
    st.lists(st.floats(-20, 20), min_size=2, max_size=9),
    st.sampled_from((0.0, 0.2, 0.4)),
    st.integers(0, 10_000),
)
def test_a_constant_difference_is_none(offsets: list[float], noise: float, seed: int) -> None:
    plain = _thermometers(len(offsets), days=40, noise=noise, seed=seed)
    series, *neighbours = [_moved(one, offset) for one, offset in zip(plain, offsets, strict=True)]
    assert off_neighbours(series, neighbours) == []


@settings(max_examples=20)
@given(st.permutations(range(5)), st.integers(0, 10_000))
def test_the_order_of_neighbours_is_nothing(order: list[int], seed: int) -> None:
    series, *neighbours = _thermometers(6, days=40, seed=seed)
    wrong = _moved(series, 1.0, days=5)
    found = off_neighbours(wrong, neighbours)
    assert found
    assert off_neighbours(wrong, [neighbours[i] for i in order]) == found


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.floats(1.5, 5), st.integers(3, 14), st.booleans())
def test_a_change_is_found_with_its_day_whatever_is_missing(
    seed: int, by: float, days: int, below: bool
) -> None:
    random = np.random.default_rng(seed)
    thermometers = []
    for one in _thermometers(4, seed=seed):
        kept = random.random(len(one)) > 0.3
        kept[-1] = True
        thermometers.append(Series(one.times[kept], {TEMPERATURE: one.channels[TEMPERATURE][kept]}))
    series, *neighbours = thermometers
    found = _found(_moved(series, -by if below else by, days=days), neighbours)
    assert abs(found.start - (END - days * DAY_MS)) < 12 * HOUR_MS
    assert found.end == END - HOUR_MS


def test_minutes_are_laid_beside_hours() -> None:
    minutes = _thermometers(1, days=30, step_ms=300_000)[0]
    hours = Series(minutes.times[::12], {TEMPERATURE: minutes.channels[TEMPERATURE][::12]})
    assert off_neighbours(minutes, [hours, hours]) == []
    assert _found(_moved(minutes, 2.0, days=3), [hours, hours]).count == 3 * 288
    assert _found(_moved(hours, 2.0, days=3), [minutes, minutes]).count == 72


def test_little_or_nothing_to_lay_beside() -> None:
    series, *neighbours = _thermometers(4, days=19)
    wrong = _moved(series, 5.0, days=4)
    empty = Series(np.empty(0, dtype=np.int64))
    silent = Series(series.times, {TEMPERATURE: np.full(len(series), np.nan)})
    assert off_neighbours(wrong, neighbours) == []  # what is usual isn't known yet
    assert off_neighbours(wrong, []) == []
    assert off_neighbours(wrong, [empty, silent]) == []
    assert off_neighbours(empty, neighbours) == off_neighbours(silent, neighbours) == []
