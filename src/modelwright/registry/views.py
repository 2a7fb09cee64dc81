"""The room's views of the database (contract B)."""

from modelwright.core.views import uuid_shown


def training_history(vendor: str) -> str:
    """Return every training of a machine's model with the version that it made."""
    return f"""
SELECT {uuid_shown("r.id", vendor)} AS id, r.model_type, r.machine_id,
       r.status AS training_status, r.started_at AS training_start, r.finished_at AS training_end,
       r.training_duration_seconds, v.number AS model_version, r.trigger_type, r.error_message
FROM model_runs r LEFT JOIN model_versions v ON v.run_id = r.id
WHERE r.machine_id IS NOT NULL
"""  # noqa: S608  (names of our own columns)
