"""What a check says."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Parameters
    ----------
    level : Level
        How bad it is.
    subject : str
        What was looked at.
    text : str
        What was found.
    remedy : str
        How to mend it; empty where nothing is wrong.
    """

    level: Level
    subject: str
    text: str
    remedy: str = ""


Check = Callable[[], Iterable[Finding]]


def ok(subject: str, text: str) -> Finding:
    """Nothing is wrong."""
    return Finding(Level.OK, subject, text)


def warning(subject: str, text: str, remedy: str) -> Finding:
    """It works, but not as well as it could."""
    return Finding(Level.WARNING, subject, text, remedy)


def broken(subject: str, text: str, remedy: str) -> Finding:
    """It does not work."""
    return Finding(Level.BROKEN, subject, text, remedy)


def findings_of(checks: Iterable[Check]) -> Iterator[Finding]:
    """Run the checks in their order."""
    for check in checks:
        yield from check()
