"""Models in formats that hold no code: skops and ONNX."""

import os
from pathlib import Path
from typing import Any

from modelwright.engine.errors import ArtifactError
from modelwright.engine.files import write_atomic
from modelwright.engine.optional import load
from modelwright.engine.results import ArtifactInfo


def export_skops(model: Any, path: str | os.PathLike[str]) -> ArtifactInfo:
    """Save a fitted pipeline in the skops format.

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
    ArtifactError
        The model can't be given in this format, or not be written.
    """
    skops = load("skops.io", remedy="pip install skops", error=ArtifactError)
    try:
        data: bytes = skops.dumps(model)
    except (TypeError, ValueError, AttributeError, NotImplementedError) as error:
        raise ArtifactError(f"This model can't be exported to skops: {_reason(error)}.") from error
    return _write(path, data)


def export_onnx(model: Any, features: Any, path: str | os.PathLike[str]) -> ArtifactInfo:
    """Save a fitted pipeline as ONNX.

    Each column becomes an input of its own, shape (n_rows, 1): text as strings, numbers in single
    precision, so that predictions may differ in the last digits.

    Parameters
    ----------
    model : object
        A pipeline as `ModelTrainer` makes it.
    features : pandas.DataFrame
        Some rows of its input, for the names and kinds of the columns.
    path : path-like
        Its folder exists; a file there is replaced.

    Returns
    -------
    ArtifactInfo

    Raises
    ------
    ArtifactError
        The model can't be given in this format (dates, XGBoost and LightGBM can't), skl2onnx isn't
        installed, or the file can't be written.
    """
    remedy = "install the extra 'onnx'"
    skl2onnx = load("skl2onnx", remedy=remedy, error=ArtifactError)
    types = load("skl2onnx.common.data_types", remedy=remedy, error=ArtifactError)
    refused = load("skl2onnx.common.exceptions", remedy=remedy, error=ArtifactError)
    pandas = load("pandas", error=ArtifactError)
    inputs = [
        (
            str(name),
            types.FloatTensorType([None, 1])
            if pandas.api.types.is_numeric_dtype(features[name])
            else types.StringTensorType([None, 1]),
        )
        for name in features.columns
    ]
    final = model.steps[-1][1]
    options = {id(final): {"zipmap": False}} if hasattr(final, "classes_") else None
    try:
        graph = skl2onnx.convert_sklearn(model, initial_types=inputs, options=options)
    except (
        refused.MissingShapeCalculator,
        refused.MissingConverter,
        ValueError,
        TypeError,
        AttributeError,
        NotImplementedError,
        RuntimeError,
        NameError,
    ) as error:
        raise ArtifactError(f"This model can't be exported to ONNX: {_reason(error)}.") from error
    return _write(path, graph.SerializeToString())


def _write(path: str | os.PathLike[str], data: bytes) -> ArtifactInfo:
    target = Path(path)
    try:
        return write_atomic(target, data)
    except OSError as error:
        raise ArtifactError(
            f"'{target.name}' can't be written: {error.strerror}. Free some space."
        ) from error


def _reason(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:200].rstrip(".")
