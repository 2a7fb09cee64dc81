"""Old predictions and files go, in whole pieces; what something needs stays, and so do the sums."""

import datetime as dt
import os
import threading
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections

from modelwright.abtests.models import ABTest
from modelwright.accounts.models import AuditEntry
from modelwright.automation.scheduled import predictions_cleanup
from modelwright.core.clock import now
from modelwright.monitoring.traffic.following import traffic_catch_up
from modelwright.monitoring.traffic_models import TrafficCell, TrafficMark
from modelwright.registry.models import ModelVersion, Subject
from modelwright.serving import retention
from modelwright.serving.actuals import Truth, actuals_record
from modelwright.serving.batch_models import BatchPrediction
from modelwright.serving.models import Actual, Prediction
from modelwright.serving.retention import batch_files_forget, predictions_forget
from tests.killing import killed_before
from tests.people import browser, person, rest
from tests.registry.conftest import MakeVersion
from tests.registry.conftest import make_version as make_version  # a fixture

DAY = dt.timedelta(days=1)


@pytest.fixture
def version(transactional_db: None, make_version: MakeVersion) -> ModelVersion:
    return make_version()


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 3)


def subject() -> Subject:
    return Subject.objects.get()


def logged(version: ModelVersion, days: float, label: str = "a", **more: Any) -> Prediction:
    """Log a prediction that was given so many days ago."""
    moment = now() - days * DAY
    return Prediction.objects.create(
        subject=subject(), version=version, version_number=version.number, label=label,
        **{"at": moment, "created_at": moment, **more},
    )  # fmt: skip


def keep(**changes: Any) -> Any:
    url = f"/api/v1/subjects/{subject().slug}/retention/predictions/"
    answer = rest("admin").put(url, changes)
    assert answer.status_code == 200, answer.content
    return answer.json()


def plan() -> Any:
    return rest("viewer").get(f"/api/v1/subjects/{subject().slug}/retention/predictions/").json()


def clean() -> dict[str, Any]:
    return predictions_cleanup.work(lambda *_: None)


def test_nothing_goes_unless_somebody_said_for_how_long_it_is_kept(version: ModelVersion) -> None:
    logged(version, 4000)
    traffic_catch_up()
    assert (plan()["kept_days"], plan()["deletable"]) == (0, 0)
    assert clean()["predictions_deleted"] == 0


def test_what_is_older_goes_as_the_dry_run_said_and_is_on_record(version: ModelVersion) -> None:
    for days in (1, 29, 31, 40, 50, 60, 400):
        logged(version, days)
    traffic_catch_up()
    dry = keep(kept_days=30)
    assert (dry["predictions"], dry["deletable"], dry["needed"]) == (7, 5, 0)
    page = browser("admin").get(f"/ui/registry/{subject().slug}/retention").content.decode()
    assert 'data-deletable="5"' in page
    assert 'data-old="5"' in browser("viewer").get("/ui/retention").content.decode()
    every = rest("viewer").get("/api/v1/retention/plans/").json()["old_predictions"]
    assert every == {"predictions": 5, "files": 0, "file_bytes": 0}
    assert clean()["message"] == "Predictions deleted: 5; files: 0."
    assert Prediction.objects.count() == 2
    assert plan()["deletable"] == 0
    noted = AuditEntry.objects.filter(verb="predictions.deleted").order_by("id")
    assert [one.after["predictions"] for one in noted if one.after] == [3, 2]
    assert clean()["predictions_deleted"] == 0
    assert noted.count() == 2


def test_the_server_s_setting_holds_where_a_model_has_none_of_its_own(
    version: ModelVersion, settings: Any
) -> None:
    settings.PREDICTIONS_KEPT_DAYS = 10
    logged(version, 20)
    traffic_catch_up()
    keep(kept_days=0)
    assert clean()["predictions_deleted"] == 0
    assert not keep(kept_days=None)["kept_days_is_own"]
    assert clean()["predictions_deleted"] == 1


def test_it_takes_an_owner_and_a_number_that_can_be_meant(version: ModelVersion) -> None:
    url = f"/api/v1/subjects/{subject().slug}/retention/predictions/"
    assert rest("viewer").put(url, {"kept_days": 1}).status_code == 403
    assert rest("trainer").put(url, {"kept_days": 1}).status_code == 403  # of the shared pool
    for days in (-1, 1.5, "x", 36_501):
        assert rest("admin").put(url, {"kept_days": days}).status_code in (400, 422), days
    page = browser("admin")
    page.handler.enforce_csrf_checks = False
    change = f"/ui/registry/{subject().slug}/retention/change"
    wrong = page.post(change, {"do": "predictions", "kept_days": "-3"}, format="multipart")
    assert wrong.status_code == 422
    right = page.post(change, {"do": "predictions", "kept_days": "45"}, format="multipart")
    assert (right.status_code, plan()["kept_days"]) == (302, 45)


