"""Quiet hours by the clock on the wall, and digests that name all, whoever is killed."""

import datetime as dt
import json
import os
import signal
import threading
from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connections

from modelwright.accounts.models import Channel, Delivery, Notice
from modelwright.accounts.notifications import delivery
from modelwright.accounts.notifications.delivery import notices_deliver, quiet_until
from modelwright.accounts.notifications.services import channel_change
from tests.accounts.test_notifications import (
    Clock,
    Receiver,
    clock,
    hook,
    open_loopback,
    receiver,
    tell,
)
from tests.people import person, rest

__all__ = ["clock", "hook", "open_loopback", "receiver"]

MINUTE = dt.timedelta(minutes=1)
NIGHTS = [
    ("22:00", "07:00"), ("23:30", "02:30"), ("02:15", "02:45"), ("01:00", "02:30"),
    ("00:00", "03:00"), ("09:00", "17:00"), ("02:40", "02:10"), ("12:00", "00:00"),
]  # fmt: skip
CHANGES = [
    ("Europe/Paris", "2026-03-28"), ("Europe/Paris", "2026-10-24"),
    ("America/New_York", "2026-03-07"), ("America/New_York", "2026-10-31"),
    ("Australia/Lord_Howe", "2026-04-04"), ("Asia/Kathmandu", "2026-03-28"),
]  # fmt: skip


def is_quiet(start: dt.time, end: dt.time, zone: ZoneInfo, at: dt.datetime) -> bool:
    """Say so by hours and minutes alone."""
    here, first, last = at.astimezone(zone), start.hour * 60 + start.minute, end.hour * 60
    clock, last = here.hour * 60 + here.minute, last + end.minute
    return first <= clock < last if first < last else clock >= first or clock < last


@pytest.mark.parametrize(("zone_name", "day"), CHANGES)
@pytest.mark.parametrize("night", NIGHTS)
def test_quiet_hours_end_with_the_first_minute_outside_of_them(
    night: tuple[str, str], zone_name: str, day: str
) -> None:
    start, end = (dt.time.fromisoformat(text) for text in night)
    zone = ZoneInfo(zone_name)
    first = dt.datetime.fromisoformat(f"{day}T12:00+00:00")
    minutes = [first + i * MINUTE for i in range(4 * 24 * 60)]
    quiet = [is_quiet(start, end, zone, at) for at in minutes]
    for place in range(0, 36 * 60, 7):
        found = quiet_until(start, end, zone, minutes[place] + dt.timedelta(seconds=11))
        if not quiet[place]:
            assert found is None, minutes[place]
        else:
            assert found == minutes[quiet.index(False, place)], minutes[place]


def test_seconds_don_t_make_a_day_without_a_minute_that_is_not_quiet() -> None:
    start, end = dt.time(0, 0, 30), dt.time(0, 0, 10)
    assert quiet_until(start, end, ZoneInfo("UTC"), dt.datetime(2026, 3, 1, tzinfo=dt.UTC)) is None


def quiet(channel: Channel, start: str, end: str, zone: str, **more: Any) -> None:
    channel_change(
        channel=channel,
        user=person("viewer"),
        quiet_from=dt.time.fromisoformat(start),
        quiet_until=dt.time.fromisoformat(end),
        timezone=zone,
        **more,
    )


def named(receiver: Receiver) -> list[list[str]]:
    """Return the incidents that each message names."""
    bodies = [json.loads(body) for _, body in receiver.got]
    return [[alert["labels"]["incident"] for alert in body["alerts"]] for body in bodies]


@pytest.mark.django_db
def test_an_hour_that_the_clock_shows_twice_is_waited_through_without_spinning(
    hook: Channel, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet(hook, "22:00", "02:30", "Europe/Paris")
    clock.at = dt.datetime(2026, 10, 25, 1, 10, tzinfo=dt.UTC)  # 02:10, for the second time
    tell()
    looks = 0
    due = delivery.notices_due

    def counted() -> Any:
        nonlocal looks
        looks += 1
        return due()

    monkeypatch.setattr(delivery, "notices_due", counted)
    assert notices_deliver(seconds=5) == 0
    assert looks == 2
    assert Notice.objects.get().due_at == dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC)
    clock.forward(minutes=20)
    assert notices_deliver() == 1


@pytest.mark.django_db
def test_each_is_quiet_by_the_clock_where_it_hangs(
    hook: Channel, receiver: Receiver, clock: Clock
) -> None:
    clock.at = dt.datetime(2026, 6, 1, 21, 0, tzinfo=dt.UTC)
    quiet(hook, "22:00", "06:00", "Asia/Tokyo")  # 06:00 there
    tell(incident="tokyo")
    assert notices_deliver() == 1
    quiet(hook, "22:00", "06:00", "Europe/Berlin")  # 23:00 there
    tell(incident="berlin")
    assert notices_deliver() == 0
    due = Notice.objects.get(incident="berlin").due_at
    assert due == dt.datetime(2026, 6, 2, 4, 0, tzinfo=dt.UTC)
    clock.at = due
    assert notices_deliver() == 1
    assert len(receiver.got) == 2


