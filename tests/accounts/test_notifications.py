"""Telling people: nothing lost, nothing told twice an interval, nobody held up, no door opened."""

import datetime as dt
import itertools
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.db import connection, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from modelwright.accounts.errors import ChannelNotFoundError, DeliveryError, HostClosedError
from modelwright.accounts.models import AuditEntry, Channel, Delivery, Notice
from modelwright.accounts.notifications import delivery, outbox
from modelwright.accounts.notifications.apprise_urls import apprise_send
from modelwright.accounts.notifications.delivery import MAX_ATTEMPTS, notices_deliver
from modelwright.accounts.notifications.hosts import host_resolve
from modelwright.accounts.notifications.messages import Item, Message
from modelwright.accounts.notifications.outbox import notify
from modelwright.accounts.notifications.secrets import secret_open
from modelwright.accounts.notifications.senders import signature_of, target_check
from modelwright.accounts.notifications.services import (
    channel_change,
    channel_create,
    channel_delete,
    channel_get,
    channel_target_shown,
    channel_try,
)
from modelwright.core.clock import now
from modelwright.core.errors import InvalidInputError
from tests.people import person

pytestmark = pytest.mark.django_db

Tell = Callable[..., int]
AN_ITEM = Item("i", "alert", "firing", "warning", "title", "body", "", now())


class Receiver(HTTPServer):
    """A webhook's other side: keeps what it gets, answers as it is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answer = 200
        self.location = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?team=a"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, Receiver)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
        self.send_response(server.answer)
        if server.location:
            self.send_header("Location", server.location)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def open_loopback(settings: Any) -> None:
    settings.NOTIFY_NETWORKS = ["127.0.0.0/8"]


@pytest.fixture
def hook(receiver: Receiver, open_loopback: None) -> Channel:
    made = channel_create(user=person("viewer"), name="hook", kind="webhook", target=receiver.url)
    return made.channel


class Clock:
    """The time, moved by hand."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.at = now()
        for module in (outbox, delivery):
            patch.setattr(module, "now", lambda: self.at)

    def forward(self, **step: float) -> None:
        self.at += dt.timedelta(**step)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def tell(state: str = "firing", incident: str = "drift:m1", **more: Any) -> int:
    fields = {"event": "alert", "severity": "warning", "title": f"{incident} {state}", **more}
    return notify(incident=incident, state=state, **fields)


def states(receiver: Receiver) -> list[str]:
    bodies = [json.loads(body) for _, body in receiver.got]
    return [alert["annotations"]["state"] for body in bodies for alert in body["alerts"]]


def test_a_webhook_is_told_once_and_signed(hook: Channel, receiver: Receiver) -> None:
    assert tell(body="PSI 0.4") == 1
    assert notices_deliver() == 1
    assert notices_deliver() == 0
    headers, body = receiver.got[0]
    secret = secret_open(hook.secret)
    expected = signature_of(secret, headers["x-modelwright-timestamp"], body)
    assert headers["x-modelwright-signature"] == expected
    assert headers["host"] == f"127.0.0.1:{receiver.server_port}"
    sent = json.loads(body)
    assert (sent["version"], sent["status"]) == ("4", "firing")
    assert sent["alerts"][0]["annotations"]["description"] == "PSI 0.4"
    assert Delivery.objects.get().succeeded


def test_what_is_rolled_back_is_not_told(hook: Channel, receiver: Receiver) -> None:
    with transaction.atomic():
        tell()
        transaction.set_rollback(True)
    assert notices_deliver() == 0
    assert receiver.got == []


def test_only_what_matters_is_told(hook: Channel, receiver: Receiver) -> None:
    channel_change(channel=hook, user=person("viewer"), events=["promotion"])
    assert tell() == 0
    assert tell(event="promotion", severity="info") == 0
    assert tell(event="promotion") == 1
    channel_change(channel=hook, user=person("viewer"), is_active=False)
    assert notices_deliver() == 0


def test_a_thousand_flaps_in_an_hour_are_one_firing_and_one_resolved(
    hook: Channel, receiver: Receiver, clock: Clock
) -> None:
    for _ in range(500):
        tell("firing")
        notices_deliver()
        tell("resolved")
        notices_deliver()
        clock.forward(seconds=7)
    assert states(receiver) == ["firing", "resolved"]
    tell("firing")
    clock.forward(hours=1)
    notices_deliver()
    assert states(receiver) == ["firing", "resolved", "firing"]  # the last word is always told


