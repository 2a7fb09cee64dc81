"""Reckoning key figures of the days to which readings have come, late ones included."""

from typing import Any

from modelwright.automation.rounds import Say, over_machines
from modelwright.catalog.models import Machine
from modelwright.monitoring.counting import cells_forget
from modelwright.monitoring.kpis import kpis_calculate
from modelwright.monitoring.traffic.following import traffic_forget

WORDS = "Days reckoned: {days}."


def work(say: Say) -> dict[str, Any]:
    """Go round the machines, then forget the counts of readings that no drift check asks for."""
    tally = over_machines(_calculate, say)
    say(100.0, "Forgetting old counts")
    tally.sums["cells_forgotten"] = cells_forget() + traffic_forget()
    return tally.result(WORDS)


def _calculate(machine: Machine) -> dict[str, int]:
    return {"days": kpis_calculate(machine)}
