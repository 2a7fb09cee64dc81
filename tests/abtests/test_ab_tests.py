"""A/B tests over HTTP: fair, counted once, at most one a subject, and never wrong about nothing."""

import datetime as dt
import threading
import uuid
from typing import Any

import numpy as np
import pytest
from django.db import connection

from modelwright.abtests.models import ABTest
from modelwright.abtests.services import ABTestRequest, ab_test_look, ab_test_start, on_verdict
from modelwright.accounts.models import AuditEntry
from modelwright.catalog.models import Machine, Reading
from modelwright.core.models import counter_next
from modelwright.registry.models import ModelAlias, ModelVersion, Subject
from modelwright.registry.promotion import version_promote, version_rollback
from modelwright.runs.executor import run_here
from modelwright.runs.machine_services import machine_training_submit
from modelwright.serving.models import Prediction
from tests.people import rest
from tests.serving.conftest import ROW, TrainVersion, train_version

__all__ = ["train_version"]

START = "/api/v1/model-performance/ab-test/start"
TESTS = "/api/v1/model-performance/ab-test/"
HOUR = 3_600_000
BEGIN = 1_735_689_600_000  # 2025-01-01
SPLIT_ROWS = 4000


@pytest.fixture
def machine(transactional_db: None) -> Machine:
    return Machine.objects.create(number=counter_next("machine"), name="Compressor 1")


