"""`modelwright scheduler`: the scheduler alone."""

from modelwright.automation.scheduler import scheduler_run
from modelwright.cli.running import new_app

app = new_app()


@app.command()
def scheduler() -> None:
    """Run the scheduler alone. One is enough; with more, what is due is still run once."""
    scheduler_run()
