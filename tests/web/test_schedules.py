"""The page of schedules: what runs when, pausing, changing and running it."""

import pytest

from modelwright.automation.models import Schedule, ScheduleRun
from tests.people import browser

pytestmark = pytest.mark.django_db
PAGE = "/ui/schedules"


def test_a_person_sees_pauses_changes_and_runs_a_job() -> None:
    client = browser("trainer")
    client.handler.enforce_csrf_checks = False
    text = client.get(PAGE).content.decode()
    assert "At 02:00 on Sunday (UTC)" in text
    assert "It has not run yet." in text
    client.post(f"{PAGE}/kpi_calculate/edit", {"is_enabled": "false"}, format="multipart")
    assert not Schedule.objects.get(pk="kpi_calculate").is_enabled
    assert "Paused" in client.get(PAGE).content.decode()
    client.post(f"{PAGE}/kpi_calculate/edit", {"expression": "1 2 * * *"}, format="multipart")
    assert Schedule.objects.get(pk="kpi_calculate").expression == "1 2 * * *"
    client.post(f"{PAGE}/kpi_calculate/edit", {"expression": "at noon"}, format="multipart")
    assert "Not saved" in client.get(PAGE).content.decode()
    client.post(f"{PAGE}/kpi_calculate/run", format="multipart")
    assert ScheduleRun.objects.get().by_hand
    client.post(f"{PAGE}/kpi_calculate/run", format="multipart")
    assert "under way already" in client.get(PAGE).content.decode()


def test_viewers_only_look() -> None:
    assert "Run now" not in browser("viewer").get(PAGE).content.decode()
