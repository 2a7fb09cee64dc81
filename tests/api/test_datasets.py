"""Contract C, data sets: handing in, looking at, deleting; other people's are closed."""

import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from arro3.core import Array, DataType, Table
from arro3.io import write_parquet
from django.conf import settings

from modelwright.accounts.models import AuditEntry
from modelwright.catalog.files import uploads_dir
from modelwright.catalog.models import DataSet, TargetProfile
from modelwright.runs.models import TrainingRun
from tests.api.research import (
    DATASETS,
    MALFORMED,
    NOBODYS,
    SKILLS,
    TARGET,
    a_dataset,
    a_model_run,
    an_experiment,
    light_dataset,
    share,
    upload,
)
from tests.bad_tables import BAD_TABLES, ODD_TABLES
from tests.people import PEOPLE, browser, rest

KINDS = {"city": DataType.string(), "kw": DataType.float64(), "on": DataType.bool()}

pytestmark = pytest.mark.django_db(transaction=True)

# What is wrong only with the future-skills preset is a table all the same.
ONLY_THE_PRESETS = {
    "no_header", "target_missing", "target_empty", "target_of_other_case", "all_labels_invalid",
    "labels_are_numbers", "one_class", "one_row_of_a_class", "one_row", "too_few_rows",
    "only_the_target", "only_unknown_columns", "all_features_empty", "infinite",
    "minus_infinity", "overflowing_number", "number_too_large", "words_among_numbers",
}  # fmt: skip


def left_over() -> list[str]:
    """Return the names of the files that are no data set's."""
    kept = {Path(path).name for path in DataSet.objects.values_list("path", flat=True)}
    return [path.name for path in uploads_dir().iterdir() if path.name not in kept]


@pytest.fixture(autouse=True)
def _clean() -> Any:
    for path in uploads_dir().iterdir():
        path.unlink()
    yield
    assert left_over() == []


# --- handing in ----------------------------------------------------------------------------------


def test_an_upload_becomes_a_data_set() -> None:
    answer = upload("trainer", name="Skills of 2026")
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert body["name"] == "Skills of 2026"
    assert (body["row_count"], body["size_bytes"]) == (357, len(SKILLS))
    assert body["sha256"] == hashlib.sha256(SKILLS).hexdigest()
    assert len(body["columns"]) == 12
    column = next(c for c in body["columns"] if c["name"] == TARGET)
    assert (column["missing"], column["distinct"], column["kind"]) == (0, 3, "text")
    assert {"name", "dtype", "missing", "distinct"} <= set(column)
    stored = DataSet.objects.get(pk=body["id"])
    path = Path(settings.DATA_ROOT) / stored.path
    assert path.read_bytes() == SKILLS
    assert path.stat().st_mode & 0o777 == 0o600
    entry = AuditEntry.objects.get(verb="dataset.created")
    assert (entry.actor_name, entry.channel) == ("trainer", "api")


def test_without_a_name_it_is_called_as_the_file() -> None:
    assert upload("trainer", file_name="../../etc/sales 2026.csv").json()["name"] == "sales 2026"


def test_a_session_may_upload_with_its_csrf_token_only() -> None:
    client = browser("trainer")
    body = {"name": "t"}
    assert client.post(DATASETS, body, format="multipart").status_code == 403


def test_the_same_content_again_has_the_same_hash_and_version() -> None:
    first = upload("trainer", b"a,b\n1,2\n3,4\n", name="t").json()
    again = upload("trainer", b"a,b\n1,2\n3,4\n", name="t").json()
    changed = upload("trainer", b"a,b\n1,2\n3,5\n", name="t").json()
    other = upload("trainer", b"a,b\n1,2\n3,4\n", name="another name").json()
    assert first["sha256"] == again["sha256"] == other["sha256"] != changed["sha256"]
    assert [d["version"] for d in (first, again, changed, other)] == [1, 1, 2, 1]
    assert len({d["id"] for d in (first, again, changed, other)}) == 4


def test_deleting_one_of_two_equal_sets_leaves_the_other() -> None:
    one, two = upload("trainer").json(), upload("trainer").json()
    assert rest("trainer").delete(f"{DATASETS}{one['id']}/").status_code == 204
    stored = DataSet.objects.get(pk=two["id"])
    assert (Path(settings.DATA_ROOT) / stored.path).read_bytes() == SKILLS


