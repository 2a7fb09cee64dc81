"""What the tests of the REST contracts share: recorded runs, the sample data, and a worker."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections

from modelwright.core.clock import now
from modelwright.core.models import counter_next
from modelwright.engine.samples import write_future_skills_csv
from modelwright.runs.executor import drain
from modelwright.runs.models import TrainingRun
from modelwright.runs.names import worker_name

MakeRun = Callable[..., TrainingRun]


@pytest.fixture
def make_run(db: None) -> MakeRun:
    """Return a function that records a completed run."""

    def make(**fields: Any) -> TrainingRun:
        number = counter_next("training_run")
        ended = fields.get("status", "completed") in ("completed", "failed", "cancelled")
        defaults: dict[str, Any] = {
            "number": number,
            "subject": f"subject-{number}",
            "status": "completed",
            "model_type": "random_forest",
            "preset": "future_skills",
            "model_version": f"v{number}",
            "dataset_path": settings.SAMPLE_DATASET,
            "target_column": "future_need_level",
            "finished_at": now() if ended else None,
            "accuracy": 0.9 if ended else None,
            "precision": 0.9 if ended else None,
            "recall": 0.9 if ended else None,
            "f1_score": 0.9 if ended else None,
            "training_duration_seconds": 0.25 if ended else None,
        }
        return TrainingRun.objects.create(**{**defaults, **fields})

    return make


@pytest.fixture(scope="session")
def sample() -> Path:
    """Put the sample data where requests look for it by default."""
    path = Path(settings.DATA_ROOT) / settings.SAMPLE_DATASET
    path.parent.mkdir(parents=True, exist_ok=True)
    write_future_skills_csv(path)
    return path


@pytest.fixture
def put_table() -> Callable[[str, bytes], str]:
    """Return a function that writes a data set and says its path in requests."""

    def put(name: str, content: bytes) -> str:
        path = Path(settings.DATA_ROOT) / settings.DATASETS_PREFIX / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return f"{settings.DATASETS_PREFIX}/{name}"

    return put


@pytest.fixture
def silent_bell(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Nobody hears the bell: what is submitted stays pending."""
    rung: list[str] = []
    monkeypatch.setattr("modelwright.runs.jobs.ring", rung.append)
    return rung


@pytest.fixture
def worker(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run a worker in a thread of this process; it hears the bell without a broker."""
    bell, closing = threading.Event(), threading.Event()
    monkeypatch.setattr("modelwright.runs.jobs.ring", lambda _queue: bell.set())

    def work() -> None:
        while not closing.is_set():
            if bell.wait(timeout=0.05):
                bell.clear()
                drain("training", worker=worker_name())
                connections.close_all()

    thread = threading.Thread(target=work, name="test-worker")
    thread.start()
    yield
    closing.set()
    thread.join(timeout=20)
    assert not thread.is_alive()
