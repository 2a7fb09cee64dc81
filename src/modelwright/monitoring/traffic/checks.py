"""Whether the traffic of a model of a table has drifted, and whether it still is as right."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.db import transaction

from modelwright.core.clock import ms_of, now
from modelwright.engine.drift import Counts, DriftResult, Profile, drift_check
from modelwright.engine.drift.results import CONCEPT_DRIFT, DATA_DRIFT, NO_DRIFT
from modelwright.engine.results import plain
from modelwright.monitoring.alert_rules import treatment_of
from modelwright.monitoring.alert_types import AlertType, Severity
from modelwright.monitoring.alerts import Finding, alert_clear, alert_raise
from modelwright.monitoring.degradation import Degradation
from modelwright.monitoring.errors import NoMetricsError
from modelwright.monitoring.models import Alert
from modelwright.monitoring.traffic.counting import profiles_of
from modelwright.monitoring.traffic.windows import (
    ENOUGH_ACTUALS,
    Window,
    last_window,
    outcome_window,
)
from modelwright.monitoring.traffic.worsening import worsening
from modelwright.monitoring.traffic_models import TrafficProfile
from modelwright.registry.models import ModelVersion, Subject
from modelwright.registry.selectors import champion_of

PREDICTION_DRIFT = "prediction_drift"
PARTS = 2
"""Inputs and answers are checked apart; each gets its share of alpha."""


@dataclass(frozen=True)
class TrafficChecked:
    """What a check found.

    Parameters
    ----------
    version : ModelVersion
    traffic : Window
        Whose inputs and answers were looked at.
    outcomes : Window
        Whose answers with actual values were.
    inputs, answers : DriftResult or None
        None where there is nothing to compare.
    worse : Degradation or None
        How the errors compare with those of the hold-out.
    alerts : tuple of Alert
    """

    version: ModelVersion
    traffic: Window
    outcomes: Window
    inputs: DriftResult | None
    answers: DriftResult | None
    worse: Degradation | None
    alerts: tuple[Alert, ...] = ()

    @property
    def is_worse(self) -> bool:
        """Whether the model errs more than it should."""
        return self.worse is not None and self.worse.is_degraded

    @property
    def is_benign(self) -> bool:
        """Whether something moved and the model is known to be as right as it was."""
        return (
            not self.is_worse
            and self.worse is not None
            and self.outcomes.actuals >= ENOUGH_ACTUALS
            and any(part is not None and part.drifted for part in (self.inputs, self.answers))
        )

    @property
    def drift_type(self) -> str:
        """Return the most telling kind of drift."""
        if self.is_worse:
            return CONCEPT_DRIFT
        if self.inputs is not None and self.inputs.drifted:
            return DATA_DRIFT
        return PREDICTION_DRIFT if self.answers is not None and self.answers.drifted else NO_DRIFT

    @property
    def score(self) -> float:
        """1 or more where anything has drifted."""
        parts = (self.inputs, self.answers, self.worse)
        return max((part.score for part in parts if part is not None), default=0.0)

    @property
    def recommendation(self) -> str:
        """What to do, for people."""
        if self.is_worse:
            return f"{self._errs} Retrain it on recent data."
        if self.inputs is not None and self.inputs.drifted:
            return self._moved("The inputs", self.inputs)
        if self.answers is not None and self.answers.drifted:
            return self._moved("The predictions", self.answers)
        if self.inputs is None and self.answers is None:
            return "The version has no profile of its training: train it again to watch its inputs."
        return "No drift found; keep the model."

    @property
    def _errs(self) -> str:
        assert self.worse is not None  # noqa: S101  (asked by the callers)
        return (
            f"The model's error is {self.worse.ratio:.2f} times that of its hold-out"
            f" ({self.worse.measure}, {self.outcomes.actuals} rows with actual values)."
        )

    def _moved(self, what: str, part: DriftResult) -> str:
        listed = ", ".join(part.drifted_columns[:3])
        more = len(part.drifted_columns) - 3
        moved = f"{what} moved ({listed}{f' and {more} more' if more > 0 else ''})"
        if self.is_worse:
            return f"{moved}. {self._errs}"
        if self.is_benign:
            return (
                f"{moved}, but the model is as right as on its hold-out: {self._scores}. Keep it."
            )
        if self.outcomes.actuals:
            return (
                f"{moved}. Only {self.outcomes.actuals} actual values are there, too few to say"
                " whether the model is still right."
            )
        return f"{moved}. Whether the model is still right isn't known: no actual values came."

    @property
    def _scores(self) -> str:
        name = "accuracy" if "accuracy" in self.outcomes.metrics else "rmse"
        then = self.version.run.metrics.get(name)
        before = f", {then:.3g} then" if isinstance(then, int | float) else ""
        rows = self.outcomes.actuals
        return f"{name} {self.outcomes.metrics.get(name, 0.0):.3g}{before} ({rows} rows)"


def traffic_check(*, subject: Subject) -> TrafficChecked:
    """Check the champion's traffic; raise alerts, or close those whose cause is gone.

    It reads cells alone, so it takes as long for a million predictions as for a hundred.

    Raises
    ------
    NoMetricsError
        Nobody answers for the subject, or nothing was answered yet.
    """
    version = champion_of(subject.key)
    if version is None:
        raise NoMetricsError(f"{subject.title} has no version that answers: train one.")
    traffic = last_window(version, counts=True)
    outcomes = outcome_window(version)
    if traffic is None or outcomes is None:
        raise NoMetricsError(
            f"No prediction of version {version.number} is counted yet. They are within two"
            " minutes, where they are kept (log_share above 0)."
        )
    row = TrafficProfile.objects.filter(version=version).first()
    inputs = answers = None
    if row is not None:
        of_inputs, of_answers = profiles_of(row)
        inputs = _drift(of_inputs, traffic.inputs, traffic)
        answers = _drift(of_answers, traffic.answers, traffic)
    rule = treatment_of(AlertType.PERFORMANCE, subject.model_type, None)
    worse = worsening(outcomes.outcomes, version.run, limit=max(rule.warning_at or 1.0, 1.01))
    return _kept(subject, TrafficChecked(version, traffic, outcomes, inputs, answers, worse))


def _drift(profile: Profile | None, counts: Counts | None, traffic: Window) -> DriftResult | None:
    if profile is None or counts is None:
        return None
    at = (ms_of(traffic.start), ms_of(traffic.end))
    return drift_check(profile, counts, at=at, alpha=settings.DRIFT_ALPHA / PARTS)


def _kept(subject: Subject, checked: TrafficChecked) -> TrafficChecked:
    with transaction.atomic():
        # one check of a subject after the other, and none while another version takes over
        Subject.objects.select_for_update(no_key=True).get(pk=subject.pk)
        TrafficProfile.objects.filter(version=checked.version).update(
            checked_at=now(), checked=traffic_facts(checked)
        )
        found = [
            _data(subject, checked, AlertType.DATA_DRIFT, "The inputs", checked.inputs),
            _data(subject, checked, AlertType.PREDICTION_DRIFT, "The predictions", checked.answers),
            _performance(subject, checked),
        ]
    return replace(checked, alerts=tuple(alert for alert in found if alert is not None))


def _data(
    subject: Subject,
    checked: TrafficChecked,
    alert_type: AlertType,
    what: str,
    part: DriftResult | None,
) -> Alert | None:
    if part is None:
        return None
    if not part.drifted:
        reason = "The last check found no drift."
        alert_clear(alert_type, subject, subject.model_type, reason=reason)
        return None
    return alert_raise(
        Finding(
            alert_type,
            None,
            checked._moved(what, part),
            subject.model_type,
            part.score,
            part.threshold,
            severity=Severity.INFO if checked.is_benign else Severity.WARNING,
            data={
                "version": checked.version.number,
                "features": list(part.drifted_columns),
                "benign": checked.is_benign,
            },
            subject=subject,
        )
    )


def _performance(subject: Subject, checked: TrafficChecked) -> Alert | None:
    worse = checked.worse
    if worse is None:
        return None
    if worse.is_degraded:
        return alert_raise(
            Finding(
                AlertType.PERFORMANCE,
                None,
                f"{checked._errs} Retrain it on recent data.",
                subject.model_type,
                worse.ratio,
                worse.limit,
                data={"measure": worse.measure, "version": checked.version.number},
                subject=subject,
            )
        )
    if worse.is_over:
        alert_clear(AlertType.PERFORMANCE, subject, subject.model_type, reason=checked._errs)
    return None


def traffic_facts(checked: TrafficChecked) -> dict[str, Any]:
    """Return a check as REST and pages show it, JSON-safe."""
    run = checked.version.run
    facts: dict[str, Any] = plain(
        {
            "version": checked.version.number,
            "drift_detected": checked.drift_type != NO_DRIFT,
            "drift_type": checked.drift_type,
            "drift_score": checked.score,
            "threshold": 1.0,
            "benign": checked.is_benign,
            "recommendation": checked.recommendation,
            "traffic": _window(checked.traffic),
            "outcomes": _window(checked.outcomes),
            "inputs": _part(checked.inputs),
            "answers": _part(checked.answers),
            "metrics": checked.outcomes.metrics,
            "baseline_metrics": baseline_of(checked.version),
            "baseline_rows": run.test_samples,
            "error_ratio": checked.worse.ratio if checked.worse else None,
            "is_worse": checked.is_worse,
        }
    )
    return facts


def baseline_of(version: ModelVersion) -> dict[str, float]:
    """Return the metrics of the hold-out of a version's training."""
    row = TrafficProfile.objects.filter(version=version).only("baseline").first()
    known = {**version.run.metrics, **(row.baseline if row else {})}
    return {
        name: value
        for name, value in known.items()
        if isinstance(value, int | float) and name != "training_duration_seconds"
    }


def _window(found: Window) -> dict[str, Any]:
    return {
        "start": found.start.isoformat(),
        "end": found.end.isoformat(),
        "rows": found.rows,
        "actuals": found.actuals,
    }


def _part(found: DriftResult | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "drifted": found.drifted,
        "score": found.score,
        "rows": found.rows,
        "features": [
            {
                "name": one.name,
                "test": one.test,
                "statistic": one.statistic,
                "p_value": one.p_value,
                "adjusted_p": one.adjusted_p,
                "effect": one.effect,
                "floor": one.floor,
                "drifted": one.drifted,
                "detectable_shift": one.detectable_shift,
                "note": one.note,
            }
            for one in found.features
        ],
        "notes": list(found.notes),
    }


def is_due(row: TrafficProfile, updated_at: dt.datetime, every: dt.timedelta) -> bool:
    """Return whether there is news since the last check, and that is some time ago."""
    if row.checked_at is None:
        return True
    return updated_at > row.checked_at and now() >= row.checked_at + every
