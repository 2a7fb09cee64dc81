"""Which version answers a request: the champion, unless a test is on."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from modelwright.registry.models import ModelVersion, Promotion, Subject
from modelwright.registry.selectors import champion_alone
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


ByKey = Callable[[str], Route]
Router = Callable[[Subject], ByKey | None]
_routers: list[Router] = []


def on_route(router: Router) -> None:
    """Have `router(subject)` say who answers each key of a request; None: it has no say."""
    if router not in _routers:
        _routers.append(router)


def routes_of(subject: Subject) -> ByKey:
    """Return who answers a request, by key; asked once for each request.

    Raises
    ------
    NoChampionError
        Nobody can.
    """
    for router in _routers:
        if (by_key := router(subject)) is not None:
            return by_key
    champion = champion_alone(subject.key)
    if champion is None:
        raise NoChampionError(f"{subject.title} has no version that could answer: train one.")
    route = Route(champion)
    return lambda _key: route


def plain_champion(subject: Subject) -> ModelVersion | None:
    """Return the champion where it alone answers, whatever the key; None: a test has a say."""
    if any(router(subject) is not None for router in _routers):
        return None
    return champion_alone(subject.key)


def earlier_champions(subject: Subject) -> list[ModelVersion]:
    """Return who answered before, latest first, each once."""
    found: dict[int, ModelVersion] = {}
    changes = Promotion.objects.filter(subject=subject, from_version__removed_at__isnull=True)
    changes = changes.exclude(from_version=None)
    for change in changes.select_related("from_version").order_by("-id")[:50]:
        if change.from_version is not None:
            found.setdefault(change.from_version.pk, change.from_version)
    return list(found.values())
