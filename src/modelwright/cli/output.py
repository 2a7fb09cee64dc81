"""How the commands print: tables for people, JSON for programs."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

PIPE_WIDTH = 240
MARKS = {
    "pending": ("○", "yellow"),
    "running": ("◐", "cyan"),
    "completed": ("●", "green"),
    "failed": ("✗", "red"),
    "cancelled": ("⊘", "bright_black"),
}


def console(*, stderr: bool = False) -> Console:
    """Return a console; wide where nobody watches, so that no line of a pipe is cut."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, width=None if stream.isatty() else PIPE_WIDTH, highlight=False)


def status_text(status: str) -> Text:
    """Return a status as shape, word and colour."""
    mark, colour = MARKS[status]
    return Text(f"{mark} {status}", style=colour)


def print_table(headings: Sequence[str], rows: Iterable[Sequence[Text | str]]) -> None:
    """Print rows below their headings."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console().print(table)


def print_facts(facts: Mapping[str, Text | str]) -> None:
    """Print names and values, one pair a line."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts.items():
        table.add_row(name, value)
    console().print(table)


def print_json(value: Any) -> None:
    """Print a value for programs."""
    typer.echo(json.dumps(value, indent=2, default=str, allow_nan=False))


def number(value: float | None, digits: int = 4) -> str:
    """Return a number as text, and nothing for None."""
    return "" if value is None else f"{value:.{digits}f}"
