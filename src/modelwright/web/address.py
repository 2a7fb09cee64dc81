"""Readable addresses: a list's filters, sorting and page, and how to change one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.http import QueryDict


@dataclass(frozen=True)
class Address:
    """The address of a list.

    Parameters
    ----------
    path : str
        Without the query.
    order : sequence of str
        The parameters that the list knows, in the order in which the address has them.
    params : mapping
        Name -> values; empty ones are left out.
    """

    path: str
    order: Sequence[str]
    params: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: str, order: Sequence[str], query: QueryDict) -> "Address":
        """Read the parameters that are known; what is unknown or empty is dropped.

        So are NULs: PostgreSQL holds no text with one, and refuses to look for it.
        """
        params = {
            name: tuple(dict.fromkeys(v.replace("\0", "").strip() for v in query.getlist(name)))
            for name in order
        }
        params = {name: tuple(filter(None, values)) for name, values in params.items()}
        return cls(path, order, {name: values for name, values in params.items() if values})

    def get(self, name: str) -> str:
        """Return the last value of a parameter, empty where there is none."""
        return self.params.get(name, ("",))[-1]

    def all(self, name: str) -> tuple[str, ...]:
        """Return all values of a parameter."""
        return self.params.get(name, ())

    def having(self, **changes: str | Sequence[str]) -> "Address":
        """Return the address with some parameters set (or, by an empty value, dropped).

        Whatever changes, the page is of the past, unless it is what is set.
        """
        params = dict(self.params)
        if "page" not in changes:
            params.pop("page", None)
            params.pop("cursor", None)
        for name, value in changes.items():
            values = (value,) if isinstance(value, str) else tuple(value)
            params[name] = tuple(v for v in values if v)
        return Address(self.path, self.order, {k: v for k, v in params.items() if v})

    def without(self, name: str, value: str) -> "Address":
        """Return the address without one value of a parameter."""
        return self.having(**{name: [v for v in self.all(name) if v != value]})

    def __str__(self) -> str:
        pairs = [(name, v) for name in self.order for v in self.params.get(name, ())]
        return f"{self.path}?{urlencode(pairs, safe=',:/')}" if pairs else self.path


@dataclass(frozen=True)
class Pill:
    """One filter that is in force, and the address without it."""

    name: str
    value: str
    clear: str
