"""`doctor`: each ill is named with its remedy."""

import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import Call, call_with
from tests.stack import Stack, eventually


def findings(call: Call, **env: str) -> dict[str, dict[str, str]]:
    done = call("doctor", "--json", env=env)
    assert "Traceback" not in done.stderr
    return {finding["subject"]: finding for finding in json.loads(done.stdout)}


def test_missing_home_is_broken_and_not_made(tmp_path: Path) -> None:
    done = call_with(tmp_path / "home")("doctor")
    assert done.returncode == 1
    assert "modelwright up" in done.stdout
    assert not (tmp_path / "home").exists()


def test_stopped_installation_lacks_worker_and_scheduler(call: Call) -> None:
    found = findings(call)
    assert found["Database"]["level"] == "ok"
    assert found["Workers"]["level"] == "broken"
    assert "modelwright worker" in found["Workers"]["remedy"]
    assert found["Scheduler"]["level"] == "broken"


def test_readable_secret_is_broken(call: Call, installation: Path) -> None:
    secret = installation / "system/secret.key"
    secret.chmod(0o644)
    try:
        found = findings(call)
    finally:
        secret.chmod(0o600)
    assert found["Modes"]["level"] == "broken"
    assert "chmod 600" in found["Modes"]["remedy"]


def test_database_that_is_away_is_broken(call: Call) -> None:
    found = findings(call, MODELWRIGHT_DATABASE_URL="postgres://a:b@127.0.0.1:1/none")
    assert found["Database"]["level"] == "broken"


def test_broker_that_is_away_is_broken(call: Call) -> None:
    found = findings(call, MODELWRIGHT_BROKER_URL="redis://127.0.0.1:1/0")
    assert found["Broker"]["level"] == "broken"


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("MODELWRIGHT_BROKER_URL", "nonsense://ann:plugh@127.0.0.1/0"),
        ("MODELWRIGHT_DATABASE_URL", "postgres://ann:plugh/x@127.0.0.1/name"),
        ("MODELWRIGHT_EMAIL_URL", "smtp://ann:plugh/x@127.0.0.1"),
        ("MODELWRIGHT_STORAGE_URL", "s3://bucket?endpoint=https://ann:x&plugh=1@127.0.0.1"),
    ],
)
def test_an_address_that_cannot_be_meant_is_broken(call: Call, name: str, address: str) -> None:
    found = findings(call, **{name: address})["Settings"]
    assert found["level"] == "broken"
    assert f"{name} must be like" in found["text"]
    done = call("worker", env={name: address})
    assert done.returncode == 1
    assert f"{name} must be like" in done.stderr
    assert "plugh" not in found["text"] + done.stdout + done.stderr


@pytest.mark.parametrize(
    ("value", "said"), [("many", "a whole number"), ("", "a whole number"), ("0", "1 or more")]
)
def test_a_number_that_cannot_be_meant_is_broken(call: Call, value: str, said: str) -> None:
    found = findings(call, MODELWRIGHT_SLOTS=value)["Settings"]
    assert found["level"] == "broken"
    assert f"MODELWRIGHT_SLOTS must be {said}" in found["text"]


def test_any_host_is_a_warning(call: Call) -> None:
    found = findings(call, MODELWRIGHT_ALLOWED_HOSTS="*")
    assert found["Allowed hosts"]["level"] == "warning"


def test_database_of_another_version_is_broken(tmp_path: Path) -> None:
    os.makedirs(tmp_path / "home/system", mode=0o700)
    found = findings(call_with(tmp_path / "home"))
    assert found["Database"]["level"] == "broken"
    assert "prepare" in found["Database"]["remedy"]


def test_lost_model_file_is_broken(call: Call, sample: Path, installation: Path) -> None:
    call("train", str(sample), "--preset", "future_skills", "--version", "lost")
    model = installation / "artifacts/models/lost.pkl"
    model.rename(model.with_suffix(".away"))
    try:
        assert findings(call)["Models"]["level"] == "broken"
    finally:
        model.with_suffix(".away").rename(model)


def test_running_server_is_well(stack: Stack) -> None:
    eventually(
        lambda: stack.cli("doctor", check=False).returncode == 0,
        seconds=60,
        what="the doctor finds nothing",
    )
