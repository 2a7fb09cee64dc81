"""Bringing predictions and the truth about them together, whichever came first."""

from collections.abc import Sequence

from django.db.models import Q

from modelwright.registry.models import Subject
from modelwright.serving.models import Actual, Prediction

MATCH_AT_ONCE = 500


def actual_match(actual: Actual) -> bool:
    """Point the predictions that an actual is about at it."""
    mine = Prediction.objects.filter(subject=actual.subject)
    if actual.request_id is not None:
        mine = mine.filter(request_id=actual.request_id)
    elif actual.at is not None:
        mine = mine.filter(key=actual.key, at=actual.at)
    else:
        given = mine.filter(key=actual.key, role=Prediction.Role.GIVEN)
        latest = given.order_by("-at", "-id").values_list("request_id", flat=True).first()
        mine = mine.filter(request_id=latest) if latest is not None else mine.none()
    found = mine.update(actual=actual)
    if found and not actual.is_matched:
        actual.is_matched = True
        actual.save(update_fields=["is_matched"])
    return bool(found)


def actuals_waiting_match(subject: Subject, made: Sequence[Prediction]) -> int:
    """Match predictions just made with actual values that came before them; return how many.

    Call it under the lock of the subject's row, which who records actual values holds, too: else
    neither sees what the other is about to write.
    """
    matched = 0
    for start in range(0, len(made), MATCH_AT_ONCE):
        part = made[start : start + MATCH_AT_ONCE]
        named = Q(request_id__in=[p.request_id for p in part])
        keyed = Q(request_id__isnull=True, key__in={p.key for p in part if p.key})
        for actual in Actual.objects.filter(named | keyed, subject=subject):
            if actual.request_id is None and actual.at is None and actual.is_matched:
                # a key without a time belongs to the prediction that it met first, and its shadow
                first = Prediction.objects.filter(actual=actual).values("request_id")
                part_of_it = Prediction.objects.filter(subject=subject, request_id__in=first)
                matched += bool(part_of_it.update(actual=actual))
            else:
                matched += actual_match(actual)
    return matched
