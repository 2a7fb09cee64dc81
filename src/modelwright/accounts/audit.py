"""Writing the audit log. Every service that writes calls `audit_record` in its own transaction."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from django.db import models

from modelwright.accounts.models import AuditEntry, User
from modelwright.core.context import current_origin


class Verb(StrEnum):
    """What may stand in the log; one word per kind of write."""

    USER_CREATED = "user.created"
    USER_CHANGED = "user.changed"
    USER_DELETED = "user.deleted"
    TOKEN_CREATED = "token.created"  # noqa: S105  (a verb)
    TOKEN_REVOKED = "token.revoked"  # noqa: S105
    SIGNED_IN = "session.signed_in"
    SIGNED_OUT = "session.signed_out"
    SIGN_IN_FAILED = "session.failed"
    RUN_SUBMITTED = "run.submitted"
    RUN_CANCEL_REQUESTED = "run.cancel_requested"
    RUN_STARTED = "run.started"
    RUN_ENDED = "run.ended"
    RUN_REQUEUED = "run.requeued"
    RUN_NOTES_CHANGED = "run.notes_changed"
    RUN_DELETED = "run.deleted"
    BATCH_SUBMITTED = "batch.submitted"
    BATCH_CANCEL_REQUESTED = "batch.cancel_requested"
    BATCH_ENDED = "batch.ended"
    BATCH_FILE_DELETED = "batch.file_deleted"
    PREDICTIONS_DELETED = "predictions.deleted"
    SEARCH_DELETED = "search.deleted"
    VERSION_CREATED = "version.created"
    VERSION_CHANGED = "version.changed"
    COMPARISON_STARTED = "comparison.started"
    COMPARISON_ENDED = "comparison.ended"
    VERSION_IMPORTED = "version.imported"
    VERSION_FILE_REMOVED = "version.file_removed"
    RETENTION_CHANGED = "retention.changed"
    CHAMPION_CHANGED = "champion.changed"
    ALIAS_SET = "alias.set"
    ALIAS_REMOVED = "alias.removed"
    SUBJECT_CHANGED = "subject.changed"
    UPLOAD_BEGUN = "upload.begun"
    UPLOAD_DISCARDED = "upload.discarded"
    DATASET_CREATED = "dataset.created"
    DATASET_DELETED = "dataset.deleted"
    EXPERIMENT_CREATED = "experiment.created"
    EXPERIMENT_CHANGED = "experiment.changed"
    EXPERIMENT_DELETED = "experiment.deleted"
    EXPERIMENT_SHARED = "experiment.shared"
    EXPERIMENT_UNSHARED = "experiment.unshared"
    AB_TEST_STARTED = "ab_test.started"
    AB_TEST_ENDED = "ab_test.ended"
    AB_TEST_CANCELLED = "ab_test.cancelled"
    AB_TEST_CONCLUDED = "ab_test.concluded"
    POLICY_CREATED = "policy.created"
    POLICY_CHANGED = "policy.changed"
    POLICY_DELETED = "policy.deleted"
    POLICIES_STOPPED = "policies.stopped"
    POLICIES_RESUMED = "policies.resumed"
    LOOP_STEP = "loop.step"
    CHANNEL_CREATED = "channel.created"
    CHANNEL_CHANGED = "channel.changed"
    CHANNEL_DELETED = "channel.deleted"
    MACHINE_CREATED = "machine.created"
    MACHINE_CHANGED = "machine.changed"
    MACHINE_DELETED = "machine.deleted"
    READINGS_STORED = "readings.stored"
    METRICS_RECORDED = "metrics.recorded"
    DRIFT_CHECKED = "drift.checked"
    ALERT_RAISED = "alert.raised"
    ALERT_ACKNOWLEDGED = "alert.acknowledged"
    ALERT_RESOLVED = "alert.resolved"
    ALERT_SILENCED = "alert.silenced"
    ALERT_RULE_CREATED = "alert_rule.created"
    ALERT_RULE_CHANGED = "alert_rule.changed"
    ALERT_RULE_DELETED = "alert_rule.deleted"
    ANOMALIES_FOUND = "anomalies.found"
    ANOMALY_MARKED = "anomaly.marked"
    SCHEDULE_CHANGED = "schedule.changed"
    SCHEDULE_STARTED = "schedule.started"
    SCHEDULE_ENDED = "schedule.ended"
    SETTING_CHANGED = "setting.changed"
    ADMIN_ADDED = "admin.added"
    ADMIN_CHANGED = "admin.changed"
    ADMIN_DELETED = "admin.deleted"


def audit_record(
    *,
    verb: Verb,
    target: models.Model,
    label: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    actor: User | None = None,
) -> AuditEntry:
    """Add one entry; the actor defaults to whoever the present origin names."""
    origin = current_origin()
    if actor is None and origin.user_id is not None:
        actor = User.objects.filter(pk=origin.user_id).first()
    return AuditEntry.objects.create(
        actor=actor,
        actor_name=actor.username if actor else "",
        channel=origin.channel,
        address=origin.address,
        request_id=origin.request_id,
        verb=verb,
        object_type=target._meta.label_lower,
        object_id="" if target.pk is None else str(target.pk),
        object_label=(label or str(target))[:255],
        before=None if before is None else dict(before),
        after=None if after is None else dict(after),
    )
