"""The admin site: same sign-in page and role table as every other page, every write recorded."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib import admin
from django.contrib.admin.sites import AdminSite
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.models import User
from modelwright.accounts.roles import Action, may

SECRET_FIELDS = frozenset({"password", "password1", "password2", "token", "digest", "secret"})
CHANGED = "(changed)"


class ModelwrightAdminSite(AdminSite):
    """Shows our own tables only; those of the libraries hold secrets and are not audited."""

    site_header = "Modelwright administration"
    site_title = "Modelwright"
    index_title = "Administration"
    empty_value_display = "–"  # noqa: RUF001  (a dash, for readers)

    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether the user's role opens the admin site."""
        return may(request.user, Action.ADMIN_SITE)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send the visitor to the one sign-in page, which is throttled."""
        target = request.GET.get("next", "")
        if request.user.is_authenticated:
            if not self.has_permission(request):
                raise PermissionDenied("Your account may not use the administration.")
            return redirect_to_index(self.name)
        return redirect_to_login(target or resolve_url(f"{self.name}:index"))

    def register(
        self,
        model_or_iterable: Any,
        admin_class: "type[admin.ModelAdmin[Any]] | None" = None,
        **options: Any,
    ) -> None:
        """Register the models whose admin class checks roles and is audited; skip all others."""
        if admin_class is not None and issubclass(admin_class, AuditedAdmin):
            super().register(model_or_iterable, admin_class, **options)


def redirect_to_index(name: str) -> HttpResponse:
    """Return a redirect to the first page of the site."""
    response = HttpResponse(status=302)
    response["Location"] = resolve_url(f"{name}:index")
    return response


class AuditedAdmin(admin.ModelAdmin[Any]):
    """A table in the admin: open to whoever may use the site; every write is recorded.

    `action` names what is needed to see and change it.
    """

    action = Action.ADMIN_SITE
    verb_added = Verb.ADMIN_ADDED
    verb_changed = Verb.ADMIN_CHANGED
    verb_deleted = Verb.ADMIN_DELETED

    def _may(self, request: HttpRequest) -> bool:
        user: User | AnonymousUser = request.user
        return may(user, self.action)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the table in the index."""
        return self._may(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow looking."""
        return self._may(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow adding."""
        return self._may(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow changing."""
        return self._may(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow deleting."""
        return self._may(request)

    def save_related(
        self, request: HttpRequest, form: ModelForm[Any], formsets: Any, change: bool
    ) -> None:
        """Save what hangs on the row and record the write, in the same transaction."""
        super().save_related(request, form, formsets, change)
        names = form.changed_data if change else list(form.cleaned_data)
        if change and not names:
            return
        audit_record(
            verb=self.verb_changed if change else self.verb_added,
            target=form.instance,
            before=audit_values(names, form.initial) if change else None,
            after=audit_values(names, form.cleaned_data),
        )

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete one row and record what it held."""
        self._record_deletion(obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete several rows and record each."""
        for obj in queryset:
            self._record_deletion(obj)
        super().delete_queryset(request, queryset)

    def _record_deletion(self, obj: models.Model) -> None:
        fields = {field.name: field.value_from_object(obj) for field in obj._meta.concrete_fields}
        audit_record(verb=self.verb_deleted, target=obj, before=audit_values(fields, fields))


class ReadOnlyAdmin(AuditedAdmin):
    """A table that may only be looked at."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False


def audit_values(names: Iterable[str], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the named values as the audit log keeps them: JSON-safe, secrets left out."""
    return {name: CHANGED if name in SECRET_FIELDS else _plain(values.get(name)) for name in names}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (list, tuple, set, QuerySet)):
        return sorted(str(item) for item in value)
    return str(value)
