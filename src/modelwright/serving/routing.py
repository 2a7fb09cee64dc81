"""Which version answers a request: the champion, unless a test is on."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from modelwright.registry.models import ModelVersion, Promotion, Subject
from modelwright.registry.selectors import champion_of
from modelwright.serving.errors import NoChampionError


@dataclass(frozen=True)
class Route:
    """Who answers.

    Parameters
    ----------
    version : ModelVersion
    arm : str
        `a` or `b` of a test, else empty.
    test_id : UUID or None
    shadow : ModelVersion or None
        Who is asked too, and only recorded.
    """

    version: ModelVersion
    arm: str = ""
    test_id: UUID | None = None
    shadow: ModelVersion | None = None


Router = Callable[[Subject, ModelVersion, str], Route | None]
_routers: list[Router] = []


def on_route(router: Router) -> None:
    """Have `router(subject, champion, key)` say who answers; None: it has no say."""
    if router not in _routers:
        _routers.append(router)


def route_of(subject: Subject, key: str) -> Route:
    """Return who answers a request with this key.

    Raises
    ------
    NoChampionError
        Nobody can.
    """
    champion = champion_of(subject.key)
    if champion is None:
        raise NoChampionError(f"{subject.title} has no version that could answer: train one.")
    for router in _routers:
        if (route := router(subject, champion, key)) is not None:
            return route
    return Route(champion)


def earlier_champions(subject: Subject) -> list[ModelVersion]:
    """Return who answered before, latest first, each once."""
    found: dict[int, ModelVersion] = {}
    changes = Promotion.objects.filter(subject=subject, from_version__isnull=False)
    for change in changes.select_related("from_version").order_by("-id")[:50]:
        if change.from_version is not None:
            found.setdefault(change.from_version.pk, change.from_version)
    return list(found.values())
