"""One training from start to end: what a job runs."""

from collections.abc import Callable
from pathlib import Path

from modelwright.engine.config import TrainingConfig
from modelwright.engine.dataset import ReportProgress
from modelwright.engine.model_trainer import ModelTrainer
from modelwright.engine.results import TrainingResult

__all__ = ["ReportProgress", "TrainingConfig", "TrainingResult", "run_training"]


def run_training(
    config: TrainingConfig,
    *,
    artifact_path: Path,
    report: ReportProgress,
    keep: Callable[[ModelTrainer], None] | None = None,
) -> TrainingResult:
    """Read, check, split, fit, evaluate, save.

    Parameters
    ----------
    config : TrainingConfig
        What to do.
    artifact_path : Path
        Where the model goes; nothing is there unless all went well.
    report : callable
        Told the progress: per cent (0 to 100, never falling), step, message.
    keep : callable, optional
        Given the trainer once the model is saved, to keep more of it.

    Raises
    ------
    DataLoadError
        The data can't be used.
    HyperparameterError
        A hyperparameter is unknown or out of range.
    TrainingError
        The fit fails, or the model can't be saved.

    Examples
    --------
    >>> import tempfile
    >>> from modelwright.engine.samples import write_future_skills_csv
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     data = write_future_skills_csv(f"{folder}/skills.csv")
    ...     config = TrainingConfig(str(data), preset="future_skills")
    ...     steps = []
    ...     result = run_training(
    ...         config,
    ...         artifact_path=Path(folder, "model.pkl"),
    ...         report=lambda percent, step, message: steps.append(step),
    ...     )
    >>> list(dict.fromkeys(steps))
    ['read', 'check', 'split', 'fit', 'evaluate', 'save']
    """
    trainer = ModelTrainer.from_config(config, report)
    trainer.load_data()
    trainer.train()
    trainer.get_feature_importance()
    report(95.0, "save", "Saving the model")
    trainer.save_model(artifact_path)
    if keep is not None:
        keep(trainer)
    result = trainer.result()
    report(100.0, "save", "Done")
    return result
