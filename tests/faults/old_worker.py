"""The code of the last release at a job: `python -m tests.faults.old_worker`.

It speaks to the tables by the models as they were then. It makes the tables of then, a job that
waits and one that it works on; then it gives a sign of life until a line comes in on stdin, and
ends its job. It prints a line after each step.
"""

import sys
import threading
from typing import Any

import django
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader

WAITING = "artifacts/datasets/waiting.csv"


def main() -> None:
    """Do all that."""
    django.setup()
    from tools.check_migrations import LAST_RELEASED  # noqa: PLC0415  (it needs Django set up)

    from modelwright.core.clock import now  # noqa: PLC0415

    for app, name in LAST_RELEASED.items():
        call_command("migrate", app, name, interactive=False, verbosity=0)
    for app in ("admin", "auth", "axes", "contenttypes", "knox", "sessions", "token_blacklist"):
        call_command("migrate", app, interactive=False, verbosity=0)
    old = MigrationLoader(connection).project_state(list(LAST_RELEASED.items())).apps
    run: Any = old.get_model("runs", "TrainingRun")
    event: Any = old.get_model("runs", "JobEvent")
    fields = {"model_type": "random_forest", "preset": "future_skills", "created_at": now()}
    fields |= {"target_column": "future_need_level", "dataset_path": WAITING}
    run.objects.create(number=9001, subject="waiting", model_version="waiting", **fields)
    mine = run.objects.create(number=9002, subject="mine", model_version="mine", **fields)
    ours = run.objects.filter(pk=mine.pk, attempt=1, status="running")
    begun = {"worker": "old:1:1.00", "attempt": 1, "started_at": now(), "beat_at": now()}
    assert run.objects.filter(pk=mine.pk, status="pending").update(status="running", **begun) == 1
    print("begun", flush=True)

    asked = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), asked.set()), daemon=True).start()
    while not asked.wait(0.3):
        assert ours.update(beat_at=now()) == 1, "it was taken away"
    with transaction.atomic():
        changed = ours.update(status="completed", finished_at=now(), accuracy=0.5)
        event.objects.create(
            job_id=mine.pk, kind="status", attempt=1, at=now(), data={"status": "completed"}
        )
    print(f"ended {changed}", flush=True)


if __name__ == "__main__":
    main()
