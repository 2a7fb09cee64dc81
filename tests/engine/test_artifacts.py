"""Saved models: whole or not there, opened only when recorded, and in formats without code."""

import errno
import hashlib
import os
import pickle
import stat
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import skops.io

from modelwright.engine import (
    ArtifactError,
    ModelTrainer,
    TrainingError,
    export_onnx,
    export_skops,
    load_artifact,
    sign,
    write_artifact,
)

KEY = b"a secret"


class Trap:
    """Betrays by a file that it was unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (Path.touch, (self.path,))


@pytest.fixture(scope="module")
def trained(skills_csv: Path) -> ModelTrainer:
    """Give a trained future-skills model."""
    trainer = ModelTrainer(skills_csv)
    trainer.load_data()
    trainer.train(n_estimators=20)
    return trainer


def test_saved_model_comes_back(trained: ModelTrainer, tmp_path: Path) -> None:
    path = tmp_path / "models" / "v1.pkl"
    info = trained.save_model(path)
    data = path.read_bytes()
    assert info.sha256 == hashlib.sha256(data).hexdigest()
    assert info.size_bytes == len(data)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == ["v1.pkl"]
    model = load_artifact(path, sha256=info.sha256, signature=sign(info.sha256, KEY), key=KEY)
    assert trained.model is not None
    ours, again = trained.model.predict_proba(trained.X_test), model.predict_proba(trained.X_test)
    assert (ours == again).all()


@pytest.mark.parametrize("wrong", ["content", "hash", "signature", "key", "not ascii"])
def test_model_that_is_not_the_recorded_one_is_not_opened(wrong: str, tmp_path: Path) -> None:
    path = tmp_path / "m.pkl"
    path.write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    signature, key = sign(digest, KEY), KEY
    if wrong == "content":
        path.write_bytes(path.read_bytes() + b"x")
    elif wrong == "hash":
        digest = "0" * 64
    elif wrong == "signature":
        signature = sign(digest, b"another secret")
    elif wrong == "key":
        key = b"another secret"
    else:
        signature = "é" * 64
    with pytest.raises(ArtifactError, match="is refused"):
        load_artifact(path, sha256=digest, signature=signature, key=key)
    assert not (tmp_path / "sprung").exists()


def test_missing_model_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"^Model file 'm\.pkl' can't be read"):
        load_artifact(tmp_path / "m.pkl", sha256="0" * 64, signature="", key=KEY)


@pytest.mark.parametrize(("digest", "key"), [("A" * 64, KEY), ("", KEY), ("0" * 64, b"")])
def test_nothing_odd_is_signed(digest: str, key: bytes) -> None:
    with pytest.raises(ArtifactError):
        sign(digest, key)


@pytest.mark.parametrize("call", ["fsync", "write"])
def test_full_disk_leaves_nothing_behind(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if call == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr("modelwright.engine.files.HashingFile.write", full)
    path = tmp_path / "m.pkl"
    path.write_bytes(b"the old one")
    with pytest.raises(TrainingError, match="No space left on device"):
        write_artifact({"model": np.zeros(5000)}, path)
    assert os.listdir(tmp_path) == ["m.pkl"]
    assert path.read_bytes() == b"the old one"


def test_unpicklable_model_is_a_training_error(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="can't be saved"):
        write_artifact(lambda: None, tmp_path / "m.pkl")
    assert os.listdir(tmp_path) == []


def test_skops_round_trip(trained: ModelTrainer, tmp_path: Path) -> None:
    path = tmp_path / "m.skops"
    export_skops(trained.model, path)
    model = skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))
    assert trained.model is not None
    ours, again = trained.model.predict_proba(trained.X_test), model.predict_proba(trained.X_test)
    assert (ours == again).all()


def test_onnx_predicts_alike(trained: ModelTrainer, tmp_path: Path) -> None:
    X = trained.X_test
    assert X is not None
    assert trained.model is not None
    path = tmp_path / "m.onnx"
    export_onnx(trained.model, X, path)
    session = onnxruntime.InferenceSession(path)
    feed = {
        name: X[[name]].to_numpy(np.float32)
        if X[name].dtype.kind in "if"
        else X[[name]].to_numpy(object)
        for name in X.columns
    }
    labels, shares = session.run(None, feed)
    assert (labels == trained.model.predict(X)).mean() > 0.98
    # Single precision: a value that lies on a tree's threshold may fall to its other side.
    np.testing.assert_allclose(shares, trained.model.predict_proba(X), atol=0.11)
    assert np.abs(shares - trained.model.predict_proba(X)).mean() < 5e-3


def test_model_that_onnx_can_not_hold_is_refused(skills_csv: Path, tmp_path: Path) -> None:
    trainer = ModelTrainer(skills_csv, target_column="future_need_level", model_type="xgboost")
    trainer.load_data()
    trainer.train(n_estimators=3)
    with pytest.raises(ArtifactError, match="can't be exported to ONNX"):
        export_onnx(trainer.model, trainer.X_test, tmp_path / "m.onnx")
    assert os.listdir(tmp_path) == []
