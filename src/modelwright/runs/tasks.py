"""What Celery calls. Each may be run twice, late, or not at all without harm."""

from celery import shared_task

from modelwright.runs.doorbell import RING_TASK
from modelwright.runs.executor import drain
from modelwright.runs.names import worker_name


@shared_task(name=RING_TASK)
def ring(queue: str) -> None:
    """A job waits in `queue`: take the best one, and go on until none is left."""
    drain(queue, worker=worker_name())
