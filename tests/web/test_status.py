"""The page about the server itself."""

import pytest

from modelwright.monitoring.alert_types import AlertType
from modelwright.monitoring.alerts import Finding, alert_raise
from modelwright.operations.models import Backup
from modelwright.runs.models import Worker
from tests.people import browser

pytestmark = pytest.mark.django_db
PAGE = "/ui/status"


def test_it_says_what_is_missing_and_what_to_do() -> None:
    text = browser("admin").get(PAGE).content.decode()
    assert "Start modelwright worker" in text
    assert "Start modelwright scheduler" in text
    assert "None was made yet" in text
    assert "All is well" not in text


def test_it_shows_who_works_and_the_last_backup() -> None:
    Worker.objects.create(name="mill:1:1", hostname="mill", pid=1, slots=3, version="0.0.9")
    Backup.objects.create(host="mill", name="night.tar.gz", files=3, size_bytes=5_000_000)
    text = browser("admin").get(PAGE).content.decode()
    assert "1, for 3 jobs at once; versions 0.0.9" in text
    assert "night.tar.gz" in text


def test_it_shows_alerts_about_the_server_only() -> None:
    alert_raise(Finding(AlertType.NO_WORKER, None, "Nobody works.", value=5.0))
    assert "Nobody works." in browser("admin").get(PAGE).content.decode()


def test_what_changes_of_it_comes_alone() -> None:
    answer = browser("admin").get(PAGE, headers={"HX-Request": "true"})
    assert b"<html" not in answer.content
    assert b'id="server"' in answer.content
    assert "HX-Request" in answer["Vary"]


def test_others_do_not_find_it() -> None:
    assert browser("trainer").get(PAGE).status_code == 403
    assert PAGE not in browser("trainer").get("/ui/home").content.decode()
    assert PAGE in browser("admin").get("/ui/home").content.decode()
