"""Queueing a training for each machine that has readings which its model hasn't seen."""

from typing import Any

from django.conf import settings

from modelwright.automation.rounds import Say, over_machines
from modelwright.catalog.models import Machine
from modelwright.runs.models import TrainingRun
from modelwright.runs.retraining import LOW, retrain_trigger
from modelwright.runs.states import Status

WORDS = "Trainings queued: {queued}; under way already: {busy}; nothing new for: {nothing_new}."


def work(say: Say) -> dict[str, Any]:
    """Go round the machines; trainings that people ask for go first."""
    return over_machines(_retrain, say).result(WORDS)


def _retrain(machine: Machine) -> dict[str, int]:
    counts = {"queued": 0, "busy": 0, "nothing_new": 0}
    for model_type in settings.RETRAIN_MODEL_TYPES:
        if not _has_news(machine, model_type):
            counts["nothing_new"] += 1
            continue
        done = retrain_trigger(
            machine=machine,
            model_type=model_type,
            user=None,
            trigger_type="scheduled",
            reason="New readings",
            priority=LOW,
        )
        counts["queued" if done.run else "busy"] += 1
    return counts


def _has_news(machine: Machine, model_type: str) -> bool:
    """Return whether readings came, or were corrected, since those that were learned from."""
    if machine.last_reading_at is None:
        return False
    learned = (
        TrainingRun.objects.filter(machine=machine, model_type=model_type, status=Status.COMPLETED)
        .order_by("-created_at")
        .values_list("started_at", "period_end")
        .first()
    )
    if learned is None:
        return True
    started, last = learned
    newest = machine.batches.order_by("-id").values_list("received_at", flat=True).first()
    return (last is not None and machine.last_reading_at > last) or (
        newest is not None and started is not None and newest > started
    )
