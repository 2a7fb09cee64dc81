"""What a section of a machine's page is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from modelwright.web.machine_range import Range


@dataclass(frozen=True)
class Section:
    """A section of a machine's page.

    Parameters
    ----------
    name : str
        As it stands in the address.
    title : str
    template : str
        Of its inside; it has `machine`, `range` and what `context` gives.
    context : callable
        `context(request, range) -> mapping`; the range names the machine.
    figure : bool
        Whether the template brings its own frame, as figures do.
    """

    name: str
    title: str
    template: str
    context: Callable[[HttpRequest, Range], Mapping[str, Any]]
    figure: bool = False
