"""Objects of JSON whose names come once each: a second one would take the first one's place."""

from collections.abc import Sequence
from typing import Any


def names_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object's pairs as a dict; for `json.loads(…, object_pairs_hook=names_once)`.

    Raises
    ------
    ValueError
        A name comes twice.

    Examples
    --------
    >>> import json
    >>> json.loads('{"a": 1, "a": 2}', object_pairs_hook=names_once)
    Traceback (most recent call last):
        ...
    ValueError: the name 'a' comes twice in one object
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise ValueError(f"the name {name[:100]!r} comes twice in one object")
            seen.add(name)
    return found
