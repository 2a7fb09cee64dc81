"""Notification channels over REST and on their page: one's own, masked, tried out."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from modelwright.accounts.models import Channel, Notice
from modelwright.accounts.notifications.delivery import notices_deliver
from modelwright.accounts.notifications.services import channel_create
from modelwright.catalog.sharing import experiment_share
from modelwright.registry.about import about
from modelwright.registry.models import Subject
from modelwright.runs.models import TrainingRun
from modelwright.runs.training_kind import training_ended
from tests.accounts.test_notifications import Receiver, open_loopback, receiver, tell
from tests.api.conftest import MakeRun
from tests.api.research import a_model_run, an_experiment
from tests.attacks.world import version_of
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


@pytest.mark.parametrize("whose", [{"for_team": True}, {"team": "energy"}])
def test_only_administrators_make_channels_for_others(whose: dict[str, Any]) -> None:
    Group.objects.create(name="energy")
    body = {"name": "t", "kind": "webhook", "target": "https://x.example", **whose}
    assert rest("trainer").post(URL, body).status_code == 403
    made = rest("admin").post(URL, body)
    assert made.status_code == 201, made.content
    assert (made.json()["owner"], made.json()["team"]) == (None, whose.get("team"))
    unknown = rest("admin").post(URL, {**body, "team": "nobody"})
    assert (unknown.status_code, list(unknown.json()["details"])) == (422, ["team"])


def test_a_team_is_told_of_what_is_shared_with_its_group() -> None:
    team, admins = Group.objects.create(name="energy"), person("admin").groups.get()
    for group in (team, admins):
        channel_create(
            user=person("admin"), name=group.name, kind="webhook", target="https://x.example",
            team=group.name,
        )  # fmt: skip
    experiment = an_experiment("trainer")
    version_of(a_model_run(experiment))
    told_about = about(Subject.objects.get())
    assert tell(incident="before", about=told_about) == 1  # the administrators
    experiment_share(
        experiment=experiment, level="viewer", user=person("trainer"), with_group="energy"
    )
    assert tell(incident="shared", about=told_about) == 2
    assert tell(incident="of everybody") == 2


def test_the_page_makes_a_channel_for_a_team() -> None:
    Group.objects.create(name="energy")
    form = {
        "name": "h", "kind": "webhook", "target": "https://x.example", "min_severity": "warning",
        "timezone": "UTC", "digest_minutes": "0", "whose": "team:energy",
    }  # fmt: skip
    for who in ("viewer", "admin"):
        client = Client()
        client.force_login(person(who), backend="django.contrib.auth.backends.ModelBackend")
        client.post("/ui/account/notifications", form)
    assert {(c.owner, c.team and c.team.name) for c in Channel.objects.all()} == {
        (person("viewer"), None),  # who may not choose makes their own
        (None, "energy"),
    }
    page = client.get("/ui/account/notifications").content.decode()
    assert '<span class="tag">energy</span>' in page


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


def test_a_channel_is_changed_on_its_page_and_what_waits_is_shown(made: dict[str, Any]) -> None:
    client = Client()
    client.force_login(person("viewer"), backend="django.contrib.auth.backends.ModelBackend")
    url, lists = f"/ui/account/notifications/{made['id']}", "/ui/account/notifications"
    form = {
        "name": "night", "min_severity": "info", "events": ["alert"], "subjects": "a b",
        "quiet_from": "00:00", "quiet_until": "23:59", "timezone": "UTC", "digest_minutes": "0",
    }  # fmt: skip
    assert client.post(url, form).headers["Location"] == lists
    channel = Channel.objects.get()
    assert (channel.name, channel.min_severity, channel.subjects) == ("night", "info", ["a", "b"])
    shown = client.get(url).content.decode()
    for value in ('value="night"', 'value="a b"', 'value="23:59"'):
        assert value in shown
    assert "127.0.0.1/…" in shown
    channel.subjects = []
    channel.save()
    tell()
    notices_deliver()
    assert "1 waits, next" in client.get(lists).content.decode()
    wrong = client.post(url, {**form, "quiet_until": "", "target": "ftp://x"})
    assert wrong.status_code == 422
    assert "begins with https" in wrong.content.decode()
    assert "both ends" in wrong.content.decode()
    awake = {**form, "quiet_from": "", "quiet_until": "", "subjects": ""}
    client.post(url, awake)
    assert notices_deliver() == 1
    assert "waits" not in client.get(lists).content.decode()
    other = Client()
    other.force_login(person("trainer"), backend="django.contrib.auth.backends.ModelBackend")
    assert other.get(url).status_code == other.post(url, form).status_code == 404
