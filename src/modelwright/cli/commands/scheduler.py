"""`modelwright scheduler`: Celery's beat, with its schedules in the database."""

from modelwright.cli.beating import SigningScheduler
from modelwright.cli.running import new_app
from modelwright.config import celery_app

app = new_app()


@app.command()
def scheduler() -> None:
    """Run the scheduler alone. One is enough: a second one would ring twice for everything."""
    celery_app.Beat(loglevel="WARNING", quiet=True, scheduler=SigningScheduler).run()