def test_what_is_predicted_for_a_time_to_come_or_for_long_ago_goes_by_the_later(
    version: ModelVersion,
) -> None:
    logged(version, 50, at=now() - 5 * DAY)
    logged(version, 5, at=now() - 500 * DAY)
    traffic_catch_up()
    keep(kept_days=30)
    assert clean()["predictions_deleted"] == 0


def test_what_is_not_counted_yet_stays(version: ModelVersion) -> None:
    first, late, last = (logged(version, 50) for _ in range(3))
    traffic_catch_up()
    fresh = logged(version, 50)
    keep(kept_days=30)
    since = (now() - dt.timedelta(minutes=5)).isoformat()
    TrafficMark.objects.update(gaps=[[late.pk, late.pk, since]])  # committed after it was missed
    assert (plan()["deletable"], plan()["needed"]) == (2, 2)
    clean()
    assert set(Prediction.objects.values_list("pk", flat=True)) == {late.pk, fresh.pk}
    assert {first.pk, last.pk}.isdisjoint(Prediction.objects.values_list("pk", flat=True))


def test_what_a_running_test_needs_stays_until_it_ends(
    version: ModelVersion, make_version: MakeVersion
) -> None:
    test = ABTest.objects.create(
        test_name="t", subject=subject(), model_type="random_forest", version_a=version,
        version_b=make_version(), model_a_id=uuid.uuid4(), model_b_id=uuid.uuid4(),
        mode="shadow", ends_at=now() + DAY,
    )  # fmt: skip
    logged(version, 50, test_id=test.pk)
    logged(version, 50)
    traffic_catch_up()
    keep(kept_days=30)
    clean()
    assert [row.test_id for row in Prediction.objects.all()] == [test.pk]
    ABTest.objects.update(status="completed", ended_at=now())
    clean()
    assert not Prediction.objects.exists()


def test_metrics_stay_when_predictions_go_and_later_truths_add_to_them(
    version: ModelVersion,
) -> None:
    hour = (now() - 50 * DAY).replace(minute=10)
    rows = [logged(version, 50, label, at=hour) for label in "aabb"]
    late = logged(version, 5, "a", at=hour)  # of the same hour, given later
    traffic_catch_up()
    actuals_record(subject=subject(), truths=[Truth(row.request_id, label="a") for row in rows])
    traffic_catch_up()
    before = TrafficCell.objects.get().outcomes
    assert (before["n"], before["matrix"]) == (4, {"a": {"a": 2, "b": 2}})
    keep(kept_days=30)
    assert clean()["predictions_deleted"] == 4
    assert not Actual.objects.exists()
    assert TrafficCell.objects.get().outcomes == before
    actuals_record(subject=subject(), truths=[Truth(late.request_id, label="b")])
    traffic_catch_up()
    after = TrafficCell.objects.get().outcomes
    assert (after["n"], after["matrix"]) == (5, {"a": {"a": 2, "b": 2}, "b": {"a": 1}})


def test_truths_that_wait_or_are_about_something_kept_stay(version: ModelVersion) -> None:
    moment = now() - 50 * DAY
    logged(version, 50, at=moment, key="k")
    logged(version, 5, at=moment, key="k")
    truths = [Truth(key="k", at=moment, label="a"), Truth(key="nobody", label="a")]
    actuals_record(subject=subject(), truths=truths)
    traffic_catch_up()
    keep(kept_days=30)
    assert clean()["predictions_deleted"] == 1
    assert Actual.objects.count() == 2
    assert Prediction.objects.get().actual is not None


def test_a_kill_at_any_statement_loses_no_sum_and_deletes_nothing_without_a_record(
    version: ModelVersion,
) -> None:
    rows = [logged(version, 50, at=now() - 50 * DAY) for _ in range(7)]
    truths = [Truth(row.request_id, label="a") for row in rows]
    actuals_record(subject=subject(), truths=truths)
    traffic_catch_up()
    keep(kept_days=30)
    statement = 1
    while killed_before(statement, lambda: predictions_forget(60)):
        noted = AuditEntry.objects.filter(verb="predictions.deleted")
        deleted = sum(one.after["predictions"] for one in noted if one.after)
        assert deleted + Prediction.objects.count() == 7, statement
        assert Actual.objects.count() == Prediction.objects.count()
        gone = sum((cell.outcomes_gone or {}).get("n", 0) for cell in TrafficCell.objects.all())
        assert gone == deleted, statement
        statement += 3
    assert statement > 10
    assert not Prediction.objects.exists()
    assert sum(cell.outcomes["n"] for cell in TrafficCell.objects.all()) == 7


