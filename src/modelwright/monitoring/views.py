"""The room's views of the database (contract B)."""

LATEST = """
SELECT id, model_id, model_type, machine_id, machine_name, model_version, source, evaluation_date,
       evaluation_start, evaluation_end, sample_count, r_squared, rmse, mae, mape, drift_detected,
       drift_score, drift_type
FROM (
    SELECT m.*, machines.name AS machine_name,
           row_number() OVER (
               PARTITION BY m.model_type, m.machine_id
               ORDER BY m.evaluation_end DESC, m.created_at DESC, m.id
           ) AS place
    FROM model_performance_metrics m JOIN machines ON machines.id = m.machine_id
) AS ordered
WHERE place = 1
"""

UNRESOLVED = """
SELECT a.id AS alert_id, a.model_type, a.machine_id, machines.name AS machine_name, a.alert_type,
       a.severity, a.message, a.current_value, a.threshold, a.occurrences, a.created_at,
       a.last_seen_at, a.status, a.acknowledged_at, a.silenced_until
FROM model_alerts a LEFT JOIN machines ON machines.id = a.machine_id
WHERE a.status <> 'resolved'
"""


def latest_model_performance(_: str) -> str:
    """Return the newest record of each model type and machine."""
    return LATEST


def unresolved_alerts(_: str) -> str:
    """Return the alerts that are open."""
    return UNRESOLVED
