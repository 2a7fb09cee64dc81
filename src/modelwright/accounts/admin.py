"""Users, groups and the audit log in the admin."""

import json
from typing import Any

from axes.utils import reset
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import Count, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from modelwright.accounts.admin_site import CHANGED, AuditedAdmin, ReadOnlyAdmin
from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.models import AuditEntry, Channel, Delivery, User
from modelwright.accounts.roles import ROLE_OF_GROUP, Action, Role, role_of
from modelwright.accounts.services import user_sync_staff

# What only a superuser may give or take.
HIGHEST = ("is_superuser",)


@admin.register(User)
class UserAdmin(AuditedAdmin, DjangoUserAdmin[User]):
    """Accounts: made, put into groups, closed; never deleted, since history names them."""

    verb_added = Verb.USER_CREATED
    verb_changed = Verb.USER_CHANGED
    list_display = ("username", "role", "email", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser", "groups")
    search_fields = ("username", "first_name", "last_name", "email")
    readonly_fields = ("role", "last_login", "date_joined")
    filter_horizontal = ("groups",)
    actions = ("unlock",)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("What they may do", {"fields": ("is_active", "groups", "role", "is_superuser")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "password1", "password2", "groups")}),
    )

    @admin.display(description="Role")
    def role(self, user: User) -> str:
        """Return what the groups add up to."""
        return role_of(user).name.lower()

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Return the accounts with their groups."""
        return super().get_queryset(request).prefetch_related("groups")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep the highest powers to those who have them."""
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else (*fields, *HIGHEST)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let only superusers change superusers."""
        allowed = super().has_change_permission(request, obj)
        if isinstance(obj, User) and obj.is_superuser:
            return allowed and bool(request.user.is_superuser)
        return allowed

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: an account that history names is closed instead (untick "active")."""
        return False

    def save_related(
        self, request: HttpRequest, form: ModelForm[Any], formsets: Any, change: bool
    ) -> None:
        """Save the groups, and have the mark "staff" follow them."""
        super().save_related(request, form, formsets, change)
        user_sync_staff(form.instance)

    def user_change_password(
        self, request: HttpRequest, id: str, form_url: str = ""
    ) -> HttpResponse:
        """Change somebody's password, and record that it was."""
        response: HttpResponse = super().user_change_password(request, id, form_url)
        user = self.get_object(request, id)
        if user is not None and request.method == "POST" and response.status_code == 302:
            audit_record(verb=Verb.USER_CHANGED, target=user, after={"password": CHANGED})
        return response

    @admin.action(description="Unlock sign-in after too many failures")
    def unlock(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Forget the failed sign-ins of the chosen accounts."""
        for user in queryset:
            reset(username=user.username)
            audit_record(verb=Verb.USER_CHANGED, target=user, after={"sign_in": "unlocked"})
        self.message_user(request, f"Unlocked: {queryset.count()}", messages.SUCCESS)


@admin.register(Group)
class GroupAdmin(ReadOnlyAdmin):
    """The groups and the role each carries; who is in one is set on the user's page."""

    list_display = ("name", "role", "members")
    search_fields = ("name",)
    fields = ("name", "role", "members")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the groups with the number of their members."""
        groups: QuerySet[Any] = super().get_queryset(request)
        counted: QuerySet[Any] = groups.annotate(member_count=Count("user"))
        return counted

    @admin.display(description="Role")
    def role(self, group: Group) -> str:
        """Return the role that the group carries."""
        return ROLE_OF_GROUP.get(group.name, Role.NONE).name.lower()

    @admin.display(description="Members", ordering="member_count")
    def members(self, group: Any) -> int:
        """Return how many are in it."""
        return int(group.member_count)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Every write: who, what, when, from where, before and after."""

    action = Action.AUDIT_VIEW
    list_display = ("at", "who", "verb", "object_label", "channel", "address")
    list_filter = ("verb", "channel", "at")
    search_fields = ("actor_name", "object_label", "object_id", "address", "request_id")
    date_hierarchy = "at"
    fields = (
        "at", "who", "verb", "object_label", "object_type", "object_id",
        "channel", "address", "request_id", "was", "became",
    )  # fmt: skip
    readonly_fields = fields
    show_full_result_count = False

    @admin.display(description="Who", ordering="actor_name")
    def who(self, entry: AuditEntry) -> str:
        """Return the account's name at that time."""
        return entry.actor_name or "system"

    @admin.display(description="Before")
    def was(self, entry: AuditEntry) -> SafeString:
        """Return what it was."""
        return _pretty(entry.before)

    @admin.display(description="After")
    def became(self, entry: AuditEntry) -> SafeString:
        """Return what it became."""
        return _pretty(entry.after)


@admin.register(Channel)
class ChannelAdmin(ReadOnlyAdmin):
    """Who is told how; addresses and secrets are not shown."""

    list_display = ("name", "owner", "team", "kind", "min_severity", "is_active")
    search_fields = ("name", "owner__username")
    list_filter = ("kind", "is_active")
    list_select_related = ("owner", "team")


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """What was delivered."""

    list_display = ("at", "channel", "title", "notices", "succeeded", "error")
    list_filter = ("succeeded",)
    list_select_related = ("channel",)
    show_full_result_count = False


def _pretty(value: Any) -> SafeString:
    text = "" if value is None else json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)
    return format_html("<pre>{}</pre>", text)
