"""Which model answers: fixed for each key, and the same on every machine."""

import hashlib

from modelwright.engine.abtest.errors import ABTestError
from modelwright.engine.abtest.results import CHALLENGER, CHAMPION

DIGITS = 8
ALL = 1 << 8 * DIGITS


def assign(key: str | int, salt: str, split: float) -> str:
    """Return the model that answers requests of a key.

    The same key always gets the same answer, in every process and version of Python. Raising the
    split moves keys from ``a`` to ``b`` only; another salt deals all keys anew, independently.

    Parameters
    ----------
    key : str or int
        What must not change sides: a customer, a machine.
    salt : str
        One for each test, such as its id.
    split : float
        Share of keys that the challenger gets, from 0 to 1.

    Returns
    -------
    str
        ``a`` (champion) or ``b`` (challenger).

    Raises
    ------
    ABTestError
        The split isn't between 0 and 1.

    Examples
    --------
    >>> [assign(key, "test 7", 0.5) for key in ("pump 1", "pump 2", "pump 3", "pump 4")]
    ['a', 'a', 'b', 'b']
    >>> assign("pump 1", "test 7", 0.0)
    'a'
    """
    if not 0 <= split <= 1:
        raise ABTestError(f"split must be between 0 and 1, not {split}.")
    return CHALLENGER if position(key, salt) < split else CHAMPION


def position(key: str | int, salt: str) -> float:
    """Return where between 0 and 1 a key lies; evenly spread over many keys."""
    # The salt's length goes first: without it "1" + "23" would be dealt as "12" + "3".
    text = f"{len(salt)}:{salt}:{key}".encode()
    digest = hashlib.blake2b(text, digest_size=DIGITS).digest()
    number = int.from_bytes(digest, "big")
    return number / ALL
