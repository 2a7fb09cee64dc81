"""Models of tables watched by their traffic, over HTTP: counted once, judged by two keys."""

import datetime as dt
import random
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from django.conf import settings
from django.db import connection

from modelwright.automation.loops import loops_advance
from modelwright.automation.models import Loop
from modelwright.automation.policies import policy_create, policy_dry_run
from modelwright.core.clock import clock_shift, now
from modelwright.monitoring.models import Alert
from modelwright.monitoring.traffic import counting
from modelwright.monitoring.traffic.counting import profiles_of, traffic_count
from modelwright.monitoring.traffic.following import (
    traffic_catch_up,
    traffic_follow,
    traffic_forget,
)
from modelwright.monitoring.traffic.scores import metrics_of
from modelwright.monitoring.traffic_models import (
    TrafficCell,
    TrafficMark,
    TrafficNews,
    TrafficProfile,
)
from modelwright.registry.models import ModelVersion, Promotion, Subject
from modelwright.registry.promotion import version_promote
from modelwright.runs.executor import run_here
from modelwright.runs.models import TrainingRun
from modelwright.runs.services import TrainingRequest, training_submit
from modelwright.serving.models import Prediction, ServingSettings
from tests.people import rest

MONITORING = "/api/v1/models/{}/monitoring/"
ALERTS = "/api/v1/model-performance/alerts/active"


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    yield
    clock_shift(dt.timedelta())


def rows_of(seed: int, count: int, *, level: float = 0.0) -> list[dict[str, Any]]:
    """Return rows whose label follows from `need` alone; `level` moves what doesn't matter."""
    rng = np.random.default_rng(seed)
    return [
        {
            "need": round(float(rng.uniform()), 4),
            "level": round(float(rng.normal(level, 1)), 4),
            "site": str(rng.choice(["north", "south"])),
        }
        for _ in range(count)
    ]


def truth_of(row: dict[str, Any]) -> str:
    return "yes" if row["need"] > 0.5 else "no"


def table_write(name: str, target: Callable[[dict[str, Any]], Any]) -> str:
    rows = rows_of(1, 1000)
    folder = Path(settings.DATA_ROOT) / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame([{**row, "answer": target(row)} for row in rows]).to_csv(
        folder / name, index=False
    )
    return f"tables/{name}"


def train(path: str, seed: int = 1) -> tuple[ModelVersion, Subject]:
    run = run_here(
        training_submit(
            request=TrainingRequest(
                dataset_path=path,
                preset="",
                target_column="answer",
                model_type="random_forest",
                hyperparameters={"n_estimators": 10},
                random_state=seed,
            ),
            user=None,
            ring=False,
        )
    )
    assert run.status == "completed", run.error_message
    version = ModelVersion.objects.get(run=run)
    return version, Subject.objects.get(key=version.subject)


@pytest.fixture
def subject(transactional_db: None) -> Subject:
    return train(table_write("labels.csv", truth_of))[1]


def ask(subject: Subject, rows: list[dict[str, Any]], **more: Any) -> list[dict[str, Any]]:
    answer = rest("viewer").post(f"/api/v1/models/{subject.slug}/predict/", {"rows": rows, **more})
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["predictions"]
    return found


def tell(subject: Subject, actuals: list[dict[str, Any]]) -> dict[str, int]:
    answer = rest("trainer").post(f"/api/v1/models/{subject.slug}/actuals/", {"actuals": actuals})
    assert answer.status_code == 200, answer.content
    found: dict[str, int] = answer.json()
    return found


def use(
    subject: Subject,
    rows: list[dict[str, Any]],
    truth: Callable[[dict[str, Any]], Any] | None = truth_of,
    **more: Any,
) -> list[dict[str, Any]]:
    """Ask for rows, and tell what really came."""
    answers = ask(subject, rows, **more)
    if truth is not None:
        pairs = zip(answers, rows, strict=True)
        tell(subject, [{"prediction_id": a["prediction_id"], "actual": truth(r)} for a, r in pairs])
    return answers


def check(subject: Subject) -> dict[str, Any]:
    answer = rest("trainer").post(MONITORING.format(subject.slug) + "check/")
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def over_time(subject: Subject, **query: Any) -> dict[str, Any]:
    answer = rest("viewer").get(MONITORING.format(subject.slug) + "metrics/", query)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def open_alerts() -> dict[str, dict[str, Any]]:
    return {alert["alert_type"]: alert for alert in rest("viewer").get(ALERTS).json()}


def policy(subject: Subject, **when: Any) -> None:
    rules = {
        "when": when,
        "then": {"alert": True, "retrain": True, "test": {"days": 9}, "promote": "auto"},
        "cooldown_hours": 0,
    }
    policy_create(name="loop", subject=subject, rules=rules, user=None)


