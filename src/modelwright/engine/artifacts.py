"""Saved models: written whole, signed, and opened only when they are those that were recorded.

A pickle is code. `load_artifact` therefore checks hash and signature first, and then opens the very
bytes that it checked.
"""

import hashlib
import hmac
import io
import os
import pickle
from pathlib import Path
from typing import Any

from modelwright.engine.errors import ArtifactError, TrainingError
from modelwright.engine.exports import export_onnx, export_skops
from modelwright.engine.files import atomic_file
from modelwright.engine.optional import load
from modelwright.engine.results import ArtifactInfo

__all__ = [
    "ArtifactInfo",
    "export_onnx",
    "export_skops",
    "load_artifact",
    "sign",
    "write_artifact",
]

_DOMAIN = b"modelwright.engine.artifact.v1\x00"
PROTOCOL = 5
_HEX = frozenset("0123456789abcdef")


def write_artifact(model: Any, path: str | os.PathLike[str]) -> ArtifactInfo:
    """Save a model; the file is whole or not there, and only its owner may read it.

    `joblib.load` opens it. It is Python's own pickler that writes: joblib's takes seven times as
    long for a forest, and what it is for, large arrays that are mapped into memory, isn't used.

    Parameters
    ----------
    model : object
        Fitted.
    path : path-like
        Its folder exists; a file there is replaced.

    Returns
    -------
    ArtifactInfo

    Raises
    ------
    TrainingError
        It can't be written, the disk being full for one; nothing is left behind.
    """
    target = Path(path)
    try:
        with atomic_file(target) as file:
            pickle.dump(model, file, protocol=PROTOCOL)
            info = ArtifactInfo(file.sha256, file.size)
    except OSError as error:
        reason = error.strerror or "input/output error"
        raise TrainingError(
            f"The model can't be saved as '{target.name}': {reason}. Free some space or check the"
            " folder's permissions, then train again."
        ) from error
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise TrainingError(f"The model can't be saved as '{target.name}': {error}.") from error
    return info


def sign(sha256: str, key: bytes) -> str:
    """Return the signature of a model's hash: HMAC-SHA256, for this purpose only.

    Parameters
    ----------
    sha256 : str
        64 hexadecimal digits in lower case.
    key : bytes
        The server's secret, not empty.

    Raises
    ------
    ArtifactError
        The hash is none, or the key is empty.

    Examples
    --------
    >>> sign("ab" * 32, b"secret") == sign("ab" * 32, b"other secret")
    False
    """
    if len(sha256) != 64 or not set(sha256) <= _HEX:
        raise ArtifactError("This is no SHA-256: 64 hexadecimal digits in lower case are needed.")
    if not key:
        raise ArtifactError("The key to sign with is empty.")
    return hmac.new(key, _DOMAIN + sha256.encode("ascii"), hashlib.sha256).hexdigest()


def load_artifact(path: str | os.PathLike[str], *, sha256: str, signature: str, key: bytes) -> Any:
    """Open a saved model, if it is the one that was recorded.

    Parameters
    ----------
    path : path-like
        The file; it is read once.
    sha256, signature : str
        As recorded when it was saved.
    key : bytes
        What it was signed with.

    Returns
    -------
    object
        The model.

    Raises
    ------
    ArtifactError
        The file is missing, or its hash or signature differs; nothing of it was opened then.
    """
    name = Path(path).name
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ArtifactError(
            f"Model file '{name}' can't be read: {error.strerror}. Train it again.", file=name
        ) from error
    same_hash = hmac.compare_digest(hashlib.sha256(data).hexdigest(), _ascii(sha256))
    same_signature = same_hash and hmac.compare_digest(sign(sha256, key), _ascii(signature))
    if not (same_hash and same_signature):
        what = "signature" if same_hash else "content"
        raise ArtifactError(
            f"Model file '{name}' is refused: its {what} isn't what was recorded. Restore it from a"
            " backup, or train it again.",
            file=name,
        )
    return load("joblib", error=ArtifactError).load(io.BytesIO(data))


def _ascii(text: str) -> str:
    """Return `text` where it can be compared in constant time, else something that never fits."""
    return text if text.isascii() else ""
