"""Looking for anomalies in what is new, and for machines from which nothing comes."""

from typing import Any

from modelwright.automation.rounds import Say, over_machines
from modelwright.catalog.models import Machine
from modelwright.monitoring.anomalies import anomalies_detect
from modelwright.monitoring.silence import data_silence_check

WORDS = "Anomalies found: {anomalies}; silent machines: {silent}."


def work(say: Say) -> dict[str, Any]:
    """Go round the machines; only the readings since the last time are looked at."""
    tally = over_machines(_detect, say)
    say(100.0, "Looking for silent machines")
    tally.sums["silent"] = data_silence_check()
    return tally.result(WORDS)


def _detect(machine: Machine) -> dict[str, int]:
    return {"anomalies": anomalies_detect(machine)}