# --- what is found ------------------------------------------------------------------------------


def test_usual_traffic_raises_nothing(subject: Subject) -> None:
    use(subject, rows_of(2, 400))
    found = check(subject)
    assert (found["drift_type"], found["drift_detected"], found["benign"]) == (
        "no_drift", False, False,
    )  # fmt: skip
    assert found["traffic"]["rows"] == found["outcomes"]["actuals"] == 400
    assert found["metrics"]["accuracy"] > 0.9
    assert found["baseline_metrics"]["log_loss"] > 0
    assert {f["name"] for f in found["inputs"]["features"]} >= {"need", "level", "site"}
    assert {f["name"] for f in found["answers"]["features"]} >= {"prediction", "confidence"}
    assert open_alerts() == {}
    shown = rest("viewer").get(MONITORING.format(subject.slug)).json()
    assert (shown["version"], shown["check"]["drift_type"]) == (1, "no_drift")


def test_benign_drift_is_alerted_as_such_and_nothing_is_promoted(subject: Subject) -> None:
    policy(subject, drift=True)
    use(subject, rows_of(2, 400, level=1.5))
    found = check(subject)
    assert (found["drift_type"], found["benign"], found["is_worse"]) == ("data_drift", True, False)
    alert = open_alerts()["data_drift"]
    assert (alert["severity"], alert["subject"], alert["machine_id"]) == (
        "info", subject.slug, None,
    )  # fmt: skip
    assert "level" in alert["message"]
    assert "as right as on its hold-out" in alert["message"]
    assert set(open_alerts()) == {"data_drift"}
    loops_advance()
    assert not Loop.objects.exists()
    assert not TrainingRun.objects.filter(status="pending").exists()
    assert Promotion.objects.filter(subject=subject).count() == 1  # the first version, at training


def test_more_errors_raise_an_alert_and_begin_a_loop(subject: Subject) -> None:
    policy(subject, drift=True)
    use(subject, rows_of(2, 400), lambda row: "yes")
    found = check(subject)
    assert (found["drift_type"], found["is_worse"]) == ("concept_drift", True)
    assert found["error_ratio"] > 5
    assert set(open_alerts()) == {"performance"}
    loops_advance()
    loop = Loop.objects.get()
    assert (loop.trigger, loop.state) == ("drift", "gathering")
    assert "error rate" in loop.reason
    loops_advance()
    check(subject)  # while a new version is trained, nothing new is said
    assert Alert.objects.get(alert_type="performance").occurrences == 1


def test_drift_of_inputs_that_nobody_can_judge_is_a_warning(subject: Subject) -> None:
    use(subject, rows_of(2, 400, level=1.5), truth=None)
    assert check(subject)["benign"] is False
    alert = open_alerts()["data_drift"]
    assert alert["severity"] == "warning"
    assert "no actual values came" in alert["message"]


def test_drift_of_predictions_is_found_apart(subject: Subject) -> None:
    rows = [{**row, "need": 0.5 + row["need"] / 2} for row in rows_of(2, 400)]
    use(subject, rows, truth=None)
    found = check(subject)
    assert found["answers"]["drifted"]
    assert {"data_drift", "prediction_drift"} == set(open_alerts())


def test_an_incident_has_one_alert_and_is_closed_when_it_is_over(subject: Subject) -> None:
    use(subject, rows_of(2, 300, level=3.0), truth=None)
    check(subject)
    check(subject)
    alert = Alert.objects.get(alert_type="data_drift")
    assert (alert.status, alert.occurrences) == ("firing", 2)
    clock_shift(dt.timedelta(days=2))
    use(subject, rows_of(3, 300), truth=None)
    check(subject)
    alert.refresh_from_db()
    assert (alert.status, alert.resolved_by) == ("resolved", None)


def test_a_new_champion_closes_the_alerts_of_the_old_one(subject: Subject) -> None:
    use(subject, rows_of(2, 400, level=3.0), truth=None)
    check(subject)
    train("tables/labels.csv", seed=2)
    assert {a.status for a in Alert.objects.all()} == {"resolved"}


def test_a_policy_may_act_on_a_metric_and_says_when_it_would_have(subject: Subject) -> None:
    rules = {"when": {"metric": {"name": "f1_score", "below": 0.7}}, "then": {"alert": True}}
    use(subject, rows_of(2, 200), lambda row: "yes" if row["need"] < 0.5 else "no")
    traffic_catch_up()
    clock_shift(dt.timedelta(days=1))
    assert [w.trigger for w in policy_dry_run(subject=subject, rules=rules, days=3)][:1] == [
        "metric"
    ]
    policy(subject, metric={"name": "f1_score", "below": 0.7})
    loops_advance()
    assert Loop.objects.get().reason.startswith("f1_score is 0")


