"""Going round the machines: what fails for one is recorded, and the others get their turn."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from modelwright.automation.errors import RoundFailedError
from modelwright.catalog.models import Machine

log = logging.getLogger(__name__)

Say = Callable[[float, str], None]
"""Told the progress: per cent, and what is done now."""
MAX_FAILURES = 50
ERROR_CHARS = 500


@dataclass
class Tally:
    """What a round came to.

    Attributes
    ----------
    machines, done, failed : int
    sums : dict
        What was counted for the machines that were done.
    failures : list of dict
        `machine_id`, `machine`, `error` of the first ones that failed.
    """

    machines: int = 0
    done: int = 0
    failed: int = 0
    sums: dict[str, int] = field(default_factory=dict)
    failures: list[dict[str, str]] = field(default_factory=list)

    def add(self, counts: Mapping[str, int]) -> None:
        """Count a machine that was done."""
        self.done += 1
        for name, count in counts.items():
            self.sums[name] = self.sums.get(name, 0) + count

    def fail(self, machine: Machine, error: Exception) -> None:
        """Count a machine for which it went wrong."""
        self.failed += 1
        if len(self.failures) < MAX_FAILURES:
            text = str(error) or type(error).__name__
            self.failures.append(
                {
                    "machine_id": str(machine.pk),
                    "machine": machine.name,
                    "error": text[:ERROR_CHARS],
                }
            )

    def result(self, words: str) -> dict[str, Any]:
        """Return what is kept of the round; `words` says it, with the sums in braces.

        Raises
        ------
        RoundFailedError
            It went wrong for every machine.
        """
        if self.failed and not self.done:
            first = self.failures[0]
            raise RoundFailedError(
                f"It failed for all of {self.failed} machines; {first['machine']}: {first['error']}"
            )
        message = words.format_map(_Zero(self.sums))
        if self.failed:
            message += f" It failed for {self.failed} of {self.machines} machines."
        return {
            "machines": self.machines,
            "done": self.done,
            "failed": self.failed,
            "failures": self.failures,
            **self.sums,
            "message": message,
        }


class _Zero(dict[str, int]):
    def __missing__(self, _key: str) -> int:
        return 0


def over_machines(do: Callable[[Machine], Mapping[str, int]], say: Say) -> Tally:
    """Do something for every active machine, by name.

    Parameters
    ----------
    do : callable
        `do(machine) -> counts`; each has a transaction of its own, if it wants one.
    say : callable
        Told the progress.
    """
    chosen = Machine.objects.filter(is_active=True).order_by("name")
    keys = list(chosen.values_list("pk", flat=True))
    tally = Tally(machines=len(keys))
    for place, key in enumerate(keys):
        machine = chosen.filter(pk=key).first()
        if machine is None:  # deleted meanwhile, or no longer looked after
            continue
        say(100.0 * place / len(keys), machine.name)
        try:
            tally.add(do(machine))
        except Exception as error:
            log.warning("It failed for %s", machine.name, exc_info=error)
            tally.fail(machine, error)
            if not connection.in_atomic_block:
                connection.close()
    return tally
