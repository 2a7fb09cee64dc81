"""Experiments as their pages show them: runs, searches, and with whom they are shared."""

from functools import cached_property

from django.contrib.auth.models import Group
from django.db.models import Count, Q, QuerySet

from modelwright.accounts.models import User
from modelwright.catalog.access import Level, experiment_level, experiments_visible
from modelwright.catalog.models import Experiment, Share
from modelwright.registry.removal import experiment_uses
from modelwright.runs.models import TrainingRun
from modelwright.runs.states import Status
from modelwright.tuning.models import TuningRun
from modelwright.web.listing import Listing
from modelwright.web.runs_list import HEAVY, Column

SHOWN = 50
HEADLINE = {"classification": ("accuracy", "Accuracy"), "regression": ("r2", "R²")}


class ExperimentList(Listing[Experiment]):
    """The experiments that somebody may see."""

    place = "experiments"
    columns = (
        Column("name", "Name", "name"),
        Column("target", "Predicts", "target_column"),
        Column("dataset", "Data set", "dataset__name"),
        Column("runs", "Model runs", "run_count", number=True),
        Column("owner", "Owner", "owner__username"),
        Column("created", "Made", "created_at"),
    )
    titles = {"search": "Search", "owner": "Owner"}

    def matching(self) -> QuerySet[Experiment]:
        """Return them with the number of their runs."""
        found = experiments_visible(self.user).annotate(run_count=Count("runs", distinct=True))
        if self.search:
            found = found.filter(
                Q(name__icontains=self.search)
                | Q(description__icontains=self.search)
                | Q(target_column__icontains=self.search)
            )
        if owner := self.address.get("owner"):
            found = found.filter(owner__username=owner)
        return found


def headline_of(run: TrainingRun) -> float | None:
    """Return the score that a run is known by."""
    name, _title = HEADLINE.get(run.task, HEADLINE["classification"])
    value = run.metrics.get(name, getattr(run, name, None))
    return value if isinstance(value, int | float) else None


class ExperimentView:
    """What the page of one experiment needs beside the row."""

    def __init__(self, experiment: Experiment, user: User) -> None:
        self.experiment = experiment
        self._level = experiment_level(user, experiment)

    @property
    def owns(self) -> bool:
        """Return whether the user may share and delete it."""
        return self._level >= Level.OWNER

    @property
    def edits(self) -> bool:
        """Return whether the user may train and search in it."""
        return self._level >= Level.EDITOR

    @property
    def score_title(self) -> str:
        """Return the name of the score that the runs are listed with."""
        return HEADLINE[self.experiment.task][1]

    @cached_property
    def runs(self) -> list[tuple[TrainingRun, float | None, bool]]:
        """Return the newest runs with their score, and whether it is the best of them."""
        heavy = [name for name in HEAVY if name != "metrics"]
        found = list(
            TrainingRun.objects.filter(experiment=self.experiment)
            .select_related("user")
            .defer(*heavy)
            .order_by("-number")[:SHOWN]
        )
        scores = [headline_of(run) if run.status == Status.COMPLETED else None for run in found]
        best = max((score for score in scores if score is not None), default=None)
        return [
            (run, score, score is not None and score == best)
            for run, score in zip(found, scores, strict=True)
        ]

    @property
    def has_open(self) -> bool:
        """Return whether something may still change."""
        searching = any(not search.is_ended for search in self.searches)
        return searching or any(run.is_open for run, _score, _best in self.runs)

    @cached_property
    def searches(self) -> list[TuningRun]:
        """Return the newest searches."""
        found = TuningRun.objects.filter(model_run__experiment=self.experiment)
        return list(found.select_related("model_run", "user").order_by("-created_at")[:SHOWN])

    @cached_property
    def shares(self) -> list[Share]:
        """Return with whom it is shared."""
        return list(self.experiment.shares.select_related("user", "group"))

    @cached_property
    def uses(self) -> list[str]:
        """Return what would be deleted with it."""
        return experiment_uses(self.experiment) if self.owns else []

    @property
    def groups(self) -> list[str]:
        """Return the groups that it may be shared with."""
        return list(Group.objects.order_by("name").values_list("name", flat=True)[:200])

    @property
    def levels(self) -> list[tuple[str, str]]:
        """Return the levels of a share with their titles."""
        return list(Share.Level.choices)
