"""Predictions over HTTP: the champion answers, whatever happens to its process or its file."""

import dataclasses
import hashlib
import json
import os
import signal
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from django.conf import settings
from django.db import OperationalError, connection

from modelwright.accounts.models import Notice
from modelwright.accounts.notifications.services import channel_create
from modelwright.engine.artifacts import load_artifact
from modelwright.monitoring.models import Alert
from modelwright.registry.keys import artifact_key
from modelwright.registry.models import ModelVersion, Subject
from modelwright.registry.promotion import alias_set, version_promote, version_rollback
from modelwright.runs import kinds
from modelwright.serving.hosting import host
from modelwright.serving.models import Actual, Prediction, ServingSettings
from tests.abtests.test_ab_tests import machine, two_versions
from tests.people import person, rest
from tests.serving.conftest import ROW, TrainVersion, subject_of
from tests.stack import eventually

__all__ = ["machine"]  # a fixture

URL = "/api/v1/models/future-skills/predict/"
ACTUALS = "/api/v1/models/future-skills/actuals/"
TIME = "2026-03-01T08:00:00Z"


def ask(who: str = "viewer", **body: Any) -> Any:
    return rest(who).post(URL, body)


def tell(*actuals: dict[str, Any]) -> dict[str, int]:
    answer = rest("trainer").post(ACTUALS, {"actuals": actuals})
    assert answer.status_code == 200, answer.content
    found: dict[str, int] = answer.json()
    return found


def pipeline(version: ModelVersion) -> Any:
    path = Path(settings.DATA_ROOT) / version.artifact_path
    return load_artifact(
        path, sha256=version.sha256, signature=version.signature, key=artifact_key()
    )


def counts(**some: int) -> dict[str, int]:
    return {"matched": 0, "waiting": 0, "duplicates": 0, "corrected": 0, **some}


def test_one_row_is_answered_by_the_champion_and_kept(train_version: TrainVersion) -> None:
    version = train_version()
    answer = ask(row=ROW, key="emp-1")
    assert answer.status_code == 200, answer.content
    body = answer.json()
    one = body["predictions"][0]
    assert (body["subject"], body["version"]) == ("future-skills", 1)
    assert body["model_version"] == version.name
    assert one["prediction"] in {"LOW", "MEDIUM", "HIGH"}
    assert sum(one["probabilities"].values()) == pytest.approx(1)
    kept = Prediction.objects.get(request_id=one["prediction_id"])
    assert (kept.label, kept.inputs, kept.key) == (one["prediction"], ROW, "emp-1")
    assert kept.version == version


def test_many_rows_have_the_bits_of_scikit_learn(train_version: TrainVersion) -> None:
    version = train_version(n_estimators=40)
    rows = [{**ROW, "trend_score": i / 50, "avg_salary_k": 30 + i} for i in range(50)]
    answer = ask(rows=rows).json()["predictions"]
    model = pipeline(version)
    frame = pd.DataFrame(rows)
    expected = model.predict_proba(frame).tolist()
    assert [list(one["probabilities"].values()) for one in answer] == expected
    assert [one["prediction"] for one in answer] == model.predict(frame).tolist()
    columns = {name: [row[name] for row in rows] for name in ROW}
    again = ask(columns=columns).json()["predictions"]
    assert [one["probabilities"] for one in again] == [one["probabilities"] for one in answer]


def test_a_csv_file_is_answered_too(train_version: TrainVersion) -> None:
    train_version()
    lines = [",".join(["key", *ROW]), ",".join(["emp-9", *map(str, ROW.values())])]
    answer = rest("viewer").generic("POST", URL, "\n".join(lines).encode(), content_type="text/csv")
    assert answer.status_code == 200, answer.content
    assert (
        answer.json()["predictions"][0]["prediction"]
        == (ask(row=ROW).json()["predictions"][0]["prediction"])
    )
    assert Prediction.objects.filter(key="emp-9").count() == 1


def test_an_explanation_names_every_column(train_version: TrainVersion) -> None:
    train_version()
    one = ask(row=ROW, explain=True).json()["predictions"][0]
    assert set(one["explanation"]) == set(ROW)


def test_a_machine_s_model_refuses_to_explain_rather_than_leave_it_out(machine: Any) -> None:
    version, _ = two_versions(machine)
    url = f"/api/v1/models/{Subject.objects.get(key=version.subject).slug}/predict/"
    row = {"timestamp": "2026-04-20T08:00:00Z", **dict.fromkeys(version.run.features_used, 1.0)}
    assert "explain" in rest("viewer").post(url, {"row": row, "explain": True}).json()["detail"]
    assert rest("viewer").post(url, {"row": row, "explain": True}).status_code == 422
    assert rest("viewer").post(url, {"row": row}).status_code == 200