def test_a_policy_may_act_on_so_many_actual_values(subject: Subject) -> None:
    use(subject, rows_of(2, 30))
    traffic_catch_up()
    policy(subject, new_rows=31)
    loops_advance()
    assert not Loop.objects.exists()
    use(subject, rows_of(3, 1))
    traffic_catch_up()
    loops_advance()
    assert Loop.objects.get().reason == "31 actual values have come since it was trained."


def test_the_minute_s_job_checks_what_has_news(subject: Subject) -> None:
    use(subject, rows_of(2, 300, level=3.0), truth=None)
    assert traffic_follow() == 1
    assert "data_drift" in open_alerts()
    assert traffic_follow() == 0
    use(subject, rows_of(3, 10), truth=None)
    assert traffic_follow() == 0  # within the hour
    clock_shift(dt.timedelta(hours=1, minutes=1))
    assert traffic_follow() == 1


def test_numbers_are_watched_by_their_errors(transactional_db: None) -> None:
    _, subject = train(table_write("numbers.csv", lambda row: 10 * row["need"]))
    use(subject, rows_of(2, 100), lambda row: 10 * row["need"])
    assert check(subject)["is_worse"] is False
    windows = over_time(subject)["versions"][0]["windows"]
    assert {"mae", "rmse", "r2"} == set(windows[0]["metrics"])
    use(subject, rows_of(3, 300), lambda row: 10 * row["need"] + 5)
    assert check(subject)["is_worse"] is True


# --- counted once -------------------------------------------------------------------------------


def brute_force(version: ModelVersion) -> dict[int, tuple[int, Any]]:
    """Return rows and metrics of each hour, from the log itself."""
    found: dict[int, list[Prediction]] = {}
    for row in Prediction.objects.filter(version=version).select_related("actual"):
        found.setdefault(counting.hour_of(row.at), []).append(row)
    made = {}
    for hour, rows in found.items():
        pairs = [(r.label, r.actual.label) for r in rows if r.actual]
        right = sum(p == a for p, a in pairs)
        made[hour] = (len(rows), pytest.approx(right / len(pairs)) if pairs else None)
    return made


def cells(version: ModelVersion) -> dict[int, tuple[int, Any]]:
    return {
        cell.hour: (cell.given, metrics_of(cell.outcomes).get("accuracy"))
        for cell in TrafficCell.objects.filter(version=version)
    }


def test_late_early_repeated_and_corrected_actuals_count_for_the_hour_they_are_about(
    subject: Subject,
) -> None:
    version = ModelVersion.objects.get()
    rng = random.Random(5)
    rows = rows_of(4, 60)
    times = [f"2026-03-01T{rng.randrange(6):02}:30:00Z" for _ in rows]
    keys = [f"k{i}" for i in range(len(rows))]
    early = [
        {"key": keys[i], "time": times[i], "actual": rng.choice(["yes", "no"])} for i in range(20)
    ]
    tell(subject, early)
    for start in range(0, 60, 15):
        some = slice(start, start + 15)
        ask(subject, rows[some], keys=keys[some], times=times[some])
        traffic_catch_up()
        told = [
            {"key": keys[i], "time": times[i], "actual": rng.choice(["yes", "no"])}
            for i in rng.sample(range(60), 20)
        ]
        tell(subject, told + told[:5])
        if start % 2:
            traffic_catch_up()
    tell(subject, [{"prediction_id": str(uuid.uuid4()), "actual": "yes"}])
    traffic_catch_up()
    assert cells(version) == brute_force(version)
    assert not TrafficNews.objects.exists()
    assert len(cells(version)) == 6


