"""Which version of a machine's model is meant."""

from uuid import UUID

from modelwright.catalog.models import Machine
from modelwright.monitoring.errors import ModelNotFoundError
from modelwright.registry.models import ModelVersion
from modelwright.registry.selectors import champion_of
from modelwright.runs.machine_services import machine_subject


def version_for(machine: Machine, model_type: str, model_id: UUID | None = None) -> ModelVersion:
    """Return the version that a training made, or the one that answers.

    Parameters
    ----------
    machine : Machine
    model_type : str
    model_id : UUID, optional
        Id of the training; the champion without it.

    Raises
    ------
    ModelNotFoundError
        There is none, or it belongs to another machine or type.
    """
    subject = machine_subject(model_type, machine)
    if model_id is None:
        if (champion := champion_of(subject)) is not None:
            return champion
        raise ModelNotFoundError(
            f"There is no {model_type} model of {machine.name} yet: train one first."
        )
    found = ModelVersion.objects.select_related("run").filter(run=model_id, subject=subject).first()
    if found is None:
        raise ModelNotFoundError(
            f"No training of this id made a {model_type} model of {machine.name}: model_id is the"
            " id of the training job."
        )
    return found