def test_a_file_below_the_data_root_is_copied(put_table: Callable[[str, bytes], str]) -> None:
    path = put_table("monthly.csv", SKILLS)
    answer = rest("trainer").post(DATASETS, {"path": path, "name": "monthly"})
    assert answer.status_code == 201, answer.content
    (Path(settings.DATA_ROOT) / path).write_bytes(b"changed\n1\n")
    stored = DataSet.objects.get(pk=answer.json()["id"])
    assert (Path(settings.DATA_ROOT) / stored.path).read_bytes() == SKILLS
    assert stored.source == path


@pytest.mark.parametrize(
    "path",
    [
        "../../etc/passwd", "/etc/passwd", "artifacts/../../x.csv", "", " ", "a\x01b", ".env",
        "system/secret.key", "system/modelwright.sqlite3", "x" * 2000, "artifacts/datasets",
        "artifacts/datasets/nothing.csv", "artifacts/uploads", 7, None, ["a"], {"a": 1},
    ],
)  # fmt: skip
def test_a_path_that_is_not_a_table_of_ours_is_refused(path: Any) -> None:
    answer = rest("trainer").post(DATASETS, {"path": path})
    assert answer.status_code == 400, answer.content
    assert isinstance(answer.json()["detail"], str)
    assert str(settings.DATA_ROOT) not in answer.content.decode()


def test_the_file_of_a_data_set_is_closed_to_paths(silent_bell: list[str]) -> None:
    theirs = a_dataset("admin")
    for url, body in (
        (DATASETS, {"path": theirs.path}),
        ("/api/training/train/", {"dataset_path": theirs.path}),
    ):
        answer = rest("trainer").post(url, body, headers={"Prefer": "wait=0"})
        assert answer.status_code == 400, url
        assert "closed" in answer.content.decode()
    assert not TrainingRun.objects.exists()


def test_a_link_to_a_closed_folder_is_refused(put_table: Callable[[str, bytes], str]) -> None:
    theirs = a_dataset("admin")
    path = put_table("link.csv", b"")
    link = Path(settings.DATA_ROOT) / path
    link.unlink()
    link.symlink_to(Path(settings.DATA_ROOT) / theirs.path)
    assert rest("trainer").post(DATASETS, {"path": path}).status_code == 400
    link.unlink()


def test_a_pipe_does_not_hold_the_server_up(put_table: Callable[[str, bytes], str]) -> None:
    path = put_table("pipe.csv", b"")
    pipe = Path(settings.DATA_ROOT) / path
    pipe.unlink()
    os.mkfifo(pipe)
    answer = rest("trainer").post(DATASETS, {"path": path})
    pipe.unlink()
    assert answer.status_code == 400
    assert "pipe" in answer.json()["detail"]


@pytest.mark.parametrize("name", sorted(set(BAD_TABLES) - ONLY_THE_PRESETS))
def test_what_is_no_table_is_refused_in_words(name: str) -> None:
    content, words = BAD_TABLES[name]
    answer = upload("trainer", content, f"{name}.csv")
    assert answer.status_code == 400, answer.content
    detail = answer.json()["detail"]
    assert [word for word in words if word not in detail] == [], detail
    assert str(settings.DATA_ROOT) not in detail
    assert not DataSet.objects.exists()


@pytest.mark.parametrize(
    "name", ["semicolons", "utf16_with_mark", "decimal_commas", "windows_1252", "missing_cells"]
)
def test_odd_tables_are_taken(name: str) -> None:
    assert name in ODD_TABLES
    assert upload("trainer", ODD_TABLES[name], f"{name}.csv").status_code == 201


@pytest.mark.parametrize("name", ["infinite", "one_row", "all_features_empty"])
def test_a_table_that_only_a_training_would_refuse_is_taken(name: str) -> None:
    answer = upload("trainer", BAD_TABLES[name][0])
    assert answer.status_code == 201, answer.content


def test_parquet_is_a_data_set_like_any_other() -> None:
    file = io.BytesIO()
    columns = {"city": ["Köln", None, "Bonn"], "kw": [1.5, 2.5, None], "on": [True, False, True]}
    write_parquet(Table.from_pydict({n: Array(v, KINDS[n]) for n, v in columns.items()}), file)
    made = upload("trainer", file.getvalue(), "t.parquet")
    assert made.status_code == 201, made.content
    found = {c["name"]: (c["dtype"], c["missing"]) for c in made.json()["columns"]}
    assert found == {"city": ("str", 1), "kw": ("float64", 1), "on": ("bool", 0)}
    address = f"/api/v1/datasets/{made.json()['id']}/preview"
    assert rest("trainer").get(address).json()["rows"][1] == [None, 2.5, False]