def test_a_version_may_be_asked_by_number_or_alias(train_version: TrainVersion) -> None:
    first, _ = train_version(), train_version(n_estimators=6)
    alias_set(version=first, name="calm", user=None)
    assert ask(row=ROW, version="1").json()["version"] == 1
    assert ask(row=ROW, version="calm").json()["version"] == 1
    assert ask(row=ROW, version="champion").json()["version"] == 2
    assert ask(row=ROW, version="9").status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({"row": {k: v for k, v in ROW.items() if k != "trend_score"}}, 422, "'trend_score'"),
        ({"row": {**ROW, "trend_score": "high"}}, 422, "must hold numbers"),
        ({"row": {**ROW, "skill_name": 3}}, 422, "must hold text"),
        ({"row": {**ROW, "trend_score": None}}, 422, "is empty in row 1"),
        ({}, 422, "row, rows and columns"),
        ({"row": ROW, "rows": [ROW]}, 422, "row, rows and columns"),
        ({"rows": []}, 422, "rows"),
        ({"rows": [ROW], "keys": ["a", "b"]}, 422, "one entry a row"),
        ({"rows": [ROW], "key": "a"}, 422, "Use keys"),
        ({"columns": {"a": [1, 2], "b": [1]}}, 422, "one length"),
        ({"row": ROW, "time": "2026-03-01T08:00:00"}, 422, "zone"),
        ({"row": ROW, "nonsense": 1}, 422, "Unknown field"),
    ],
)
def test_what_does_not_fit_is_said(
    train_version: TrainVersion, body: dict[str, Any], status: int, text: str
) -> None:
    train_version()
    answer = ask(**body)
    assert (answer.status_code, text in answer.json()["detail"]) == (status, True), answer.content
    assert not Prediction.objects.exists()


def test_unknown_subjects_and_strangers(train_version: TrainVersion) -> None:
    train_version()
    assert rest("viewer").post("/api/v1/models/none/predict/", {"row": ROW}).status_code == 404
    assert ask("stranger", row=ROW).status_code == 403
    assert ask("anonymous", row=ROW).status_code == 401
    assert rest("viewer").post(ACTUALS, {"actuals": []}).status_code == 403
    assert rest("viewer").get(URL).status_code == 405


def test_a_killed_host_is_started_anew(train_version: TrainVersion) -> None:
    train_version()
    ask(row=ROW)
    assert host._process is not None
    os.kill(host._process.pid, signal.SIGKILL)
    host._process.wait()
    assert ask(row=ROW).status_code == 200


