"""The sample data: a table, and machines with a year of readings each."""

from django.conf import settings

from modelwright.accounts.models import User
from modelwright.catalog.ingest import readings_store
from modelwright.catalog.ingest_rows import Rows
from modelwright.catalog.machines import machine_create
from modelwright.catalog.models import Machine
from modelwright.core.clock import ms_of, now
from modelwright.core.models import Counter
from modelwright.engine.machines import MACHINE_MODEL_TYPES
from modelwright.engine.machines.sample_machines import (
    SampleMachine,
    continued,
    own_shift,
    sample_machines,
    sample_readings,
)
from modelwright.engine.machines.series import HOUR_MS, Series
from modelwright.engine.samples import write_future_skills_csv
from modelwright.runs.errors import SubjectBusyError
from modelwright.runs.machine_services import machine_training_submit

TAG = "sample"
REASON = "First model, on the sample data."
AFTER_PEOPLES = -10  # what somebody asks for goes first


def samples_load(*, again: bool = False) -> bool:
    """Write the sample data set; return False where it was there and is left as it is."""
    path = settings.DATA_ROOT / settings.SAMPLE_DATASET
    if path.exists() and not again:
        return False
    write_future_skills_csv(path)
    return True


def machines_ever() -> bool:
    """Return whether there has ever been a machine: sample machines that were deleted stay away."""
    return Counter.objects.filter(name="machine").exists()


def sample_machines_load(*, user: User | None) -> list[Machine]:
    """Make the sample machines that are missing, with a year of readings; return the new ones."""
    names = set(Machine.objects.values_list("name", flat=True))
    return [_make(sample, user) for sample in sample_machines() if sample.name not in names]


def _make(sample: SampleMachine, user: User | None) -> Machine:
    machine = machine_create(
        user=user,
        name=sample.name,
        site=sample.site,
        machine_type=sample.machine_type,
        rated_power_kw=sample.rated_power_kw,
        energy_price_per_kwh=sample.energy_price_per_kwh,
        carbon_kg_per_kwh=sample.carbon_kg_per_kwh,
        timezone=sample.timezone,
        tags=[TAG, *sample.tags],
    )
    _store(machine, sample_readings(sample, end_ms=ms_of(machine.created_at)), user)
    return machine


def _store(machine: Machine, readings: Series, user: User | None) -> int:
    if not len(readings):
        return 0
    rows = Rows(readings.times, readings.channels)
    return readings_store(machine=machine, rows=rows, user=user).accepted


def sample_machines_go_on(*, user: User | None) -> int:
    """Add what the sample machines would have read since their last reading; return how many.

    A machine is one of them by its name and the tag `sample`: without the tag it is left alone.
    """
    by_name = {sample.name: sample for sample in sample_machines()}
    present = ms_of(now())
    added = 0
    for machine in Machine.objects.filter(name__in=by_name, is_active=True):
        if TAG in machine.tags and machine.last_reading_at is not None:
            sample = by_name[machine.name]
            added += _store(
                machine,
                continued(
                    sample,
                    ms_of(machine.last_reading_at) + HOUR_MS,
                    present,
                    shift=own_shift(sample, ms_of(machine.created_at)),
                ),
                user,
            )
    return added


def sample_trainings_submit(machines: list[Machine], *, user: User | None) -> int:
    """Have a first model of each type trained of each machine; return how many were submitted."""
    submitted = 0
    for model_type in MACHINE_MODEL_TYPES:
        for machine in machines:
            try:
                machine_training_submit(
                    machine=machine,
                    model_type=model_type,
                    user=user,
                    reason=REASON,
                    priority=AFTER_PEOPLES,
                )
            except SubjectBusyError:
                continue
            submitted += 1
    return submitted
