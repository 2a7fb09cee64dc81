"""Home: what needs somebody now, and one line of health for each model."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, When
from django.urls import reverse

from modelwright.abtests.models import ABTest
from modelwright.accounts.models import User
from modelwright.automation.models import Loop, Policy, PolicySwitch, ScheduleRun
from modelwright.automation.plans import last_runs
from modelwright.catalog.access import experiments_visible
from modelwright.core.clock import now
from modelwright.monitoring.models import Alert, MetricsRecord, TrafficProfile
from modelwright.monitoring.selectors import alerts_of
from modelwright.registry.models import ModelAlias, ModelVersion, Promotion, Subject
from modelwright.registry.promotion import CHAMPION
from modelwright.registry.selectors import subjects_visible
from modelwright.runs.models import TrainingRun
from modelwright.runs.states import Status
from modelwright.tuning.access import tuning_runs_visible
from modelwright.web.refusal import Refusal, refusals_of

SHOWN = 8
SUBJECTS_SHOWN = 50
LATELY = dt.timedelta(days=7)
QUEUED = dt.timedelta(days=30)
"""What waited for longer before it failed is no news: so few runs are looked at."""
STALE = dt.timedelta(days=60)
STALE_TABLE = dt.timedelta(days=180)
STALE_WORD = "Stale"
WORST_FIRST = Case(
    When(severity=Alert.Severity.CRITICAL, then=0),
    When(severity=Alert.Severity.WARNING, then=1),
    default=2,
)
FAILED_FIELDS = (
    "number", "subject", "machine", "experiment", "model_type", "error_message",
)  # fmt: skip
CHAMPION_FIELDS = (
    "subject_id",
    "version__number",
    "version__created_at",
    "version__run__metrics",
    "version__run__period_end",
)
TITLES = {
    "accuracy": "Accuracy", "f1_score": "F1", "r_squared": "R²", "r2": "R²", "rmse": "RMSE",
}  # fmt: skip


@dataclass(frozen=True)
class Health:
    """One line of health.

    Attributes
    ----------
    subject : Subject
    champion : ModelVersion or None
    metrics : list
        Title and value of the newest that are known: of traffic, records, or the hold-out.
    alerts : int
        Open ones.
    tone, icon, word : str
        How it is, by colour, shape and word.
    """

    subject: Subject
    champion: ModelVersion | None
    metrics: list[tuple[str, float]]
    alerts: int
    tone: str
    icon: str
    word: str

    @property
    def is_stale(self) -> bool:
        """Return whether its champion learned too long ago."""
        return self.word == STALE_WORD


class HomeView:
    """What one user sees."""

    def __init__(self, user: User) -> None:
        self._user = user
        self._subjects = subjects_visible(user).order_by()

    @cached_property
    def alerts(self) -> list[Alert]:
        """Return the open alerts, worst first."""
        found = alerts_of(user=self._user, is_open=True)
        return list(found.order_by(WORST_FIRST, "-created_at")[:SHOWN])

    @cached_property
    def alert_count(self) -> int:
        """Return how many are open."""
        return alerts_of(user=self._user, is_open=True).count()

    @cached_property
    def failed(self) -> list[TrainingRun]:
        """Return the trainings that failed lately and have not succeeded since."""
        since = now() - LATELY
        mended = TrainingRun.objects.filter(
            subject=OuterRef("subject"),
            status=Status.COMPLETED,
            finished_at__gt=OuterRef("finished_at"),
        )
        mine = experiments_visible(self._user).order_by()
        failed = TrainingRun.objects.filter(
            Q(experiment__isnull=True) | Q(experiment__in=mine),
            status=Status.FAILED,
            created_at__gte=since - QUEUED,
            finished_at__gte=since,
        )
        found: dict[str, TrainingRun] = {}
        newest = failed.filter(~Exists(mended.order_by())).order_by("-number")
        for run in newest.only(*FAILED_FIELDS)[: 5 * SHOWN]:
            found.setdefault(run.subject, run)
        return list(found.values())[:SHOWN]

    @cached_property
    def failed_jobs(self) -> list[tuple[str, str, str]]:
        """Return name, address and error of searches and scheduled jobs that failed lately."""
        since = now() - LATELY
        found: list[tuple[str, str, str]] = []
        searches = tuning_runs_visible(self._user).filter(
            completed_at__gte=since, status=Status.FAILED
        )
        for search in searches.order_by("-completed_at")[:SHOWN]:
            error = (search.results or {}).get("error") or {}
            words = str(error.get("message") or "It failed.")
            found.append(("Search", reverse("search", args=[search.pk]), words))
        failed = ScheduleRun.objects.filter(status=Status.FAILED, finished_at__gte=since)
        for name, run in last_runs().items() if failed.exists() else ():
            if run.status == Status.FAILED and run.finished_at and run.finished_at >= since:
                found.append((name, reverse("schedules"), run.error_message))
        return found[:SHOWN]

    @cached_property
    def verdicts(self) -> list[ABTest]:
        """Return the tests that the challenger has won and that nobody has acted on.

        Whoever changes the champion after a verdict has: a rollback of what won stays one.
        """
        champions = ModelAlias.objects.filter(
            subject=OuterRef("subject"), name=CHAMPION, version=OuterRef("version_b")
        )
        changes = Promotion.objects.filter(
            subject=OuterRef("subject"), at__gte=OuterRef("ended_at")
        )
        return list(
            ABTest.objects.filter(
                ~Exists(champions),
                ~Exists(changes.order_by()),
                subject__in=self._subjects,
                winner="b",
                ended_at__gte=now() - STALE,
                version_b__number__gt=F("version_a__number"),
            ).select_related("subject", "version_a", "version_b")[:SHOWN]
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
        return not (
            self.alerts
            or self.failed
            or self.failed_jobs
            or self.verdicts
            or self.waiting
            or self.stale
            or self.switch
        )

    @cached_property
    def health(self) -> list[Health]:
        """Return one line for each model, those with alerts first."""
        subjects = list(self._subjects.order_by("title")[:SUBJECTS_SHOWN])
        alerts = _alerts_by_subject(subjects)
        aliases = ModelAlias.objects.filter(name=CHAMPION, subject__in=subjects)
        champions = {
            alias.subject_id: alias.version
            for alias in aliases.select_related("version__run").only(*CHAMPION_FIELDS)
        }
        versions = list(champions.values())
        records = _newest_records([version.run_id for version in versions])
        checks = _last_checks(versions)
        limits = _age_limits()
        lines = []
        for subject in subjects:
            champion = champions.get(subject.pk)
            metrics = _metrics(champion, records, checks) if champion else []
            limit = limits.get(subject.pk) or limits.get(subject.model_type)
            lines.append(_line(subject, champion, metrics, alerts.get(subject.pk, 0), limit))
        return sorted(lines, key=lambda line: (-line.alerts, line.subject.title))

    @property
    def refusals(self) -> dict[UUID, Refusal]:
        """Return which champions of these lines are refused."""
        return refusals_of(line.subject for line in self.health)

    @property
    def stale(self) -> list[Health]:
        """Return the models that learned too long ago."""
        return [line for line in self.health if line.is_stale][:SHOWN]


def _alerts_by_subject(subjects: list[Subject]) -> dict[UUID, int]:
    """Return how many alerts are open about each, or about its machine as a whole."""
    open_alerts = Alert.objects.exclude(status=Alert.Status.RESOLVED).order_by()
    rows = open_alerts.values("machine", "subject", "model_type").annotate(count=Count("pk"))
    counts: Counter[tuple[object, ...]] = Counter()
    for row in rows:
        key = (row["subject"],) if row["subject"] else (row["machine"], row["model_type"])
        counts[key] += row["count"]
    found = {subject.pk: counts[(subject.pk,)] for subject in subjects}
    for subject in subjects:
        if machine := subject.machine_id:
            found[subject.pk] += counts[machine, subject.model_type] + counts[machine, ""]
    return found


def _last_checks(versions: list[ModelVersion]) -> dict[int, dict[str, float]]:
    """Return the metrics that the last check of each version's traffic found."""
    rows = TrafficProfile.objects.filter(version__in=versions).values_list("pk", "checked")
    return {key: checked.get("metrics", {}) for key, checked in rows}


