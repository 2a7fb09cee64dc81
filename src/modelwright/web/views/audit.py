"""The audit log, for administrators."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from modelwright.accounts.access import needs
from modelwright.accounts.roles import Action
from modelwright.web.audit_list import AuditList
from modelwright.web.requests import page_or_part


@needs(Action.AUDIT_VIEW)
@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """Show who did what, when, from where; for htmx only the rows."""
    listing = AuditList(request)
    context: dict[str, object] = {"listing": listing, "rows": listing.rows}
    response = page_or_part(request, "pages/audit.html", "pages/_audit_results.html", context)
    if request.headers.get("HX-Request"):
        response["HX-Push-Url"] = str(listing.address)
    return response
