"""What alerts there are, and how each is treated unless a rule says otherwise."""

from dataclasses import dataclass

from django.db import models

from modelwright.monitoring.models import Alert

Severity = Alert.Severity
STATUSES = tuple(Alert.Status.values)


class AlertType(models.TextChoices):
    """What an alert is about."""

    DATA_DRIFT = "data_drift", "Data drift"
    PREDICTION_DRIFT = "prediction_drift", "Prediction drift"
    CONCEPT_DRIFT = "concept_drift", "Concept drift"
    PERFORMANCE = "performance", "Performance"
    ANOMALY = "anomaly", "Anomaly"
    NO_DATA = "no_data", "No new data"
    TRAINING_FAILED = "training_failed", "Training failed"
    FILE_REFUSED = "file_refused", "Model file refused"
    NO_WORKER = "no_worker", "No worker"
    SCHEDULER_SILENT = "scheduler_silent", "Scheduler silent"
    DISK_FULL = "disk_full", "Disk nearly full"
    SCHEDULE_MISSED = "schedule_missed", "Scheduled job missed"


@dataclass(frozen=True)
class Treatment:
    """How alerts of a kind are treated.

    Parameters
    ----------
    warning_at : float or None
        From this value on it is an alert; None: whenever it is found.
    critical_at : float or None
        From this value on it is critical.
    cooldown_minutes : int
        After an incident was resolved, it stays quiet for so long, unless it gets worse.
    is_muted : bool
        Whether no alerts are raised at all.
    measures : str
        What the value is.
    """

    warning_at: float | None
    critical_at: float | None
    cooldown_minutes: int
    is_muted: bool = False
    measures: str = ""


DEFAULTS: dict[AlertType, Treatment] = {
    AlertType.DATA_DRIFT: Treatment(None, None, 60, measures="drift score (1: at the threshold)"),
    AlertType.PREDICTION_DRIFT: Treatment(
        None, None, 60, measures="drift score (1: at the threshold)"
    ),
    AlertType.CONCEPT_DRIFT: Treatment(
        None, None, 60, measures="drift score (1: at the threshold)"
    ),
    AlertType.PERFORMANCE: Treatment(
        1.3, 2.0, 60, measures="present error as a multiple of that of the hold-out"
    ),
    AlertType.ANOMALY: Treatment(None, None, 60, measures="score (1: at the threshold)"),
    AlertType.NO_DATA: Treatment(24.0, 168.0, 0, measures="hours without a new reading"),
    AlertType.TRAINING_FAILED: Treatment(1.0, 3.0, 0, measures="failures in a row"),
    AlertType.FILE_REFUSED: Treatment(None, None, 0),
    AlertType.NO_WORKER: Treatment(2.0, 10.0, 0, measures="minutes without a worker"),
    AlertType.SCHEDULER_SILENT: Treatment(2.0, 60.0, 0, measures="minutes without a scheduler"),
    AlertType.DISK_FULL: Treatment(90.0, 97.0, 60, measures="per cent of the disk in use"),
    AlertType.SCHEDULE_MISSED: Treatment(15.0, 1440.0, 0, measures="minutes after it was due"),
}

# While an alert of the first kind is open for a machine, those of the others aren't raised for it:
# what doesn't arrive can't be judged.
MUTED_BY_NO_DATA = frozenset({AlertType.DATA_DRIFT, AlertType.CONCEPT_DRIFT, AlertType.PERFORMANCE})
# While a new model of the same subject is being trained, these would say what is known already.
MUTED_BY_TRAINING = MUTED_BY_NO_DATA | {AlertType.PREDICTION_DRIFT}
