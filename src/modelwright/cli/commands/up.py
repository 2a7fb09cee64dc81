"""`modelwright up`: everything in the foreground."""

from typing import Annotated

import typer

from modelwright.cli.home import home_locked, home_open
from modelwright.cli.listening import listen
from modelwright.cli.running import new_app
from modelwright.cli.supervisor.supervisor import Supervisor

app = new_app()
MOST_WEB_PROCESSES = 64


@app.command()
def up(
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 for all networks of this machine.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 8000,
    no_samples: Annotated[
        bool, typer.Option("--no-samples", help="Don't load the sample data.")
    ] = False,
    web_processes: Annotated[
        int,
        typer.Option(
            min=1,
            max=MOST_WEB_PROCESSES,
            envvar="MODELWRIGHT_WEB_PROCESSES",
            help="Web servers that share the port: more for many who look at once.",
        ),
    ] = 1,
) -> None:
    """Run web server, worker and scheduler here, until Ctrl-C.

    The first start makes the database, the user `admin` and, unless --no-samples, the sample data
    with a first training.
    """
    home = home_open()
    with home_locked(home), listen(host, port) as listener:
        Supervisor(
            host=host, listener=listener, samples=not no_samples, web_processes=web_processes
        ).run()
