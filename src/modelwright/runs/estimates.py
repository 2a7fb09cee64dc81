"""How long a training will take, from what those before it took."""

import datetime as dt
import statistics
from collections.abc import Iterable

from django.conf import settings
from django.db.models import Count, Q, Sum

from modelwright.core.clock import now
from modelwright.engine.machines import MACHINE_MODEL_TYPES
from modelwright.runs.models import TrainingRun
from modelwright.runs.selectors import workers_alive
from modelwright.runs.states import Status

REMEMBERED = 20


def usual_seconds(model_types: Iterable[str]) -> dict[str, float]:
    """Return how long a training of each type usually takes: the median of the last ones.

    Without a history of the type that of all types of machines counts, and without any the limit of
    a run's length, which no training exceeds.
    """
    completed = TrainingRun.objects.filter(machine__isnull=False, status=Status.COMPLETED)

    def median_of(model_type: str | None) -> float | None:
        chosen = completed if model_type is None else completed.filter(model_type=model_type)
        times = chosen.order_by("-number").values_list("started_at", "finished_at")[:REMEMBERED]
        taken = [(end - start).total_seconds() for start, end in times if start and end]
        return statistics.median(taken) if taken else None

    found: dict[str, float] = {}
    for name in set(model_types):
        own = median_of(name) if name in MACHINE_MODEL_TYPES else None
        if own is None:
            own = median_of(None)
        found[name] = settings.JOB_TIME_LIMIT_SECONDS if own is None else own
    return found


def estimated_completion(run: TrainingRun) -> dt.datetime:
    """Return when a pending run will have ended, at the usual pace.

    What is running and what goes first shares the slots of the workers that live.
    """
    goes_first = Q(priority__gt=run.priority) | Q(
        priority=run.priority, created_at__lt=run.created_at
    )
    pending = TrainingRun.objects.filter(goes_first, status=Status.PENDING).exclude(pk=run.pk)
    queued = list(pending.order_by().values_list("model_type").annotate(Count("pk")))
    running = list(
        TrainingRun.objects.filter(status=Status.RUNNING).values_list("model_type", "started_at")
    )
    usual = usual_seconds([run.model_type, *(row[0] for row in [*queued, *running])])
    moment = now()
    ahead = sum(usual[name] * count for name, count in queued)
    for name, started in running:
        elapsed = (moment - started).total_seconds() if started else 0.0
        ahead += max(usual[name] - elapsed, 0.0)
    slots = workers_alive().aggregate(slots=Sum("slots"))["slots"] or settings.JOB_SLOTS
    return moment + dt.timedelta(seconds=ahead / slots + usual[run.model_type])
