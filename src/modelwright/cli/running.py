"""Calling a typer application and getting its exit code back."""

import typer
from typer.main import get_command


def new_app(help_text: str = "") -> typer.Typer:
    """Return an application as all commands use it: expected errors reach `entry.run`."""
    return typer.Typer(
        help=help_text or None,
        add_completion=False,
        pretty_exceptions_enable=False,
        no_args_is_help=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def run_app(app: typer.Typer, arguments: list[str], program: str) -> int:
    """Run `app`; usage errors are explained by typer and give 2."""
    try:
        get_command(app)(args=arguments, prog_name=program)
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else int(done.code is not None)
    return 0
