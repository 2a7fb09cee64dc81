"""Reading tests, and routing requests by them."""

import uuid
from collections.abc import Collection
from uuid import UUID

from django.db.models import Q, QuerySet

from modelwright.abtests.errors import ABTestNotFoundError
from modelwright.abtests.models import ABTest
from modelwright.catalog.access import Level, Somebody
from modelwright.engine.abtest import assign
from modelwright.registry.models import Subject
from modelwright.registry.selectors import subject_require, subjects_visible
from modelwright.serving.routing import ByKey, Route


def ab_tests_visible(user: Somebody) -> QuerySet[ABTest]:
    """Return the tests that `user` may look at, newest first."""
    return ABTest.objects.filter(subject__in=subjects_visible(user).order_by()).select_related(
        "subject", "machine", "version_a", "version_b"
    )


def versions_in_tests(version_ids: Collection[int]) -> dict[int, str]:
    """Return which of these versions a running test uses, and which test."""
    tests = ABTest.objects.filter(status=ABTest.Status.ACTIVE).filter(
        Q(version_a__in=version_ids) | Q(version_b__in=version_ids)
    )
    found: dict[int, str] = {}
    for name, a, b in tests.values_list("test_name", "version_a_id", "version_b_id"):
        found |= dict.fromkeys((a, b), f"the test {name!r} is running")
    return {pk: why for pk, why in found.items() if pk in version_ids}


def predictions_in_tests() -> Q:
    """Return which predictions a running test counts, or will."""
    active = ABTest.objects.filter(status=ABTest.Status.ACTIVE)
    return Q(test_id__in=list(active.values_list("pk", flat=True)))


def ab_test_for(user: Somebody, test_id: UUID, level: Level = Level.VIEWER) -> ABTest:
    """Return a test with which `user` may do what `level` says.

    Raises
    ------
    ABTestNotFoundError
        There is none of this id.
    NotYoursError
        It is of somebody else's experiment.
    """
    found = (
        ABTest.objects.select_related("subject__experiment", "machine", "version_a", "version_b")
        .filter(pk=test_id)
        .first()
    )
    if found is None:
        raise ABTestNotFoundError("There is no such A/B test.")
    subject_require(user, found.subject, level)
    return found


def route_by_test(subject: Subject) -> ByKey | None:
    """Return who answers while a test of the subject is on; None where none is."""
    active = ABTest.objects.filter(subject=subject, status=ABTest.Status.ACTIVE).exclude(
        mode=ABTest.Mode.BACK_TEST
    )
    if not active.exists():  # as for most requests: the whole row is dear
        return None
    test = active.select_related("version_a__run__machine", "version_b__run__machine").first()
    if test is None:
        return None
    if test.mode == ABTest.Mode.SHADOW:
        shadowed = Route(test.version_a, "a", test.pk, shadow=test.version_b)
        return lambda _key: shadowed
    routes = {
        "a": Route(test.version_a, "a", test.pk),
        "b": Route(test.version_b, "b", test.pk),
    }
    salt, split = str(test.pk), test.traffic_split
    return lambda key: routes[assign(key or str(uuid.uuid4()), salt, split)]
