"""`modelwright worker`: a worker alone."""

from modelwright.cli.running import new_app
from modelwright.config import celery_app
from modelwright.runs.worker import worker_run

app = new_app()


@app.command()
def worker() -> None:
    """Run a worker alone: it takes pending jobs and runs each in a process of its own.

    Any number may run side by side on the same database and broker. It stops on SIGTERM; a job
    that is cut off so goes back to pending.
    """
    worker_run(celery_app)
