"""What any operation may answer, written into the description where the operation doesn't say it.

Each comes from one place for all: the parser, the limits, the pages of a list, the database.
"""

from collections.abc import Iterator
from typing import Any

from rest_framework.permissions import SAFE_METHODS

Answer = dict[str, Any]


def _problem(description: str, detail: str) -> Answer:
    return {
        "description": description,
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {description.split(":")[0]: {"value": {"detail": detail}}},
            }
        },
    }


MALFORMED = _problem(
    "The body can't be read", "The body is not valid JSON: Expecting value: line 1 column 1."
)
TOO_LARGE = _problem("The body is too large", "The body is too large.")
OTHER_KIND = _problem(
    "The body is of another kind", 'Unsupported media type "text/plain" in request.'
)
NO_PAGE = _problem("There is no such page", "Invalid page.")
NOT_THERE = _problem("There is nothing at this address", "Not found.")
THROTTLED = _problem(
    "Too many writes: `Retry-After` says when to try again",
    "Request was throttled. Expected available in 12 seconds.",
)
BUSY = _problem(
    "The database is away or busy: `Retry-After` says when to try again",
    "The database can't be reached or is busy: try again in a moment.",
)


def common_answers(result: Any, **_: Any) -> Any:
    """Add what every operation may answer (SPECTACULAR_SETTINGS["POSTPROCESSING_HOOKS"])."""
    for path, methods in result["paths"].items():
        if not path.startswith("/api/"):
            continue
        for method, operation in methods.items():
            for status, answer in _of(method.upper(), operation):
                operation["responses"].setdefault(status, answer)
    return result


def _of(method: str, operation: dict[str, Any]) -> Iterator[tuple[str, Answer]]:
    if "requestBody" in operation:
        yield from (("400", MALFORMED), ("413", TOO_LARGE), ("415", OTHER_KIND))
    places = {(p["in"], p["name"]) for p in operation.get("parameters", ())}
    if any(where == "path" for where, _ in places):
        yield "404", NOT_THERE
    if ("query", "page") in places:
        yield "404", NO_PAGE
    if method not in SAFE_METHODS:
        yield "429", THROTTLED
    yield "503", BUSY
