"""`modelwright user`: accounts."""

from typing import Annotated

import typer

from modelwright.accounts.roles import ROLE_OF_GROUP, role_of
from modelwright.accounts.selectors import user_get
from modelwright.accounts.services import user_create, user_set_password
from modelwright.cli.running import new_app

app = new_app("Add users and set passwords.")
GROUPS = ", ".join(ROLE_OF_GROUP)
NAME = Annotated[str, typer.Argument(help="What they sign in with.")]
PASSWORD = Annotated[str, typer.Option(help="Default: one is made and printed once.")]


@app.command()
def add(
    name: NAME,
    group: Annotated[list[str] | None, typer.Option(help=f"May be repeated: {GROUPS}.")] = None,
    superuser: Annotated[bool, typer.Option("--superuser", help="May do everything.")] = False,
    password: PASSWORD = "",
) -> None:
    """Add a user. What they may do follows from their groups."""
    new = user_create(
        username=name, groups=group or [], superuser=superuser, password=password or None
    )
    typer.echo(f"User {name} is added; role: {role_of(new.user).name.lower()}.")
    _tell(new.password, made=not password)


@app.command("password")
def set_password(name: NAME, password: PASSWORD = "") -> None:
    """Give a user a new password."""
    changed = user_set_password(user=user_get(name), password=password or None)
    typer.echo(f"The password of {name} is changed.")
    _tell(changed, made=not password)


def _tell(password: str, *, made: bool) -> None:
    if made:
        typer.echo(f"Password: {password}   (it is not shown again)")
