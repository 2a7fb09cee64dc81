"""One version as its page shows it: its model card."""

from functools import cached_property
from typing import Any

from django.urls import reverse

from modelwright.registry.models import ModelVersion, Subject
from modelwright.registry.promotion import CHAMPION
from modelwright.registry.selectors import versions_of
from modelwright.tuning.models import TuningRun
from modelwright.web.refusal import Refusal, refusal_of

SECONDS = "training_duration_seconds"


class VersionView:
    """What the page needs beside the row."""

    def __init__(self, subject: Subject, version: ModelVersion) -> None:
        self.subject = subject
        self.version = version
        self.run = version.run

    @cached_property
    def names(self) -> list[str]:
        """Return the aliases that point at it, the champion's first."""
        names = [alias.name for alias in self.version.aliases.all()]
        return sorted(names, key=lambda name: (name != CHAMPION, name))

    @property
    def is_champion(self) -> bool:
        """Return whether it answers."""
        return CHAMPION in self.names

    @cached_property
    def refusal(self) -> Refusal | None:
        """Return that of the champion's file, where it is refused."""
        return refusal_of(self.subject)

    @property
    def standing(self) -> str:
        """Return in words whether it answers."""
        if self.is_champion:
            return (
                "is refused: its file is not the one that was recorded"
                if self.refusal
                else "answers now"
            )
        if self.refusal and self.refusal.instead == self.version:
            return f"answers in place of version {self.refusal.champion.number}, which is refused"
        return "does not answer"

    @cached_property
    def metrics(self) -> list[tuple[str, float, float | None]]:
        """Return each metric of its training, with that of the champion before it."""
        parent = self.version.parent.run.metrics if self.version.parent else {}
        return [
            (name, value, parent.get(name))
            for name, value in self.run.metrics.items()
            if isinstance(value, int | float) and name != SECONDS
        ]

    @cached_property
    def hyperparameters(self) -> dict[str, Any]:
        """Return what it was trained with."""
        return dict(sorted(self.run.hyperparameters.items()))

    @cached_property
    def search(self) -> TuningRun | None:
        """Return the search that found its hyperparameters, where it is still there."""
        if self.run.tuning_run_id is None:
            return None
        return TuningRun.objects.filter(pk=self.run.tuning_run_id).first()

    @property
    def run_address(self) -> str:
        """Return the page of the training that made it; empty: it has none."""
        if self.run.machine_id:
            return ""
        if self.run.experiment_id:
            return reverse("model_run", args=[self.run.pk])
        return reverse("run", args=[self.run.number])

    @cached_property
    def others(self) -> list[ModelVersion]:
        """Return the other versions of its subject, newest first."""
        return list(versions_of(self.subject).exclude(pk=self.version.pk))
