"""Machines from which nothing has come for too long."""

import datetime as dt

import numpy as np

from modelwright.catalog.models import Machine
from modelwright.core.clock import moment_of, ms_of, now
from modelwright.engine.machines.cadence import step_of
from modelwright.engine.machines.series import HOUR_MS, Series
from modelwright.monitoring.alert_rules import treatment_of
from modelwright.monitoring.alert_types import AlertType
from modelwright.monitoring.alerts import Finding, alert_clear, alert_raise, incident_of
from modelwright.monitoring.models import Alert

STEPS = 3
"""A machine that is read once a day is not silent after 25 hours."""
LOOKED_AT = 50


def data_silence_check(*, at: dt.datetime | None = None) -> int:
    """Look for active machines from which nothing has come, and return how many there are.

    One is silent after the hours that the rule for `no_data` says, or after three times the usual
    distance between its readings, where that is longer. Alerts of those that are read again, or are
    no longer looked after, are closed.

    Parameters
    ----------
    at : datetime, optional
        In place of now.
    """
    moment = at or now()
    silent = sum(_is_silent(machine, moment) for machine in Machine.objects.filter(is_active=True))
    for alert in Alert.objects.filter(
        alert_type=AlertType.NO_DATA, machine__is_active=False
    ).exclude(status=Alert.Status.RESOLVED):
        if alert.machine is not None:
            reason = "Schedules no longer look after the machine."
            alert_clear(AlertType.NO_DATA, alert.machine, reason=reason)
    return silent


def readings_came(machine: Machine, _: Series, after: Series) -> None:
    """Close the alert of a machine that is read again, at once; called as readings are stored."""
    incident = incident_of(AlertType.NO_DATA, machine)
    if Alert.objects.filter(incident=incident).exclude(status=Alert.Status.RESOLVED).exists():
        latest = moment_of(int(after.times[-1]))
        if latest == machine.last_reading_at:
            _is_silent(machine, now())


def _is_silent(machine: Machine, moment: dt.datetime) -> bool:
    since = machine.last_reading_at or machine.created_at
    hours = (moment - since) / dt.timedelta(hours=1)
    limit = treatment_of(AlertType.NO_DATA, "", machine).warning_at or 0.0
    if hours >= limit:
        limit = max(limit, STEPS * _usual_hours(machine))
    if hours < limit:
        alert_clear(AlertType.NO_DATA, machine, reason="Readings come again.")
        return False
    what = "No reading has come for" if machine.last_reading_at else "No reading has ever come in"
    alert_raise(
        Finding(
            AlertType.NO_DATA,
            machine,
            f"{what} {_in_words(hours)}: check the meter and what sends its readings.",
            value=hours,
            threshold=limit,
            data={"last_reading_at": since.isoformat() if machine.last_reading_at else None},
        )
    )
    return True


def _usual_hours(machine: Machine) -> float:
    """Return the usual distance between a machine's last readings."""
    if machine.last_reading_at is None:
        return 0.0
    newest = machine.readings.filter(at__lte=ms_of(machine.last_reading_at)).order_by("-at")
    times = np.array(newest.values_list("at", flat=True)[:LOOKED_AT], dtype=np.int64)[::-1]
    return step_of(times) / HOUR_MS if times.size > 1 else 0.0


def _in_words(hours: float) -> str:
    return f"{hours:.0f} hours" if hours < 72 else f"{hours / 24:.0f} days"
