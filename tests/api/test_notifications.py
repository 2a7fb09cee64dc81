"""Notification channels over REST and on their page: one's own, masked, tried out."""

from typing import Any

import pytest
from django.test import Client

from modelwright.accounts.models import Channel, Notice
from modelwright.runs.models import TrainingRun
from modelwright.runs.training_kind import training_ended
from tests.accounts.test_notifications import Receiver, open_loopback, receiver
from tests.api.conftest import MakeRun
from tests.people import person, rest

__all__ = ["open_loopback", "receiver"]
pytestmark = pytest.mark.django_db
URL = "/api/v1/notifications/channels/"


@pytest.fixture
def made(receiver: Receiver, open_loopback: None) -> dict[str, Any]:
    answer = rest("viewer").post(URL, {"name": "h", "kind": "webhook", "target": receiver.url})
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_a_channel_is_made_tried_changed_and_removed(
    made: dict[str, Any], receiver: Receiver
) -> None:
    assert len(made["secret"]) > 30
    assert made["target"] == "http://127.0.0.1/…"
    client, one = rest("viewer"), f"{URL}{made['id']}/"
    assert client.post(f"{one}try/").json() == {"delivered": True}
    assert len(receiver.got) == 1
    assert client.patch(one, {"min_severity": "critical"}).json()["min_severity"] == "critical"
    assert client.patch(one, {"min_severity": "loud"}).status_code == 422
    assert client.patch(one, {"quiet_from": "22:00"}).status_code == 422
    assert "secret" not in client.get(one).json()
    receiver.answer = 503
    refused = client.post(f"{one}try/")
    assert (refused.status_code, "503" in refused.json()["detail"]) == (400, True)
    assert client.delete(one).status_code == 204
    assert client.get(one).status_code == 404


def test_channels_are_nobody_elses(made: dict[str, Any]) -> None:
    one = f"{URL}{made['id']}/"
    for call in ("get", "patch", "delete"):
        assert getattr(rest("trainer"), call)(one).status_code == 404
    assert rest("trainer").get(URL).json()["count"] == 0
    assert rest("admin").get(URL).json()["count"] == 0


def test_only_administrators_make_channels_for_everybody() -> None:
    body = {"name": "t", "kind": "webhook", "target": "https://x.example", "for_team": True}
    assert rest("trainer").post(URL, body).status_code == 403
    assert rest("admin").post(URL, body).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "x", "kind": "smoke", "target": "y"},
        {"name": "x", "kind": "webhook", "target": "file:///etc/passwd"},
        {"name": "x", "kind": "webhook", "target": "https://x.example", "events": ["all"]},
        {"name": "x", "kind": "webhook", "target": "https://x.example", "nonsense": 1},
    ],
)
def test_what_can_not_be_meant_is_refused(body: dict[str, Any]) -> None:
    assert rest("viewer").post(URL, body).status_code == 422
    assert not Channel.objects.exists()


def test_a_failed_run_is_told_to_whom_it_belongs(made: dict[str, Any], make_run: MakeRun) -> None:
    run = make_run(status="failed", user=person("viewer"), error_message="disk full")
    training_ended(TrainingRun.objects.get(pk=run.pk))
    training_ended(make_run(status="failed", user=person("trainer")))
    assert [n.body for n in Notice.objects.all()] == ["disk full"]


def test_the_page_makes_tries_pauses_and_removes(receiver: Receiver, open_loopback: None) -> None:
    client = Client()
    client.force_login(person("viewer"), backend="django.contrib.auth.backends.ModelBackend")
    url = "/ui/account/notifications"
    form = {
        "name": "h", "kind": "webhook", "target": receiver.url, "min_severity": "warning",
        "timezone": "UTC", "digest_minutes": "0",
    }  # fmt: skip
    assert "No channel yet" in client.get(url).content.decode()
    made = client.post(url, form).content.decode()
    assert "shown this once" in made
    wrong = client.post(url, {**form, "target": "ftp://x"})
    assert (wrong.status_code, "begins with https" in wrong.content.decode()) == (422, True)
    channel = Channel.objects.get()
    tried = client.post(f"{url}/{channel.pk}/try", follow=True).content.decode()
    assert "was taken" in tried
    client.post(f"{url}/{channel.pk}/pause")
    assert "paused" in client.get(url).content.decode()
    client.post(f"{url}/{channel.pk}/delete")
    assert not Channel.objects.exists()
