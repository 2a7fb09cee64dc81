"""Made-up machines with a year of hourly readings each, to try everything out with.

Every value is a function of the machine, the seed and the hour alone, so that a later call goes on
where an earlier one ended. Readings know seasons, weather, shifts, weekends, holidays, faults,
gaps, a machine that drifts and a sensor that sticks; `sample_faults` says what was put in.
"""

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.machines.local_time import DAY_MS
from modelwright.engine.machines.sample_draws import Draws
from modelwright.engine.machines.sample_physics import FORMULAS, Hours, sample_hours
from modelwright.engine.machines.series import (
    ENERGY,
    HOUR_MS,
    POWER,
    PRODUCTION,
    TEMPERATURE,
    Series,
    Times,
    Values,
)

SEED = 11
DRIFT_DAYS = 45
DRIFT_LOSS = 0.15


@dataclass(frozen=True)
class SampleMachine:
    """A made-up machine.

    Parameters
    ----------
    name, site, machine_type, description : str
        As people read them; `name` is unique.
    rated_power_kw : float
    energy_price_per_kwh : float
        In the site's currency.
    carbon_kg_per_kwh : float
        Kilograms of CO2 for each kWh.
    timezone : str
        IANA name.
    tags : tuple of str
    """

    name: str
    site: str
    machine_type: str
    rated_power_kw: float
    energy_price_per_kwh: float
    carbon_kg_per_kwh: float
    timezone: str
    tags: tuple[str, ...]
    description: str


@dataclass(frozen=True)
class SampleFault:
    """Something that was put into the readings on purpose.

    Parameters
    ----------
    kind : str
        ``extra_load``, ``idle_load``, ``lost_output``, ``stuck_sensor`` or ``gap``.
    channel : str
        The one that shows it; empty for a gap.
    start, end : int
        First and last reading concerned, in milliseconds UTC.
    size : float
        Share of the usual power, of the rated power or of the output; 0 where there is none.
    """

    kind: str
    channel: str
    start: int
    end: int
    size: float


@dataclass(frozen=True)
class Shift:
    """A lasting change of a machine, to see whether it is noticed.

    Parameters
    ----------
    from_ms : int
        When it begins, milliseconds UTC.
    until_ms : int, optional
        When the machine is put right again; never where not given.
    loss : float
        Share by which the channel grows: 0.2 is a fifth more power for the same work.
    ramp_ms : int
        How long it takes to grow to `loss`; 0 is at once.
    channel : str
        ``power_kw`` (energy goes with it) or another one, which then reads wrongly by itself.
    """

    from_ms: int
    until_ms: int | None = None
    loss: float = 0.2
    ramp_ms: int = 0
    channel: str = POWER

    def factors(self, times: Times) -> Values:
        """Return what to multiply the channel by at each time."""
        grown = np.clip((times - self.from_ms + 1) / max(self.ramp_ms, 1), 0.0, 1.0)
        if self.until_ms is not None:
            grown[times >= self.until_ms] = 0.0
        return np.asarray(1.0 + self.loss * grown, dtype=np.float64)


@dataclass(frozen=True)
class _Plan:
    """One fault in each stretch of `every_days`, at a drawn time, `low` to `high` hours long."""

    kind: str
    channel: str
    every_days: int
    low: int
    high: int
    size: float = 0.0


_GAPS = _Plan("gap", "", 24, 2, 14)
_EUROPE = ("Northfield works", 0.21, 0.36, "Europe/Berlin")
_AMERICA = ("Prairie foundry", 0.11, 0.41, "America/Chicago")

