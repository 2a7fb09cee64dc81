"""One's own account: password and API tokens."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from knox.models import AuthToken

from modelwright.accounts.access import needs
from modelwright.accounts.roles import Action
from modelwright.accounts.services import token_create, token_revoke, user_set_password
from modelwright.core.errors import InvalidInputError
from modelwright.web.requests import user_of


@needs(Action.SIGNED_IN)
@require_safe
@never_cache
def account(request: HttpRequest) -> HttpResponse:
    """Show who one is, and one's tokens."""
    return _show(request, PasswordChangeForm(user_of(request)))


def _show(request: HttpRequest, form: PasswordChangeForm, secret: str = "") -> HttpResponse:
    user = user_of(request)
    form.fields["old_password"].widget.attrs.pop("autofocus", None)
    tokens = AuthToken.objects.filter(user=user).order_by("-created")
    context = {"form": form, "tokens": tokens, "secret": secret, "groups": sorted(user.group_names)}
    return render(request, "pages/account.html", context)


@needs(Action.SIGNED_IN)
@require_POST
@never_cache
def token_new(request: HttpRequest) -> HttpResponse:
    """Make a token and show it, this once: the answer is the page itself, nothing is kept."""
    secret = token_create(user=user_of(request))
    return _show(request, PasswordChangeForm(user_of(request)), secret=secret)


@needs(Action.SIGNED_IN)
@require_POST
def token_end(request: HttpRequest, key: str) -> HttpResponse:
    """Revoke one of one's own tokens."""
    token = AuthToken.objects.filter(user=user_of(request), digest__startswith=key).first()
    if token is None:
        raise Http404("There is no such token.")
    token_revoke(token=token)
    messages.success(request, "The token is revoked: nobody gets in with it any more.")
    return redirect("account")


@needs(Action.SIGNED_IN)
@require_POST
@never_cache
def password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; other sessions and JWTs end with it."""
    user = user_of(request)
    form = PasswordChangeForm(user, request.POST)
    if form.is_valid():
        try:
            user_set_password(user=user, password=form.cleaned_data["new_password1"])
        except InvalidInputError as error:
            form.add_error("new_password1", error.details["password"])
        else:
            update_session_auth_hash(request, user)
            messages.success(request, "The password is changed. Other sessions have ended.")
            return redirect("account")
    return _show(request, form)
