"""One file per model type. Being in `MODEL_TYPES` with a file here enrols it everywhere."""

from importlib import import_module

from modelwright.engine.hyperparameters import model_type_for
from modelwright.engine.trainers.base import Trainer

__all__ = ["Trainer", "trainer_for"]


def trainer_for(model_type: str) -> Trainer:
    """Return what trains a model type; its library is loaded now.

    Raises
    ------
    HyperparameterError
        There is no such type.
    TrainingError
        The library that it needs isn't installed.

    Examples
    --------
    >>> trainer_for("ridge").model_type
    'ridge'
    """
    name = model_type_for(model_type).name
    trainer: Trainer = import_module(f"modelwright.engine.trainers.{name}").TRAINER
    return trainer
