"""What can go wrong with watching models."""

from typing import ClassVar

from modelwright.core.errors import ModelwrightError, NotFoundError


class NoMetricsError(NotFoundError):
    """Nothing is known of the period."""

    code = "no_metrics"


class ModelNotFoundError(NotFoundError):
    """The machine has no such model."""

    code = "model_not_found"


class AlertNotFoundError(NotFoundError):
    """There is no such alert."""

    code = "alert_not_found"


class AlertResolvedError(ModelwrightError):
    """The alert is closed; nothing more is done with it."""

    code = "alert_resolved"
    status: ClassVar[int] = 409


class AlertRuleNotFoundError(NotFoundError):
    """There is no such rule."""

    code = "alert_rule_not_found"


class AlertRuleExistsError(ModelwrightError):
    """There is a rule for the same alerts."""

    code = "alert_rule_exists"
    status: ClassVar[int] = 409


class AnomalyNotFoundError(NotFoundError):
    """There is no such anomaly."""

    code = "anomaly_not_found"
