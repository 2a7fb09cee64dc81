"""Log lines: one JSON object each where that is asked for, joined by the ids of request and job."""

import json
import logging
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from modelwright.core.context import Origin, acting
from modelwright.core.logs import JsonLines, OriginFilter
from modelwright.runs.executor import execute
from modelwright.runs.jobs import job_claim
from modelwright.runs.models import TrainingRun
from tests.api.conftest import sample, silent_bell  # noqa: F401  (fixtures)
from tests.people import rest


def lines_of(log: logging.Logger, say: object) -> list[dict[str, object]]:
    """Return what `say()` logs, as a program reads it."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    handler.addFilter(OriginFilter())
    log.addHandler(handler)
    before = log.level
    log.setLevel(logging.INFO)
    try:
        say()  # type: ignore[operator]
    finally:
        log.removeHandler(handler)
        log.setLevel(before)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_says_when_how_bad_who_and_what() -> None:
    log = logging.getLogger("modelwright.test")
    with acting(Origin(channel="api", request_id="abc", user_id=7)):
        (line,) = lines_of(log, lambda: log.warning("%d things", 3, extra={"things": 3}))
    assert line["message"] == "3 things"
    assert line["level"] == "warning"
    assert str(line["time"]).endswith("Z")
    assert (line["request_id"], line["user_id"], line["channel"]) == ("abc", 7, "api")
    assert line["things"] == 3
    assert "job_id" not in line, "what is empty is left out"


@given(st.text())
def test_any_text_stays_one_line_that_can_be_read_back(text: str) -> None:
    log = logging.getLogger("modelwright.test")
    (line,) = lines_of(log, lambda: log.warning("%s", text))
    assert line.get("message", "") == text


def test_a_traceback_is_in_the_same_line() -> None:
    log = logging.getLogger("modelwright.test")

    def fail() -> None:
        try:
            raise ValueError("no")
        except ValueError:
            log.exception("It broke")

    (line,) = lines_of(log, fail)
    assert "ValueError: no" in str(line["exc_info"])


def test_a_request_can_be_logged_without_its_query(db: None, settings: Any) -> None:
    settings.LOG_REQUESTS = True
    log = logging.getLogger("modelwright.http")
    answers = []
    (line,) = lines_of(log, lambda: answers.append(Client().get("/healthz?token=hidden")))
    assert line["path"] == "/healthz"
    assert line["status"] == 200
    assert line["request_id"] == answers[0]["X-Request-ID"]
    assert "hidden" not in json.dumps(line)


def test_settings_refuse_another_format(tmp_path: Path) -> None:
    env = {**os.environ, "MODELWRIGHT_HOME": str(tmp_path), "MODELWRIGHT_LOG_FORMAT": "xml"}
    done = subprocess.run(
        [sys.executable, "-c", "import modelwright.config.settings"],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "MODELWRIGHT_LOG_FORMAT must be line or json, not 'xml'" in done.stderr


@pytest.mark.django_db(transaction=True)
def test_a_request_its_job_and_the_worker_share_an_id(
    sample: object,  # noqa: F811
    silent_bell: list[str],  # noqa: F811
) -> None:
    answer = rest("trainer").post(
        "/api/training/train/", {"dataset_path": "artifacts/datasets/future_skills_dataset.csv"},
        format="json", headers={"Prefer": "wait=0"},
    )  # fmt: skip
    request_id = answer["X-Request-ID"]
    run = TrainingRun.objects.get()
    assert run.request_id == request_id
    claim = job_claim(queue="training", worker="w", only=run.pk)
    assert claim is not None
    log = logging.getLogger("modelwright.runs.executor")
    lines = lines_of(log, lambda: execute(claim))
    run.refresh_from_db()
    assert run.status == "completed", run.error_message
    assert len(lines) >= 2
    assert {line["request_id"] for line in lines} == {request_id}
    assert {line["job_id"] for line in lines} == {str(run.pk)}
    assert {line["channel"] for line in lines} == {"worker"}