def test_many_count_at_once_and_each_prediction_is_in_its_cell_once(subject: Subject) -> None:
    use(subject, rows_of(2, 100))

    def go() -> None:
        traffic_catch_up()
        connection.close()

    threads = [threading.Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    traffic_catch_up()
    cell = TrafficCell.objects.get()
    _, answers = profiles_of(TrafficProfile.objects.get())
    assert (cell.given, cell.outcomes["n"]) == (100, 100)
    assert counting.Counts.from_bytes(bytes(cell.answers or b"")).rows == 100
    assert answers.names == ("prediction", "confidence")


def test_who_is_killed_while_counting_has_done_nothing(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(subject, rows_of(2, 30))

    def die(_hours: Any) -> None:
        raise SystemExit(9)

    with monkeypatch.context() as patch:
        patch.setattr(counting, "news_note", die)
        with pytest.raises(SystemExit):
            traffic_count()
    assert not TrafficCell.objects.exists()
    assert TrafficMark.objects.get().counted_to == 0
    traffic_catch_up()
    assert TrafficCell.objects.get().given == 30


def test_a_prediction_that_is_committed_late_is_counted_once(subject: Subject) -> None:
    ask(subject, rows_of(2, 3))
    late = Prediction.objects.order_by("id")[1]
    copy = Prediction.objects.get(pk=late.pk)
    late.delete()  # as if its transaction were open still
    traffic_count()
    assert TrafficCell.objects.get().given == 2
    copy.save(force_insert=True)
    assert [traffic_count(), traffic_count()] == [1, 0]
    assert TrafficCell.objects.get().given == 3
    assert TrafficMark.objects.get().gaps == []


def test_a_gap_that_nobody_fills_is_forgotten(subject: Subject) -> None:
    ask(subject, rows_of(2, 3))
    Prediction.objects.order_by("id")[1].delete()
    traffic_count()
    assert len(TrafficMark.objects.get().gaps) == 1
    clock_shift(dt.timedelta(hours=2))
    ask(subject, rows_of(3, 1))
    traffic_count()
    assert TrafficMark.objects.get().gaps == []


def test_what_is_not_kept_is_in_no_cell(subject: Subject) -> None:
    ServingSettings.objects.create(subject=subject, keep_inputs=False)
    use(subject, rows_of(2, 300))
    found = check(subject)
    assert found["inputs"] is None
    assert found["answers"]["rows"] == 300
    ServingSettings.objects.update(log_share=0)
    ask(subject, rows_of(3, 5))
    assert check(subject)["traffic"]["rows"] == 300


def test_a_file_s_texts_are_counted_as_the_model_reads_them(subject: Subject) -> None:
    rows = rows_of(2, 300)
    lines = ["need,level,site", *(",".join(map(str, row.values())) for row in rows)]
    answer = rest("viewer").generic(
        "POST",
        f"/api/v1/models/{subject.slug}/predict/",
        "\n".join(lines).encode(),
        content_type="text/csv",
    )
    assert answer.status_code == 200, answer.content
    assert check(subject)["inputs"]["drifted"] is False


def test_a_version_that_is_gone_or_has_no_profile_stops_nobody(subject: Subject) -> None:
    use(subject, rows_of(2, 30))
    second, _ = train("tables/labels.csv", seed=2)
    version_promote(version=second, user=None, reason="for the test")
    use(subject, rows_of(3, 60))
    Prediction.objects.filter(version_number=1).update(version=None)
    TrafficProfile.objects.filter(version=second).delete()
    found = check(subject)
    assert (found["version"], found["inputs"], found["answers"]) == (2, None, None)
    assert found["outcomes"]["actuals"] == 60


def test_metrics_are_given_by_version_and_time(subject: Subject) -> None:
    use(subject, rows_of(2, 30))
    second, _ = train("tables/labels.csv", seed=2)
    version_promote(version=second, user=None, reason="for the test")
    use(subject, rows_of(3, 20))
    traffic_catch_up()
    found = over_time(subject, step="hour", days=1)
    assert [(one["version"], one["windows"][0]["actuals"]) for one in found["versions"]] == [
        (2, 20), (1, 30),
    ]  # fmt: skip
    assert len(over_time(subject, version=1)["versions"]) == 1
    address = MONITORING.format(subject.slug) + "metrics/"
    for query in ({"step": "week"}, {"days": 0}, {"version": "x"}, {"nonsense": 1}):
        assert rest("viewer").get(address, query).status_code == 422


def test_nothing_to_check_is_said(subject: Subject) -> None:
    answer = rest("trainer").post(MONITORING.format(subject.slug) + "check/")
    assert (answer.status_code, "is counted yet" in answer.json()["detail"]) == (404, True)
    assert rest("viewer").post(MONITORING.format(subject.slug) + "check/").status_code == 403
    assert rest("viewer").get(MONITORING.format("none")).status_code == 404
    assert rest("viewer").get(MONITORING.format(subject.slug)).json()["check"] is None


def test_old_counts_are_let_go_and_outcomes_stay(subject: Subject) -> None:
    use(subject, rows_of(2, 10), times=["2020-01-01T10:00:00Z"] * 10)
    use(subject, rows_of(3, 10))
    traffic_catch_up()
    assert traffic_forget() == 1
    old, new = TrafficCell.objects.order_by("hour")
    assert (old.inputs, old.outcomes["n"], new.inputs is not None) == (None, 10, True)
    assert new.hour == counting.hour_of(now())
