"""Signing in and out."""

from typing import Any

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.http import require_safe

from modelwright.accounts.access import needs, public
from modelwright.accounts.roles import Action
from modelwright.web.home_view import HomeView
from modelwright.web.requests import user_of


class SignInForm(AuthenticationForm):
    """User name and password; says what is wrong without saying which of the two."""

    error_messages = {
        "invalid_login": (
            "User name or password is wrong. Both are case-sensitive: is caps lock on?"
        ),
        "inactive": "This account has been switched off.",
    }


class SignIn(LoginView):
    """The login page. Failed attempts are counted by axes, which locks a name and address."""

    template_name = "pages/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Explain; a locked name gets 429 in our own hand instead of the text of axes."""
        locked = bool(getattr(self.request, "axes_locked_out", False))
        if locked:
            self.request.axes_locked_out = False  # type: ignore[attr-defined]
        context = self.get_context_data(form=form, locked=locked)
        response = self.render_to_response(context, status=429 if locked else 200)
        if locked:
            response["Retry-After"] = str(int(settings.AXES_COOLOFF_TIME.total_seconds()))
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add where to go afterwards and how long a lock lasts."""
        minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
        return super().get_context_data(
            next_page=self.get_redirect_url(), locked_minutes=minutes, **kwargs
        )


sign_in = public(SignIn.as_view())
sign_out = needs(Action.SIGNED_IN)(LogoutView.as_view(http_method_names=["post", "options"]))


@needs(Action.SIGNED_IN)
def home(_request: HttpRequest) -> HttpResponse:
    """Go to where the daily work is."""
    return redirect("runs")


@needs(Action.RUNS_VIEW)
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Show what needs somebody now, and how the models are."""
    return render(request, "pages/home.html", {"view": HomeView(user_of(request))})


@public
def favicon(_request: HttpRequest) -> HttpResponse:
    """Send who asks for the icon at its old address (the admin, bookmarks) to ours."""
    return redirect(static("modelwright/mark.svg"))
