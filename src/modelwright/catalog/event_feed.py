"""Which events somebody may see."""

from django.db.models import Case, Q, QuerySet, Value, When
from django.db.models.fields import IntegerField

from modelwright.accounts.events import events_settled
from modelwright.accounts.models import Event, User
from modelwright.accounts.notifications.messages import RANK
from modelwright.accounts.roles import Action, may
from modelwright.catalog.access import experiments_visible, may_all


def events_for(
    user: User, *, after: int, kinds: frozenset[str], min_severity: str, subject: str
) -> QuerySet[Event]:
    """Return the events after the one with id `after`, oldest first.

    Those about somebody else's experiment, or for somebody else alone, are left out; so is
    everything for who may not view runs (any more).

    Parameters
    ----------
    user : User
    after : int
    kinds : frozenset of str
        Of `EVENTS`; empty: all.
    min_severity : str
    subject : str
        Slug; empty: all.
    """
    found = events_settled().filter(id__gt=after)
    if not may(user, Action.RUNS_VIEW):
        return found.none()
    found = found.filter(Q(only_for__isnull=True) | Q(only_for=user))
    if not may_all(user):
        mine = experiments_visible(user).order_by().values("pk")
        found = found.filter(Q(scope__isnull=True) | Q(scope__in=mine))
    if kinds:
        found = found.filter(event__in=kinds)
    if subject:
        found = found.filter(subject=subject)
    ranks = [When(severity=name, then=Value(rank)) for name, rank in RANK.items()]
    return found.annotate(_rank=Case(*ranks, default=Value(0), output_field=IntegerField())).filter(
        _rank__gte=RANK[min_severity]
    )
