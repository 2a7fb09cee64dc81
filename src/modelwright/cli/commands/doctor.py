"""`modelwright doctor`: works on broken installations too, so it loads Django late."""

from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Annotated

import typer
from rich.text import Text

from modelwright.cli.doctor import machine
from modelwright.cli.doctor.findings import Finding, Level, broken, findings_of
from modelwright.cli.errors import CommandError
from modelwright.cli.output import print_json, print_table
from modelwright.cli.running import new_app
from modelwright.cli.with_django import start

app = new_app()
MARKS = {
    Level.OK: ("●", "green"),
    Level.WARNING: ("▲", "yellow"),
    Level.BROKEN: ("✗", "red"),
}


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Say what is wrong with this installation, and how to mend it; exit 1 if something is."""
    findings = [*findings_of(machine.CHECKS)]
    if not any(_hopeless(finding) for finding in findings):
        findings += _of_installation()
    if as_json:
        print_json([vars(finding) for finding in findings])
    else:
        _print(findings)
    if any(finding.level is Level.BROKEN for finding in findings):
        raise typer.Exit(1)


def _of_installation() -> Iterator[Finding]:
    try:
        start()
    except CommandError as error:
        yield broken("Settings", str(error), "Correct it in the environment or in .env.")
        return
    installation = import_module("modelwright.cli.doctor.installation")
    yield from findings_of(installation.SETTINGS_CHECKS)
    if installation.database_usable():
        yield from findings_of(installation.TABLE_CHECKS)


def _hopeless(finding: Finding) -> bool:
    """Return whether nothing further can be looked at."""
    return finding.level is Level.BROKEN and finding.subject in ("Python", "Data folder")


def _print(findings: Iterable[Finding]) -> None:
    rows: list[list[Text | str]] = []
    for finding in findings:
        mark, colour = MARKS[finding.level]
        rows.append([Text(f"{mark} {finding.level}", style=colour), finding.subject, finding.text])
        if finding.remedy:
            rows.append([Text(""), "", Text(f"→ {finding.remedy}", style="bold")])
    print_table(("", "", ""), rows)
