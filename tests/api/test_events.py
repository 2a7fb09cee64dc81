"""The event stream: everything once, in order, only to whom it concerns, and bounded."""

import json
import threading
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from django.core.cache import cache
from django.db import connection, transaction

from modelwright.accounts import events as event_store
from modelwright.accounts.models import Channel, Event
from modelwright.accounts.notifications.outbox import About, notify
from modelwright.accounts.notifications.services import channel_create
from modelwright.api import event_views
from modelwright.catalog.models import DataSet, Experiment
from tests.people import person, rest
from tests.stack import eventually

# PostgreSQL tells no event of a transaction that is still open, and a test is in one.
pytestmark = pytest.mark.django_db(transaction=connection.vendor == "postgresql")
URL = "/api/v1/events/"


@pytest.fixture(autouse=True)
def _fresh_counts() -> None:
    cache.clear()
    event_views._open.clear()


def tell(state: str = "firing", incident: str = "drift:m1", **more: Any) -> int:
    fields = {"event": "alert", "severity": "warning", "title": f"{incident} {state}", **more}
    return notify(incident=incident, state=state, **fields)


def settle() -> None:
    """Await open transactions, those of other tests too: PostgreSQL counts all of a server."""
    eventually(lambda: event_store.events_settled().count() == Event.objects.count(), seconds=60)


def seen(who: str = "viewer", query: str = "") -> list[str]:
    settle()
    return told(who, query)


def told(who: str = "viewer", query: str = "") -> list[str]:
    answer = rest(who).get(f"{URL}{query}")
    assert answer.status_code == 200, answer.content
    return [one["title"] for one in answer.json()["events"]]


def test_events_come_in_order_and_go_on_where_one_stopped() -> None:
    for number in range(5):
        tell(incident=f"i{number}")
    settle()
    first = rest("viewer").get(f"{URL}?limit=3").json()
    assert [one["incident"] for one in first["events"]] == ["i0", "i1", "i2"]
    rest_of_them = rest("viewer").get(f"{URL}?after={first['last_id']}").json()
    assert [one["incident"] for one in rest_of_them["events"]] == ["i3", "i4"]
    again = rest("viewer").get(f"{URL}?after={rest_of_them['last_id']}").json()
    assert again == {"events": [], "last_id": rest_of_them["last_id"]}


def test_what_is_rolled_back_has_not_happened_and_repeating_it_is_no_news() -> None:
    with transaction.atomic():
        tell(incident="gone")
        transaction.set_rollback(True)
    tell(), tell(), tell("resolved"), tell()
    assert seen() == ["drift:m1 firing", "drift:m1 resolved", "drift:m1 firing"]


def test_they_can_be_narrowed() -> None:
    tell(incident="a", severity="critical", about=About("pump"))
    tell(incident="b", event="promotion", severity="info")
    assert seen(query="?min_severity=warning") == ["a firing"]
    assert seen(query="?event=promotion") == ["b firing"]
    assert seen(query="?subject=pump") == ["a firing"]
    assert rest("viewer").get(f"{URL}?event=x").status_code == 422
    assert rest("viewer").get(f"{URL}?after=-1").status_code == 422


@pytest.fixture
def experiment() -> Experiment:
    dataset = DataSet.objects.create(
        owner=person("trainer"), name="d", path=f"d/{uuid4()}", format="csv", sha256="0" * 64,
        size_bytes=1, row_count=1, columns=[],
    )  # fmt: skip
    return Experiment.objects.create(
        owner=person("trainer"), name="e", dataset=dataset, target_column="t", task="regression"
    )


def test_others_do_not_see_what_is_not_theirs(experiment: Experiment) -> None:
    mine = About("e", experiment.pk, lambda user: user == experiment.owner)
    for who in ("viewer", "trainer"):
        channel_create(user=person(who), name=who, kind="webhook", target="https://x.example")
    assert tell(incident="e", about=mine) == 1  # the owner's channel only
    tell(incident="own", only_for=person("viewer"))
    assert seen("viewer") == ["own firing"]
    assert seen("trainer") == ["e firing"]
    assert seen("admin") == ["e firing"]
    assert rest("stranger").get(URL).status_code == 403


def test_a_channel_can_be_of_some_models_only() -> None:
    body = {"name": "pump", "kind": "webhook", "target": "https://x.example", "subjects": ["pump"]}
    made = rest("viewer").post("/api/v1/notifications/channels/", body)
    assert made.json()["subjects"] == ["pump"]
    assert tell(incident="a") == 0
    assert tell(incident="b", about=About("fan")) == 0
    assert tell(incident="c", about=About("pump")) == 1
    url = f"/api/v1/notifications/channels/{Channel.objects.get().pk}/"
    assert rest("viewer").patch(url, {"subjects": ["x" * 121]}).status_code == 422


def frames_of(after: int, count: int) -> list[str]:
    """Return the first frames of a stream."""

    async def read() -> list[str]:
        stream: AsyncIterator[str] = event_views.feed_frames(
            person_id, after, {"kinds": frozenset(), "min_severity": "info", "subject": ""}
        )
        found = []
        async for frame in stream:
            found.append(frame)
            if len(found) == count:
                break
        await stream.aclose()  # type: ignore[attr-defined]
        return found

    settle()
    person_id = person("viewer").pk
    return async_to_sync(read)()


def test_the_stream_has_ids_to_go_on_from() -> None:
    for number in range(3):
        tell(incident=f"i{number}")
    retry, first, second = frames_of(0, 3)
    assert retry.startswith("retry: ")
    last = int(second.split("\n")[0].removeprefix("id: "))
    assert json.loads(second.split("data: ")[1])["incident"] == "i1"
    assert "event: alert" in first
    assert '"i2"' in frames_of(last, 2)[1]
    assert not event_views._open


def test_streams_of_one_person_are_bounded() -> None:
    event_views._open[person("viewer").pk] = event_views.MAX_STREAMS
    accept = {"HTTP_ACCEPT": "text/event-stream"}
    assert rest("viewer").get(URL, **accept).status_code == 429
    answer = rest("trainer").get(URL, **accept)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/event-stream"


def test_a_closed_account_gets_nothing_more() -> None:
    tell()
    user = person("viewer")
    user.is_active = False
    user.save()
    assert len(frames_of(0, 5)) == 1


def test_old_events_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        tell(incident=f"i{number}")
    Event.objects.filter(incident="i0").update(at=event_store.now() - event_store.KEPT * 2)
    assert event_store.events_clear() == 1
    monkeypatch.setattr(event_store, "MOST_KEPT", 2)
    assert event_store.events_clear() == 1
    assert seen() == ["i2 firing", "i3 firing"]


@pytest.mark.django_db(transaction=True)
def test_an_event_that_is_committed_later_is_not_left_out() -> None:
    """Where two write at once, ids may be committed out of order: readers wait for the older."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            tell(incident="slow")
            begun.set()
            go_on.wait(20)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert begun.wait(20)
    tell(incident="quick")
    early = told()
    go_on.set()
    thread.join()
    assert early == []
    assert seen() == ["slow firing", "quick firing"]
