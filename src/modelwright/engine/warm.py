"""Loading and running all that a training needs once, before a worker forks."""

import pickle
import tempfile
from pathlib import Path

from modelwright.engine.config import TrainingConfig
from modelwright.engine.model_trainer import ModelTrainer
from modelwright.engine.samples import write_future_skills_csv


def warm_up() -> None:
    """Train a tiny forest on the sample data and throw it away.

    scikit-learn and pandas load parts of themselves at first use; a child that is forked afterwards
    has them. Only forests are fitted: they start no threads of OpenMP or BLAS, which a fork would
    break.

    Examples
    --------
    >>> warm_up()
    """
    with tempfile.TemporaryDirectory() as folder:
        path = write_future_skills_csv(Path(folder, "sample.csv"))
        trainer = ModelTrainer.from_config(
            TrainingConfig(str(path), preset="future_skills", hyperparameters={"n_estimators": 2})
        )
        trainer.load_data()
        trainer.train()
        trainer.result()
        pickle.dumps(trainer.model)