@pytest.mark.django_db
def test_what_waits_goes_by_the_hours_and_the_address_that_hold_now(
    hook: Channel, receiver: Receiver, clock: Clock
) -> None:
    client, one = rest("viewer"), f"/api/v1/notifications/channels/{hook.pk}/"
    night = {"quiet_from": "00:00", "quiet_until": "23:59"}
    assert client.patch(one, night).status_code == 200
    tell(incident="waits")
    assert notices_deliver() == 0
    assert client.patch(one, {"name": "renamed"}).status_code == 200
    assert notices_deliver() == 0
    awake = {"quiet_from": None, "quiet_until": None}
    assert client.patch(one, awake).status_code == 200
    assert notices_deliver() == 1
    assert client.patch(one, {"digest_minutes": 1440}).status_code == 200
    tell(incident="daily")
    assert client.patch(one, {"digest_minutes": 30}).status_code == 200
    clock.forward(minutes=29)
    assert notices_deliver() == 0
    clock.forward(minutes=1)
    assert notices_deliver() == 1
    assert client.patch(one, {"digest_minutes": 0}).status_code == 200
    receiver.answer = 503
    tell(incident="fails")
    for _ in range(4):  # the next try is an hour away
        notices_deliver()
        clock.forward(minutes=11)
    receiver.answer = 200
    assert notices_deliver() == 0
    assert client.patch(one, {"target": receiver.url}).status_code == 200
    assert notices_deliver() == 1
    assert named(receiver)[-1] == ["fails"]


@pytest.mark.django_db
def test_what_is_being_sent_is_not_hastened(hook: Channel, clock: Clock) -> None:
    tell()
    Notice.objects.update(due_at=clock.at + dt.timedelta(seconds=60))  # leased
    rest("viewer").patch(f"/api/v1/notifications/channels/{hook.pk}/", {"digest_minutes": 0})
    assert notices_deliver() == 0


@pytest.mark.django_db
def test_a_critical_one_goes_through_a_quiet_digest_alone_and_the_rest_come_in_the_morning(
    hook: Channel, receiver: Receiver, clock: Clock
) -> None:
    clock.at = dt.datetime(2026, 6, 1, 1, 0, tzinfo=dt.UTC)
    quiet(hook, "22:00", "06:00", "UTC", digest_minutes=30)
    tell(incident="fire", severity="critical")
    for number in range(3):
        tell(incident=f"i{number}")
    clock.forward(minutes=30)
    assert notices_deliver() == 1
    assert named(receiver) == [["fire"]]
    clock.at = dt.datetime(2026, 6, 1, 6, 0, tzinfo=dt.UTC)
    assert notices_deliver() == 1
    assert sorted(named(receiver)[1]) == ["i0", "i1", "i2"]


@pytest.mark.django_db
def test_what_comes_while_a_digest_is_sent_waits_a_whole_interval(
    hook: Channel, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel_change(channel=hook, user=person("viewer"), digest_minutes=60)
    tell(incident="first")
    clock.forward(minutes=60)
    send = delivery.message_send

    def slow(*arguments: Any) -> None:
        tell(incident="meanwhile")
        send(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(delivery, "message_send", slow)
        assert notices_deliver() == 1
    clock.forward(minutes=59)
    assert notices_deliver() == 0
    clock.forward(minutes=1)
    assert notices_deliver() == 1
    assert named(receiver) == [["first"], ["meanwhile"]]


@pytest.mark.django_db(transaction=True)
def test_four_processes_at_once_send_one_digest(
    hook: Channel, receiver: Receiver, clock: Clock
) -> None:
    channel_change(channel=hook, user=person("viewer"), digest_minutes=30)
    for number in range(12):
        tell(incident=f"i{number}")
    clock.forward(minutes=31)

    def run() -> None:
        notices_deliver()
        connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(one) for one in named(receiver)] == [12]


def deliver_and_die() -> bool:
    """Deliver in a child that `kill -9`s itself between sending and writing that down."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        send = delivery.message_send

        def last_words(*arguments: Any) -> None:
            send(*arguments)
            os.kill(os.getpid(), signal.SIGKILL)

        delivery.message_send = last_words  # type: ignore[assignment]
        try:
            notices_deliver()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("digest", [0, 30])
def test_a_kill_between_sending_and_writing_loses_none_and_repeats_each_once_at_most(
    hook: Channel, receiver: Receiver, clock: Clock, digest: int
) -> None:
    channel_change(channel=hook, user=person("viewer"), digest_minutes=digest)
    told = {f"i{number}" for number in range(6)}
    for incident in sorted(told):
        tell(incident=incident)
    clock.forward(minutes=31)
    assert deliver_and_die()
    assert not Delivery.objects.exists()
    if digest:
        assert [set(one) for one in named(receiver)] == [told]
        assert notices_deliver() == 0  # leased to the dead
    tell(incident="later")
    clock.forward(seconds=61)
    notices_deliver()
    clock.forward(minutes=31)
    notices_deliver()
    counts = Counter(incident for one in named(receiver) for incident in one)
    assert counts.keys() == told | {"later"}
    assert max(counts.values()) <= 2
    assert not Notice.objects.filter(due_at__isnull=False).exists()
    assert all(notice.told == "firing" for notice in Notice.objects.all())
    if digest:
        keys = [headers["x-modelwright-delivery"] for headers, _ in receiver.got]
        assert len(receiver.got) == 2
        assert set(named(receiver)[1]) == told | {"later"}
        assert len(set(keys)) == 2