# machine, whether it drifts, faults
_MACHINES: tuple[tuple[SampleMachine, bool, tuple[_Plan, ...]], ...] = (
    (
        SampleMachine(
            "Compressor 1",
            _EUROPE[0],
            "compressor",
            75.0,
            *_EUROPE[1:],
            ("air", "two shifts"),
            "Screw compressor for the works' air. Its net leaks now and then.",
        ),
        False,
        (_Plan("idle_load", POWER, 61, 20, 60, 0.42), _GAPS),
    ),
    (
        SampleMachine(
            "Chiller 2",
            _EUROPE[0],
            "chiller",
            220.0,
            *_EUROPE[1:],
            ("cooling",),
            "Process and room cooling. Its condenser fouls in the last weeks: it drifts.",
        ),
        True,
        (_Plan("extra_load", POWER, 73, 8, 30, 0.45), _GAPS),
    ),
    (
        SampleMachine(
            "Injection moulding line 3",
            _EUROPE[0],
            "injection_moulding",
            160.0,
            *_EUROPE[1:],
            ("production", "three shifts"),
            "Six presses and their dryers. Sometimes it heats and makes nothing.",
        ),
        False,
        (_Plan("lost_output", PRODUCTION, 52, 6, 16, 0.9), _GAPS),
    ),
    (
        SampleMachine(
            "HVAC main hall",
            _EUROPE[0],
            "hvac",
            90.0,
            *_EUROPE[1:],
            ("building",),
            "Ventilation, heating and cooling of the hall. Its outdoor sensor sticks.",
        ),
        False,
        (
            _Plan("idle_load", POWER, 67, 10, 34, 0.5),
            _Plan("stuck_sensor", TEMPERATURE, 90, 60, 150),
            _GAPS,
        ),
    ),
    (
        SampleMachine(
            "Furnace 5",
            _AMERICA[0],
            "furnace",
            400.0,
            *_AMERICA[1:],
            ("production", "round the clock"),
            "Holding furnace, never off. Worn lining costs power until it is patched.",
        ),
        False,
        (_Plan("extra_load", POWER, 80, 12, 48, 0.25), _GAPS),
    ),
)
_PLANS = {machine.name: plans for machine, _, plans in _MACHINES}
_DRIFTING = {machine.name for machine, drifts, _ in _MACHINES if drifts}
_DECIMALS = {PRODUCTION: 0, TEMPERATURE: 1}


def sample_machines() -> tuple[SampleMachine, ...]:
    """Return the sample machines.

    Examples
    --------
    >>> [machine.machine_type for machine in sample_machines()]
    ['compressor', 'chiller', 'injection_moulding', 'hvac', 'furnace']
    """
    return tuple(machine for machine, _, _ in _MACHINES)


