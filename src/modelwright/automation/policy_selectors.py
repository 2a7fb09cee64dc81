"""Reading policies and loops."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q, QuerySet

from modelwright.automation.errors import LoopNotFoundError, PolicyNotFoundError
from modelwright.automation.models import Loop, Policy
from modelwright.catalog.access import Level, Somebody
from modelwright.registry.selectors import subject_require, subjects_visible


def policies_visible(user: Somebody) -> QuerySet[Policy]:
    """Return the policies that `user` may look at: those of subjects of theirs, and of types."""
    mine = subjects_visible(user).order_by()
    return Policy.objects.filter(Q(subject__isnull=True) | Q(subject__in=mine)).select_related(
        "subject", "created_by"
    )


def versions_in_loops(version_ids: Collection[int]) -> dict[int, str]:
    """Return which of these versions an open loop of a policy may yet go back to, and why."""
    loops = Loop.objects.filter(ended_at__isnull=True).filter(
        Q(champion__in=version_ids) | Q(challenger__in=version_ids)
    )
    pairs = loops.values_list("champion_id", "challenger_id")
    ids = {pk for pair in pairs for pk in pair if pk in version_ids}
    return dict.fromkeys(ids, "a policy is at work with it")


def policy_for_user(user: Somebody, policy_id: UUID, level: Level = Level.VIEWER) -> Policy:
    """Return a policy with which `user` may do what `level` says.

    Raises
    ------
    PolicyNotFoundError
        There is none of this id.
    NotYoursError
        It is of somebody else's experiment.
    """
    found = Policy.objects.select_related("subject__experiment").filter(pk=policy_id).first()
    if found is None:
        raise PolicyNotFoundError("There is no such policy.")
    if found.subject is not None:
        subject_require(user, found.subject, level)
    return found


def loops_visible(user: Somebody) -> QuerySet[Loop]:
    """Return the loops that `user` may look at, newest first."""
    return (
        Loop.objects.filter(subject__in=subjects_visible(user).order_by())
        .select_related("subject", "policy", "run", "champion", "challenger")
        .prefetch_related("steps")
    )


def loop_for_user(user: Somebody, loop_id: UUID, level: Level = Level.VIEWER) -> Loop:
    """Return a loop with which `user` may do what `level` says.

    Raises
    ------
    LoopNotFoundError
        There is none of this id.
    NotYoursError
        It is of somebody else's experiment.
    """
    found = Loop.objects.select_related("subject__experiment").filter(pk=loop_id).first()
    if found is None:
        raise LoopNotFoundError("There is no such loop.")
    subject_require(user, found.subject, level)
    return found
