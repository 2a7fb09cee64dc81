"""The whole loop, untouched by hand, on a made-up machine that lives through months in minutes.

Nothing in it is staged but the machine's readings: every check, training, test, promotion and
rollback is the one that a server does. Only the clock is this process's own, so the story needs a
data folder of its own, where no server is at work.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from modelwright.automation.checking import machines_check
from modelwright.automation.loops import loops_advance
from modelwright.automation.models import Loop
from modelwright.automation.policies import policy_create
from modelwright.automation.timeline import Happening, timeline_of
from modelwright.catalog.ingest import readings_store
from modelwright.catalog.ingest_rows import Rows
from modelwright.catalog.machines import machine_create
from modelwright.catalog.models import Machine
from modelwright.core.clock import clock_shift, ms_of, now
from modelwright.core.errors import ModelwrightError
from modelwright.engine.machines.sample_machines import (
    SampleMachine,
    Shift,
    continued,
    sample_machines,
)
from modelwright.registry.models import Subject
from modelwright.registry.selectors import champion_of
from modelwright.runs.executor import run_here
from modelwright.runs.machine_services import machine_subject, machine_training_submit
from modelwright.runs.models import TrainingRun
from modelwright.runs.states import Status

MODEL_TYPE = "baseline"
HISTORY_DAYS = 120
LONGEST_DAYS = 400
LOSS = 0.3
RULES = {
    "when": {"drift": True},
    "then": {
        "alert": True,
        "retrain": True,
        "gather_days": 21,
        "train_days": 21,
        "test": {"mode": "back_test", "days": 180},
        "promote": "auto",
        "watch": {"days": 180},
    },
    "cooldown_hours": 24,
    "retrains_per_month": 4,
}
Tell = Callable[[str], None]


class StoryError(ModelwrightError):
    """The story did not come to its end."""

    code = "story_failed"


@dataclass(frozen=True)
class Story:
    """What came of it.

    Attributes
    ----------
    subject : Subject
    loop : Loop
        Ended.
    days : int
        Simulated days from the change of the machine on.
    timeline : list of Happening
        Oldest first.
    """

    subject: Subject
    loop: Loop
    days: int
    timeline: list[Happening]


def story_tell(*, tell: Tell = lambda _text: None) -> Story:
    """Live through it.

    Parameters
    ----------
    tell : callable
        Told each step in words.

    Raises
    ------
    StoryError
        A training failed, or the loop did not end in time.
    """
    begun = now()
    clock_shift(-dt.timedelta(days=LONGEST_DAYS))
    try:
        return _live(tell)
    finally:
        clock_shift(dt.timedelta())
        tell(f"All this took {(now() - begun).total_seconds():.0f} s.")


def _live(tell: Tell) -> Story:
    sample = sample_machines()[0]
    start = now().replace(minute=0, second=0, microsecond=0)
    machine = _machine(sample)
    _read(machine, sample, start - dt.timedelta(days=HISTORY_DAYS), start, None)
    tell(f"{machine.name}: {machine.reading_count} readings of {HISTORY_DAYS} days.")
    _train(machine)
    subject = Subject.objects.get(key=machine_subject(MODEL_TYPE, machine))
    policy_create(name="Demonstration", subject=subject, rules=RULES, user=None)
    tell("Version 1 is trained and answers. A policy looks after it from now on.")
    shift = Shift(ms_of(start), loss=LOSS)
    tell(f"The machine breaks: it uses {LOSS:.0%} more energy for the same work.")
    for day, told in enumerate(_days(machine, sample, start, shift, subject)):
        for step in told:
            tell(f"day {day + 1}: {step}")
        loop = Loop.objects.filter(subject=subject).order_by("-started_at").first()
        if loop is not None and loop.ended_at is not None:
            return Story(subject, loop, day + 1, list(reversed(timeline_of(subject, limit=500))))
    raise StoryError(f"The loop did not end within {LONGEST_DAYS} days.")


def _machine(sample: SampleMachine) -> Machine:
    return machine_create(
        user=None,
        name=f"{sample.name} (demonstration)",
        site=sample.site,
        machine_type=sample.machine_type,
        rated_power_kw=sample.rated_power_kw,
        energy_price_per_kwh=sample.energy_price_per_kwh,
        carbon_kg_per_kwh=sample.carbon_kg_per_kwh,
        timezone=sample.timezone,
        tags=["demonstration"],
    )


def _days(
    machine: Machine, sample: SampleMachine, start: dt.datetime, shift: Shift, subject: Subject
) -> Iterator[list[str]]:
    """Live day by day; each gives what the policy did on it."""
    told = 0
    for day in range(LONGEST_DAYS - 1):
        since, until = (start + dt.timedelta(days=d) for d in (day, day + 1))
        clock_shift(until - (now() - _present_shift()))
        _read(machine, sample, since, until, shift)
        machines_check()
        loops_advance()
        for run in TrainingRun.objects.filter(subject=subject.key, status=Status.PENDING):
            run_here(run)
        loops_advance()
        steps = [
            step.text for loop in Loop.objects.filter(subject=subject) for step in loop.steps.all()
        ]
        news = steps[told:]
        told = len(steps)
        champion = champion_of(subject.key)
        if shift.until_ms is None and champion is not None and champion.number > 1:
            shift = replace(shift, until_ms=ms_of(until))
            news.append("The machine is repaired: everything is as it was before.")
        yield news


def _present_shift() -> dt.timedelta:
    """Return by how much this process's present is moved."""
    return now() - dt.datetime.now(tz=dt.UTC)


def _train(machine: Machine) -> None:
    run = run_here(machine_training_submit(machine=machine, model_type=MODEL_TYPE, user=None))
    if run.status != Status.COMPLETED:
        raise StoryError(f"The first training is {run.status}: {run.error_message}")


def _read(
    machine: Machine,
    sample: SampleMachine,
    since: dt.datetime,
    until: dt.datetime,
    shift: Shift | None,
) -> None:
    series = continued(sample, ms_of(since), ms_of(until), shift=shift)
    if len(series):
        readings_store(machine=machine, rows=Rows(series.times, series.channels), user=None)
