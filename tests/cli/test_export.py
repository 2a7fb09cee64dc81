"""`modelwright export`: a model for use elsewhere, once it is proved to be the recorded one."""

import json
from pathlib import Path

import onnxruntime
import pytest
import skops.io

from tests.cli.conftest import Call

pytestmark = pytest.mark.slow


@pytest.fixture
def run(call: Call, sample: Path) -> str:
    done = call(
        "train", str(sample), "--preset", "future_skills", "--param", "n_estimators=5", "--json"
    )
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["number"])


def test_a_model_is_written_in_each_format(
    call: Call, run: str, tmp_path: Path, installation: Path
) -> None:
    for name in ("model.pkl", "model.skops", "model.onnx"):
        done = call("export", run, str(tmp_path / name))
        assert done.returncode == 0, done.stderr
    kept = json.loads(call("run", run, "--json").stdout)["model_path"]
    assert (tmp_path / "model.pkl").read_bytes() == (installation / kept).read_bytes()
    assert skops.io.get_untrusted_types(file=tmp_path / "model.skops") is not None
    assert onnxruntime.InferenceSession(tmp_path / "model.onnx").get_inputs()


def test_a_changed_artifact_is_refused(
    call: Call, run: str, tmp_path: Path, installation: Path
) -> None:
    path = installation / json.loads(call("run", run, "--json").stdout)["model_path"]
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    for name in ("model.pkl", "model.skops"):
        done = call("export", run, str(tmp_path / name))
        assert done.returncode == 1
        assert "not the one that was recorded" in done.stderr
        assert not (tmp_path / name).exists()


def test_an_unknown_format_and_a_missing_folder_are_usage_errors(
    call: Call, run: str, tmp_path: Path
) -> None:
    for target in (tmp_path / "model.exe", tmp_path / "no" / "model.pkl"):
        done = call("export", run, str(target))
        assert done.returncode == 2
        assert "Error: " in done.stderr
