"""One subject as its page shows it: versions, which answers, its policy, its whole life."""

import contextlib
import datetime as dt
from functools import cached_property
from urllib.parse import urlencode

from django.urls import reverse

from modelwright.abtests.models import ABTest
from modelwright.accounts.models import User
from modelwright.automation.loops import policy_for
from modelwright.automation.models import Loop, Policy, PolicySwitch
from modelwright.automation.timeline import Happening, timeline_of
from modelwright.catalog.access import Level, experiment_level
from modelwright.registry.models import ModelVersion, Subject
from modelwright.registry.promotion import CHAMPION
from modelwright.registry.selectors import champion_of, versions_of
from modelwright.serving.batch_models import BatchPrediction
from modelwright.serving.batches import batches_of
from modelwright.serving.models import Prediction
from modelwright.web.life import Entries, lines_of
from modelwright.web.policy_editor import PolicyEditor
from modelwright.web.policy_words import policy_words
from modelwright.web.refusal import Refusal, refusal_of
from modelwright.web.traffic_view import TrafficView

VERSIONS_SHOWN = 30
HAPPENINGS_SHOWN = 200
TESTS_SHOWN = 3
BATCHES_SHOWN = 3
KIND_ICONS = {
    "version": "plus",
    "promotion": "mark",
    "alert": "warning",
    "ab_test": "compare",
    "policy": "again",
    "training_failed": "failed",
}


class SubjectView:
    """What the page needs beside the row.

    Parameters
    ----------
    subject : Subject
    user : User
        Who looks.
    before : str
        Only the part of its life before this moment, where it is one.
    """

    def __init__(self, subject: Subject, user: User, before: str = "") -> None:
        self.subject = subject
        self.before = _moment(before)
        experiment = subject.experiment
        self.edits = experiment is None or experiment_level(user, experiment) >= Level.EDITOR

    @cached_property
    def champion(self) -> ModelVersion | None:
        """Return the version that answers."""
        return champion_of(self.subject.key)

    @cached_property
    def refusal(self) -> Refusal | None:
        """Return that of the champion's file, where it is refused."""
        return refusal_of(self.subject)

    @cached_property
    def versions(self) -> list[tuple[ModelVersion, list[str], list[tuple[str, float]]]]:
        """Return the newest versions with their aliases and first metrics."""
        found = []
        for version in versions_of(self.subject)[:VERSIONS_SHOWN]:
            names = sorted(alias.name for alias in version.aliases.all())
            metrics = [
                (name, value)
                for name, value in version.run.metrics.items()
                if isinstance(value, int | float) and name != "training_duration_seconds"
            ]
            found.append((version, names, metrics[:4]))
        return found

    @property
    def others(self) -> list[ModelVersion]:
        """Return the versions that could be promoted."""
        return [
            version
            for version, names, _ in self.versions
            if CHAMPION not in names and version.removed_at is None
        ]

    @cached_property
    def earlier(self) -> list[ModelVersion]:
        """Return the versions that answered before and still have their files, the last first."""
        numbers = self.subject.promotions.order_by("-id").values_list("to_number", flat=True)
        ranks = {number: rank for rank, number in enumerate(dict.fromkeys(numbers))}
        answered = [version for version in self.others if version.number in ranks]
        return sorted(answered, key=lambda version: ranks[version.number])

    @cached_property
    def policy(self) -> Policy | None:
        """Return the policy that holds."""
        return policy_for(self.subject)

    @cached_property
    def editor(self) -> PolicyEditor:
        """Return the form that changes it, or makes one of its own."""
        action = reverse("subject_policy", args=[self.subject.slug])
        return PolicyEditor(action=action, policy=self.policy, subject=self.subject)

    @property
    def policy_words(self) -> list[tuple[str, list[str]]]:
        """Return what the policy does, in words."""
        rows = "readings" if self.subject.machine_id else "actual values"
        return policy_words(self.policy.rules, rows) if self.policy else []

    @cached_property
    def switch(self) -> PolicySwitch | None:
        """Return the kill switch, where it is pulled."""
        return PolicySwitch.objects.first()

    @cached_property
    def loop(self) -> Loop | None:
        """Return the turn that is on, else the last one."""
        found = Loop.objects.filter(subject=self.subject).select_related(
            "champion", "challenger", "run"
        )
        return found.filter(ended_at__isnull=True).first() or found.first()

    @cached_property
    def test(self) -> ABTest | None:
        """Return the test that is on."""
        return ABTest.objects.filter(subject=self.subject, status=ABTest.Status.ACTIVE).first()

    @cached_property
    def tests(self) -> list[ABTest]:
        """Return the newest tests."""
        return list(ABTest.objects.filter(subject=self.subject)[:TESTS_SHOWN])

    @cached_property
    def batches(self) -> list[BatchPrediction]:
        """Return the newest predictions for data sets."""
        return list(batches_of(self.subject)[:BATCHES_SHOWN])

    @cached_property
    def _happenings(self) -> list[Happening]:
        return timeline_of(self.subject, before=self.before, limit=HAPPENINGS_SHOWN)

    @property
    def life(self) -> list[tuple[Entries, str, list[tuple[Happening, str]]]]:
        """Return its life, newest first: lines, their icons, their entries with where more is."""
        return [
            (line, KIND_ICONS[line.kind], [(one, self._address(one)) for one in line.entries])
            for line in lines_of(self._happenings)
        ]

    @property
    def older(self) -> str:
        """Return what the address of what came before these ends with; empty: that is all."""
        if len(self._happenings) < HAPPENINGS_SHOWN:
            return ""
        return urlencode({"before": self._happenings[-1].at.isoformat()})

    def _address(self, one: Happening) -> str:
        if one.kind == "ab_test":
            return reverse("ab_test", args=[one.data["ab_test"]])
        if one.kind in ("version", "promotion") and one.data.get("version") is not None:
            return reverse("version", args=[self.subject.slug, one.data["version"]])
        return ""

    @cached_property
    def traffic(self) -> TrafficView:
        """Return what it is asked, and how that turns out."""
        return TrafficView(self.subject)

    @property
    def has_chart(self) -> bool:
        """Return whether the page draws one: the library for it is large."""
        return self.subject.machine_id is None and self.traffic.figure is not None

    @cached_property
    def predictions(self) -> int:
        """Return how many predictions are kept."""
        return Prediction.objects.filter(subject=self.subject).count()


def _moment(text: str) -> dt.datetime | None:
    """Return a moment with its zone; None for any other text."""
    with contextlib.suppress(ValueError):
        found = dt.datetime.fromisoformat(text)
        return found if found.tzinfo else None
    return None
