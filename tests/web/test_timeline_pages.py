"""The life of a model on its page: repeats stand together, and no entry is lost."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.test import Client

from modelwright.core.clock import now
from modelwright.monitoring.models import Alert
from modelwright.registry.models import Promotion, Subject
from tests.people import rest
from tests.registry.conftest import MakeVersion, make_version

__all__ = ["make_version"]

AsPerson = Callable[[str], Client]
BEGIN = now() - dt.timedelta(days=300)


@pytest.fixture
def subject(make_version: MakeVersion) -> Subject:
    return Subject.objects.get(key=make_version().subject)


def an_alert(subject: Subject, day: float, kind: str = "data_drift", days: float = 0.5) -> None:
    at = BEGIN + dt.timedelta(days=day)
    Alert.objects.create(
        incident=f"{kind}:{day}", alert_type=kind, subject=subject, severity="warning",
        status="resolved", message=f"{kind} on day {day:g}.", created_at=at, last_seen_at=at,
        resolved_at=at + dt.timedelta(days=days), resolution="It is over.",
    )  # fmt: skip


def a_promotion(subject: Subject, day: float) -> None:
    at = BEGIN + dt.timedelta(days=day)
    Promotion.objects.create(subject=subject, kind="promoted", to_number=1, reason="so", at=at)


def lines(text: str) -> list[str]:
    """Return what each line says before it is opened, newest first."""
    life = text[text.index('id="life-title"') : text.index('aria-labelledby="mode-title"')]
    outer = re.sub(r'<ol class="timeline timeline--inner">.*?</ol>', "", life, flags=re.S)
    found = re.findall(r'<li class="timeline-(\w+)">(.*?)</li>', outer, flags=re.S)
    return [f"{kind}: {' '.join(re.sub('<[^>]+>', ' ', words).split())}" for kind, words in found]


def test_repeats_are_one_line_that_opens_to_every_entry(
    subject: Subject, as_person: AsPerson
) -> None:
    for day in range(4):
        an_alert(subject, day)
    an_alert(subject, 1.2, "performance", days=0.1)
    a_promotion(subject, 10)
    an_alert(subject, 11)
    text = as_person("viewer").get(f"/ui/registry/{subject.slug}").content.decode()
    shown = [line for line in lines(text) if line.startswith("alert")]
    assert shown[0].startswith("alert: Resolved: data_drift on day 11.")
    assert shown[1].startswith("alert: data_drift on day 11.")
    assert shown[2].startswith("alert: Data drift, found 4 times and resolved 4 times")
    assert shown[3].startswith("alert: Resolved: performance on day 1.2.")
    assert shown[4].startswith("alert: performance on day 1.2.")
    assert len(shown) == 5
    assert f"{BEGIN:%Y-%m-%d %H:%M} UTC" in shown[2]
    for day in (0, 1, 2, 3, 11):
        assert text.count(f"Resolved: data_drift on day {day}. It is over.") == 1
        assert text.count(f"data_drift on day {day}.") == 2


def test_older_entries_are_a_click_away(subject: Subject, as_person: AsPerson) -> None:
    for day in range(110):
        an_alert(subject, 60 + day)
    a_promotion(subject, 1)
    viewer = as_person("viewer")
    text = viewer.get(f"/ui/registry/{subject.slug}").content.decode()
    older = re.search(r'href="(\?before=[^"]+#life)"', text)
    assert older is not None
    rest_of_it = viewer.get(f"/ui/registry/{subject.slug}{older[1]}").content.decode()
    both = text + rest_of_it
    for day in range(110):
        assert both.count(f"Resolved: data_drift on day {60 + day}. It is over.") == 1
        assert both.count(f"data_drift on day {60 + day}.") == 2
    assert "Version 1 answers (promoted). so" in rest_of_it
    assert ">Newest<" in rest_of_it
    assert "?before" not in rest_of_it
    assert viewer.get(f"/ui/registry/{subject.slug}?before=soon").status_code == 200


def test_the_timeline_over_rest_says_which_entry_is_the_end_of_an_alert(subject: Subject) -> None:
    an_alert(subject, 1)
    found = rest("viewer").get(f"/api/v1/subjects/{subject.slug}/timeline/").json()
    alerts = [one["data"]["status"] for one in found if one["kind"] == "alert"]
    assert alerts == ["resolved", "firing"]