def sample_readings(
    machine: SampleMachine, *, end_ms: int | None = None, days: int = 365, seed: int = SEED
) -> Series:
    """Return the readings of a sample machine up to `end_ms`.

    Parameters
    ----------
    machine : SampleMachine
        One of `sample_machines`.
    end_ms : int, optional
        Milliseconds UTC; the last reading is that of the last full hour before. Now where not
        given.
    days : int
        How far back they go.
    seed : int
        The same seed gives the same readings, on every machine.

    Returns
    -------
    Series
        Hourly: power_kw (mean of the hour), energy_kwh, outdoor_temp_c, production_count where the
        machine produces, and what else it measures. The drifting machine uses `own_shift`.

    Examples
    --------
    >>> readings = sample_readings(sample_machines()[0], end_ms=1_764_000_000_000, days=2)
    >>> sorted(readings.channels)
    ['energy_kwh', 'outdoor_temp_c', 'power_kw', 'pressure_bar', 'production_count']
    """
    end = (time.time_ns() // 1_000_000 if end_ms is None else end_ms) // HOUR_MS * HOUR_MS
    shift = own_shift(machine, end)
    return continued(machine, end - days * DAY_MS, end, seed=seed, shift=shift)


def own_shift(machine: SampleMachine, end_ms: int) -> Shift | None:
    """Return the drift in `sample_readings` that end at `end_ms`; None where there is none.

    Given to `continued`, the machine goes on drifting; without, it was put right.
    """
    if machine.name not in _DRIFTING:
        return None
    end = end_ms // HOUR_MS * HOUR_MS
    ramp = DRIFT_DAYS * DAY_MS
    return Shift(end - ramp, loss=DRIFT_LOSS, ramp_ms=ramp)


def continued(
    machine: SampleMachine,
    start_ms: int,
    end_ms: int,
    *,
    seed: int = SEED,
    shift: Shift | None = None,
) -> Series:
    """Return the readings of the full hours from `start_ms` to `end_ms`.

    Parameters
    ----------
    machine : SampleMachine
        One of `sample_machines`.
    start_ms, end_ms : int
        Milliseconds UTC. An hour has the same values whatever range is asked for.
    seed : int
        That of the readings before.
    shift : Shift, optional
        A lasting change to put in.
    """
    first = -(-start_ms // HOUR_MS) * HOUR_MS
    times = np.arange(first, end_ms // HOUR_MS * HOUR_MS, HOUR_MS, dtype=np.int64)
    hours = sample_hours(times, site=machine.site, timezone=machine.timezone, seed=seed)
    channels = _raw(machine, hours, seed)
    faults = sample_faults(machine, first, end_ms, seed=seed)
    for fault in faults:
        _put_in(fault, machine, times, channels, seed)
    if shift is not None:
        channels[shift.channel] = channels[shift.channel] * shift.factors(times)
    channels[ENERGY] = channels[POWER].copy()
    kept = _kept(times, faults, Draws(seed, machine.name, "dropped"))
    rounded = {
        name: np.round(values[kept], _DECIMALS.get(name, 2)) for name, values in channels.items()
    }
    return Series(times[kept], rounded, machine.timezone)


def sample_faults(
    machine: SampleMachine, start_ms: int, end_ms: int, *, seed: int = SEED
) -> tuple[SampleFault, ...]:
    """Return the faults that reach into a range, oldest first.

    Parameters
    ----------
    machine : SampleMachine
        One of `sample_machines`.
    start_ms, end_ms : int
        Milliseconds UTC, `end_ms` excluded.
    seed : int
        That of the readings.
    """
    found = [
        fault
        for plan in _PLANS[machine.name]
        for fault in _planned(plan, machine.name, start_ms, end_ms, seed)
        if fault.end >= start_ms and fault.start < end_ms
    ]
    return tuple(sorted(found, key=lambda fault: fault.start))


def _planned(plan: _Plan, name: str, start_ms: int, end_ms: int, seed: int) -> list[SampleFault]:
    block = plan.every_days * DAY_MS
    draws = Draws(seed, name, plan.kind)
    found = []
    for number in range(start_ms // block, (end_ms - 1) // block + 1):
        at, long = draws.uniform(np.array([2 * number, 2 * number + 1]))
        length = plan.low + int(long * (plan.high - plan.low + 1))
        begin = number * block + int(at * (plan.every_days * 24 - length)) * HOUR_MS
        end = begin + (length - 1) * HOUR_MS
        found.append(SampleFault(plan.kind, plan.channel, begin, end, plan.size))
    return found


def _raw(machine: SampleMachine, hours: Hours, seed: int) -> dict[str, Values]:
    draws = Draws(seed, machine.name, "work")
    channels = dict(FORMULAS[machine.machine_type](hours, draws))
    channels[POWER] = np.clip(channels[POWER], 0.0, 1.0) * machine.rated_power_kw
    channels[TEMPERATURE] = hours.temperature + 0.2 * draws.normal(hours.index, "thermometer")
    return channels


def _put_in(
    fault: SampleFault,
    machine: SampleMachine,
    times: Times,
    channels: dict[str, Values],
    seed: int,
) -> None:
    here = (times >= fault.start) & (times <= fault.end)
    if not here.any() or not fault.channel:
        return
    values = channels[fault.channel]
    if fault.kind == "extra_load":
        values[here] *= 1.0 + fault.size
    elif fault.kind == "idle_load":
        noise = Draws(seed, machine.name, fault.kind).normal(times[here] // HOUR_MS, "power")
        load = fault.size * machine.rated_power_kw * (1 + 0.03 * noise)
        values[here] = np.maximum(values[here], load)
    elif fault.kind == "lost_output":
        values[here] *= 1.0 - fault.size
    else:
        values[here] = _reading_at(machine, fault, seed)


def _reading_at(machine: SampleMachine, fault: SampleFault, seed: int) -> float:
    moment = np.array([fault.start], dtype=np.int64)
    hours = sample_hours(moment, site=machine.site, timezone=machine.timezone, seed=seed)
    return float(_raw(machine, hours, seed)[fault.channel][0])


def _kept(times: Times, faults: tuple[SampleFault, ...], draws: Draws) -> NDArray[np.bool_]:
    kept = draws.uniform(times // HOUR_MS) > 0.0008
    for fault in faults:
        if fault.kind == "gap":
            kept &= (times < fault.start) | (times > fault.end)
    return kept
