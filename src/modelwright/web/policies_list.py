"""Policies: the list of all, those of subjects and those of model types."""

from dataclasses import dataclass

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from modelwright.automation.models import Loop, Policy, PolicySwitch
from modelwright.automation.policy_selectors import loops_visible, policies_visible
from modelwright.registry.selectors import subjects_visible
from modelwright.web.listing import Listing
from modelwright.web.policy_words import policy_line
from modelwright.web.runs_list import Column


@dataclass(frozen=True)
class Line:
    """One policy.

    Parameters
    ----------
    policy : Policy
    words : str
        What it does.
    loop : Loop or None
        Its last turn, of those that the reader may see.
    ruled : int
        How many models of a type it rules; those that have their own not among them.
    """

    policy: Policy
    words: str
    loop: Loop | None
    ruled: int


class PolicyList(Listing[Policy]):
    """The policies that somebody may see."""

    place = "policies"
    columns = (
        Column("name", "Policy", "name"),
        Column("model", "For", "subject__title"),
        Column("state", "State", "is_active"),
        Column("turn", "Last turn", "turned_at"),
        Column("changed", "Changed", "updated_at"),
    )
    newest = "changed"

    def matching(self) -> QuerySet[Policy]:
        """Return them, narrowed by the filters."""
        turns = Loop.objects.filter(
            policy=OuterRef("pk"), subject__in=subjects_visible(self.user).order_by()
        ).order_by("-started_at")
        found = policies_visible(self.user).annotate(
            turn_id=Subquery(turns.values("pk")[:1]),
            turned_at=Subquery(turns.values("started_at")[:1]),
        )
        if self.search:
            found = found.filter(
                Q(name__icontains=self.search)
                | Q(subject__title__icontains=self.search)
                | Q(model_type__icontains=self.search)
            )
        return found

    @property
    def switch(self) -> PolicySwitch | None:
        """Return the kill switch, where it is pulled."""
        return PolicySwitch.objects.first()

    @property
    def lines(self) -> list[Line]:
        """Return the policies of the page that is asked for."""
        policies = list(self.rows)
        ids = [policy.turn_id for policy in policies]  # type: ignore[attr-defined]
        turns = {loop.pk: loop for loop in loops_visible(self.user).filter(pk__in=ids)}
        types = [policy.model_type for policy in policies if policy.model_type]
        ruled = (
            subjects_visible(self.user)
            .filter(model_type__in=types, policy__isnull=True)
            .order_by()
            .values_list("model_type")
            .annotate(count=Count("pk"))
        )
        counts = dict(ruled)
        return [
            Line(
                policy, policy_line(policy.rules), turns.get(turn), counts.get(policy.model_type, 0)
            )
            for policy, turn in zip(policies, ids, strict=True)
        ]
