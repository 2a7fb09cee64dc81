"""The whole life of a subject on one line: what happened, when, why, and where to look."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from modelwright.abtests.models import ABTest
from modelwright.automation.models import LoopStep
from modelwright.core.clock import now
from modelwright.monitoring.models import Alert
from modelwright.registry.models import ModelVersion, Subject
from modelwright.runs.models import TrainingRun
from modelwright.runs.states import Status

KINDS = ("version", "promotion", "alert", "ab_test", "policy", "training_failed")


@dataclass(frozen=True)
class Happening:
    """One thing that happened.

    Attributes
    ----------
    at : datetime
    kind : str
        One of `KINDS`.
    text : str
        In words.
    who : str
        Name of the person; empty: the system.
    data : mapping
        Ids of what it is about, JSON-safe.
    """

    at: dt.datetime
    kind: str
    text: str
    who: str = ""
    data: dict[str, Any] = field(default_factory=dict)


def timeline_of(
    subject: Subject, *, before: dt.datetime | None = None, limit: int = 100
) -> list[Happening]:
    """Return what happened to a subject, newest first.

    Parameters
    ----------
    subject : Subject
    before : datetime, optional
        Only what is older: the `at` of the last one of the page before.
    limit : int
        At most so many.
    """
    until = before or now() + dt.timedelta(days=1)
    found = [
        *_versions(subject, until, limit),
        *_promotions(subject, until, limit),
        *_alerts(subject, until, limit),
        *_tests(subject, until, limit),
        *_steps(subject, until, limit),
        *_failures(subject, until, limit),
    ]
    # among equals: a version before its promotion, a trigger before its step
    found.sort(key=lambda one: (one.at, KINDS.index(one.kind)), reverse=True)
    return found[:limit]


def _versions(subject: Subject, until: dt.datetime, limit: int) -> Iterator[Happening]:
    versions = ModelVersion.objects.filter(subject=subject.key, created_at__lt=until)
    for version in versions.select_related("run__user").order_by("-created_at")[:limit]:
        run = version.run
        yield Happening(
            version.created_at,
            "version",
            f"Version {version.number} was trained (run {run.number}, {run.trigger_type}).",
            run.user.username if run.user else "",
            {"version": version.number, "run": str(run.pk), "run_number": run.number},
        )


def _promotions(subject: Subject, until: dt.datetime, limit: int) -> Iterator[Happening]:
    changes = subject.promotions.filter(at__lt=until).select_related("actor")
    for change in changes.order_by("-id")[:limit]:
        what = (
            f"Version {change.to_number} answers"
            if change.to_number is not None
            else "No version answers"
        )
        before = f" in place of version {change.from_number}" if change.from_number else ""
        yield Happening(
            change.at,
            "promotion",
            f"{what}{before} ({change.get_kind_display().lower()}). {change.reason}".strip(),
            change.actor.username if change.actor else "",
            {"kind": change.kind, "version": change.to_number, **change.evidence},
        )


def _alerts(subject: Subject, until: dt.datetime, limit: int) -> Iterator[Happening]:
    about = Q(subject=subject)
    if subject.machine is not None:
        about |= Q(machine=subject.machine, model_type__in=("", subject.model_type))
    alerts = Alert.objects.filter(about, created_at__lt=until)
    for alert in alerts.select_related("resolved_by").order_by("-created_at")[:limit]:
        data = {"alert": str(alert.pk), "severity": alert.severity, "type": alert.alert_type}
        begun = {**data, "status": Alert.Status.FIRING.value}
        yield Happening(alert.created_at, "alert", alert.message, "", begun)
        if alert.resolved_at is not None and alert.resolved_at < until:
            yield Happening(
                alert.resolved_at,
                "alert",
                f"Resolved: {alert.message} {alert.resolution}".strip(),
                alert.resolved_by.username if alert.resolved_by else "",
                {**data, "status": Alert.Status.RESOLVED.value},
            )


def _tests(subject: Subject, until: dt.datetime, limit: int) -> Iterator[Happening]:
    tests = ABTest.objects.filter(subject=subject, started_at__lt=until)
    related = ("version_a", "version_b", "created_by")
    for test in tests.select_related(*related).order_by("-started_at")[:limit]:
        data = {"ab_test": str(test.pk)}
        yield Happening(
            test.started_at,
            "ab_test",
            f"{test.test_name}: version {test.version_b.number} is tested against version"
            f" {test.version_a.number} ({test.how}).",
            test.created_by.username if test.created_by else "",
            data,
        )
        if test.ended_at is not None and test.ended_at < until:
            text = f"{test.test_name}: {test.recommendation}"
            yield Happening(test.ended_at, "ab_test", text, "", data)


def _steps(subject: Subject, until: dt.datetime, limit: int) -> Iterator[Happening]:
    steps = LoopStep.objects.filter(loop__subject=subject, at__lt=until)
    for step in steps.order_by("-id")[:limit]:
        data = {"loop": str(step.loop_id), "state": step.state, **step.data}
        yield Happening(step.at, "policy", step.text, "", data)


def _failures(subject: Subject, until: dt.datetime, limit: int) -> Iterator[Happening]:
    runs = TrainingRun.objects.filter(
        subject=subject.key, status=Status.FAILED, finished_at__lt=until
    )
    for run in runs.select_related("user").order_by("-finished_at")[:limit]:
        if run.finished_at is not None:
            yield Happening(
                run.finished_at,
                "training_failed",
                f"Run {run.number} failed. {run.error_message}".strip(),
                run.user.username if run.user else "",
                {"run": str(run.pk), "run_number": run.number},
            )
