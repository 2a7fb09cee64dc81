"""Numbers as few bytes: what profiles and counts are stored in. None of it is ever executed."""

import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.engine.drift.errors import DriftFormatError

Ints = NDArray[np.int64]

MAX_UNPACKED = 256 * 1024 * 1024
FLOATS, INTS = "f", "i"
_HEAD = struct.Struct("<4sBI")
_DAMAGED = "The stored {what} is damaged: make it anew."


def varints(values: Ints) -> bytes:
    """Return integers from 0 on as LEB128: seven bits a byte, small numbers in one.

    Examples
    --------
    >>> varints(np.array([1, 127, 128])).hex()
    '017f8001'
    """
    return _varints(values)[0].tobytes()


def varints_apart(values: Ints, sizes: Ints) -> list[bytes]:
    """Return the varints of many runs of integers, each run's by itself.

    Parameters
    ----------
    values : ndarray of int
        All runs, one after the other.
    sizes : ndarray of int, shape (runs,)
        How many integers each has.

    Examples
    --------
    >>> [run.hex() for run in varints_apart(np.array([1, 127, 128]), np.array([1, 0, 2]))]
    ['01', '', '7f8001']
    """
    stream, lengths = _varints(values)
    ends = np.concatenate([[0], np.cumsum(lengths)])[np.cumsum(sizes)].tolist()
    data = stream.tobytes()
    return [data[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]


def _varints(values: Ints) -> tuple[NDArray[np.uint8], Ints]:
    """Return the bytes of all, and how many each of them takes."""
    left = values.astype(np.uint64)
    columns: list[NDArray[np.uint8]] = []
    used: list[NDArray[np.bool_]] = [np.ones(len(left), dtype=np.bool_)]
    while True:
        columns.append((left & np.uint64(0x7F)).astype(np.uint8))
        left = left >> np.uint64(7)
        more = left > 0
        if not more.any():
            break
        columns[-1][more] |= 0x80
        used.append(more)
    taken = np.column_stack(used)
    return np.column_stack(columns)[taken], taken.sum(axis=1)


def read_varints(data: bytes, count: int, what: str = "profile") -> tuple[Ints, int]:
    """Return so many integers, and how many bytes they took.

    Examples
    --------
    >>> read_varints(bytes.fromhex("017f8001"), 3)
    (array([  1, 127, 128]), 4)
    """
    if count == 0:
        return np.zeros(0, dtype=np.int64), 0
    raw = np.frombuffer(data, dtype=np.uint8, count=min(len(data), 9 * count))
    ends = np.flatnonzero(raw < 0x80)[:count]
    if len(ends) < count:
        raise DriftFormatError(_DAMAGED.format(what=what))
    used = int(ends[-1]) + 1
    return _read_varints(raw[:used], ends, what), used


def read_varints_apart(runs: Sequence[bytes], what: str) -> tuple[Ints, Ints]:
    """Return what `varints_apart` wrote: all integers, and how many each run has.

    Examples
    --------
    >>> read_varints_apart([bytes.fromhex(run) for run in ("01", "", "7f8001")], "counts")
    (array([  1, 127, 128]), array([1, 0, 2]))
    """
    raw = np.frombuffer(b"".join(runs), dtype=np.uint8)
    ends = np.flatnonzero(raw < 0x80)
    bytes_to = np.cumsum([len(run) for run in runs])
    last = bytes_to[bytes_to > 0] - 1
    if bool((raw[last] >= 0x80).any()):
        raise DriftFormatError(_DAMAGED.format(what=what))
    sizes = np.diff(np.searchsorted(ends, bytes_to), prepend=0)
    return _read_varints(raw, ends, what), sizes


def _read_varints(raw: NDArray[np.uint8], ends: Ints, what: str) -> Ints:
    """Return the integers of a stream whose last bytes are at `ends`."""
    if not len(ends):
        return np.zeros(0, dtype=np.int64)
    starts = np.empty(len(ends), dtype=np.int64)
    starts[0] = 0
    starts[1:] = ends[:-1] + 1
    lengths = ends - starts + 1
    if int(lengths.max()) > 9:
        raise DriftFormatError(_DAMAGED.format(what=what))
    shifts = 7 * (np.arange(len(raw)) - np.repeat(starts, lengths))
    bits = (raw & 0x7F).astype(np.int64) << shifts
    return np.add.reduceat(bits, starts)


def lay_out(meta: Mapping[str, Any], arrays: Sequence[NDArray[Any]]) -> bytes:
    """Return JSON and arrays as bytes, the same on every machine.

    Parameters
    ----------
    meta : mapping
        JSON-safe.
    arrays : sequence of ndarray
        One-dimensional; floats as eight bytes, integers from 0 on as varints.
    """
    kinds: list[list[Any]] = []
    bodies: list[bytes] = []
    for array in arrays:
        if array.dtype.kind == "f":
            # bytes of equal weight side by side: sorted numbers share the high ones
            body = array.astype("<f8").view(np.uint8).reshape(-1, 8).T.tobytes()
            kinds.append([FLOATS, len(array), len(body)])
        else:
            body = varints(array)
            kinds.append([INTS, len(array), len(body)])
        bodies.append(body)
    head = json.dumps(
        {"meta": meta, "arrays": kinds}, separators=(",", ":"), allow_nan=False
    ).encode()
    return struct.pack("<I", len(head)) + head + b"".join(bodies)


def pack(magic: bytes, version: int, payload: bytes) -> bytes:
    """Return a payload compressed, behind four bytes that say what it is, format and checksum."""
    return _HEAD.pack(magic, version, zlib.crc32(payload)) + zlib.compress(payload, 9)


def unpack(
    data: bytes, magic: bytes, versions: Sequence[int], what: str
) -> tuple[dict[str, Any], list[NDArray[Any]]]:
    """Return what `lay_out` was given.

    Raises
    ------
    DriftFormatError
        Where the bytes are something else, of a later version, too large or damaged.
    """
    payload = _payload(data, magic, versions, what)
    try:
        (length,) = struct.unpack_from("<I", payload)
        head = json.loads(payload[4 : 4 + length])
        kinds, meta = head["arrays"], dict(head["meta"])
        arrays, place = [], 4 + length
        for kind, count, size in kinds:
            body = payload[place : place + int(size)]
            arrays.append(_array(str(kind), body, int(count), what))
            place += int(size)
    except (struct.error, ValueError, KeyError, TypeError) as error:
        raise DriftFormatError(_DAMAGED.format(what=what)) from error
    return meta, arrays


def _payload(data: bytes, magic: bytes, versions: Sequence[int], what: str) -> bytes:
    if len(data) < _HEAD.size or data[:4] != magic:
        raise DriftFormatError(f"These bytes are not a {what}.")
    _, version, checksum = _HEAD.unpack_from(data)
    if version not in versions:
        raise DriftFormatError(
            f"The {what} has format {version}, this release reads"
            f" {', '.join(map(str, versions))}: update Modelwright or make it anew.",
            version=version,
        )
    reader = zlib.decompressobj()
    try:
        payload = reader.decompress(data[_HEAD.size :], MAX_UNPACKED)
    except zlib.error as error:
        raise DriftFormatError(_DAMAGED.format(what=what)) from error
    if not reader.eof or zlib.crc32(payload) != checksum:
        raise DriftFormatError(_DAMAGED.format(what=what))
    return payload


def _array(kind: str, body: bytes, count: int, what: str) -> NDArray[Any]:
    if kind == FLOATS and len(body) == 8 * count:
        planes = np.frombuffer(body, dtype=np.uint8).reshape(8, count)
        return np.ascontiguousarray(planes.T).view("<f8").reshape(count)
    if kind == INTS and 0 <= count <= len(body):
        values, used = read_varints(body, count, what)
        if used == len(body):
            return values
    raise DriftFormatError(_DAMAGED.format(what=what))