def _age_limits() -> dict[object, dt.timedelta]:
    """Return from which age on policies act, by subject's id or by model type."""
    found: dict[object, dt.timedelta] = {}
    for policy in Policy.objects.filter(is_active=True):
        if days := (policy.rules.get("when") or {}).get("age_days"):
            found[policy.subject_id or policy.model_type] = dt.timedelta(days=days)
    return found


def _metrics(
    champion: ModelVersion,
    records: dict[UUID, MetricsRecord],
    checks: dict[int, dict[str, float]],
) -> list[tuple[str, float]]:
    record = records.get(champion.run_id)
    known: dict[str, Any] = checks.get(champion.pk) or champion.run.metrics
    if record is not None:
        known = {"r_squared": record.r_squared, "rmse": record.rmse}
    return [(title, known[name]) for name, title in TITLES.items() if known.get(name) is not None]


def _newest_records(model_ids: list[UUID]) -> dict[UUID, MetricsRecord]:
    """Return the newest record of each model; each is one look into an index."""
    records = MetricsRecord.objects.filter(model_id=OuterRef("run_id"))
    newest = records.order_by("-evaluation_end", "-created_at").values("pk")[:1]
    chosen = ModelVersion.objects.filter(run__in=model_ids).values(newest=Subquery(newest))
    found = MetricsRecord.objects.filter(pk__in=chosen.order_by())
    return {record.model_id: record for record in found if record.model_id is not None}


def _line(
    subject: Subject,
    champion: ModelVersion | None,
    metrics: list[tuple[str, float]],
    alerts: int,
    limit: dt.timedelta | None,
) -> Health:
    if champion is None:
        return Health(subject, champion, metrics, alerts, "idle", "pending", "No version")
    if alerts:
        return Health(subject, champion, metrics, alerts, "warn", "warning", "Look at it")
    born = champion.run.period_end or champion.created_at
    limit = limit or (STALE if subject.machine_id else STALE_TABLE)
    if born < now() - limit:
        return Health(subject, champion, metrics, alerts, "warn", "again", STALE_WORD)
    return Health(subject, champion, metrics, alerts, "good", "completed", "Well")
