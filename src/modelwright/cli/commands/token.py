"""`modelwright token NAME`."""

from typing import Annotated

import typer

from modelwright.accounts.selectors import user_get
from modelwright.accounts.services import token_create
from modelwright.cli.running import new_app

app = new_app()


@app.command()
def token(name: Annotated[str, typer.Argument(help="Whose.")]) -> None:
    """Make an API token and print it, and nothing else.

    Only its hash is stored: it can't be shown again. Send it as `Authorization: Token …`.
    """
    typer.echo(token_create(user=user_get(name)))
