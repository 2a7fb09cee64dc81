"""Whether a model's data or errors have drifted: one check, from what is counted already."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db import transaction

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.models import User
from modelwright.catalog.models import Machine
from modelwright.catalog.readings import series_of
from modelwright.core.clock import ms_of, now
from modelwright.core.errors import InvalidInputError
from modelwright.engine.drift import DriftResult
from modelwright.engine.drift.results import CONCEPT_DRIFT, DATA_DRIFT, NO_DRIFT
from modelwright.engine.errors import DataLoadError
from modelwright.engine.machines.base import MachineEvaluation, MachineModel
from modelwright.engine.machines.local_time import DAY_MS
from modelwright.engine.machines.model_errors import errors_of
from modelwright.engine.machines.series import Series
from modelwright.engine.results import plain
from modelwright.monitoring.alert_types import AlertType
from modelwright.monitoring.alerts import Finding, alert_clear, alert_raise
from modelwright.monitoring.concept import LEAN_DAYS, ErrorDrift, error_drift
from modelwright.monitoring.counting import window_drift
from modelwright.monitoring.errors import NoMetricsError
from modelwright.monitoring.models import Alert, DriftProfile, MetricsRecord
from modelwright.monitoring.outlook import CONTEXT_DAYS
from modelwright.monitoring.profiles import profile_ensure
from modelwright.monitoring.records import (
    data_drift_alert,
    hold_out_of,
    record_create,
)
from modelwright.monitoring.versions import version_for
from modelwright.registry.models import ModelVersion
from modelwright.registry.selectors import machine_model_of

USUAL = dt.timedelta(hours=24)
LONGEST = dt.timedelta(days=366)
NEXT = dt.timedelta(milliseconds=1)
"""From a reading to the end of the period that it is the last of."""
SHOWN = ("r_squared", "rmse", "mae")
NO_METRICS = "No metrics found for this period"


@dataclass(frozen=True)
class Period:
    """From when to when; the end is excluded."""

    start: dt.datetime
    end: dt.datetime


@dataclass(frozen=True)
class Checked:
    """What a drift check found.

    Parameters
    ----------
    version : ModelVersion
        Which was checked.
    period : Period
    data : DriftResult
        Of the readings.
    evaluation : MachineEvaluation or None
        Of the model on them; None where it can't be evaluated there.
    baseline : mapping
        Metrics of the hold-out.
    errors : ErrorDrift or None
        How the errors compare with those of the hold-out.
    record : MetricsRecord or None
        Of drift.
    alerts : list of Alert
    """

    version: ModelVersion
    period: Period
    data: DriftResult
    evaluation: MachineEvaluation | None
    baseline: Mapping[str, float | None]
    errors: ErrorDrift | None
    record: MetricsRecord | None = None
    alerts: tuple[Alert, ...] = ()

    @property
    def drift_type(self) -> str:
        """`concept_drift` where the model errs more, or to one side, else `data_drift`."""
        if self.errors is not None and self.errors.drifted:
            return CONCEPT_DRIFT
        return DATA_DRIFT if self.data.drifted else NO_DRIFT

    @property
    def is_drift(self) -> bool:
        """Whether anything has drifted."""
        return self.drift_type != NO_DRIFT

    @property
    def score(self) -> float:
        """1 or more where anything has drifted."""
        return max([self.data.score, *([self.errors.score] if self.errors else [])])

    @property
    def threshold(self) -> float:
        """What the score is compared with."""
        return self.data.threshold

    @property
    def recommendation(self) -> str:
        """What to do, for people."""
        if self.errors is None or not self.errors.drifted:
            return self.data.recommendation
        how = self._how(self.errors)
        if self.data.drifted:
            return f"{how}, and its data moved. {self.data.recommendation}"
        return (
            f"{how}, on data like those that it learned from: look for what changed at the"
            " machine, then retrain it."
        )

    def _how(self, errors: ErrorDrift) -> str:
        if errors.share is not None:
            side = "above" if errors.share > 0 else "below"
            return f"Readings are {abs(errors.share):.0%} {side} what the model expects"
        how = f"The model errs {errors.ratio:.1f} times as much as on its hold-out"
        return f"{how}, and has for some time" if errors.lasts else how


def drift_check_run(
    *,
    machine: Machine,
    model_type: str,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
    model_id: UUID | None = None,
    user: User | None = None,
) -> Checked:
    """Check a model for drift; drift is recorded and raises an alert.

    The data part comes from kept counts alone and goes by full hours. Where the check reaches the
    machine's last reading and finds nothing, open alerts of drift are closed.

    Parameters
    ----------
    machine : Machine
    model_type : str
    start, end : datetime, optional
        Default the last 24 hours of data.
    model_id : UUID, optional
        Id of the training of the version; default the champion.
    user : User, optional
        Who asks.

    Raises
    ------
    ModelNotFoundError
        There is no such model.
    NoMetricsError
        No reading of the period was counted.
    InvalidInputError
        The period ends before it starts, or is too long.
    """
    version = version_for(machine, model_type, model_id)
    period = _period(machine, start, end)
    profile_ensure(version, machine)
    data = window_drift(version, period.start, period.end)
    if data is None:
        raise NoMetricsError(_why_nothing(version))
    model = machine_model_of(version)
    begin = ms_of(period.start)
    series = series_of(machine, start=begin - CONTEXT_DAYS * DAY_MS, end=ms_of(period.end))
    first = min(begin, ms_of(period.end) - LEAN_DAYS * DAY_MS)
    recent = errors_of(model, series, first)
    errors = error_drift(
        version, machine, model, recent, begin, is_latest=_is_latest(period, machine)
    )
    evaluation = _evaluated(model, series, begin)
    return _kept(
        Checked(version, period, data, evaluation, _baseline(version), errors), machine, user
    )


def drift_facts(checked: Checked) -> dict[str, Any]:
    """Return a check as the contract has it, JSON-safe."""
    present = checked.evaluation.metrics if checked.evaluation else {}
    facts: dict[str, Any] = plain(
        {
            "drift_detected": checked.is_drift,
            "drift_score": checked.score,
            "drift_type": checked.drift_type,
            "recommendation": checked.recommendation,
            "threshold": checked.threshold,
            "current_performance": {name: present.get(name) for name in SHOWN},
            "baseline_performance": {name: checked.baseline.get(name) for name in SHOWN},
            "features": [
                {
                    "name": feature.name,
                    "test": feature.test,
                    "statistic": feature.statistic,
                    "p_value": feature.p_value,
                    "drifted": feature.drifted,
                    "detectable_shift": feature.detectable_shift,
                    "detectable_percent": feature.detectable_percent,
                }
                for feature in checked.data.features
            ],
        }
    )
    return facts


def _period(machine: Machine, start: dt.datetime | None, end: dt.datetime | None) -> Period:
    if end is None:
        if machine.last_reading_at is None:
            raise NoMetricsError(NO_METRICS)
        end = machine.last_reading_at + NEXT
    start = end - USUAL if start is None else start
    if end <= start:
        raise InvalidInputError({"evaluation_end": ["evaluation_end must be after its start"]})
    if end - start > LONGEST:
        raise InvalidInputError(
            {"evaluation_start": [f"a period of at most {LONGEST.days} days can be checked"]}
        )
    return Period(start, end)


def _why_nothing(version: ModelVersion) -> str:
    if DriftProfile.objects.filter(version=version, is_counting=True).exists():
        return NO_METRICS
    return (
        f"{NO_METRICS}: readings are no longer counted for version {version.number}; check the"
        " version that answers."
    )


def _evaluated(model: MachineModel, series: Series, start: int) -> MachineEvaluation | None:
    """Return how the model does in the period, or None where no reading has what it needs."""
    try:
        return model.evaluate(series, start=start)
    except DataLoadError:
        return None


def _is_latest(period: Period, machine: Machine) -> bool:
    return machine.last_reading_at is None or period.end > machine.last_reading_at


def _baseline(version: ModelVersion) -> dict[str, float | None]:
    record = hold_out_of(version)
    return {name: getattr(record, name) for name in SHOWN} if record else {}


def _kept(checked: Checked, machine: Machine, user: User | None) -> Checked:
    """Write what a check found, and raise or close alerts."""
    version, period = checked.version, checked.period
    with transaction.atomic():
        # held from here on, in the order of whoever else holds both: of two checks of the same
        # period one comes after the other
        Machine.objects.select_for_update(no_key=True).get(pk=machine.pk)
        _noted(checked, machine)
        record = _recorded(checked, machine, user) if checked.is_drift else None
        if _is_latest(period, machine):
            _clear(checked, machine)
        alerts = [
            data_drift_alert(version, machine, checked.data, period.start, period.end),
            _concept_alert(checked, machine),
        ]
    found = tuple(alert for alert in alerts if alert is not None)
    return replace(checked, record=record, alerts=found)


def _noted(checked: Checked, machine: Machine) -> None:
    """Keep what was found with the profile, unless a later period has been checked already."""
    row = DriftProfile.objects.only("checked").get(version=checked.version)
    end = checked.period.end
    if machine.last_reading_at is not None:  # what is to come has not been looked at
        end = min(end, machine.last_reading_at + NEXT)
    if (seen := row.checked.get("evaluation_end")) and dt.datetime.fromisoformat(seen) > end:
        return
    DriftProfile.objects.filter(pk=row.pk).update(
        checked_at=now(),
        checked={
            **drift_facts(checked),
            "evaluation_start": checked.period.start.isoformat(),
            "evaluation_end": end.isoformat(),
            "rows": checked.data.rows,
        },
    )


def _recorded(checked: Checked, machine: Machine, user: User | None) -> MetricsRecord:
    """Write the record; the same check again takes the place of the one before."""
    version, period = checked.version, checked.period
    MetricsRecord.objects.filter(
        model_id=version.run_id,
        source=MetricsRecord.Source.DRIFT_CHECK,
        evaluation_start=period.start,
        evaluation_end=period.end,
    ).delete()
    evaluation = checked.evaluation
    record = record_create(
        version=version,
        machine=machine,
        source=MetricsRecord.Source.DRIFT_CHECK,
        start=period.start,
        end=period.end,
        metrics=evaluation.metrics if evaluation else dict.fromkeys(SHOWN),
        sample_count=evaluation.sample_count if evaluation else 0,
        user=user,
        drift_detected=True,
        drift_score=checked.score,
        drift_type=checked.drift_type,
        drift_features=list(checked.data.drifted_columns),
    )
    audit_record(
        verb=Verb.DRIFT_CHECKED,
        target=record,
        actor=user,
        after={"model_id": str(record.model_id), "drift_type": checked.drift_type},
    )
    return record


def _concept_alert(checked: Checked, machine: Machine) -> Alert | None:
    errors = checked.errors
    if errors is None or not errors.drifted:
        return None
    return alert_raise(
        Finding(
            AlertType.CONCEPT_DRIFT,
            machine,
            checked.recommendation,
            checked.version.run.model_type,
            errors.score,
            checked.threshold,
            data={
                "version": checked.version.number,
                "ratio": errors.ratio,
                "lasts": errors.lasts,
                "share": errors.share,
            },
        )
    )


def _clear(checked: Checked, machine: Machine) -> None:
    """Close alerts whose cause the newest readings no longer show."""
    model_type = checked.version.run.model_type
    if not checked.data.drifted:
        reason = "The last check found no drift of the data."
        alert_clear(AlertType.DATA_DRIFT, machine, model_type, reason=reason)
    if checked.errors is not None and not checked.errors.drifted:
        reason = "The last check found the errors as they should be."
        alert_clear(AlertType.CONCEPT_DRIFT, machine, model_type, reason=reason)