def test_two_at_once_delete_each_piece_once(version: ModelVersion) -> None:
    for _ in range(20):
        logged(version, 50)
    traffic_catch_up()
    keep(kept_days=30)
    counts: list[int] = []

    def work() -> None:
        counts.append(predictions_forget(60)[0])
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 20
    noted = AuditEntry.objects.filter(verb="predictions.deleted")
    assert sum(one.after["predictions"] for one in noted if one.after) == 20


def test_it_stops_when_its_time_is_up_and_goes_on_next_time(version: ModelVersion) -> None:
    for _ in range(7):
        logged(version, 50)
    traffic_catch_up()
    keep(kept_days=30)
    assert predictions_forget(0) == (3, False)
    assert predictions_forget(60) == (4, True)


# --- files of data sets --------------------------------------------------------------------------


def batch(version: ModelVersion, days: float, who: str = "trainer") -> BatchPrediction:
    """Return a batch that completed so many days ago, with its file."""
    made = BatchPrediction(
        subject=subject(), version=version, version_number=1, dataset_name="Rows",
        user=person(who), status="completed", finished_at=now() - days * DAY, rows=1,
        size_bytes=4, sha256="0" * 64,
    )  # fmt: skip
    made.path = f"{settings.PREDICTIONS_PREFIX}/{made.pk}.csv"
    made.save()
    path = Path(settings.DATA_ROOT) / made.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"row\n")
    return made


def there(one: BatchPrediction) -> bool:
    return (Path(settings.DATA_ROOT) / settings.PREDICTIONS_PREFIX / f"{one.pk}.csv").exists()


def test_old_files_go_and_their_batches_say_when(version: ModelVersion, settings: Any) -> None:
    old, young = batch(version, 31), batch(version, 29)
    assert (plan()["files"], plan()["files_deletable"], plan()["frees_bytes"]) == (2, 1, 4)
    assert clean()["files_deleted"] == 1
    assert (there(old), there(young)) == (False, True)
    answer = rest("admin").get(f"/api/v1/batches/{old.pk}/file/")
    assert (answer.status_code, answer.json()["code"]) == (404, "file_deleted")
    assert "was deleted on 20" in answer.json()["detail"]
    shown = rest("viewer").get(f"/api/v1/batches/{old.pk}/").json()
    assert shown["file_deleted_at"]
    assert AuditEntry.objects.filter(verb="batch.file_deleted").count() == 1
    assert batch_files_forget() == (0, 0)
    settings.BATCH_FILES_KEPT_DAYS = 0
    BatchPrediction.objects.update(finished_at=now() - 4000 * DAY)
    assert batch_files_forget() == (0, 0)
    assert there(young)


def test_who_asked_for_a_file_may_delete_it_and_so_may_the_owner(version: ModelVersion) -> None:
    first, second = batch(version, 1), batch(version, 1, "admin")
    url = "/api/v1/batches/{}/file/"
    assert rest("viewer").delete(url.format(first.pk)).status_code == 403
    assert rest("trainer").delete(url.format(second.pk)).status_code == 403
    assert rest("trainer").delete(url.format(first.pk)).status_code == 204
    again = rest("trainer").delete(url.format(first.pk))
    assert (again.status_code, again.json()["code"]) == (404, "file_deleted")
    assert rest("admin").delete(url.format(second.pk)).status_code == 204
    assert not there(first)
    assert not there(second)


def test_a_process_killed_before_a_file_goes_leaves_it_to_the_next(
    version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = batch(version, 31)
    with monkeypatch.context() as killed:
        killed.setattr(retention, "_unlink", lambda _batch: None)
        assert batch_files_forget() == (1, 4)
    assert there(one)
    assert rest("admin").get(f"/api/v1/batches/{one.pk}/file/").status_code == 404
    assert batch_files_forget() == (0, 0)
    assert not there(one)


def test_files_that_no_batch_names_go_after_a_day(version: ModelVersion) -> None:
    lost, fresh = batch(version, 1), batch(version, 1)
    BatchPrediction.objects.all().delete()
    then = (now() - 2 * DAY).timestamp()
    os.utime(Path(settings.DATA_ROOT) / lost.path, (then, then))
    batch_files_forget()
    assert (there(lost), there(fresh)) == (False, True)
