"""Reading a request's JSON, whatever a client may send: what is wrong with it is 400, never 500."""

import json
import math
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

from modelwright.catalog.limits import PIECE_BYTES
from modelwright.core.json_names import names_once

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32
INT_RANGE = range(-(2**63), 2**63)


class BodyTooLargeError(APIException):
    """The body is larger than any request of ours needs to be."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = f"The body is larger than {MAX_BYTES // 1024} kB."
    default_code = "body_too_large"


class StrictJSONParser(BaseParser):
    """JSON with finite numbers, sane depth, each name once in an object, and text that every
    database can store.
    """

    media_type = "application/json"
    max_bytes = MAX_BYTES
    names_looked_at = True

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the body as Python values."""
        raw = stream.read(self.max_bytes + 1)
        if len(raw) > self.max_bytes:
            raise BodyTooLargeError
        try:
            value = json.loads(
                raw.decode("utf-8"),
                parse_constant=_refuse_constant,
                object_pairs_hook=names_once if self.names_looked_at else None,
            )
        except UnicodeDecodeError as error:
            raise ParseError("The body is not UTF-8 text.") from error
        except ValueError as error:
            raise ParseError(f"The body is not valid JSON: {error}") from error
        except RecursionError as error:
            raise ParseError("The body is nested too deeply.") from error
        _check(value)
        return value


class PieceTooLargeError(APIException):
    """The piece of a file is larger than one may be."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = f"A piece has at most {PIECE_BYTES:,} bytes: send the file in smaller ones."
    default_code = "piece_too_large"


class PieceParser(BaseParser):
    """The bytes of a piece of a file."""

    media_type = "application/octet-stream"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the body as bytes."""
        piece = stream.read(PIECE_BYTES + 1)
        if len(piece) > PIECE_BYTES:
            raise PieceTooLargeError
        return piece


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _check(value: Any) -> None:
    """Refuse what no field of ours can hold; a loop, so that depth can't hurt."""
    level = [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below += item.keys()
                below += item.values()
            elif isinstance(item, list):
                below += item
            else:
                _check_scalar(item)
        if not below:
            return
        level = below
    raise ParseError(f"The body is nested more than {MAX_DEPTH} deep.")


def _check_scalar(item: Any) -> None:
    if isinstance(item, str):
        if "\0" in item or any("\ud800" <= char <= "\udfff" for char in item):
            raise ParseError("The body holds characters that no text can hold (NUL, half a pair).")
    elif isinstance(item, float):
        if not math.isfinite(item):
            raise ParseError("The body holds a number that is too large.")
    elif isinstance(item, int) and item not in INT_RANGE:
        raise ParseError("The body holds a number that is too large.")