def test_a_new_champion_takes_over_without_a_failed_request(train_version: TrainVersion) -> None:
    versions = [train_version(), train_version(n_estimators=6)]
    seen: list[int] = []
    done = threading.Event()
    person("viewer")  # made here, not by four threads at once

    def clients() -> None:
        client = rest("viewer")
        while not done.is_set():
            seen.append(client.post(URL, {"row": ROW}).status_code)
        connection.close()

    threads = [threading.Thread(target=clients) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for i in range(10):
            before = len(seen)
            version_promote(version=versions[i % 2], user=None, reason="in turn")
            eventually(lambda before=before: len(seen) > before, what="they ask meanwhile")
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert set(seen) == {200}


def flip_a_byte(second: Path, _first: Path) -> None:
    data = bytearray(second.read_bytes())
    data[len(data) // 2] ^= 1
    second.write_bytes(bytes(data))


def swap_the_file(second: Path, first: Path) -> None:
    second.write_bytes(first.read_bytes())


def plant_code(second: Path, first: Path) -> None:
    marker = first.with_name("ran")
    second.write_bytes(f"cos\nsystem\n(S'touch {marker}'\ntR.".encode())


@pytest.mark.parametrize("tamper", [flip_a_byte, swap_the_file, plant_code])
def test_a_tampered_champion_is_refused_told_and_the_last_good_one_answers(
    train_version: TrainVersion, tamper: Callable[[Path, Path], None]
) -> None:
    first, second = train_version(), train_version(n_estimators=6)
    channel_create(
        user=person("admin"), name="hook", kind="webhook", target="https://hooks.example.org/x"
    )
    paths = [Path(settings.DATA_ROOT) / version.artifact_path for version in (second, first)]
    tamper(*paths)
    host.stop()  # nothing is loaded any more
    answer = ask(row=ROW)
    assert (answer.status_code, answer.json()["version"]) == (200, 1)
    assert ask(row=ROW, version="2").status_code == 409
    alert = Alert.objects.get()
    assert (alert.alert_type, alert.severity, alert.occurrences) == ("file_refused", "critical", 2)
    assert "Version 2 is refused" in alert.message
    assert "Version 2 is refused" in Notice.objects.get(event="alert").body
    version_rollback(subject=subject_of(first), user=None, reason="its file is broken", to=first)
    alert.refresh_from_db()
    assert alert.status == "resolved"
    assert not paths[1].with_name("ran").exists()


def test_a_machine_s_champion_without_its_file_is_refused_and_the_last_good_one_answers(
    machine: Any,
) -> None:
    first, second = two_versions(machine)
    (Path(settings.DATA_ROOT) / second.artifact_path).unlink()
    row = {"timestamp": "2025-03-25T12:00:00Z", "outdoor_temp_c": 12.0}
    url = f"/api/v1/models/{subject_of(second).slug}/predict"
    answer = rest("viewer").post(url, {"row": row})
    assert (answer.status_code, answer.json().get("version")) == (200, first.number)
    assert Alert.objects.get(alert_type="file_refused").machine == machine


def test_a_pickle_that_would_run_code_is_never_opened(
    train_version: TrainVersion, tmp_path: Path
) -> None:
    version = train_version()
    marker = tmp_path / "ran"
    evil = f"cos\nsystem\n(S'touch {marker}'\ntR.".encode()
    (Path(settings.DATA_ROOT) / version.artifact_path).write_bytes(evil)
    host.stop()
    answer = ask(row=ROW)
    assert answer.status_code == 404
    assert "train it again" in answer.json()["detail"]
    assert not marker.exists()


def test_actuals_by_id_twice_and_corrected(train_version: TrainVersion) -> None:
    train_version()
    one = ask(row=ROW).json()["predictions"][0]
    truth = {"prediction_id": one["prediction_id"], "actual": "HIGH"}
    assert tell(truth) == counts(matched=1)
    assert tell(truth, truth) == counts(duplicates=2)
    assert tell({**truth, "actual": "LOW"}) == counts(corrected=1)
    kept = Prediction.objects.get()
    assert kept.actual is not None
    assert (kept.actual.label, kept.actual.corrections) == ("LOW", 1)


def test_actuals_before_the_prediction_and_for_nobody(train_version: TrainVersion) -> None:
    train_version()
    early = {"key": "emp-1", "time": TIME, "actual": "HIGH"}
    nobody = {"prediction_id": str(uuid.uuid4()), "actual": "LOW"}
    assert tell(early, nobody) == counts(waiting=2)
    ask(row=ROW, key="emp-1", time=TIME)
    assert Prediction.objects.get().actual == Actual.objects.get(key="emp-1")
    assert tell(early, nobody) == counts(duplicates=2)
    assert Actual.objects.filter(is_matched=False).count() == 1


def test_an_actual_for_a_key_alone_is_for_its_latest_prediction(
    train_version: TrainVersion,
) -> None:
    train_version()
    for time in ("2026-03-02T08:00:00Z", TIME):
        ask(row=ROW, key="emp-1", time=time)
    assert tell({"key": "emp-1", "actual": "HIGH"}) == counts(matched=1)
    matched = Prediction.objects.filter(actual__isnull=False)
    assert [p.at.day for p in matched] == [2]
    ask(row=ROW, key="emp-1", time="2026-03-03T08:00:00Z")
    assert Prediction.objects.filter(actual__isnull=False).count() == 1


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ({"actual": "HIGH"}, "prediction_id or a key"),
        ({"key": "a"}, "actual"),
        ({"key": "a", "actual": True}, "label"),
        ({"key": "a", "actual": ""}, "label"),
        ({"prediction_id": "7", "actual": "HIGH"}, "UUID"),
    ],
)
def test_wrong_actuals_are_refused_whole(
    train_version: TrainVersion, entry: dict[str, Any], text: str
) -> None:
    train_version()
    good = {"key": "b", "actual": "HIGH"}
    answer = rest("trainer").post(ACTUALS, {"actuals": [good, entry]})
    assert (answer.status_code, text in json.dumps(answer.json())) == (422, True), answer.content
    assert not Actual.objects.exists()


def test_what_is_not_to_be_kept_is_answered_all_the_same(train_version: TrainVersion) -> None:
    version = train_version()
    ServingSettings.objects.create(subject=subject_of(version), log_share=0)
    assert ask(row=ROW).json()["logged"] is False
    assert not Prediction.objects.exists()


def test_a_connection_lost_while_a_run_is_completed_costs_nothing(
    train_version: TrainVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[str] = []

    def lose(*_: Any) -> None:  # after all the others: the file is in its place
        if not lost:
            lost.append("once")
            raise OperationalError("terminating connection due to administrator command")

    kind = kinds._kinds["training"]
    changed = dataclasses.replace(kind, completion_hooks=[*kind.completion_hooks, lose])
    monkeypatch.setitem(kinds._kinds, "training", changed)
    version = train_version()
    path = Path(settings.DATA_ROOT) / version.artifact_path
    assert lost
    assert hashlib.sha256(path.read_bytes()).hexdigest() == version.sha256
    assert path.stat().st_nlink == 1, "the folder of the attempt is gone"
    assert not list(path.parent.glob(".*.tmp"))
