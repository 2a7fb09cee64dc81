"""Training runs and workers in the admin.

What a run recorded is history: it can be looked at, not changed, added or deleted. Notes can be
changed, and open runs cancelled; both go through the services, so that they are audited and a
running job's row is never written over.
"""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from modelwright.accounts.admin_site import AuditedAdmin, ReadOnlyAdmin
from modelwright.accounts.models import User
from modelwright.runs.errors import NotCancellableError
from modelwright.runs.listing.texts import texts_having
from modelwright.runs.models import TrainingRun, Worker
from modelwright.runs.selectors import training_run_get, training_runs_all
from modelwright.runs.services import training_cancel, training_change_notes
from modelwright.runs.states import Status

SHAPES = {
    Status.PENDING: "○",
    Status.RUNNING: "◐",
    Status.COMPLETED: "✔",
    Status.FAILED: "✖",
    Status.CANCELLED: "⊘",
}
VERSIONS_LISTED = 30


class VersionFilter(admin.SimpleListFilter):
    """The newest versions by name; any other one by `?model_version=` or the search."""

    title = "model version"
    parameter_name = "model_version"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, str]]:
        """Return the choices."""
        newest = TrainingRun.objects.order_by("-number").values_list("model_version", flat=True)
        names = list(newest[:VERSIONS_LISTED])
        if (chosen := self.value()) and chosen not in names:
            names.insert(0, chosen)
        return [(name, name) for name in names]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[TrainingRun]
    ) -> QuerySet[TrainingRun]:
        """Keep the run of one version."""
        value = self.value()
        return queryset.filter(model_version=value) if value else queryset


@admin.register(TrainingRun)
class TrainingRunAdmin(AuditedAdmin):
    """Training runs, as contract A asks."""

    list_display = (
        "number",
        "created_at",
        "model_version",
        "coloured_status",
        "accuracy",
        "f1_score",
        "training_duration_seconds",
        "user",
    )
    list_display_links = ("number", "model_version")
    list_filter = (
        "status",
        "created_at",
        VersionFilter,
        ("user", admin.RelatedOnlyFieldListFilter),
    )
    search_fields = (
        "model_version",
        "dataset_path",
        "model_path",
        "notes",
        "error_message",
        "user__username",
    )
    list_select_related = ("user",)
    list_per_page = 50
    show_full_result_count = False
    actions = ("cancel",)
    fieldsets = (
        (None, {"fields": ("number", "coloured_status", "model_version", "notes")}),
        ("Result", {"fields": (
            "accuracy", "precision", "recall", "f1_score", "training_duration_seconds",
            "per_class_metrics", "confusion_matrix", "feature_importance", "metrics",
            "model_path", "error_type", "error_message", "warnings",
        )}),
        ("Asked for", {"fields": (
            "user", "trigger_type", "priority", "preset", "model_type", "task", "target_column",
            "dataset_path", "test_split", "random_state", "hyperparameters",
            "requested_hyperparameters", "n_estimators",
        )}),
        ("Data", {"fields": (
            "dataset_sha256", "total_samples", "train_samples", "test_samples", "features_used",
        )}),
        ("Life", {"fields": (
            "id", "created_at", "started_at", "finished_at", "progress_percent", "progress_step",
            "progress_message", "worker", "attempt", "crashes", "beat_at", "cancel_requested",
            "time_limit_seconds", "memory_limit_mb", "environment",
        )}),
    )  # fmt: skip

    class Media:
        css = {"all": ["runs/admin.css"]}

    @admin.display(description="Status", ordering="status")
    def coloured_status(self, run: TrainingRun) -> SafeString:
        """Return the status as a word, a shape and a colour."""
        status = Status(run.status)
        return format_html(
            '<span class="run-status run-status-{}"><span aria-hidden="true">{}</span> {}</span>',
            status.value,
            SHAPES[status],
            status.label,
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Return every field but the notes."""
        shown = (name for _, options in self.fieldsets for name in options["fields"])
        return [str(name) for name in shown if name != "notes"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: a run is made by training."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: a run is history, and versions stand on it."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[TrainingRun]:
        """Return all runs; the list does without what only a run's own page shows."""
        return training_runs_all()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[TrainingRun], search_term: str
    ) -> tuple[QuerySet[TrainingRun], bool]:
        """Find every word by the index of texts; parts of a model's path by reading through."""
        words = tuple(search_term.split())
        if "\0" in search_term:
            return queryset.none(), False
        if any("/" in word or word.endswith(".pkl") for word in words):
            return super().get_search_results(request, queryset, search_term)
        if words:
            found = texts_having(words).values("number")
            queryset = queryset.filter(number__in=found)
        return queryset, False

    def save_model(
        self, request: HttpRequest, obj: TrainingRun, form: ModelForm[Any], change: bool
    ) -> None:
        """Write the notes alone: the rest of the row may have changed meanwhile."""
        if "notes" in form.changed_data:
            # as stored: `obj` carries the values of the form
            run = training_run_get(obj.number, every=True)
            training_change_notes(run=run, notes=obj.notes, user=_actor(request))

    def save_related(
        self, request: HttpRequest, form: ModelForm[Any], formsets: Any, change: bool
    ) -> None:
        """Nothing hangs on a run, and the service has recorded the change."""

    @admin.action(description="Cancel the chosen runs that have not ended")
    def cancel(self, request: HttpRequest, queryset: QuerySet[TrainingRun]) -> None:
        """Cancel."""
        done = 0
        for run in queryset:
            try:
                training_cancel(run=run, user=_actor(request))
                done += 1
            except NotCancellableError as error:
                self.message_user(request, error.message, messages.WARNING)
        if done:
            self.message_user(request, f"Cancelled: {done}", messages.SUCCESS)


def _actor(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    """Who runs jobs, and when each was last heard of."""

    list_display = ("name", "hostname", "pid", "slots", "version", "started_at", "seen_at")
    search_fields = ("name", "hostname")
