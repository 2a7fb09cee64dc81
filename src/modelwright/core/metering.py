"""Counts and durations that this process keeps, as Prometheus reads them.

Each web server is one process and is scraped by itself. Where several share one address (`uvicorn
--workers`), `PROMETHEUS_MULTIPROC_DIR` names a folder in which they put their counts together.
"""

import os

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

IN_PROCESS = CollectorRegistry()
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

HTTP = Histogram(
    "modelwright_http_request_duration_seconds",
    "Time to the first byte of the answer, by route.",
    ("method", "route", "status"),
    registry=IN_PROCESS,
    buckets=_SECONDS,
)
PREDICTIONS = Counter(
    "modelwright_predictions",
    "Rows that models have answered.",
    ("model_type",),
    registry=IN_PROCESS,
)


def counted() -> CollectorRegistry:
    """Return what was counted: by this process, or by all that share its folder."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return IN_PROCESS
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return together
