"""How often somebody may do something, counted over all processes by the database.

Each process counts for itself and tells the database a hundredth of the limit at a time: a check is
a look at a dictionary, and a writing statement only every so many. So the limit holds within one
per cent for each process. Windows slide: what the last one saw fades away over the present one.
"""

import logging
import math
import threading
import time
from dataclasses import dataclass

from django.db import DatabaseError, connection

from modelwright.core.models import RateCount

log = logging.getLogger(__name__)

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
STEPS = 100  # in which the database is told of a limit's use
MAX_COUNTERS = 10_000

_ADD = """
    INSERT INTO rate_counts (name, begins_at, count) VALUES (%s, %s, %s)
    ON CONFLICT (name, begins_at) DO UPDATE SET count = rate_counts.count + excluded.count
    RETURNING count
"""


@dataclass(frozen=True)
class Rate:
    """So many times in so many seconds.

    Examples
    --------
    >>> Rate.of("600/minute")
    Rate(most=600, seconds=60)
    """

    most: int
    seconds: int

    @classmethod
    def of(cls, text: str) -> "Rate":
        """Return what `N/second`, `/minute`, `/hour` or `/day` says.

        Raises
        ------
        ValueError
            It says something else.
        """
        number, _, period = text.partition("/")
        if not number.strip().isdecimal() or period.strip()[:1] not in SECONDS:
            raise ValueError(f"A rate is written like 600/minute, not {text!r}.")
        return cls(int(number), SECONDS[period.strip()[0]])


@dataclass
class _Counter:
    """What this process knows of one counter in one window."""

    begins_at: int
    before: int  # in the window before, by all
    known: int = 0  # in this one, by all, when the database was last told
    untold: int = 0  # since then, here


_counters: dict[str, _Counter] = {}
_lock = threading.Lock()


def wait_for(name: str, rate: Rate, times: int = 1) -> float:
    """Count under `name`, or return how many seconds to wait first, where it was too often.

    Parameters
    ----------
    name : str
        What is counted, and for whom; at most 100 characters.
    rate : Rate
    times : int
        How often it was done; 0 asks whether once more would be too often.

    Returns
    -------
    float
        0: go on, it has been counted.
    """
    moment = time.time()
    begins_at = int(moment // rate.seconds) * rate.seconds
    passed = (moment - begins_at) / rate.seconds
    with _lock:
        counter = _counters.get(name)
        if counter is None or counter.begins_at != begins_at:
            counter = _counters[name] = _fresh(name, rate, begins_at, counter)
        here = counter.known + counter.untold
        if here + counter.before * (1 - passed) + max(1, times) > rate.most + 1e-9:
            return _pause(rate, here, counter.before, passed)
        counter.untold += times
        if counter.untold >= max(1, rate.most // STEPS):
            _tell(name, counter)
    return 0.0


def limits_forget() -> None:
    """Forget what this process knows: for tests, whose databases come and go."""
    with _lock:
        _counters.clear()


def _pause(rate: Rate, here: int, before: int, passed: float) -> float:
    """Return the seconds until one more fits."""
    room = rate.most - here - 1
    if room < 0 or before == 0:  # not in this window
        return max(1.0, (1 - passed) * rate.seconds)
    return max(1.0, (1 - room / before - passed) * rate.seconds)


def _fresh(name: str, rate: Rate, begins_at: int, last: _Counter | None) -> _Counter:
    if len(_counters) >= MAX_COUNTERS:
        for other in [n for n, c in _counters.items() if c.begins_at < begins_at - rate.seconds]:
            del _counters[other]
    before = 0
    if last is not None and last.begins_at == begins_at - rate.seconds:
        before = last.known + last.untold
    counter = _Counter(begins_at, before)
    try:
        rows = RateCount.objects.filter(name=name, begins_at__gte=begins_at - rate.seconds)
        told = dict(rows.values_list("begins_at", "count"))
        counter.before = max(before, told.get(begins_at - rate.seconds, 0))
        counter.known = told.get(begins_at, 0)
    except DatabaseError:
        log.warning("Rates are counted by this process alone: the database can't be read.")
    return counter


def _tell(name: str, counter: _Counter) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute(_ADD, [name, counter.begins_at, counter.untold])
            counter.known = int(cursor.fetchone()[0])
            counter.untold = 0
    except DatabaseError:
        log.warning("Rates are counted by this process alone: the database can't be written.")


def limits_clear(*, older_than_seconds: float = 2 * 86_400.0) -> int:
    """Delete counts of windows that are long past; return how many."""
    limit = math.floor(time.time() - older_than_seconds)
    return RateCount.objects.filter(begins_at__lt=limit).delete()[0]