def test_damaged_parquet_is_refused() -> None:
    content = b"PAR1" + bytes(100) + b"PAR1"
    answer = upload("trainer", content, "t.parquet")
    assert answer.status_code == 400
    assert "Parquet" in answer.json()["detail"]


@pytest.mark.parametrize(
    "send",
    [
        {"data": {}, "format": "multipart"},
        {"data": {"name": "t"}, "format": "multipart"},
        {"data": {"file": "text, not a file"}, "format": "multipart"},
        {"data": {}},
        {"data": []},
        {"data": "text"},
        {"data": {"file": "t.csv"}},
        {"data": {"path": "a.csv", "owner": "admin"}},
        {"data": {"path": "a.csv", "name": "x" * 201}},
        {"data": {"path": "a.csv", "name": "a\nb"}},
    ],
)
def test_a_request_without_a_file_or_path_is_refused(send: dict[str, Any]) -> None:
    answer = rest("trainer").post(DATASETS, **send)
    assert answer.status_code == 400
    assert isinstance(answer.json()["detail"], str)


def test_a_second_file_and_unknown_fields_are_refused() -> None:
    assert upload("trainer", owner="admin").status_code == 400
    from_two = rest("trainer").post(
        DATASETS,
        {"file": [open(__file__, "rb"), open(__file__, "rb")]},  # noqa: SIM115
        format="multipart",
    )
    assert from_two.status_code == 400


def test_a_file_over_the_limit_is_refused_while_it_comes_in(settings: Any) -> None:
    settings.TABLE_MAX_BYTES = 1000
    answer = upload("trainer", b"a,b\n" + b"1,2\n" * 1000)
    assert answer.status_code == 413
    assert "1,000 bytes" in answer.json()["detail"]


def test_a_broken_multipart_is_400() -> None:
    answer = rest("trainer").generic(
        "POST", DATASETS, b"--x\r\nnonsense", content_type="multipart/form-data; boundary=x"
    )
    assert answer.status_code == 400
    answer = rest("trainer").generic("POST", DATASETS, b"", content_type="multipart/form-data")
    assert answer.status_code == 400


def test_other_kinds_of_body_are_415() -> None:
    answer = rest("trainer").generic("POST", DATASETS, b"a,b\n1,2\n", content_type="text/csv")
    assert answer.status_code == 415


def test_a_full_disk_is_507_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("modelwright.engine.files.HashingFile.write", full)
    answer = upload("trainer")
    assert answer.status_code == 507
    assert "No space left" in answer.json()["detail"]


