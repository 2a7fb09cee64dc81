"""`modelwright machines`: the list."""

from typing import Annotated

import typer

from modelwright.catalog.machines import machine_facts, machines_found
from modelwright.catalog.models import Machine
from modelwright.cli.output import print_json, print_table
from modelwright.cli.running import new_app

app = new_app()


@app.command()
def machines(
    search: Annotated[str, typer.Option(help="Words in name, site or type.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """List the machines, by name."""
    found = list(machines_found(search).order_by("name"))
    if as_json:
        print_json([_facts(machine) for machine in found])
    elif found:
        print_table(
            ("Name", "Site", "Type", "Readings", "Last reading", "Active"),
            [
                (
                    machine.name,
                    machine.site,
                    machine.machine_type,
                    f"{machine.reading_count:,}",
                    f"{machine.last_reading_at:%Y-%m-%d %H:%M} UTC"
                    if machine.last_reading_at
                    else "",
                    "yes" if machine.is_active else "no",
                )
                for machine in found
            ],
        )
    else:
        typer.echo(
            "No machine has all of these words."
            if search
            else "There is no machine yet: add one"
            " on the page /ui/machines, or `modelwright sample load`."
        )


def _facts(machine: Machine) -> dict[str, object]:
    return {
        "id": str(machine.pk),
        **machine_facts(machine),
        "reading_count": machine.reading_count,
        "first_reading_at": machine.first_reading_at,
        "last_reading_at": machine.last_reading_at,
        "channels": machine.channels,
    }
