"""Training, evaluating and keeping models: a library of its own, without the server.

Importing it is cheap; scikit-learn and pandas are loaded by the first name that needs them.

Examples
--------
>>> from modelwright.engine import ModelTrainer
>>> ModelTrainer.__name__
'ModelTrainer'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modelwright.engine.artifacts import (
        export_onnx,
        export_skops,
        load_artifact,
        sign,
        write_artifact,
    )
    from modelwright.engine.config import TableLimits, TrainingConfig
    from modelwright.engine.errors import (
        ArtifactError,
        DataLoadError,
        HyperparameterError,
        ModelTrainerError,
        RecordingError,
        TrainingError,
    )
    from modelwright.engine.hyperparameters import (
        MODEL_TYPES,
        available_model_types,
        validate_hyperparameters,
    )
    from modelwright.engine.labels import EncodedLabels
    from modelwright.engine.model_trainer import ModelTrainer
    from modelwright.engine.preprocessing import DateParts
    from modelwright.engine.presets import FUTURE_SKILLS, PRESETS, Preset
    from modelwright.engine.recording import Recorder, get_recorder, set_recorder
    from modelwright.engine.results import ArtifactInfo, Evaluation, TrainingResult
    from modelwright.engine.samples import future_skills_table, write_future_skills_csv
    from modelwright.engine.tables import Table, read_table
    from modelwright.engine.training import run_training
    from modelwright.engine.warm import warm_up

__all__ = [
    "FUTURE_SKILLS",
    "MODEL_TYPES",
    "PRESETS",
    "ArtifactError",
    "ArtifactInfo",
    "DataLoadError",
    "DateParts",
    "EncodedLabels",
    "Evaluation",
    "HyperparameterError",
    "ModelTrainer",
    "ModelTrainerError",
    "Preset",
    "Recorder",
    "RecordingError",
    "Table",
    "TableLimits",
    "TrainingConfig",
    "TrainingError",
    "TrainingResult",
    "available_model_types",
    "export_onnx",
    "export_skops",
    "future_skills_table",
    "get_recorder",
    "load_artifact",
    "read_table",
    "run_training",
    "set_recorder",
    "sign",
    "validate_hyperparameters",
    "warm_up",
    "write_artifact",
    "write_future_skills_csv",
]

_HOMES = {
    "artifacts": ("export_onnx", "export_skops", "load_artifact", "sign", "write_artifact"),
    "config": ("TableLimits", "TrainingConfig"),
    "errors": (
        "ArtifactError",
        "DataLoadError",
        "HyperparameterError",
        "ModelTrainerError",
        "RecordingError",
        "TrainingError",
    ),
    "hyperparameters": ("MODEL_TYPES", "available_model_types", "validate_hyperparameters"),
    "labels": ("EncodedLabels",),
    "model_trainer": ("ModelTrainer",),
    "preprocessing": ("DateParts",),
    "presets": ("FUTURE_SKILLS", "PRESETS", "Preset"),
    "recording": ("Recorder", "get_recorder", "set_recorder"),
    "results": ("ArtifactInfo", "Evaluation", "TrainingResult"),
    "samples": ("future_skills_table", "write_future_skills_csv"),
    "tables": ("Table", "read_table"),
    "training": ("run_training",),
    "warm": ("warm_up",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
