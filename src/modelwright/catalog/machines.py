"""Finding machines."""

from uuid import UUID

from modelwright.catalog.errors import MachineNotFoundError
from modelwright.catalog.models import Machine


def machine_get(machine_id: UUID) -> Machine:
    """Return a machine.

    Raises
    ------
    MachineNotFoundError
        There is none of this id.
    """
    found = Machine.objects.filter(pk=machine_id).first()
    if found is None:
        raise MachineNotFoundError("Machine not found")
    return found
