"""Reading rows of readings from a Parquet file, piece by piece."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from modelwright.catalog.errors import ReadingsRefusedError
from modelwright.catalog.ingest_columns import NEVER, Faults, faults_of_range, times_of
from modelwright.catalog.ingest_rows import TIMESTAMP, RowCollector
from modelwright.engine.errors import DataLoadError
from modelwright.engine.machines.series import Times, Values
from modelwright.engine.parquet import ParquetPieces


def feed_parquet(path: Path, collector: RowCollector) -> Iterator[None]:
    """Read a file with a column `timestamp` and a column of numbers for each channel.

    The times know their zone, or are text as in CSV. Yields after each piece.

    Raises
    ------
    ReadingsRefusedError
        The file as a whole can't be used.
    """
    start = 1
    try:
        pieces = ParquetPieces(path)
        collector.check_header([*pieces.columns, *pieces.left_out])
        if pieces.left_out:
            raise ReadingsRefusedError(
                f"Column {pieces.left_out[0]!r} holds no numbers: leave it out."
            )
        for piece in pieces:
            times, faults = _times(piece.pop(TIMESTAMP))
            columns = {str(name): _numbers(str(name), column) for name, column in piece.items()}
            collector.take_arrays(times, columns, faults, start)
            start += times.size
            yield
    except DataLoadError as error:
        raise ReadingsRefusedError(error.message) from error


def _times(column: pd.Series) -> tuple[Times, Faults]:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        moments = column.dt.tz_convert("UTC").dt.tz_localize(None)
        missing = moments.isna().to_numpy()
        times = moments.to_numpy().astype("datetime64[ms]").astype(np.int64)
        times[missing] = NEVER
        faults = faults_of_range(times, column.astype(str).tolist())
        return times, {**faults, **dict.fromkeys(_where(missing), "timestamp is missing.")}
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        raise ReadingsRefusedError(
            "The times in column 'timestamp' have no zone: write them with one, such as UTC."
        )
    return times_of([None if pd.isna(cell) else cell for cell in column.tolist()])


def _where(which: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[int]:
    found: list[int] = np.flatnonzero(which).tolist()
    return found


def _numbers(name: str, column: pd.Series) -> Values:
    is_number = pd.api.types.is_numeric_dtype(column.dtype)
    if not is_number or pd.api.types.is_bool_dtype(column.dtype):
        raise ReadingsRefusedError(f"Column {name[:64]!r} holds no numbers: leave it out.")
    values: Values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return values
