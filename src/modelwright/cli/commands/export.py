"""`modelwright export N FILE`."""

import shutil
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from django.conf import settings

from modelwright.cli.errors import CommandError, UsageError
from modelwright.cli.running import new_app
from modelwright.engine.artifacts import load_artifact
from modelwright.engine.config import TrainingConfig
from modelwright.engine.dataset import load_dataset
from modelwright.engine.errors import ModelTrainerError
from modelwright.engine.exports import export_onnx, export_skops
from modelwright.engine.files import atomic_file
from modelwright.registry.keys import artifact_key, bundle_signer
from modelwright.registry.selectors import artifact_open, version_of_run
from modelwright.registry.transfer import version_export
from modelwright.runs.models import TrainingRun
from modelwright.runs.selectors import training_run_get
from modelwright.runs.training_kind import training_prepare

app = new_app()


class Format(StrEnum):
    """What a model can be given as."""

    PKL = "pkl"
    SKOPS = "skops"
    ONNX = "onnx"
    VERSION = "modelwright"


@app.command()
def export(
    number: Annotated[int, typer.Argument(help="As `modelwright runs` shows it.")],
    file: Annotated[Path, typer.Argument(help="Where to write it; its ending says the format.")],
) -> None:
    """Write the model of a training run to FILE: .pkl (joblib), .skops, .onnx or .modelwright.

    The recorded hash and signature are checked first. A .modelwright file holds the whole version,
    signed, for `modelwright import` of another server.
    """
    try:
        chosen = Format(file.suffix.removeprefix(".").lower())
    except ValueError:
        raise UsageError("FILE must end in .pkl, .skops, .onnx or .modelwright.") from None
    if not file.absolute().parent.is_dir():
        raise UsageError(f"There is no folder {file.parent}: make it first.")
    run = training_run_get(number, every=True)
    version = version_of_run(run)
    if chosen is Format.VERSION:
        _, bundle = version_export(version)
        with atomic_file(file.absolute()) as target:
            for piece in bundle.pieces():
                target.write(piece)
        typer.echo(f"Wrote {file} ({file.stat().st_size:,} bytes), signed by {bundle_signer()}.")
        return
    with artifact_open(version) as checked:
        if chosen is Format.PKL:
            with file.open("wb") as copy:
                shutil.copyfileobj(checked, copy)
    if chosen is not Format.PKL:
        try:
            model = load_artifact(
                settings.DATA_ROOT / version.artifact_path,
                sha256=version.sha256,
                signature=version.signature,
                key=artifact_key(),
            )
            _convert(model, run, chosen, file)
        except ModelTrainerError as error:
            raise CommandError(str(error)) from error
    typer.echo(f"Wrote {file} ({file.stat().st_size:,} bytes).")


def _convert(model: object, run: TrainingRun, chosen: Format, file: Path) -> None:
    if chosen is Format.SKOPS:
        export_skops(model, file)
        return
    # the names and kinds of the inputs are those of the data set that it was trained on
    config = TrainingConfig.from_dict(training_prepare(run))
    export_onnx(model, load_dataset(config, lambda *_: None).X_train.head(100), file)
