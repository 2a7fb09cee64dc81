"""An S3-compatible store: by one setting, on a server of its own in this process."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import storages
from moto.server import ThreadedMotoServer

from modelwright.core.service_urls import store_options
from modelwright.core.store import (
    StoreError,
    file_forget,
    file_here,
    file_publish,
    store_answers,
)
from modelwright.engine.samples import write_future_skills_csv
from tests.stack import Stack, eventually

KEYS = {
    "AWS_ACCESS_KEY_ID": "of-a-test",
    "AWS_SECRET_ACCESS_KEY": "of-a-test",
    "AWS_DEFAULT_REGION": "us-east-1",
}
NAME = "artifacts/models/one.pkl"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A store that answers, with a bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    patch = pytest.MonkeyPatch()
    for name, value in KEYS.items():
        patch.setenv(name, value)
    url = f"http://{host}:{port}"
    boto3.client("s3", endpoint_url=url).create_bucket(Bucket="models")
    yield url
    patch.undo()
    server.stop()


def use(settings: Any, root: Path, url: str) -> None:
    """Set the settings as the environment would."""
    settings.DATA_ROOT = root
    settings.STORAGE_URL = url
    settings.STORAGES = {**settings.STORAGES, "artifacts": store_options(url)}
    storages._storages.clear()  # type: ignore[attr-defined]


@pytest.fixture
def stored(endpoint: str, settings: Any, tmp_path: Path) -> Path:
    """Return the data root of a machine with that store."""
    use(settings, tmp_path / "root", f"s3://models/here?endpoint={endpoint}")
    return tmp_path / "root"


def written(folder: Path, content: bytes) -> Path:
    path = folder / "made"
    path.write_bytes(content)
    return path


def test_a_file_is_fetched_once_where_it_is_not(stored: Path, tmp_path: Path) -> None:
    file_publish(written(tmp_path, b"model"), stored / NAME)
    (stored / NAME).unlink()  # another machine
    assert file_here(NAME).read_bytes() == b"model"
    assert (stored / NAME).stat().st_mode & 0o777 == 0o600
    (stored / NAME).write_bytes(b"here")
    assert file_here(NAME).read_bytes() == b"here", "what is here is not fetched again"
    assert [path.name for path in (stored / NAME).parent.iterdir()] == ["one.pkl"]


def test_the_same_name_again_takes_the_place_of_the_first(stored: Path, tmp_path: Path) -> None:
    for content in (b"first", b"second"):
        file_publish(written(tmp_path, content), stored / NAME)
    (stored / NAME).unlink()
    assert file_here(NAME).read_bytes() == b"second"


def test_what_is_deleted_is_gone_everywhere(stored: Path, tmp_path: Path) -> None:
    file_publish(written(tmp_path, b"model"), stored / NAME)
    file_forget(stored / NAME)
    file_forget(stored / NAME)
    assert not file_here(NAME).exists()


def test_a_store_that_is_away_takes_nothing_and_changes_nothing(
    settings: Any, tmp_path: Path, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    use(settings, tmp_path / "root", "s3://models/here?endpoint=http://127.0.0.1:1")
    source = written(tmp_path, b"model")
    with pytest.raises(StoreError, match="could not be stored"):
        file_publish(source, tmp_path / "root" / NAME)
    assert source.exists()
    assert not (tmp_path / "root" / NAME).exists()
    with pytest.raises(StoreError, match="could not be fetched"):
        file_here(NAME)
    assert not store_answers()


def test_without_a_store_the_data_root_is_all(settings: Any, tmp_path: Path) -> None:
    settings.DATA_ROOT = tmp_path / "root"
    file_publish(written(tmp_path, b"model"), tmp_path / "root" / NAME)
    assert file_here(NAME).read_bytes() == b"model"
    assert store_answers()


@pytest.mark.parametrize("url", ["http://x/y", "s3://", "s3:///x", "s3://b?secret=1", "b/x"])
def test_an_address_that_cannot_be_meant_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="MODELWRIGHT_STORAGE_URL"):
        store_options(url)


@pytest.mark.slow
def test_a_model_that_only_the_store_has_is_fetched(endpoint: str, tmp_path: Path) -> None:
    """By the environment alone: trained here, fetched after the local copies are gone."""
    env = {**KEYS, "MODELWRIGHT_STORAGE_URL": f"s3://models/stack?endpoint={endpoint}"}
    table = tmp_path / "t.csv"
    write_future_skills_csv(table)
    with Stack(env=env) as stack:
        path = stack.put_dataset("t.csv", table.read_bytes())
        token = stack.token()
        asked = {"dataset_path": path, "hyperparameters": {"n_estimators": 5}}
        answer = stack.request("POST", "/api/training/train/", token, json=asked)
        number = answer.json()["training_run_id"]
        url = f"/api/training/runs/{number}/"
        eventually(
            lambda: stack.request("GET", url, token).json()["status"] == "COMPLETED", seconds=60
        )
        models = stack.home / "artifacts/models"
        before = {file.name: file.read_bytes() for file in models.iterdir()}
        assert before
        for file in models.iterdir():
            file.unlink()
        got = stack.request("GET", f"{url}artifact/", token)
        assert got.status_code == 200
        assert got.content in before.values()
        assert os.listdir(models) == list(before)
