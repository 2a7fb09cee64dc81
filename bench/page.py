"""A page of the documentation with tables that benchmarks write."""

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One line of a table: a figure, and whether its goal is met (None: it has none)."""

    what: str
    measured: str
    peer: str = ""
    ratio: str = ""
    goal: str = ""
    met: bool | None = None

    def __str__(self) -> str:
        """Return the line."""
        verdict = {True: "met", False: "**missed**", None: ""}[self.met]
        goal = ": ".join(filter(None, (self.goal, verdict)))
        cells = (self.what, self.measured, self.peer, self.ratio, goal)
        return "|" + "".join(f" {cell} |" if cell else " |" for cell in cells)


def page_write(page: Path, text: str, part: str = "results") -> None:
    """Put `text` between the marks of a part of a page, in place of what is there.

    Raises
    ------
    ValueError
        The page has no such marks.
    """
    old = re.compile(rf"<!-- {part} -->.*<!-- /{part} -->", flags=re.DOTALL)
    block = f"<!-- {part} -->\n{text}\n<!-- /{part} -->"
    written, found = old.subn(lambda _: block, page.read_text())
    if not found:
        raise ValueError(f"{page.name} has no place for {part}.")
    page.write_text(written)
