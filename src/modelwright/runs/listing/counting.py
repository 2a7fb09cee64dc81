"""How many rows there are: exact while that is quick, and about right from there on."""

import json
import time
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Max, QuerySet

from modelwright.runs.models import RunText

EXACT = 100_000
REMEMBERED_SECONDS = 60.0
MAX_REMEMBERED = 200
FIRST = 1000
_remembered: dict[Any, tuple[float, int]] = {}


@dataclass(frozen=True)
class Count:
    """A number of rows.

    Attributes
    ----------
    number : int
    is_exact : bool
    """

    number: int
    is_exact: bool = True

    def __add__(self, other: "Count") -> "Count":
        return Count(self.number + other.number, self.is_exact and other.is_exact)


def count_of(rows: QuerySet[Any]) -> Count:
    """Return how many rows there are: above `EXACT` as PostgreSQL's planner believes.

    SQLite has no such belief, but counts a million along an index in less than a tenth of a second;
    that is remembered for a minute.
    """
    rows = rows.order_by()
    seen = rows.values("number")[: EXACT + 1].count()
    if seen <= EXACT:
        return Count(seen)
    about = _planned(rows) if connection.vendor == "postgresql" else _counted(rows)
    return Count(max(about, seen), is_exact=False)


def texts_at_most(texts: QuerySet[RunText], limit: int) -> bool:
    """Return whether there are about that many texts or fewer, without counting them.

    SQLite is asked how far the first ones reach: the others are taken to be spread like them.
    """
    if connection.vendor == "postgresql":
        return _planned(texts) <= limit
    first = list(texts.order_by("number").values_list("number", flat=True)[:FIRST])
    if len(first) < FIRST:
        return len(first) <= limit
    last = RunText.objects.aggregate(last=Max("number"))["last"]
    return bool(FIRST * last <= limit * first[-1])


def _planned(rows: QuerySet[Any]) -> int:
    plan = json.loads(rows.values("number").explain(format="json"))
    return int(plan[0]["Plan"]["Plan Rows"])


def _counted(rows: QuerySet[Any]) -> int:
    key = (connection.settings_dict["NAME"], *rows.query.sql_with_params())
    moment = time.monotonic()
    found = _remembered.get(key)
    if found is None or found[0] < moment:
        if len(_remembered) >= MAX_REMEMBERED:
            _remembered.clear()
        found = _remembered[key] = (moment + REMEMBERED_SECONDS, rows.count())
    return found[1]
