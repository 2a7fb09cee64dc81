"""What may not get worse ends a test early; and what a test will take is said beforehand."""

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from modelwright.abtests.models import ABTest
from modelwright.accounts.models import AuditEntry
from modelwright.core.clock import clock_shift
from modelwright.registry.models import ModelVersion, Subject
from modelwright.serving import services as serving
from modelwright.serving.errors import ModelFailedError
from modelwright.serving.models import Prediction
from modelwright.serving.retention import serving_settings_change
from tests.abtests.test_ab_tests import machine, read, results, two_versions
from tests.people import browser, person, rest
from tests.serving.conftest import ROW, TrainVersion, train_version

__all__ = ["machine", "train_version"]

START = "/api/v1/model-performance/ab-test/start"
PLAN = "/api/v1/model-performance/ab-test/plan"
PREDICT = "/api/v1/models/future-skills/predict/"
ACTUALS = "/api/v1/models/future-skills/actuals/"


@pytest.fixture(autouse=True)
def _real_time_again() -> Iterator[None]:
    yield
    clock_shift(dt.timedelta())


def start(a: ModelVersion, b: ModelVersion, **more: Any) -> Any:
    body = {
        "test_name": "guarded",
        "model_a_id": str(a.run_id),
        "model_b_id": str(b.run_id),
        "duration_hours": 240,
        **more,
    }
    return rest("trainer").post(START, body)


def started(a: ModelVersion, b: ModelVersion, **more: Any) -> str:
    answer = start(a, b, **more)
    assert answer.status_code == 201, answer.content
    found: str = answer.json()["id"]
    return found


def settle() -> None:
    """Wait for what is asked in shadow, and let it be old enough."""
    serving._shadows.submit(int).result()
    clock_shift(dt.timedelta(minutes=2))


def break_down(monkeypatch: pytest.MonkeyPatch, version: ModelVersion) -> None:
    """Have a version fail whenever it is asked."""
    real = serving.version_ask

    def ask(asked: ModelVersion, *arguments: Any, **more: Any) -> Any:
        if asked == version:
            raise ModelFailedError("It has no answer.")
        return real(asked, *arguments, **more)

    monkeypatch.setattr(serving, "version_ask", ask)


