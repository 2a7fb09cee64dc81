"""Deleting machines with what hangs on them."""

from django.db import transaction
from django.db.models import CASCADE, ManyToOneRel, Model, QuerySet

from modelwright.accounts.models import User
from modelwright.catalog.errors import MachineNotFoundError, StillUsedError
from modelwright.catalog.machines import machine_delete
from modelwright.catalog.models import Machine, Reading
from modelwright.registry.removal import SHOWN_USES, model_run_delete
from modelwright.runs.models import TrainingRun

# Goes with the machine too, and would tell nobody anything.
BOOKKEEPING = frozenset({"readingbatch", "progress", "subject", "driftprofile"})


def machine_uses(machine: Machine) -> list[str]:
    """Return what hangs on a machine, in words: readings, model runs, then what others keep."""
    uses = [f"{machine.reading_count:,} readings"] if machine.reading_count else []
    runs = _runs_of(machine).values_list("number", "model_type", "status")
    uses += [f"run {number} ({kind}, {status})" for number, kind, status in runs]
    for rows in _hanging(machine):
        if rows.model._meta.model_name not in BOOKKEEPING and (count := rows.count()):
            uses.append(f"{count:,} {rows.model._meta.verbose_name_plural}")
    return uses


def _runs_of(machine: Machine) -> QuerySet[TrainingRun]:
    return TrainingRun.objects.filter(machine=machine).order_by("-number")


def _hanging(machine: Machine) -> list[QuerySet[Model]]:
    """Return the rows of the rooms above that go with their machine, without naming the rooms."""
    return [
        relation.related_model._base_manager.filter(**{relation.field.name: machine})
        for relation in Machine._meta.related_objects
        if isinstance(relation, ManyToOneRel)
        and relation.on_delete is CASCADE
        and relation.related_model is not Reading
    ]


def machine_remove(*, machine: Machine, user: User | None, force: bool = False) -> None:
    """Delete a machine; with `force` its readings, its model runs and the rest too.

    Pending and running ones are cancelled first.

    Raises
    ------
    StillUsedError
        There are some, and `force` is not set.
    """
    with transaction.atomic():
        held = Machine.objects.select_for_update().filter(pk=machine.pk).first()
        if held is None:
            raise MachineNotFoundError("Machine not found")
        uses = machine_uses(held)
        if uses and not force:
            raise StillUsedError(
                f"The machine {held.name!r} has readings or models: ?force=true deletes them with"
                " it. To keep them, set is_active to false.",
                uses=uses[:SHOWN_USES],
            )
        for rows in _hanging(held):  # before the versions, which some of them protect
            rows.delete()
        for run in _runs_of(held):
            model_run_delete(run=run, user=user)
        machine_delete(machine=held, user=user)
