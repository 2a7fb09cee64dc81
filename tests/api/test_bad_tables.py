"""Every bad table over REST: 400 with the reason and a FAILED record, never 500."""

from collections.abc import Callable

import pytest
from django.conf import settings

from modelwright.runs.models import TrainingRun
from tests.bad_tables import BAD_TABLES
from tests.people import rest


def test_there_are_forty_of_them() -> None:
    assert len(BAD_TABLES) >= 40


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", BAD_TABLES)
def test_a_bad_table_is_400_with_its_reason_and_a_record(
    name: str, worker: None, put_table: Callable[[str, bytes], str]
) -> None:
    content, words = BAD_TABLES[name]
    answer = rest("trainer").post(
        "/api/training/train/", {"dataset_path": put_table("bad.csv", content)}
    )
    body = answer.json()
    assert answer.status_code == 400, body
    assert [word for word in words if word not in body["error"]] == [], body
    assert str(settings.DATA_ROOT) not in body["error"]
    run = TrainingRun.objects.get()
    assert (run.number, run.status, run.error_message) == (
        body["training_run_id"], "failed", body["error"],
    )  # fmt: skip
    assert (run.accuracy, run.f1_score) == (0.0, 0.0)
    assert run.training_duration_seconds is not None
