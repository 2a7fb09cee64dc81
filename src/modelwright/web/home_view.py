"""Home: what needs somebody now, and one line of health for each model."""

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery

from modelwright.abtests.models import ABTest
from modelwright.accounts.models import User
from modelwright.automation.models import Loop, PolicySwitch
from modelwright.core.clock import now
from modelwright.monitoring.models import Alert, MetricsRecord
from modelwright.monitoring.selectors import alerts_of
from modelwright.registry.models import ModelAlias, ModelVersion, Subject
from modelwright.registry.promotion import CHAMPION
from modelwright.registry.selectors import subjects_visible
from modelwright.runs.machine_jobs import machine_jobs
from modelwright.runs.models import TrainingRun
from modelwright.runs.selectors import model_runs_visible, training_runs
from modelwright.runs.states import Status

SHOWN = 8
SUBJECTS_SHOWN = 50
LATELY = dt.timedelta(days=7)
STALE = dt.timedelta(days=60)


@dataclass(frozen=True)
class Health:
    """One line of health.

    Attributes
    ----------
    subject : Subject
    champion : ModelVersion or None
    record : MetricsRecord or None
        The newest one.
    alerts : int
        Open ones.
    tone, icon, word : str
        How it is, by colour, shape and word.
    """

    subject: Subject
    champion: ModelVersion | None
    record: MetricsRecord | None
    alerts: int
    tone: str
    icon: str
    word: str


class HomeView:
    """What one user sees."""

    def __init__(self, user: User) -> None:
        self._user = user
        self._subjects = subjects_visible(user).order_by()

    @cached_property
    def alerts(self) -> list[Alert]:
        """Return the open alerts, worst first."""
        found = alerts_of(user=self._user, is_open=True)
        rank = {"critical": 0, "warning": 1, "info": 2}
        return sorted(found.order_by("-created_at")[:200], key=lambda a: rank[a.severity])[:SHOWN]

    @cached_property
    def alert_count(self) -> int:
        """Return how many are open."""
        return alerts_of(user=self._user, is_open=True).count()

    @cached_property
    def failed(self) -> list[TrainingRun]:
        """Return the trainings that failed lately and have not succeeded since."""
        since = now() - LATELY
        found: dict[str, TrainingRun] = {}
        runs: tuple[QuerySet[TrainingRun], ...] = (
            training_runs(),
            model_runs_visible(self._user),
            machine_jobs(),
        )
        for some in runs:
            for run in some.filter(finished_at__gte=since, status=Status.FAILED)[:SHOWN]:
                found.setdefault(run.subject, run)
        mended = TrainingRun.objects.filter(
            subject__in=found, status=Status.COMPLETED, finished_at__gte=since
        ).values_list("subject", "finished_at")
        for subject, at in mended:
            if subject in found and at and at > (found[subject].finished_at or since):
                del found[subject]
        return sorted(found.values(), key=lambda run: -run.number)[:SHOWN]

    @cached_property
    def verdicts(self) -> list[ABTest]:
        """Return the tests that the challenger has won and that nobody has acted on."""
        champions = ModelAlias.objects.filter(
            subject=OuterRef("subject"), name=CHAMPION, version=OuterRef("version_b")
        )
        return list(
            ABTest.objects.filter(
                subject__in=self._subjects, winner="b", ended_at__gte=now() - STALE
            )
            .annotate(acted=Subquery(champions.values("pk")[:1]))
            .filter(acted__isnull=True)
            .filter(version_b__number__gt=F("version_a__number"))
            .select_related("subject", "version_a", "version_b")[:SHOWN]
        )

    @cached_property
    def waiting(self) -> list[Loop]:
        """Return the loops that wait for a person."""
        found = Loop.objects.filter(subject__in=self._subjects, state=Loop.State.WAITING)
        return list(found.select_related("subject", "challenger", "champion")[:SHOWN])

    @cached_property
    def switch(self) -> PolicySwitch | None:
        """Return the kill switch, where it is pulled."""
        return PolicySwitch.objects.first()

    @property
    def is_calm(self) -> bool:
        """Return whether nothing needs anybody."""
        return not (self.alerts or self.failed or self.verdicts or self.waiting or self.switch)

    @cached_property
    def health(self) -> list[Health]:
        """Return one line for each model, those with alerts first."""
        alerts = self._alerts_by_subject()
        champions = {
            alias.subject_id: alias.version
            for alias in ModelAlias.objects.filter(
                name=CHAMPION, subject__in=self._subjects
            ).select_related("version__run")
        }
        by_model = _newest_records(
            [version.run_id for version in champions.values()][:SUBJECTS_SHOWN]
        )
        lines = []
        for subject in self._subjects.order_by("title")[:SUBJECTS_SHOWN]:
            champion = champions.get(subject.pk)
            record = by_model.get(champion.run_id) if champion else None
            lines.append(_line(subject, champion, record, alerts.get(subject.pk, 0)))
        return sorted(lines, key=lambda line: (-line.alerts, line.subject.title))

    def _alerts_by_subject(self) -> dict[object, int]:
        open_alerts = Alert.objects.exclude(status=Alert.Status.RESOLVED)
        counts = {
            (row["machine"], row["model_type"]): row["count"]
            for row in open_alerts.order_by()
            .values("machine", "model_type")
            .annotate(count=Count("pk"))
        }
        machines = self._subjects.filter(~Q(machine=None)).values_list(
            "pk", "machine", "model_type"
        )
        return {
            key: counts.get((machine, model_type), 0) + counts.get((machine, ""), 0)
            for key, machine, model_type in machines
        }


def _newest_records(model_ids: list[UUID]) -> dict[UUID, MetricsRecord]:
    """Return the newest record of each model; each is one look into an index."""
    found: dict[UUID, MetricsRecord] = {}
    for model_id in model_ids:
        records = MetricsRecord.objects.filter(model_id=model_id)
        record = records.order_by("-evaluation_end", "-created_at").first()
        if record is not None:
            found[model_id] = record
    return found


def _line(
    subject: Subject, champion: ModelVersion | None, record: MetricsRecord | None, alerts: int
) -> Health:
    if champion is None:
        return Health(subject, champion, record, alerts, "idle", "pending", "No version")
    if alerts:
        return Health(subject, champion, record, alerts, "warn", "warning", "Look at it")
    born = champion.run.period_end or champion.created_at
    if subject.machine_id and born < now() - STALE:
        return Health(subject, champion, record, alerts, "warn", "again", "Stale")
    return Health(subject, champion, record, alerts, "good", "completed", "Well")
