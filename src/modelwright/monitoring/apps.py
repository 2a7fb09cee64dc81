"""Django's entry for the room."""

from django.apps import AppConfig

from modelwright.core.views import view_register
from modelwright.monitoring.views import latest_model_performance, unresolved_alerts


class MonitoringConfig(AppConfig):
    """Performance records, drift, alerts, anomalies and key figures."""

    name = "modelwright.monitoring"
    label = "monitoring"
    verbose_name = "Monitoring"

    def ready(self) -> None:
        """Follow readings, trainings and champions; name the views."""
        from modelwright.catalog.ingest import on_readings  # noqa: PLC0415  (models load first)
        from modelwright.monitoring import completion  # noqa: PLC0415
        from modelwright.monitoring.alerts import on_alert  # noqa: PLC0415
        from modelwright.monitoring.counting import readings_counted  # noqa: PLC0415
        from modelwright.monitoring.silence import readings_came  # noqa: PLC0415
        from modelwright.monitoring.telling import alert_told  # noqa: PLC0415
        from modelwright.monitoring.traffic.counting import predictions_uncounted  # noqa: PLC0415
        from modelwright.monitoring.traffic.outcomes import (  # noqa: PLC0415
            actuals_came,
            outcomes_keep,
        )
        from modelwright.registry.promotion import on_champion  # noqa: PLC0415
        from modelwright.runs.kinds import on_completion, on_end  # noqa: PLC0415
        from modelwright.serving.actuals import on_actuals  # noqa: PLC0415
        from modelwright.serving.retention import (  # noqa: PLC0415
            on_predictions_held,
            on_predictions_leaving,
        )

        on_readings(readings_counted)
        on_readings(readings_came)
        on_completion("training", completion.training_completed)
        on_end("training", completion.training_ended)
        on_champion(completion.champion_changed)
        on_alert(alert_told)
        on_actuals(actuals_came)
        on_predictions_held(predictions_uncounted)
        on_predictions_leaving(outcomes_keep)
        view_register("v_latest_model_performance", latest_model_performance)
        view_register("v_unresolved_alerts", unresolved_alerts)