@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["firing", "resolved", "deliver", "fail"]), st.integers(0, 4000)),
        max_size=25,
    )
)
def test_whatever_happens_the_last_state_is_told_and_none_twice_an_interval(
    steps: list[tuple[str, int]], hook: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        clock = Clock(patch)
        Notice.objects.all().delete()
        told: list[tuple[str, dt.datetime]] = []
        broken = {"now": False}

        def send(_channel: Any, _target: str, _secret: str, message: Any) -> None:
            if broken["now"]:
                raise DeliveryError("away")
            told.extend((item.state, clock.at) for item in message.items)

        patch.setattr(delivery, "message_send", send)
        last = ""
        for step, seconds in steps:
            clock.forward(seconds=seconds)
            if step in ("firing", "resolved"):
                tell(step)
                last = step
            else:
                broken["now"] = step == "fail"
                notices_deliver()
        broken["now"] = False
        for _ in range(4):
            clock.forward(hours=13)
            notices_deliver()
        assert [state for state, _ in told][-1:] == ([last] if last else [])
        for state in ("firing", "resolved"):
            times = [at for said, at in told if said == state]
            gaps = [b - a for a, b in itertools.pairwise(times)]
            assert all(gap >= dt.timedelta(hours=1) for gap in gaps)


def test_a_receiver_that_is_down_is_tried_again_and_given_up_at_last(
    hook: Channel, receiver: Receiver, clock: Clock
) -> None:
    receiver.answer = 503
    tell()
    for _ in range(MAX_ATTEMPTS + 3):
        notices_deliver()
        clock.forward(hours=13)
    assert len(receiver.got) == MAX_ATTEMPTS
    notice = Notice.objects.get()
    assert (notice.due_at, notice.told) == (None, "")
    assert "503" in notice.error
    keys = {headers["x-modelwright-delivery"] for headers, _ in receiver.got}
    assert len(keys) == 1
    receiver.answer = 200
    tell("resolved")  # a new state begins anew
    notices_deliver()
    assert states(receiver)[-1] == "resolved"


def test_a_process_killed_while_sending_loses_nothing(
    hook: Channel, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell()

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(delivery, "message_send", killed)
        with pytest.raises(KeyboardInterrupt):
            notices_deliver()
    assert notices_deliver() == 0  # leased
    clock.forward(seconds=61)
    assert notices_deliver() == 1
    assert states(receiver) == ["firing"]


@pytest.mark.django_db(transaction=True)
def test_four_processes_at_once_tell_each_notice_once(hook: Channel, receiver: Receiver) -> None:
    for number in range(12):
        tell(incident=f"i{number}")

    def run() -> None:
        notices_deliver()
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(receiver.got) == 12


def test_quiet_hours_wait_and_critical_ones_do_not(
    hook: Channel, receiver: Receiver, clock: Clock
) -> None:
    clock.at = dt.datetime(2026, 3, 28, 22, 30, tzinfo=dt.UTC)  # summer time begins that night
    channel_change(
        channel=hook,
        user=person("viewer"),
        quiet_from=dt.time(22),
        quiet_until=dt.time(7),
        timezone="Europe/Paris",
    )
    tell(incident="a")
    tell(incident="b", severity="critical")
    notices_deliver()
    assert len(receiver.got) == 1
    assert Notice.objects.get(incident="a").due_at == dt.datetime(2026, 3, 29, 5, tzinfo=dt.UTC)
    clock.at = dt.datetime(2026, 3, 29, 5, 1, tzinfo=dt.UTC)
    notices_deliver()
    assert len(receiver.got) == 2


def test_a_digest_tells_all_together(hook: Channel, receiver: Receiver, clock: Clock) -> None:
    channel_change(channel=hook, user=person("viewer"), digest_minutes=30)
    for number in range(5):
        tell(incident=f"i{number}")
        clock.forward(minutes=1)
    assert notices_deliver() == 0
    clock.forward(minutes=30)
    assert notices_deliver() == 1
    assert len(json.loads(receiver.got[0][1])["alerts"]) == 5


def test_mail_goes_out(settings: Any) -> None:
    settings.EMAIL_IS_SET_UP = True
    channel_create(user=person("viewer"), name="mail", kind="email", target="ana@example.org")
    tell(body="look", path="/ui/machines")
    notices_deliver()
    assert mail.outbox[0].to == ["ana@example.org"]
    assert mail.outbox[0].subject == "[WARNING] drift:m1 firing"


def test_apprise_delivers_to_a_host_that_is_open(receiver: Receiver, open_loopback: None) -> None:
    target = f"json://127.0.0.1:{receiver.server_port}/x"
    made = channel_create(user=person("viewer"), name="a", kind="apprise", target=target)
    channel_try(channel=made.channel, user=person("viewer"))
    assert json.loads(receiver.got[0][1])["title"] == "[INFO] Test of the channel a"


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "::1", "0.0.0.1", "169.254.169.254", "10.0.0.8", "192.168.1.1",
     "2130706433", "0x7f000001", "0177.0.0.1", "::ffff:127.0.0.1", "fe80::1", "224.0.0.1",
     "64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1", "fec0::1", "64:ff9b:1::1", "fd00::1"],
)  # fmt: skip
def test_closed_networks_stay_closed(host: str) -> None:
    with pytest.raises(HostClosedError):
        host_resolve(host, 80)


