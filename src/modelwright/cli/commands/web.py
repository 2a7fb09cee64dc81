"""`modelwright web`: the web server alone."""

import socket
from typing import Annotated

import typer
import uvicorn
from django.urls import get_resolver

from modelwright.cli.errors import CommandError
from modelwright.cli.listening import listen
from modelwright.cli.running import new_app
from modelwright.config.asgi import application
from modelwright.serving.journaling import journal_keep_moving

app = new_app()
GRACE_SECONDS = 3


@app.command()
def web(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 8000,
    descriptor: Annotated[int | None, typer.Option("--fd", hidden=True)] = None,
) -> None:
    """Run the web server alone, as one process.

    Any number may run side by side behind a proxy, on the same database and broker.
    """
    listener = listen(host, port) if descriptor is None else socket.socket(fileno=descriptor)
    _ = get_resolver().url_patterns  # a mistake in them shows now, and the first page is fast
    server = uvicorn.Server(
        uvicorn.Config(
            application,
            lifespan="off",
            ws="none",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
    journal_keep_moving()
    server.run(sockets=[listener])
    if not server.started:
        raise CommandError("The web server could not be started: see above.")
