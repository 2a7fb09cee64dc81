"""A digest of rows that is the same on every kind of database and in every order."""

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

_MODULUS = 1 << 128


@dataclass(frozen=True)
class Digest:
    """What a set of rows comes to.

    Attributes
    ----------
    rows : int
    total : int
        Sum of the rows' hashes, modulo 2^128: it doesn't depend on their order, which differs
        between databases where texts are compared by the rules of a language.
    """

    rows: int
    total: int


def digest_of(rows: Iterable[tuple[Any, ...]]) -> Digest:
    """Return the digest of rows as Django reads them.

    Examples
    --------
    >>> digest_of([(1, "a"), (2, None)]) == digest_of([(2, None), (1, "a")])
    True
    >>> digest_of([(1, "a")]) == digest_of([("1", "a")])
    False
    """
    count = total = 0
    for row in rows:
        count += 1
        text = json.dumps([_plain(value) for value in row], sort_keys=True)
        total += int.from_bytes(hashlib.sha256(text.encode()).digest()[:16])
    return Digest(count, total % _MODULUS)


def _plain(value: Any) -> Any:
    """Return a value as JSON that doesn't depend on how a database writes it."""
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return _text(value)


def _number(value: float) -> float | int:
    """Return a number once and for all: a database may give 1e22 back as an integer."""
    return int(value) if value.is_integer() else value


def _text(value: Any) -> list[str]:
    """Return the kind of a value, and the value."""
    if isinstance(value, dt.datetime):
        return ["time", (value.astimezone(dt.UTC) if value.tzinfo else value).isoformat()]
    if isinstance(value, bytes | memoryview | bytearray):
        return ["bytes", hashlib.sha256(bytes(value)).hexdigest()]
    if isinstance(value, Decimal):
        return ["decimal", str(value.normalize())]
    if isinstance(value, dt.date | dt.time | dt.timedelta | uuid.UUID):
        return [type(value).__name__, str(value)]
    raise TypeError(f"No digest of a {type(value).__name__} is defined.")
