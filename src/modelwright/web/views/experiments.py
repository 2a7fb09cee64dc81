"""Experiments: the list, making one, its page, sharing and deleting it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from modelwright.accounts.access import needs
from modelwright.accounts.roles import Action
from modelwright.catalog.access import Level, dataset_for, datasets_visible, experiment_for
from modelwright.catalog.models import DataSet
from modelwright.catalog.services import Question, experiment_change, experiment_create
from modelwright.catalog.sharing import experiment_share, experiment_unshare
from modelwright.core.errors import InvalidInputError, ModelwrightError
from modelwright.engine.parameters import TASKS
from modelwright.registry.removal import experiment_remove
from modelwright.web.dataset_view import HEAVY
from modelwright.web.experiment_view import ExperimentList, ExperimentView
from modelwright.web.finding import found_or_refused, list_page
from modelwright.web.requests import page_or_part, user_of

MAX_NAME = 200
MAX_DESCRIPTION = 10_000
OFFERED = 100


@needs(Action.RUNS_VIEW)
@require_safe
def experiments(request: HttpRequest) -> HttpResponse:
    """Show the list; for htmx only its rows."""
    listing = ExperimentList(request)
    return list_page(request, listing, "pages/experiments.html", "pages/_experiments_results.html")


@needs(Action.RUNS_TRAIN)
@require_http_methods(["GET", "HEAD", "POST"])
def experiment_new(request: HttpRequest) -> HttpResponse:
    """Choose a data set, then (`?dataset=`) what is to be predicted in it."""
    key = _uuid(request.GET.get("dataset", ""))
    if key is None:
        mine = datasets_visible(request.user).defer(*HEAVY)[:OFFERED]
        return render(request, "pages/experiment_new.html", {"datasets": mine})
    dataset = found_or_refused(dataset_for, request.user, key, Level.EDITOR)
    if request.method != "POST":
        return _form(request, dataset)
    name = request.POST.get("name", "").strip()
    faults: dict[str, list[str]] = {}
    if not name or len(name) > MAX_NAME:
        faults["name"] = [f"Give it a name of at most {MAX_NAME} characters."]
    question = Question(
        dataset, request.POST.get("target_column", ""), request.POST.get("task", "")
    )
    try:
        question.checked_task()
    except InvalidInputError as error:
        faults |= error.details
    if faults:
        return _form(request, dataset, faults)
    made = experiment_create(
        question=question,
        name=name,
        user=user_of(request),
        description=request.POST.get("description", "").strip()[:MAX_DESCRIPTION],
    )
    messages.success(request, f"{made.name} is there: train its first model.")
    return redirect("experiment", made.pk)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _form(
    request: HttpRequest, dataset: DataSet, faults: dict[str, list[str]] | None = None
) -> HttpResponse:
    usable = [column for column in dataset.columns if column["distinct"] > 1]
    given = request.POST or request.GET
    target = given.get("target_column") or given.get("target") or ""
    context = {
        "dataset": dataset,
        "targets": usable,
        "tasks": TASKS,
        "faults": faults or {},
        "given": request.POST,
        "target": target or (usable[-1]["name"] if usable else ""),
    }
    return render(request, "pages/experiment_new.html", context)


@needs(Action.RUNS_VIEW)
@require_safe
def experiment(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    """Show one experiment with its runs and searches; for htmx what changes while they go on."""
    found = found_or_refused(experiment_for, request.user, experiment_id)
    context: dict[str, object] = {
        "experiment": found,
        "view": ExperimentView(found, user_of(request)),
    }
    return page_or_part(request, "pages/experiment.html", "pages/_experiment_work.html", context)


@needs(Action.RUNS_TRAIN)
@require_POST
def experiment_edit(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    """Change name and description."""
    found = found_or_refused(experiment_for, request.user, experiment_id, Level.EDITOR)
    name = request.POST.get("name", "").strip()
    if not name or len(name) > MAX_NAME:
        messages.error(request, f"Give it a name of at most {MAX_NAME} characters: not saved.")
    else:
        description = request.POST.get("description", "").strip()[:MAX_DESCRIPTION]
        experiment_change(
            experiment=found, user=user_of(request), name=name, description=description
        )
        messages.success(request, "Saved.")
    return redirect("experiment", found.pk)


@needs(Action.RUNS_TRAIN)
@require_POST
def experiment_delete(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    """Delete it, and its runs where they were shown before."""
    found = found_or_refused(experiment_for, request.user, experiment_id, Level.OWNER)
    force = request.POST.get("all") == "yes"
    try:
        experiment_remove(experiment=found, user=user_of(request), force=force)
    except ModelwrightError as error:
        messages.error(request, error.message)
        return redirect("experiment", found.pk)
    messages.success(request, f"{found.name} is deleted.")
    return redirect("experiments")


@needs(Action.RUNS_TRAIN)
@require_POST
def experiment_share_add(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    """Share it with a user or a group."""
    found = found_or_refused(experiment_for, request.user, experiment_id, Level.OWNER)
    try:
        share = experiment_share(
            experiment=found,
            level=request.POST.get("level", ""),
            user=user_of(request),
            with_user=request.POST.get("user", "").strip(),
            with_group=request.POST.get("group", "").strip(),
        )
    except ModelwrightError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"Shared with {share.who} as {share.level}.")
    return redirect("experiment", found.pk)


@needs(Action.RUNS_TRAIN)
@require_POST
def experiment_share_end(request: HttpRequest, experiment_id: UUID, share_id: int) -> HttpResponse:
    """Take a share away."""
    found = found_or_refused(experiment_for, request.user, experiment_id, Level.OWNER)
    found_or_refused(
        lambda: experiment_unshare(experiment=found, share_id=share_id, user=user_of(request))
    )
    messages.success(request, "No longer shared.")
    return redirect("experiment", found.pk)
