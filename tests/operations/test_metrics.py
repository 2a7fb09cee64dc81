"""`/metrics`: who may read it, and that it says what is so."""

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from modelwright.core.clock import now
from modelwright.operations.exposition import state
from modelwright.operations.models import JobTally
from modelwright.operations.tallies import tally_add
from modelwright.runs.jobs import job_cancel, job_claim, job_end
from modelwright.runs.models import Worker
from modelwright.runs.states import Status
from tests.people import browser, rest
from tests.runs.conftest import make_run, silent_bell  # noqa: F401  (fixtures)

pytestmark = pytest.mark.django_db
TOKEN = "a-token-for-prometheus"
URL = "/metrics"


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()
    state.forget()


def scraped(settings: Any, accept: str = "*/*") -> str:
    settings.METRICS_TOKEN = TOKEN
    state.forget()
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept": accept}
    answer = Client().get(URL, headers=headers)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def value(text: str, series: str) -> float:
    found = re.search(rf"^{re.escape(series)} (\S+)$", text, re.MULTILINE)
    assert found, f"{series} is not in\n{text}"
    return float(found[1])


def test_it_is_for_its_token_and_for_administrators(settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN
    asked = {
        "good": f"Bearer {TOKEN}",
        "wrong": f"Bearer {TOKEN}x",
        "empty": "Bearer ",
        "other": TOKEN,
    }
    codes = {
        name: Client().get(URL, headers={"Authorization": text}).status_code
        for name, text in asked.items()
    }
    assert codes == {"good": 200, "wrong": 401, "empty": 401, "other": 401}
    assert rest("admin").get(URL).status_code == 200
    assert browser("admin").get(URL).status_code == 200
    assert rest("trainer").get(URL).status_code == 403


def test_without_a_token_set_no_bearer_gets_in(settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    for text in ("Bearer ", "Bearer", "Bearer None"):
        assert Client().get(URL, headers={"Authorization": text}).status_code == 401


def test_the_token_is_good_for_nothing_else(settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert Client().get("/api/training/runs/", headers=headers).status_code == 401
    assert Client().post(URL, headers=headers).status_code in (401, 403)


def test_it_speaks_as_it_is_asked_to(settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN
    headers = {"Authorization": f"Bearer {TOKEN}"}
    openmetrics = {**headers, "Accept": "application/openmetrics-text; version=1.0.0"}
    assert Client().get(URL, headers=headers)["Content-Type"].startswith("text/plain")
    answer = Client().get(URL, headers=openmetrics)
    assert answer["Content-Type"].startswith("application/openmetrics-text")
    assert answer.content.endswith(b"# EOF\n")


def test_queues_are_counted_and_the_oldest_is_aged(
    settings: Any,
    make_run,  # noqa: F811
) -> None:
    make_run(created_at=now().replace(year=now().year - 1))
    make_run()
    make_run(status=Status.RUNNING, started_at=now(), beat_at=now())
    text = scraped(settings)
    assert value(text, 'modelwright_jobs{kind="training",status="pending"}') == 2
    assert value(text, 'modelwright_jobs{kind="training",status="running"}') == 1
    assert value(text, 'modelwright_jobs_oldest_pending_seconds{kind="training"}') > 360 * 86400
    assert value(text, 'modelwright_jobs_oldest_pending_seconds{kind="schedule"}') == 0


@pytest.mark.django_db(transaction=True)
def test_ends_are_counted_by_reason_and_duration(
    settings: Any,
    make_run,  # noqa: F811
) -> None:
    for status, fields in (
        (Status.COMPLETED, {}),
        (Status.FAILED, {"error_type": "MemoryError", "error_message": "too much"}),
        (Status.FAILED, {"error_type": "MemoryError", "error_message": "too much"}),
    ):
        run = make_run()
        claim = job_claim(queue="training", worker="w", only=run.pk)
        assert claim is not None
        assert job_end(claim, status, **fields) is not None
        assert job_end(claim, status, **fields) is None, "an end is written, and counted, once"
    job_cancel(make_run())
    text = scraped(settings)
    ended = "modelwright_jobs_ended_total"
    failed = f'{ended}{{kind="training",outcome="failed",reason="MemoryError"}}'
    cancelled = f'{ended}{{kind="training",outcome="cancelled",reason=""}}'
    took = "modelwright_job_duration_seconds"
    assert value(text, failed) == 2
    assert value(text, cancelled) == 1
    assert value(text, f'{took}_count{{kind="training",outcome="failed"}}') == 2
    assert value(text, f'{took}_bucket{{kind="training",le="+Inf",outcome="completed"}}') == 1
    assert f'{took}_count{{kind="training",outcome="cancelled"}}' not in text


def test_durations_fall_into_their_classes(settings: Any) -> None:
    for seconds in (0.05, 0.1, 0.2, 20, 1e6):
        tally_add(kind="training", outcome="completed", reason="", seconds=seconds)
    text = scraped(settings)
    below = {
        bound: value(
            text,
            "modelwright_job_duration_seconds_bucket"
            f'{{kind="training",le="{bound}",outcome="completed"}}',
        )
        for bound in ("0.1", "0.5", "15.0", "60.0", "7200.0", "+Inf")
    }
    assert below == {"0.1": 2, "0.5": 3, "15.0": 3, "60.0": 4, "7200.0": 4, "+Inf": 5}
    assert JobTally.objects.count() == 4


def test_workers_are_those_that_live(settings: Any) -> None:
    Worker.objects.create(name="elsewhere:1:1", hostname="elsewhere", pid=1, slots=3, version="x")
    text = scraped(settings)
    assert value(text, "modelwright_workers") == 1
    assert value(text, "modelwright_worker_slots") == 3
    assert value(text, "modelwright_scheduler_silent_seconds") == float("inf")


def test_requests_are_counted_by_route_and_never_by_path(settings: Any) -> None:
    rest("viewer").get("/api/training/runs/987654/")
    Client().get("/nowhere/at-all-42")
    text = scraped(settings)
    route = 'method="GET",route="/api/training/runs/<int:number>/",status="404"'
    assert value(text, f"modelwright_http_request_duration_seconds_count{{{route}}}") >= 1
    assert 'route="none",status="404"' in text
    assert "/987654" not in text  # the digits alone may stand in a sum of seconds
    assert "at-all-42" not in text


def test_a_scrape_costs_few_queries_and_the_next_one_none(
    settings: Any, django_assert_max_num_queries: Any
) -> None:
    settings.METRICS_TOKEN = TOKEN
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with django_assert_max_num_queries(24):
        Client().get(URL, headers=headers)
    with django_assert_max_num_queries(0):
        Client().get(URL, headers=headers)