def ask(rows: int, **more: Any) -> Any:
    answer = rest("viewer").post(PREDICT, {"rows": [ROW] * rows, **more})
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_challenger_that_gives_no_answers_in_shadow_ends_its_test(
    train_version: TrainVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = train_version(), train_version(n_estimators=6)
    test_id = started(first, second, mode="shadow")
    break_down(monkeypatch, second)
    ask(60)
    settle()
    found = results(test_id).json()
    assert (found["verdict"], found["winner"], found["status"]) == ("stop", "a", "completed")
    assert "guard rail" in found["recommendation"]
    (guard,) = found["guards"]
    assert (guard["name"], guard["harmed"], guard["worse_by"]) == ("unanswered", True, 1.0)
    assert AuditEntry.objects.filter(verb="ab_test.ended").count() == 1


def test_a_challenger_that_fails_on_split_traffic_harms_nobody_and_ends_its_test(
    train_version: TrainVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = train_version(), train_version(n_estimators=6)
    test_id = started(first, second, mode="split", traffic_split=0.5)
    break_down(monkeypatch, second)
    keys = [f"k{i}" for i in range(200)]
    answers = ask(200, keys=keys)["predictions"]
    assert {one["version"] for one in answers} == {1}
    missed = Prediction.objects.filter(role="shadow", arm="b", label="")
    assert 60 < missed.count() < 140
    settle()
    found = results(test_id).json()
    assert (found["verdict"], found["guards"][0]["harmed"]) == ("stop", True)


def test_rows_are_guarded_once_and_a_sound_challenger_goes_on(train_version: TrainVersion) -> None:
    first, second = train_version(), train_version(n_estimators=6)
    guards = {"unanswered": 0.01, "latency_ms": 9000}
    test_id = started(first, second, mode="shadow", guards=guards)
    ask(30)
    assert [g["rows"] for g in results(test_id).json()["guards"]] == [0, 0]  # too young
    settle()
    for _ in range(2):
        found = results(test_id).json()
        assert [(g["rows"], g["harmed"]) for g in found["guards"]] == [(30, False)] * 2
    assert found["verdict"] == "continue"
    assert found["guards"][1]["worse_by"] is not None


def test_a_back_test_is_guarded_by_readings_without_an_answer(machine: Any) -> None:
    first, second = two_versions(machine)
    test_id = started(first, second)
    read(machine, 80, 5, level=1.6)
    (guard,) = results(test_id).json()["guards"]
    assert (guard["rows"], guard["harmed"]) == (120, False)


@pytest.mark.parametrize(
    ("guards", "text"),
    [
        ({"speed": 1.0}, "can't be guarded"),
        ({"unanswered": 1.0}, "from 0 to below 1"),
        ({"latency_ms": -1.0}, "from 0 to below"),
    ],
)
def test_guards_that_can_not_be_meant_are_refused(
    train_version: TrainVersion, guards: dict[str, float], text: str
) -> None:
    first, second = train_version(), train_version(n_estimators=6)
    answer = start(first, second, mode="shadow", guards=guards)
    assert (answer.status_code, text in answer.content.decode()) == (422, True), answer.content
    assert not ABTest.objects.exists()


def worse_where(monkeypatch: pytest.MonkeyPatch, version: ModelVersion, category: str) -> None:
    """Have a version be wrong for half of the rows of a category, and right for all others."""
    real, chance = serving.version_ask, random.Random(1)

    def ask(asked: ModelVersion, table: Any, **more: Any) -> Any:
        answers = real(asked, table, **more)
        if asked != version:
            return answers
        said = []
        for row, cell in enumerate(table["skill_category"]):
            wrong = "NONE" if chance.random() < 0.5 else answers[row].label
            right = answers[row].label if row % 5 else "OTHER"
            said.append(replace(answers[row], label=wrong if cell == category else right))
        return said

    monkeypatch.setattr(serving, "version_ask", ask)


def ask_and_tell(rows: int) -> None:
    """Ask about rows of three categories; the champion is wrong in each fifth."""
    names = [("Technical", "Technical", "Soft", "")[i % 4] for i in range(rows)]
    cells = {name: [value] * rows for name, value in ROW.items()} | {"skill_category": names}
    keys = [f"k{i}" for i in range(rows)]
    answer = rest("viewer").post(PREDICT, {"columns": cells, "keys": keys})
    assert answer.status_code == 200, answer.content
    truth = answer.json()["predictions"][0]["prediction"]
    serving._shadows.submit(int).result()
    actuals = [
        {"prediction_id": one["prediction_id"], "actual": truth if i % 5 else "OTHER"}
        for i, one in enumerate(answer.json()["predictions"])
    ]
    assert rest("trainer").post(ACTUALS, {"actuals": actuals}).status_code == 200


def test_a_challenger_that_is_worse_for_one_value_of_a_column_ends_its_test(
    train_version: TrainVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = train_version(), train_version()
    more = {"segment_column": "skill_category", "segment_tolerance": 0.05, "margin": 0.06}
    test_id = started(first, second, mode="shadow", **more)
    worse_where(monkeypatch, second, "Soft")
    assert results(test_id).json()["segments"] == []
    for _ in range(3):
        ask_and_tell(400)
        found = results(test_id).json()
    assert (found["verdict"], found["winner"], found["status"]) == ("stop", "a", "completed")
    assert "Mean error where skill_category is Soft: version 2" in found["recommendation"]
    worst, *others = found["segments"]
    assert (worst["segment"], worst["harmed"], worst["tolerance"]) == ("Soft", True, 0.05)
    assert 0.3 < worst["worse_by"] < 0.6
    assert {one["segment"]: one["harmed"] for one in others} == {
        "Technical": False, "(empty)": False,
    }  # fmt: skip
    page = browser("viewer").get(f"/ui/ab-tests/{test_id}").content.decode()
    assert "By skill_category" in page
    assert 'data-segment="Soft"' in page


def test_a_challenger_that_is_as_good_everywhere_is_not_stopped_on_split_traffic(
    train_version: TrainVersion,
) -> None:
    first, second = train_version(), train_version()
    test_id = started(first, second, mode="split", segment_column="skill_category", margin=0.01)
    ask_and_tell(400)
    found = results(test_id).json()
    assert sum(one["rows"] for one in found["segments"]) == 400
    assert [one["harmed"] for one in found["segments"]] == [False] * 3
    enough = {one["segment"]: one["has_enough_rows"] for one in found["segments"]}
    assert enough["Technical"]
    page = browser("viewer").get(f"/ui/ab-tests/{test_id}").content.decode()
    assert page.count("too few rows") == list(enough.values()).count(False)
    assert {one["tolerance"] for one in found["segments"]} == {0.01}


def test_segments_that_can_not_be_watched_are_refused(
    train_version: TrainVersion, machine: Any
) -> None:
    first, second = train_version(), train_version()
    for more, text in (
        ({"segment_column": "shoe_size"}, "no column 'shoe_size'"),
        ({"segment_column": "skill_name", "segment_tolerance": -1}, "0 or more"),
    ):
        answer = start(first, second, mode="shadow", **more)
        assert (answer.status_code, text in answer.content.decode()) == (422, True), answer.content
    subject = Subject.objects.get(key=first.subject)
    serving_settings_change(subject=subject, user=person("admin"), keep_inputs=False)
    answer = start(first, second, mode="shadow", segment_column="skill_name")
    assert "keep_inputs" in answer.content.decode()
    first, second = two_versions(machine)
    answer = start(first, second, mode="back_test", segment_column="skill_name")
    assert "A back-test has no columns" in answer.content.decode()


def test_a_test_may_be_concluded_before_its_time_and_only_once(train_version: TrainVersion) -> None:
    first, second = train_version(), train_version(n_estimators=6)
    test_id = started(first, second, mode="shadow")
    address = f"/api/v1/model-performance/ab-test/{test_id}/conclude"
    assert rest("viewer").post(address).status_code == 403
    found = rest("trainer").post(address).json()
    assert (found["status"], found["verdict"], found["winner"]) == (
        "completed", "inconclusive", None,
    )  # fmt: skip
    assert rest("trainer").post(address).status_code == 409
    assert AuditEntry.objects.filter(verb="ab_test.concluded").count() == 1


# --- planning -----------------------------------------------------------------------------------


def plan(a: ModelVersion, b: ModelVersion, **more: Any) -> Any:
    body = {"model_a_id": str(a.run_id), "model_b_id": str(b.run_id), "effect": 0.05, **more}
    return rest("trainer").post(PLAN, body)


def test_a_plan_is_made_of_what_the_champion_erred_lately(train_version: TrainVersion) -> None:
    first, second = train_version(), train_version(n_estimators=6)
    answers = ask(60, version="1")["predictions"]
    wrong = "LOW" if answers[0]["prediction"] != "LOW" else "HIGH"
    actuals = [
        {
            "prediction_id": one["prediction_id"],
            "actual": wrong if i % 4 == 0 else one["prediction"],
        }
        for i, one in enumerate(answers)
    ]
    assert rest("trainer").post(ACTUALS, {"actuals": actuals}).status_code == 200
    found = plan(first, second).json()
    assert (found["mean_loss"], found["deviation_from"]) == (0.25, "champion")
    assert found["expected_rows_twice"] < found["expected_rows"] < found["rows"]
    assert found["days"] == pytest.approx(found["rows"] / found["rows_per_day"])
    split = plan(first, second, mode="split", traffic_split=0.1).json()
    assert split["rows"] > 2 * found["rows"]
    assert plan(first, second, effect=0.1).json()["rows"] < found["rows"] / 3


def test_a_plan_that_can_not_be_made_says_why(train_version: TrainVersion) -> None:
    first, second = train_version(), train_version(n_estimators=6)
    for more, text in (
        ({}, "Only 0 errors of version 1 are known"),
        ({"mode": "back_test"}, "Only models of machines"),
        ({"mode": "x"}, "mode must be one of"),
        ({"traffic_split": 1.0}, "above 0 and below 1"),
    ):
        answer = plan(first, second, **more)
        assert (answer.status_code, text in answer.content.decode()) == (422, True), answer.content


def test_a_back_test_is_planned_with_both_versions_on_the_same_readings(machine: Any) -> None:
    first, second = two_versions(machine)
    found = plan(first, second, mode="back_test", effect=0.5).json()
    assert (found["deviation_from"], found["mode"]) == ("pairs", "back_test")
    assert found["rows_per_day"] == pytest.approx(24, abs=1)