def read(machine: Machine, first_day: int, days: int, level: float = 1.0) -> None:
    """Store hourly readings with a daily season, a weekly one and some noise."""
    rng = np.random.default_rng(first_day)
    hours = np.arange(first_day * 24, (first_day + days) * 24)
    temperature = 12 + 6 * np.sin(hours / 24 * 2 * np.pi) + rng.normal(0, 1, hours.size)
    energy = level * (20 + 0.5 * temperature + 5 * (hours // 24 % 7 < 5))
    energy += rng.normal(0, 0.5, hours.size)
    Reading.objects.bulk_create(
        Reading(
            machine=machine, at=BEGIN + int(h) * HOUR, energy_kwh=float(e), outdoor_temp_c=float(t)
        )
        for h, e, t in zip(hours, energy, temperature, strict=True)
    )


def train(machine: Machine, model_type: str = "baseline") -> ModelVersion:
    run = run_here(machine_training_submit(machine=machine, model_type=model_type, user=None))
    assert run.status == "completed", run.error_message
    return ModelVersion.objects.get(run=run)


def body(a: ModelVersion, b: ModelVersion, **changes: Any) -> dict[str, Any]:
    return {
        "test_name": "after the repair",
        "model_type": "baseline",
        "machine_id": str(a.run.machine_id),
        "model_a_id": str(a.run_id),
        "model_b_id": str(b.run_id),
        "duration_hours": 24 * 30,
        **changes,
    }


def results(test_id: str, who: str = "viewer") -> Any:
    return rest(who).get(f"{TESTS}{test_id}/results")


def two_versions(machine: Machine) -> tuple[ModelVersion, ModelVersion]:
    read(machine, 0, 40)
    first = train(machine)
    read(machine, 40, 40, level=1.6)
    return first, train(machine)


def test_the_better_challenger_wins_on_later_readings(machine: Machine) -> None:
    first, second = two_versions(machine)
    answer = rest("trainer").post(START, body(first, second))
    assert answer.status_code == 201, answer.content
    started = answer.json()
    assert (started["mode"], started["status"], started["winner"]) == ("back_test", "active", None)
    assert ModelAlias.objects.get(name="challenger").version == second
    found = results(started["id"]).json()
    assert (found["model_a"]["count"], found["difference"], found["interval"]) == (0, None, None)
    read(machine, 80, 110, level=1.6)
    found = results(started["id"]).json()
    assert found["model_a"]["count"] == found["model_b"]["count"] == 110 * 24
    assert found["model_a"]["metrics"]["mae"] > found["model_b"]["metrics"]["mae"]
    assert found["interval"]["lower"] > 0
    assert found["p_value"] < 0.05
    assert (found["winner"], found["status"], found["verdict"]) == ("b", "completed", "promote")
    assert found["recommendation"].startswith("Promote version 2")
    assert not ModelAlias.objects.filter(name="challenger").exists()
    assert AuditEntry.objects.filter(verb="ab_test.ended").count() == 1


def test_looking_again_counts_nothing_twice(machine: Machine) -> None:
    first, second = two_versions(machine)
    test_id = rest("trainer").post(START, body(first, second)).json()["id"]
    read(machine, 80, 5, level=1.6)
    counts = [results(test_id).json()["model_a"]["count"] for _ in range(3)]
    assert counts == [120, 120, 120]
    read(machine, 85, 1, level=1.6)
    assert results(test_id).json()["model_a"]["count"] == 144


def test_ten_looks_at_once_count_each_row_once(machine: Machine) -> None:
    first, second = two_versions(machine)
    test_id = rest("trainer").post(START, body(first, second)).json()["id"]
    read(machine, 80, 5, level=1.6)
    test = ABTest.objects.get(pk=test_id)

    def look() -> None:
        ab_test_look(test=test)
        connection.close()

    threads = [threading.Thread(target=look) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results(test_id).json()["model_a"]["count"] == 120


def test_the_same_model_twice_is_equivalent(machine: Machine) -> None:
    read(machine, 0, 40)
    first, second = train(machine), train(machine)
    test_id = rest("trainer").post(START, body(first, second)).json()["id"]
    read(machine, 40, 110)
    found = results(test_id).json()
    assert (found["verdict"], found["winner"], found["difference"]) == ("equivalent", None, 0.0)


def test_a_test_whose_time_is_over_ends_without_a_verdict(machine: Machine) -> None:
    first, second = two_versions(machine)
    test_id = rest("trainer").post(START, body(first, second)).json()["id"]
    ABTest.objects.update(ends_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    found = results(test_id).json()
    assert (found["status"], found["verdict"], found["winner"]) == (
        "completed", "inconclusive", None,
    )  # fmt: skip


def test_one_test_a_subject(machine: Machine) -> None:
    first, second = two_versions(machine)
    test_id = rest("trainer").post(START, body(first, second)).json()["id"]
    again = rest("trainer").post(START, body(first, second))
    assert (again.status_code, again.json()["code"]) == (409, "ab_test_active")
    ended = rest("trainer").post(f"{TESTS}{test_id}/cancel")
    assert (ended.status_code, ended.json()["status"]) == (200, "cancelled")
    assert rest("trainer").post(f"{TESTS}{test_id}/cancel").status_code == 409
    assert rest("trainer").post(START, body(first, second)).status_code == 201
    listed = rest("viewer").get(f"{TESTS}?status=cancelled").json()
    assert [test["id"] for test in listed["results"]] == [test_id]


def test_twenty_starts_at_once_are_one_test(machine: Machine) -> None:
    first, second = two_versions(machine)
    codes: list[int] = []
    client = rest("trainer")
    header = client._credentials

    def start() -> None:
        mine = rest("anonymous")
        mine.credentials(**header)
        codes.append(mine.post(START, body(first, second)).status_code)
        connection.close()

    threads = [threading.Thread(target=start) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [201] + [409] * 19


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"duration_hours": 0}, 422),
        ({"duration_hours": "long"}, 422),
        ({"traffic_split": 1}, 422),
        ({"traffic_split": 0}, 422),
        ({"mode": "guess"}, 422),
        ({"alpha": 0.9}, 422),
        ({"margin": -1}, 422),
        ({"test_name": ""}, 422),
        ({"model_a_id": "7"}, 422),
        ({"model_b_id": str(uuid.uuid4())}, 422),
        ({"machine_id": str(uuid.uuid4())}, 404),
        ({"model_type": "anomaly"}, 422),
        ({"nonsense": 1}, 422),
    ],
)
def test_what_can_not_be_meant_is_refused(
    machine: Machine, changes: dict[str, Any], status: int
) -> None:
    read(machine, 0, 30)
    first, second = train(machine), train(machine)
    answer = rest("trainer").post(START, body(first, second, **changes))
    assert answer.status_code == status, answer.content
    assert not ABTest.objects.exists()


def test_a_model_against_itself_is_refused(machine: Machine) -> None:
    read(machine, 0, 30)
    version = train(machine)
    assert rest("trainer").post(START, body(version, version)).status_code == 422


def test_parameters_in_the_query_string_are_as_good(machine: Machine) -> None:
    read(machine, 0, 30)
    first, second = train(machine), train(machine)
    fields = "&".join(f"{k}={v}" for k, v in body(first, second).items())
    assert rest("trainer").post(f"{START}?{fields}").status_code == 201


def test_who_may(machine: Machine) -> None:
    first, second = two_versions(machine)
    for who, code in (("anonymous", 401), ("stranger", 403), ("viewer", 403)):
        assert rest(who).post(START, body(first, second)).status_code == code
    assert rest("trainer").get(START).status_code == 405
    assert results(str(uuid.uuid4())).status_code == 404
    assert results("7").status_code == 422


def test_whoever_wants_to_know_of_a_verdict_is_told_in_its_transaction(machine: Machine) -> None:
    heard: list[tuple[str, bool]] = []
    on_verdict(lambda test: heard.append((test.winner, connection.in_atomic_block)))
    first, second = two_versions(machine)
    test_id = rest("trainer").post(START, body(first, second)).json()["id"]
    read(machine, 80, 110, level=1.6)
    results(test_id)
    assert heard == [("b", True)]


# --- predictions --------------------------------------------------------------------------------

PREDICT = "/api/v1/models/future-skills/predict/"
ACTUALS = "/api/v1/models/future-skills/actuals/"


def start_shadow(a: ModelVersion, b: ModelVersion, **more: Any) -> ABTest:
    request = ABTestRequest(
        name="skills", version_a=a, version_b=b, duration_hours=100, **{"mode": "shadow", **more}
    )
    return ab_test_start(request=request, user=None)


def rows(count: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(1)
    draws = rng.random((count, 2)).tolist()
    return [{**ROW, "trend_score": t, "scarcity_index": s} for t, s in draws]


def eventually_shadowed(count: int) -> None:
    from modelwright.serving.services import _shadows  # noqa: PLC0415  (its queue is awaited)

    _shadows.submit(lambda: None).result(timeout=30)
    assert Prediction.objects.filter(role="shadow").count() == count


def test_in_shadow_the_champion_answers_and_both_are_counted(train_version: TrainVersion) -> None:
    first, second = train_version(n_estimators=1), train_version(n_estimators=40)
    test = start_shadow(first, second)
    answer = rest("viewer").post(PREDICT, {"rows": rows(60), "keys": [str(i) for i in range(60)]})
    assert answer.json()["version"] == 1
    eventually_shadowed(60)
    truths = [
        {"prediction_id": one["prediction_id"], "actual": one["prediction"]}
        for one in answer.json()["predictions"]
    ]
    rest("trainer").post(ACTUALS, {"actuals": truths + truths[:10]})
    found = results(str(test.pk)).json()
    assert found["model_a"]["count"] == found["model_b"]["count"] == 60
    assert found["model_a"]["metrics"]["accuracy"] == 1.0
    assert results(str(test.pk)).json()["model_a"]["count"] == 60


@pytest.mark.parametrize("by", ["id", "key", "key and time"])
def test_a_row_whose_challenger_is_still_asked_waits_for_it(
    by: str, train_version: TrainVersion
) -> None:
    from modelwright.serving.services import _shadows  # noqa: PLC0415  (its queue is held up)

    first, second = train_version(n_estimators=1), train_version(n_estimators=2)
    test = start_shadow(first, second)
    free = threading.Event()
    _shadows.submit(free.wait, 60)
    names = [f"k{row}" for row in range(20)]
    time = {"time": "2026-03-01T08:00:00Z"} if by == "key and time" else {}
    try:
        asked = {"rows": rows(20), "keys": names, **{f"{k}s": [v] * 20 for k, v in time.items()}}
        answer = rest("viewer").post(PREDICT, asked).json()["predictions"]
        truths = [
            {
                **({"prediction_id": one["prediction_id"]} if by == "id" else {"key": name}),
                **time,
                "actual": one["prediction"],
            }
            for name, one in zip(names, answer, strict=True)
        ]
        said = rest("trainer").post(ACTUALS, {"actuals": truths}).json()
        early = results(str(test.pk)).json()
    finally:
        free.set()
    assert said["matched"] == 20
    assert (early["model_b"]["count"], early["model_b"]["errors"]) == (0, 0)
    eventually_shadowed(20)
    found = results(str(test.pk)).json()
    assert (found["model_b"]["count"], found["model_b"]["errors"]) == (20, 0)


@pytest.mark.parametrize("mode", ["shadow", "split"])
def test_whoever_is_chosen_while_a_test_is_on_answers_at_once(
    mode: str, train_version: TrainVersion
) -> None:
    first, second = train_version(n_estimators=1), train_version(n_estimators=2)
    version_promote(version=first, user=None, reason="the old one")
    test = start_shadow(first, second, mode=mode, traffic_split=0.01)
    subject = Subject.objects.get(key=first.subject)

    def who() -> int:
        asked = {"row": ROW, "key": "always the same"}
        found: int = rest("viewer").post(PREDICT, asked).json()["version"]
        return found

    assert who() == 1
    version_promote(version=second, user=None, reason="it can't wait")
    assert who() == 2
    version_rollback(subject=subject, user=None, reason="nor can this")
    assert who() == 1
    test.refresh_from_db()
    assert (test.status, test.winner) == ("cancelled", "")
    assert "Version 2 was chosen" in test.recommendation


def test_choosing_the_one_that_answers_ends_no_test(train_version: TrainVersion) -> None:
    first, second = train_version(n_estimators=1), train_version(n_estimators=2)
    test = start_shadow(first, second)  # version 2 is the champion, as the newest is
    version_promote(version=first, user=None, reason="it answers anyway")
    test.refresh_from_db()
    assert test.status == "active"


def test_in_a_split_each_key_stays_on_its_side(train_version: TrainVersion) -> None:
    first, second = train_version(n_estimators=1), train_version(n_estimators=2)
    start_shadow(first, second, mode="split", traffic_split=0.3)
    keys = [str(i) for i in range(SPLIT_ROWS)]
    columns = {name: [value] * SPLIT_ROWS for name, value in ROW.items()}
    asked = [
        rest("viewer").post(PREDICT, {"columns": columns, "keys": keys}).json() for _ in range(2)
    ]
    versions = [[one["version"] for one in answer["predictions"]] for answer in asked]
    assert versions[0] == versions[1]
    share = versions[0].count(2) / SPLIT_ROWS
    assert abs(share - 0.3) < 4 * (0.3 * 0.7 / SPLIT_ROWS) ** 0.5