def test_a_webhook_into_a_closed_network_is_not_sent(receiver: Receiver) -> None:
    made = channel_create(user=person("viewer"), name="h", kind="webhook", target=receiver.url)
    with pytest.raises(DeliveryError, match="closed network"):
        channel_try(channel=made.channel, user=person("viewer"))
    assert receiver.got == []


def test_redirects_are_not_followed(hook: Channel, receiver: Receiver) -> None:
    receiver.answer, receiver.location = 302, receiver.url
    with pytest.raises(DeliveryError, match="302"):
        channel_try(channel=hook, user=person("viewer"))
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("webhook", "ftp://x.example"),
        ("webhook", "https://"),
        ("webhook", "https://u:p@x.example/"),
        ("webhook", "file:///etc/passwd"),
        ("webhook", "http://["),
        ("webhook", "http://x.example:99999/"),
        ("webhook", "http://x.example:0/"),
        ("webhook", "http://x.example:port/"),
        ("webhook", "http://x.example/a b"),
        ("webhook", "http://x.example/a\r\nX-Injected: 1"),
        ("webhook", "http://\u2603.example/"),
        ("apprise", "syslog://"),
        ("apprise", "dbus://"),
        ("apprise", "file:///tmp/x"),
        ("apprise", "slack://"),
        ("email", "not mail"),
        ("email", "ana@example.org"),  # not set up here
    ],
)
def test_addresses_that_can_not_be_used_are_refused(kind: str, target: str) -> None:
    assert target_check(kind, target)
    with pytest.raises(InvalidInputError):
        channel_create(user=person("viewer"), name="x", kind=kind, target=target)


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"events": ["everything"]},
        {"min_severity": "loud"},
        {"timezone": "Mars/Base"},
        {"quiet_from": dt.time(1)},
        {"digest_minutes": -1},
        {"owner": 1},
    ],
)
def test_wrong_fields_are_refused(hook: Channel, fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        channel_change(channel=hook, user=person("viewer"), **fields)


def test_addresses_are_encrypted_and_masked_everywhere(hook: Channel) -> None:
    hook.refresh_from_db()
    assert "127.0.0.1" not in hook.target
    assert channel_target_shown(hook) == "http://127.0.0.1/…"
    entry = AuditEntry.objects.get(verb="channel.created")
    assert "hook?team" not in json.dumps(entry.after)


def test_channels_are_their_owners(hook: Channel) -> None:
    with pytest.raises(ChannelNotFoundError):
        channel_get(person("trainer"), hook.pk)
    team = channel_create(
        user=person("admin"), name="t", kind="webhook", target="https://x.example", for_team=True
    ).channel
    with pytest.raises(ChannelNotFoundError):
        channel_get(person("viewer"), team.pk)
    assert channel_get(person("admin"), team.pk) == team
    channel_delete(channel=channel_get(person("viewer"), hook.pk), user=person("viewer"))
    assert list(Channel.objects.all()) == [team]


@pytest.mark.parametrize(
    "target",
    [
        "json://{host}/x",  # the address itself
        "json://{open}/x?redirect=yes",  # what an open host redirects to
        "workflows://{host}/workflow/signature",
        "mailto://user:pass@example.org?smtp=127.0.0.1",  # a parameter that names another host
    ],
)
def test_apprise_connects_to_no_closed_network(
    target: str, receiver: Receiver, settings: Any
) -> None:
    inside = Receiver()  # never answers: nobody may even connect
    if "{open}" in target:  # the outside, played by 127.0.0.1; the inside, by 127.0.0.2
        settings.NOTIFY_NETWORKS = ["127.0.0.1/32"]
        receiver.answer, receiver.location = 307, f"http://127.0.0.2:{inside.server_port}/"
    target = target.format(
        host=f"127.0.0.1:{inside.server_port}", open=f"127.0.0.1:{receiver.server_port}"
    )
    try:
        with pytest.raises(HostClosedError):
            apprise_send(target, Message(key="k", items=(AN_ITEM,)))
    finally:
        inside.server_close()
    assert inside.got == []


@pytest.mark.parametrize(
    "target",
    [
        "tgram://123456789:abcdefghijklmnopqrstuvwxyz012345678/12345/?template={file}",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/?template={file}",
        "discord://123456789012345678/aBcDeFgHiJkLmNoPqRsTuVwXyZ/?template=file://{file}",
    ],
)
def test_an_apprise_address_reads_no_file_of_the_server(target: str, tmp_path: Path) -> None:
    file = tmp_path / "secret.txt"
    file.write_text("{}")
    target = target.format(file=file)
    assert "file of the server" in target_check("apprise", target)
    with pytest.raises(DeliveryError):
        apprise_send(target, Message(key="k", items=(AN_ITEM,)))


@pytest.mark.parametrize("scheme", ["exec", "file", "syslog", "dbus", "windows", "macosx", "glib"])
def test_apprise_runs_no_program(scheme: str) -> None:
    assert target_check("apprise", f"{scheme}://localhost/bin/id")
