"""`manage.py train_future_skills_model`: contract A from the command line."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from modelwright.core.context import Origin, acting
from modelwright.core.errors import ModelwrightError
from modelwright.engine.presets import FUTURE_SKILLS
from modelwright.runs.executor import run_here
from modelwright.runs.management.datasets import dataset_place
from modelwright.runs.models import TrainingRun
from modelwright.runs.services import TrainingRequest, training_submit
from modelwright.runs.states import Status

NO_VALUE = frozenset({"none", "null"})
NOT_GIVEN = object()
SCORES = ("accuracy", "precision", "recall", "f1_score")


def whole_or_none(text: str) -> int | None:
    """Read a whole number, or `none`."""
    return None if text.lower() in NO_VALUE else int(text)


def word_or_none(text: str) -> str | None:
    """Read a word, or `none`."""
    return None if text.lower() in NO_VALUE else text


class Command(BaseCommand):
    """Trains the future skills classifier here and now, and records the run."""

    help = "Train the future skills classifier here and now, and record the run."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options; what is not given keeps the model's default."""
        parser.add_argument("--dataset", default=settings.SAMPLE_DATASET, help="CSV or Parquet.")
        parser.add_argument("--test-split", type=float, default=FUTURE_SKILLS.test_split)
        parser.add_argument("--n-estimators", type=int, default=NOT_GIVEN)
        parser.add_argument("--max-depth", type=whole_or_none, default=NOT_GIVEN)
        parser.add_argument("--min-samples-split", type=int, default=NOT_GIVEN)
        parser.add_argument("--min-samples-leaf", type=int, default=NOT_GIVEN)
        parser.add_argument("--class-weight", type=word_or_none, default=NOT_GIVEN)
        parser.add_argument("--random-state", type=int, default=FUTURE_SKILLS.random_state)
        parser.add_argument("--model-version", default="", help="Default: one is made.")
        parser.add_argument("--notes", default="")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Train; exit 1 with the reason on stderr where that fails."""
        try:
            with acting(Origin(channel="cli")):
                run = self._train(options)
        except ModelwrightError as error:
            raise CommandError(str(error)) from error
        if run.status != Status.COMPLETED:
            raise CommandError(f"Run {run.number} {run.status}: {run.error_message}")
        self.stdout.write(
            f"Run {run.number} completed in {run.training_duration_seconds:.2f} s:"
            f" version {run.model_version}, {run.model_path}"
        )
        for name in SCORES:
            self.stdout.write(f"{name}: {getattr(run, name):.4f}")

    def _train(self, options: dict[str, Any]) -> TrainingRun:
        hyperparameters = {
            name: options[name]
            for name in FUTURE_SKILLS.hyperparameters
            if options[name] is not NOT_GIVEN
        }
        request = TrainingRequest(
            dataset_path=dataset_place(Path(options["dataset"])),
            test_split=options["test_split"],
            hyperparameters=hyperparameters,
            model_version=options["model_version"],
            notes=options["notes"],
            random_state=options["random_state"],
        )
        return run_here(training_submit(request=request, user=None, ring=False))
