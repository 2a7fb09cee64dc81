"""What a training run does in its child process. For workers only: it loads scikit-learn."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from modelwright.engine.config import TrainingConfig
from modelwright.engine.training import run_training
from modelwright.runs.training_kind import ARTIFACT_NAME


def work(
    payload: Mapping[str, Any], scratch: Path, report: Callable[[float, str, str], None]
) -> Mapping[str, Any]:
    """Train as `payload` (a `TrainingConfig` as a dict) says; leave the artifact in `scratch`."""
    config = TrainingConfig.from_dict(payload)
    return run_training(config, artifact_path=scratch / ARTIFACT_NAME, report=report).to_dict()
