"""Who may not see a thing gets 404 or 403, as the rooms below say."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse

from modelwright.catalog.errors import NotYoursError
from modelwright.core.errors import NotFoundError
from modelwright.web.listing import Listing
from modelwright.web.requests import page_or_part

Found = TypeVar("Found")


def found_or_refused(find: Callable[..., Found], *arguments: Any) -> Found:
    """Call a selector that checks who may see what; answer 404 or 403 where it refuses."""
    try:
        return find(*arguments)
    except NotFoundError as error:
        raise Http404(error.message) from error
    except NotYoursError as error:
        raise PermissionDenied(error.message) from error


def list_page(request: HttpRequest, listing: Listing[Any], page: str, part: str) -> HttpResponse:
    """Give a list, or for htmx its rows; says so where the database does not answer."""
    context: dict[str, object] = {"listing": listing}
    try:
        rows = listing.rows
        context |= {"rows": rows, "any": bool(list(rows)) or bool(listing.pills)}
    except DatabaseError:
        context["broken"] = True
    response = page_or_part(request, page, part, context)
    if request.headers.get("HX-Request"):
        response["HX-Push-Url"] = str(listing.address)
    return response
