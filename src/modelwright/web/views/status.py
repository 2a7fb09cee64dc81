"""The server itself, for those who run it."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from modelwright.accounts.access import needs
from modelwright.accounts.roles import Action
from modelwright.web.requests import page_or_part
from modelwright.web.status_view import StatusView


@needs(Action.SERVER_VIEW)
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """Show workers, broker, disk, schedules and the last backup; for htmx what changes of it."""
    context: dict[str, object] = {"view": StatusView()}
    return page_or_part(request, "pages/status.html", "pages/_status.html", context)
