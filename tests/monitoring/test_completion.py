"""What a machine's training leaves to watch it with."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelwright.catalog.readings import series_of
from modelwright.core.clock import ms_of
from modelwright.engine.drift import Counts
from modelwright.engine.machines.series import HOUR_MS
from modelwright.monitoring import completion
from modelwright.monitoring.alert_types import AlertType
from modelwright.monitoring.alerts import Finding, alert_raise
from modelwright.monitoring.counting import counts_by_hour, profile_of
from modelwright.monitoring.drift import drift_check_run
from modelwright.monitoring.models import Alert, DriftCell, DriftProfile, MetricsRecord
from modelwright.registry.models import ModelVersion, Subject
from modelwright.registry.promotion import version_promote, version_rollback
from modelwright.runs.executor import _fail
from modelwright.runs.jobs import job_claim
from modelwright.runs.kinds import CompletionHook
from modelwright.runs.machine_services import machine_training_submit
from modelwright.runs.models import TrainingRun
from modelwright.runs.training_kind import TRAINING
from tests.monitoring.plant import END_MS, chiller, later, readings, store, train

pytestmark = pytest.mark.django_db


def counting() -> set[int]:
    rows = DriftProfile.objects.filter(is_counting=True)
    assert set(DriftCell.objects.values_list("profile", flat=True)) == set(
        rows.values_list("pk", flat=True)
    )
    return set(rows.values_list("version__number", flat=True))


def counted(profile: DriftProfile) -> int:
    cells = profile.cells.values_list("data", flat=True)
    return sum(Counts.from_bytes(bytes(data)).rows for data in cells)


@contextlib.contextmanager
def instead(hook: CompletionHook) -> Iterator[None]:
    """Put another hook in the place of the room's own."""
    hooks = TRAINING.completion_hooks
    place = hooks.index(completion.training_completed)
    hooks[place] = hook
    try:
        yield
    finally:
        hooks[place] = completion.training_completed


def test_a_training_leaves_a_record_and_a_profile() -> None:
    machine = chiller()
    version = train(machine, model="linear")
    record = MetricsRecord.objects.get()
    assert (record.model_id, record.model_version) == (version.run_id, 1)
    assert (record.source, record.drift_detected) == ("hold_out", False)
    assert record.rmse == version.run.metrics["rmse"]
    assert "cv_rmse" in record.metrics
    assert ms_of(record.evaluation_end) <= END_MS
    profile = DriftProfile.objects.get()
    assert set(profile_of(profile).names) == set(version.run.features_used)
    assert profile_of(profile).rows == machine.reading_count
    series = series_of(machine, start=profile.counted_from * HOUR_MS)
    assert 7 * 24 * HOUR_MS < END_MS - profile.counted_from * HOUR_MS < 9 * 24 * HOUR_MS
    assert DriftCell.objects.count() == len(counts_by_hour(profile_of(profile), series))


def test_readings_that_came_during_the_training_are_counted_once() -> None:
    machine = chiller()
    finish = completion.training_completed

    def come_late(run: TrainingRun, result: Any, scratch: Path) -> None:
        store(machine, later(readings(1), 24))
        finish(run, result, scratch)

    with instead(come_late):
        train(machine, model="linear")
    profile = DriftProfile.objects.get()
    series = series_of(machine, start=profile.counted_from * HOUR_MS)
    assert ms_of(machine.last_reading_at) > END_MS
    assert counted(profile) == len(series)
    store(machine, later(readings(1), 24))  # the same again: nothing changes
    assert counted(profile) == len(series)


def test_only_the_profiles_that_are_needed_count() -> None:
    machine = chiller()
    first, second = train(machine, model="linear"), train(machine, model="linear")
    assert counting() == {2}
    subject = Subject.objects.get()
    version_rollback(subject=subject, user=None, reason="Worse.", to=first)
    assert counting() == {1, 2}
    train(machine, model="linear")
    assert counting() == {1, 3}
    version_promote(version=second, user=None, reason="Better after all.")
    assert counting() == {2, 3}


def test_a_new_champion_settles_what_the_old_one_did() -> None:
    machine = chiller()
    train(machine, model="linear")
    for alert_type in (AlertType.DATA_DRIFT, AlertType.PERFORMANCE):
        alert_raise(Finding(alert_type, machine, "Drift.", "baseline", 2.0, 1.0))
    alert_raise(Finding(AlertType.DATA_DRIFT, machine, "Drift.", "anomaly", 2.0, 1.0))
    train(machine, model="linear")
    left = Alert.objects.exclude(status="resolved")
    assert [alert.model_type for alert in left] == ["anomaly"]
    settled = Alert.objects.filter(status="resolved").first()
    assert settled is not None
    assert settled.resolution == "Version 2 answers now."


def test_failed_trainings_raise_one_alert_until_one_goes_well() -> None:
    machine = chiller()
    for _ in range(3):
        run = machine_training_submit(machine=machine, model_type="baseline", user=None)
        claim = job_claim(queue="training", worker="here", only=run.pk)
        assert claim is not None
        _fail(claim, run, "DataLoadError", "Only 3 readings: send at least 15.")
    alert = Alert.objects.get()
    assert (alert.alert_type, alert.model_type) == ("training_failed", "baseline")
    assert (alert.occurrences, alert.current_value, alert.severity) == (3, 3.0, "critical")
    assert "Only 3 readings" in alert.message
    train(machine, model="linear")
    alert.refresh_from_db()
    assert alert.status == "resolved"


def test_nothing_is_left_of_a_completion_that_fails() -> None:
    machine = chiller()

    def full_disk(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with instead(full_disk), pytest.raises(OSError, match="No space"):
        train(machine, model="linear")
    assert not ModelVersion.objects.exists()
    assert not MetricsRecord.objects.exists()
    assert TrainingRun.objects.get().status == "running"


def test_profiles_of_old_versions_go_and_come_back_when_they_are_needed() -> None:
    machine = chiller()
    first = train(machine, model="linear")
    for _ in range(5):
        train(machine, model="linear")
    numbers = DriftProfile.objects.order_by("version__number").values_list("version__number")
    assert [number for (number,) in numbers] == [2, 3, 4, 5, 6]
    version_rollback(subject=Subject.objects.get(), user=None, reason="Worse.", to=first)
    assert counting() == {6}
    checked = drift_check_run(machine=machine, model_type="baseline")
    assert checked.version == first
    assert checked.errors is None, "its hold-out's errors are gone"
    assert counting() == {1, 6}