def test_too_little_memory_or_time_for_the_reader_is_a_clear_400(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.JOB_MEMORY_LIMIT_MB = 1
    assert "memory" in upload("trainer", b"a,b\n" + b"1,2\n" * 500_000).json()["detail"]
    settings.JOB_MEMORY_LIMIT_MB = 4096
    monkeypatch.setattr("modelwright.catalog.reading.READ_SECONDS", 0.01)
    assert "within" in upload("trainer").json()["detail"]


def test_when_all_readers_are_taken_one_is_told_to_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("modelwright.catalog.reading.WAIT_SECONDS", 0.01)
    monkeypatch.setattr("modelwright.catalog.reading._free.acquire", lambda **_: False)
    answer = upload("trainer")
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")


# --- looking -------------------------------------------------------------------------------------


def test_the_list_is_paged_and_has_ones_own_only() -> None:
    mine = [str(light_dataset("trainer").pk) for _ in range(3)]
    light_dataset("admin")
    page = rest("trainer").get(DATASETS, {"page_size": 2}).json()
    assert set(page) == {"count", "next", "previous", "results"}
    assert page["count"] == 3
    assert [d["id"] for d in page["results"]] == mine[::-1][:2]
    assert rest("admin").get(DATASETS).json()["count"] == 4
    assert rest("trainer").get(DATASETS, {"search": "nothing like it"}).json()["count"] == 0
    assert rest("trainer").get(DATASETS, {"search": "a\0b"}).status_code == 200


def test_the_list_takes_few_queries(django_assert_max_num_queries: Any) -> None:
    for _ in range(5):
        light_dataset("trainer")
    client = rest("trainer")
    with django_assert_max_num_queries(6):
        client.get(DATASETS)


def test_the_preview_has_the_first_rows() -> None:
    dataset = a_dataset()
    body = rest("trainer").get(f"{DATASETS}{dataset.pk}/preview/", {"rows": 3}).json()
    assert body["columns"][-1] == TARGET
    assert len(body["rows"]) == 3
    assert body["rows"][0][-1] == SKILLS.decode().splitlines()[1].split(",")[-1]
    assert body["row_count"] == 357
    for rows in ("0", "101", "x", "1e9"):
        url = f"{DATASETS}{dataset.pk}/preview/?rows={rows}"
        assert rest("trainer").get(url).status_code == 400


def test_the_profile_tells_of_the_target_and_is_computed_once() -> None:
    dataset = a_dataset()
    url = f"{DATASETS}{dataset.pk}/profile/"
    plain = rest("trainer").get(url).json()
    assert plain["target"] is None
    assert plain["profile"]["duplicate_rows"] == 0
    body = rest("trainer").get(url, {"target": TARGET}).json()["target"]
    assert body["task"] == "classification"
    assert body["associations"][0]["value"] > 0.5
    assert TargetProfile.objects.count() == 1
    (Path(settings.DATA_ROOT) / dataset.path).unlink()
    assert rest("trainer").get(url, {"target": TARGET}).json()["target"] == body


def test_a_profile_against_no_column_is_400() -> None:
    url = f"{DATASETS}{light_dataset().pk}/profile/"
    answer = rest("trainer").get(url, {"target": "nothing"})
    assert answer.status_code == 400
    assert "nothing" in answer.json()["detail"]


# --- deleting ------------------------------------------------------------------------------------


def test_deleting_removes_the_file_too() -> None:
    dataset = a_dataset()
    answer = rest("trainer").delete(f"{DATASETS}{dataset.pk}/")
    assert (answer.status_code, answer.content) == (204, b"")
    assert not (Path(settings.DATA_ROOT) / dataset.path).exists()
    assert rest("trainer").get(f"{DATASETS}{dataset.pk}/").status_code == 404
    assert AuditEntry.objects.filter(verb="dataset.deleted", actor_name="trainer").count() == 1


def test_what_hangs_on_it_is_shown_first() -> None:
    dataset = a_dataset()
    a_model_run(an_experiment(dataset=dataset, target=TARGET, name="Need?"))
    answer = rest("trainer").delete(f"{DATASETS}{dataset.pk}/")
    assert answer.status_code == 409
    assert answer.json()["uses"] == ["experiment 'Need?' with 1 model run"]
    assert rest("trainer").delete(f"{DATASETS}{dataset.pk}/?force=maybe").status_code == 400
    assert DataSet.objects.count() == 1
    assert rest("trainer").delete(f"{DATASETS}{dataset.pk}/?force=true").status_code == 204
    assert not DataSet.objects.exists()
    assert not TrainingRun.objects.exists()


def test_experiments_of_others_are_not_deleted_along() -> None:
    dataset = a_dataset("trainer")
    share(an_experiment("trainer", dataset, TARGET), "colleague", "editor")
    an_experiment("colleague", dataset, TARGET)
    answer = rest("trainer").delete(f"{DATASETS}{dataset.pk}/?force=true")
    assert answer.status_code == 409
    assert "colleague" in answer.json()["uses"][0]
    assert rest("admin").delete(f"{DATASETS}{dataset.pk}/?force=true").status_code == 204


# --- who may -------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", PEOPLE)
def test_who_may_hand_in(who: str) -> None:
    right = {"anonymous": 401, "stranger": 403, "viewer": 403}.get(who, 201)
    assert upload(who, b"a,b\n1,2\n").status_code == right


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_the_wrong_method_is_405(method: str) -> None:
    assert getattr(rest("trainer"), method)(DATASETS).status_code == 405


@pytest.mark.parametrize("part", ["", "preview/", "profile/"])
def test_ids_that_are_none_and_ids_of_nothing(part: str) -> None:
    for text in MALFORMED:
        answer = rest("trainer").get(f"{DATASETS}{text}/{part}")
        assert answer.status_code == 400, text
        assert "UUID" in answer.json()["detail"]
    answer = rest("trainer").get(f"{DATASETS}{NOBODYS}/{part}")
    assert (answer.status_code, answer.json()["detail"]) == (404, "There is no such data set.")


def test_a_reader_of_an_experiment_sees_its_data_set_but_does_not_delete_it() -> None:
    experiment = an_experiment("admin")
    url = f"{DATASETS}{experiment.dataset_id}/"
    assert rest("viewer").get(url).status_code == 403
    share(experiment, "viewer", "viewer")
    share(experiment, "trainer", "editor")
    body = rest("viewer").get(url).json()
    assert body["experiments"] == [{"id": str(experiment.pk), "name": experiment.name}]
    assert rest("viewer").get(f"{url}preview/").status_code == 200
    assert rest("trainer").delete(url).status_code == 403
