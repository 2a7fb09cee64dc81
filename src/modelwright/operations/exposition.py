"""What Prometheus reads: the state of the whole installation, and what this process has counted.

The state comes from the database, so that every web server tells the same, whichever is asked. It
is read at most once every few seconds, however many ask.
"""

import threading
import time
from collections.abc import Iterable, Iterator

from django.db import DatabaseError
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from modelwright import __version__
from modelwright.core.clock import seconds_since
from modelwright.core.metering import counted
from modelwright.operations import vitals
from modelwright.operations.tallies import BOUNDS, NEVER_STARTED

KEPT_SECONDS = 5.0


def exposition(accept: str) -> tuple[str, bytes]:
    """Return content type and text, in the form that the reader prefers."""
    encode, content_type = choose_encoder(accept)
    together = CollectorRegistry()
    together.register(state)
    ProcessCollector(registry=together)
    together.register(_Counted())
    return content_type, encode(together)


class _Counted(Collector):
    """Passes on what was counted in this process, or in those that share its folder."""

    def collect(self) -> Iterable[Metric]:
        return counted().collect()


class _State(Collector):
    """The state of the installation."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: list[Metric] = []
        self._at = float("-inf")

    def describe(self) -> Iterable[Metric]:
        """Return nothing: that would ask the database."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Return it, as it was a few seconds ago at most."""
        with self._lock:
            if time.monotonic() - self._at > KEPT_SECONDS:
                self._seen = list(_read())
                self._at = time.monotonic()
            return self._seen

    def forget(self) -> None:
        """Look anew the next time."""
        self._at = float("-inf")


state = _State()


def _read() -> Iterator[Metric]:
    up = GaugeMetricFamily("modelwright_database_up", "Whether the database answers.")
    yield _labelled("modelwright_build", "The version.", ("version",), [((__version__,), 1)])
    yield _labelled(
        "modelwright_disk_free_bytes", "Free where the server writes.", ("path",),
        [((str(disk.path),), disk.free) for disk in vitals.disks()],
    )  # fmt: skip
    yield _labelled(
        "modelwright_disk_size_bytes", "Size of where the server writes.", ("path",),
        [((str(disk.path),), disk.total) for disk in vitals.disks()],
    )  # fmt: skip
    try:
        found = [*_jobs(), *_ended(), *_parts(), *_models()]
    except DatabaseError:
        up.add_metric([], 0)
        yield up
        return
    up.add_metric([], 1)
    yield up
    yield from found


def _jobs() -> Iterator[Metric]:
    queues = vitals.queues()
    yield _labelled(
        "modelwright_jobs", "Jobs that have not ended.", ("kind", "status"),
        [((q.kind, "pending"), q.pending) for q in queues]
        + [((q.kind, "running"), q.running) for q in queues],
    )  # fmt: skip
    yield _labelled(
        "modelwright_jobs_oldest_pending_seconds",
        "For how long the longest waiting job has waited; 0: none waits.",
        ("kind",),
        [((q.kind,), q.oldest_seconds) for q in queues],
    )


def _ended() -> Iterator[Metric]:
    totals: dict[tuple[str, str, str], int] = {}
    durations: dict[tuple[str, str], tuple[list[int], float]] = {}
    for row in vitals.tallies():
        key = (row.kind, row.outcome, row.reason)
        totals[key] = totals.get(key, 0) + row.count
        if row.bucket != NEVER_STARTED:
            counts, seconds = durations.get(key[:2], ([0] * (len(BOUNDS) + 1), 0.0))
            counts[row.bucket] += row.count
            durations[key[:2]] = (counts, seconds + row.seconds)
    ended = CounterMetricFamily(
        "modelwright_jobs_ended", "Jobs that have ended.", labels=("kind", "outcome", "reason")
    )
    for key, count in totals.items():
        ended.add_metric(key, count)
    yield ended
    took = HistogramMetricFamily(
        "modelwright_job_duration_seconds", "How long jobs ran.", labels=("kind", "outcome")
    )
    ends = [*(str(bound) for bound in BOUNDS), "+Inf"]
    for names, (counts, seconds) in durations.items():
        sums = [sum(counts[: n + 1]) for n in range(len(counts))]
        took.add_metric(names, list(zip(ends, sums, strict=True)), seconds)
    yield took


def _parts() -> Iterator[Metric]:
    alive = vitals.workers()
    yield GaugeMetricFamily("modelwright_workers", "Workers that live.", len(alive))
    slots = sum(worker.slots for worker in alive)
    yield GaugeMetricFamily("modelwright_worker_slots", "Jobs that they run at once.", slots)
    seen = vitals.schedulers()
    silent = seconds_since(seen[0].seen_at) if seen else float("inf")
    yield GaugeMetricFamily(
        "modelwright_scheduler_silent_seconds",
        "Since the scheduler's last sign of life; +Inf: there is none.",
        silent,
    )
    runs = [(plan, run) for plan, run in vitals.scheduled() if run is not None and run.finished_at]
    yield _labelled(
        "modelwright_schedule_last_end_timestamp_seconds",
        "When a scheduled job ended last, and how.",
        ("name", "outcome"),
        [
            ((plan.job.name, str(run.status)), run.finished_at.timestamp())
            for plan, run in runs
            if run.finished_at
        ],
    )
    backup = vitals.backup_last()
    yield GaugeMetricFamily(
        "modelwright_backup_last_timestamp_seconds",
        "When the last backup was written; 0: never.",
        backup.at.timestamp() if backup else 0,
    )
    size = vitals.database_bytes()
    yield GaugeMetricFamily("modelwright_database_size_bytes", "Size of the database.", size)


def _models() -> Iterator[Metric]:
    drift = vitals.drift_found()
    yield _labelled(
        "modelwright_drift_watched", "Versions whose drift is watched.", ("model_type",),
        [((kind,), watched) for kind, watched, _ in drift],
    )  # fmt: skip
    yield _labelled(
        "modelwright_drift_detected", "Versions whose last check found drift.", ("model_type",),
        [((kind,), drifted) for kind, _, drifted in drift],
    )  # fmt: skip
    yield _labelled(
        "modelwright_alerts_open", "Open alerts.", ("alert_type", "severity"),
        [((kind, severity), count) for kind, severity, count in vitals.alerts_open()],
    )  # fmt: skip


def _labelled(
    name: str,
    text: str,
    labels: tuple[str, ...],
    values: Iterable[tuple[tuple[str, ...], float]],
) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for names, value in values:
        family.add_metric(names, value)
    return family
