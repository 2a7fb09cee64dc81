"""Finding the command that was named and loading only that one.

`modelwright --help` lists the table below and loads neither Django nor scikit-learn. A command
that needs Django is imported after Django is set up, so that it has its imports on top.
"""

import os
import sys
from dataclasses import dataclass
from importlib import import_module

import typer

from modelwright import __version__
from modelwright.cli.errors import CommandError
from modelwright.cli.running import run_app
from modelwright.core.errors import ModelwrightError


@dataclass(frozen=True)
class Entry:
    """One command.

    Parameters
    ----------
    name : str
        What is typed.
    help : str
        One line for the list.
    channel : str
        What the audit log says about where its actions come from; empty: it needs no Django.
    module : str
        Below `modelwright.cli.commands`; default: the name.
    panel : str
        Heading that it is listed under; empty: not listed.
    """

    name: str
    help: str
    channel: str = "cli"
    module: str = ""
    panel: str = "Commands"

    @property
    def dotted(self) -> str:
        """The module's full name."""
        return f"modelwright.cli.commands.{self.module or self.name}"


_SERVER, _RUNS, _CARE = "Server", "Training", "Installation"
COMMANDS = {
    entry.name: entry
    for entry in (
        Entry("up", "Run web server, worker and scheduler here, until Ctrl-C.", "", panel=_SERVER),
        Entry("web", "Run the web server alone.", "web", panel=_SERVER),
        Entry("worker", "Run a worker alone.", "worker", panel=_SERVER),
        Entry("scheduler", "Run the scheduler alone.", "scheduler", panel=_SERVER),
        Entry("train", "Train on a table, here and now.", panel=_RUNS),
        Entry("tune", "Search for the best hyperparameters, here and now.", panel=_RUNS),
        Entry("runs", "List training runs.", panel=_RUNS),
        Entry("run", "Show one training run, or follow it.", panel=_RUNS),
        Entry("cancel", "Cancel a training run.", panel=_RUNS),
        Entry("export", "Write a run's model, or its whole version signed.", panel=_RUNS),
        Entry("import", "Take a version that was exported.", module="import_", panel=_RUNS),
        Entry("machines", "List the machines.", panel=_RUNS),
        Entry("readings", "Import readings of machines.", panel=_RUNS),
        Entry("sample", "Load the sample data.", panel=_RUNS),
        Entry("demo", "Live through the whole loop on a made-up machine.", "", panel=_RUNS),
        Entry("user", "Add users and set passwords.", panel=_CARE),
        Entry("token", "Make an API token and print it.", panel=_CARE),
        Entry("doctor", "Say what is wrong here, and how to mend it.", "", panel=_CARE),
        Entry("backup", "Write everything to one archive.", "", panel=_CARE),
        Entry("restore", "Bring an archive back.", "", panel=_CARE),
        Entry("migrate-to", "Move to PostgreSQL.", module="migrate_to", panel=_CARE),
        Entry("prepare", "Migrate, first administrator, sample data.", panel=""),
    )
}


def main() -> None:
    """Run the command line and exit with its code; what it writes is its user's alone."""
    os.umask(0o077)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; expected errors are told on stderr, never as a traceback."""
    try:
        return _dispatch(arguments)
    except ModelwrightError as error:
        typer.secho("Error: ", err=True, nl=False, fg="red", bold=True)
        typer.echo(str(error), err=True)
        return error.exit_code if isinstance(error, CommandError) else CommandError.exit_code
    except KeyboardInterrupt:
        return 130


def _dispatch(arguments: list[str]) -> int:
    entry = COMMANDS.get(arguments[0]) if arguments else None
    if entry is None:
        return run_app(_listing(), arguments or ["--help"], "modelwright")
    program = f"modelwright {entry.name}"
    if not entry.channel:
        return run_app(import_module(entry.dotted).app, arguments[1:], program)
    with_django = import_module("modelwright.cli.with_django")
    code: int = with_django.run(entry.dotted, arguments[1:], program, channel=entry.channel)
    return code


def _listing() -> typer.Typer:
    """Return an application that only knows the commands' names and help lines."""
    listing = typer.Typer(
        name="modelwright",
        help="Trains, tunes, watches, tests and replaces models, and records every step.",
        epilog="`modelwright COMMAND --help` says more. Settings: docs/reference/settings.md.",
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
    )

    @listing.callback(invoke_without_command=True)
    def top(
        version: bool = typer.Option(False, "--version", help="Print the version and exit."),
    ) -> None:
        if version:
            typer.echo(__version__)

    for entry in COMMANDS.values():
        listing.command(
            entry.name, help=entry.help, rich_help_panel=entry.panel, hidden=not entry.panel
        )(_nothing)
    return listing


def _nothing() -> None:
    """Stand for a command in the list; the command itself is loaded when it is called."""
