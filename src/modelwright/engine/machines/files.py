"""Machine models on disk: JSON, never code. Plain numbers are all that they are made of."""

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from modelwright.engine.errors import ArtifactError, HyperparameterError, TrainingError
from modelwright.engine.files import write_atomic
from modelwright.engine.machines import MACHINE_MODEL_TYPES
from modelwright.engine.machines.base import MachineModel
from modelwright.engine.results import ArtifactInfo

FORMAT = 1


def machine_model_class(model_type: str) -> type[MachineModel]:
    """Return the class of a model type; its libraries are loaded now.

    Raises
    ------
    HyperparameterError
        There is no such type.
    """
    if model_type not in MACHINE_MODEL_TYPES:
        known = ", ".join(MACHINE_MODEL_TYPES)
        raise HyperparameterError([f"model_type must be one of {known}"])
    module = import_module(f"modelwright.engine.machines.{model_type}")
    found: type[MachineModel] = module.MODEL
    return found


def machine_model_write(model: MachineModel, path: Path) -> ArtifactInfo:
    """Write a fitted model to `path`, whole or not at all, and return its SHA-256 and size.

    Raises
    ------
    TrainingError
        It can't be written, the disk being full for one.
    """
    content = {"format": FORMAT, "model_type": model.model_type, "model": model.to_dict()}
    data = json.dumps(content, allow_nan=False, separators=(",", ":")).encode()
    try:
        return write_atomic(path, data)
    except OSError as error:
        raise TrainingError(f"The model can't be saved ({error.strerror}).") from error


def machine_model_read(data: bytes) -> MachineModel:
    """Return the model that `machine_model_write` wrote.

    Raises
    ------
    ArtifactError
        It is none, or of a later format.
    """
    try:
        content: Mapping[str, Any] = json.loads(data)
        if content["format"] != FORMAT:
            raise ArtifactError("The model was written by a later version: upgrade this one.")
        return machine_model_class(content["model_type"]).from_dict(content["model"])
    except (ValueError, KeyError, TypeError, HyperparameterError) as error:
        raise ArtifactError("The file is no model of a machine: train it again.") from error
