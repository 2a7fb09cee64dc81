"""What runs are searched by: texts anywhere in version, data set, notes, error and user name.

A database finds what has all groups of three letters of a text; each is then compared as a whole,
so that what is found is what reading through everything would find.
"""

from functools import cache
from typing import Any

from django.db import connection
from django.db.models import QuerySet, TextField
from django.db.models.lookups import IContains, Lookup

from modelwright.runs.models import RunText
from modelwright.runs.pool_tables import texts_index

GROUP = 3
MAX_GROUPS = 40


class Groups(Lookup):
    """Having groups of letters, by SQLite's FTS5."""

    lookup_name = "groups"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Return `column MATCH groups`."""
        column, values = self.process_lhs(compiler, connection)
        return f"{column} MATCH %s", (*values, self.rhs)


class Holds(IContains):
    """Having a text anywhere, whatever the case: PostgreSQL keeps these columns in capitals."""

    lookup_name = "holds"

    def get_rhs_op(self, connection: Any, rhs: Any) -> str:
        """Return what compares, with the text in capitals where the column is."""
        return str(connection.operators["icontains"] % rhs)


TextField.register_lookup(Groups)
TextField.register_lookup(Holds)


def texts_having(
    words: tuple[str, ...], version: str = "", among: QuerySet[RunText] | None = None
) -> QuerySet[RunText]:
    """Return the texts that have every word anywhere, and `version` in the version.

    Parameters
    ----------
    words : tuple of str
    version : str
    among : QuerySet of RunText, optional
        Texts that are few: each is looked at. Default: all, as far as an index leads to them.
    """
    found = among
    if found is None:
        found = RunText.objects.all()
        if _has_groups() and (groups := _groups_of([*words, version])):
            found = found.filter(body__groups=groups)
    for word in words:
        found = found.filter(body__holds=word)
    return found.filter(version__holds=version) if version else found


def texts_maybe_having(words: tuple[str, ...], version: str = "") -> QuerySet[RunText] | None:
    """Return the texts among which those that `texts_having` finds are, as an index finds them.

    Returns
    -------
    QuerySet or None
        None: no index leads to them.
    """
    groups = _groups_of([*words, version])
    if not groups:
        return None
    if connection.vendor == "postgresql":
        return texts_having(words, version)
    return RunText.objects.filter(body__groups=groups) if _has_groups() else None


def _groups_of(words: list[str]) -> str:
    """Return what FTS5 is asked for; what it can't be asked for is left to the comparison."""
    groups: dict[str, None] = {}
    for word in words:
        text = word.partition("\0")[0]
        groups |= dict.fromkeys(text[i : i + GROUP] for i in range(len(text) - GROUP + 1))
    quoted = [group.replace('"', '""') for group in groups]
    return " AND ".join(f'"{group}"' for group in quoted[:MAX_GROUPS])


def _has_groups() -> bool:
    return connection.vendor == "sqlite" and _is_indexed(str(connection.settings_dict["NAME"]))


@cache
def _is_indexed(_database: str) -> bool:
    return texts_index(connection)
