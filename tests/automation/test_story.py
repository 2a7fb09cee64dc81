"""The whole loop, untouched by hand."""

import datetime as dt

import pytest

from modelwright.accounts.models import AuditEntry
from modelwright.automation.story import story_tell
from modelwright.core.clock import now
from modelwright.registry.selectors import champion_of

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_a_machine_drifts_its_model_is_replaced_and_comes_back() -> None:
    story = story_tell()
    assert story.loop.state == "rolled_back"
    changes = list(story.subject.promotions.order_by("id").values_list("kind", "to_number"))
    assert changes == [("first", 1), ("promoted", 2), ("rolled_back", 1)]
    champion = champion_of(story.subject.key)
    assert champion is not None
    assert champion.number == 1
    kinds = [one.kind for one in story.timeline]
    assert {"version", "promotion", "alert", "ab_test", "policy"} <= set(kinds)
    first_alert = kinds.index("alert")
    assert first_alert < kinds.index("policy") < kinds.index("ab_test")
    assert [one.at for one in story.timeline] == sorted(one.at for one in story.timeline)
    steps = [step.state for step in story.loop.steps.all()]
    assert steps == ["told", "gathering", "training", "testing", "watching", "rolled_back"]
    assert AuditEntry.objects.filter(verb="champion.changed").count() == 3
    assert abs(now() - dt.datetime.now(tz=dt.UTC)) < dt.timedelta(seconds=5)  # the clock is back
