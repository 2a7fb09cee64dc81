"""Searches: the list, starting one, watching it, its results and what to do with them."""

from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
    require_safe,
)

from modelwright.accounts.access import needs
from modelwright.accounts.roles import Action
from modelwright.catalog.access import Level
from modelwright.core.errors import InvalidInputError, ModelwrightError
from modelwright.runs.errors import SubjectBusyError
from modelwright.runs.models import TrainingRun
from modelwright.runs.selectors import model_run_for
from modelwright.runs.states import Status
from modelwright.tuning.access import tuning_run_for
from modelwright.tuning.errors import NotCompletedError, TuningEndedError
from modelwright.tuning.export import EXPORTS
from modelwright.tuning.models import TuningRun
from modelwright.tuning.services import (
    TuningRequest,
    tuning_cancel,
    tuning_continue,
    tuning_delete,
    tuning_submit,
    tuning_train_best,
)
from modelwright.web.finding import found_or_refused, list_page
from modelwright.web.grid_form import Estimate, SearchForm, estimate_for
from modelwright.web.requests import page_or_part, user_of
from modelwright.web.search_view import SearchList, SearchView
from modelwright.web.views.events import events_response

PACE_SEARCHES = 20


@needs(Action.RUNS_VIEW)
@require_safe
def searches(request: HttpRequest) -> HttpResponse:
    """Show the list; for htmx only its rows."""
    listing = SearchList(request)
    return list_page(request, listing, "pages/searches.html", "pages/_searches_results.html")


def _model_run(request: HttpRequest, run_id: UUID) -> TrainingRun:
    return found_or_refused(model_run_for, request.user, run_id, Level.EDITOR)


def _search(request: HttpRequest, search_id: UUID, level: Level = Level.VIEWER) -> TuningRun:
    return found_or_refused(tuning_run_for, request.user, search_id, level)


@needs(Action.RUNS_TRAIN)
@require_http_methods(["GET", "HEAD", "POST"])
def search_new(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Show the grid editor (filled like `?from=<search>`), or start the search."""
    model_run, parent = _model_run(request, run_id), _parent(request, run_id)
    source = None if parent is None else _fields_of(parent)
    form = SearchForm(
        request.POST if request.method == "POST" else None, model_run=model_run, source=source
    )
    context = {"form": form, "run": model_run, "parent": parent}
    if request.method != "POST":
        trial = SearchForm(_as_posted(form), model_run=model_run, source=source)
        return render(request, "pages/search_new.html", {**context, "estimate": _estimate(trial)})
    checked = form.checked()
    if checked is not None:
        try:
            search = _start(request, checked[0], model_run, parent)
        except InvalidInputError as error:
            form.explain(error)
        except ModelwrightError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, f"{checked[1]} combinations are being searched.")
            return redirect("search", search.pk)
    return render(request, "pages/search_new.html", {**context, "estimate": None})


def _parent(request: HttpRequest, run_id: UUID) -> TuningRun | None:
    try:
        key = UUID(request.GET.get("from", ""))
    except ValueError:
        return None
    found = _search(request, key)
    return found if found.model_run_id == run_id else None


def _fields_of(search: TuningRun) -> dict[str, Any]:
    return {**search.config, "tuning_method": search.tuning_method}


def _as_posted(form: SearchForm) -> dict[str, Any]:
    """Return the values of a fresh form as a browser would send them."""
    values = {name: form[name].value() for name in form.fields}
    rows = {f"grid_{row.name}": row.text for row in form.rows}
    return {**{k: v for k, v in values.items() if v not in (None, False)}, **rows}


def _start(
    request: HttpRequest, asked: TuningRequest, model_run: TrainingRun, parent: TuningRun | None
) -> TuningRun:
    user = user_of(request)
    if parent is None:
        return tuning_submit(request=asked, model_run=model_run, user=user)
    changes = {name: getattr(asked, name) for name in TuningRequest.__dataclass_fields__}
    return tuning_continue(run=parent, changes=changes, user=user)


def _estimate(form: SearchForm) -> Estimate | None:
    checked = form.checked()
    if checked is None or form.model_run.status != Status.COMPLETED:
        return None
    return estimate_for(*checked, form.model_run, _pace(form.model_run))


def _pace(model_run: TrainingRun) -> tuple[float, str] | None:
    """Return the pace of the largest of the last searches on the same run.

    A search of few combinations says little: most of its time is its beginning.
    """
    ended = TuningRun.objects.filter(model_run=model_run, status=Status.COMPLETED)
    found = [run.results or {} for run in ended[:PACE_SEARCHES]]
    found = [results for results in found if results.get("tried") and results.get("tuning_time")]
    if not found:
        return None
    largest = max(found, key=lambda results: results["tried"])
    pace = largest["tuning_time"] / largest["tried"]
    return pace, f"at the pace of an earlier search on this run ({largest['tried']} combinations)"


@needs(Action.RUNS_TRAIN)
@require_POST
def search_estimate(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Say how many combinations a grid has, about how long it takes, and what is wrong with it."""
    form = SearchForm(request.POST, model_run=_model_run(request, run_id))
    context = {"estimate": _estimate(form), "form": form, "run": form.model_run, "live": True}
    return render(request, "pages/_search_estimate.html", context)


@needs(Action.RUNS_VIEW)
@require_safe
def search(request: HttpRequest, search_id: UUID) -> HttpResponse:
    """Show one search; for htmx only what changes with its state."""
    found = _search(request, search_id)
    view = SearchView(
        found, user_of(request), request.GET.get("across", ""), request.GET.get("down", "")
    )
    context: dict[str, object] = {"search": found, "run": found.model_run, "view": view}
    return page_or_part(request, "pages/search.html", "pages/_search.html", context)


@needs(Action.RUNS_VIEW)
@require_GET
async def search_events(request: HttpRequest, search_id: UUID) -> HttpResponseBase:
    """Send each trial as it ends."""
    return await events_response(request, await sync_to_async(_search)(request, search_id))


@needs(Action.RUNS_CANCEL)
@require_POST
def search_cancel(request: HttpRequest, search_id: UUID) -> HttpResponse:
    """End a search, keeping what it has found."""
    found = _search(request, search_id, Level.EDITOR)
    try:
        tuning_cancel(run=found, user=user_of(request))
    except TuningEndedError as error:
        messages.info(request, error.message)
    else:
        messages.info(request, "The search is cancelled; what it found is kept.")
    return redirect("search", found.pk)


@needs(Action.RUNS_TRAIN)
@require_POST
def search_delete(request: HttpRequest, search_id: UUID) -> HttpResponse:
    """Delete a search with its trials."""
    found = _search(request, search_id, Level.OWNER)
    tuning_delete(run=found, user=user_of(request))
    messages.success(request, "The search is deleted.")
    return redirect("model_run", found.model_run_id)


@needs(Action.RUNS_TRAIN)
@require_POST
def search_continue(request: HttpRequest, search_id: UUID) -> HttpResponse:
    """Go on where a search was stopped."""
    found = _search(request, search_id, Level.EDITOR)
    try:
        next_one = tuning_continue(run=found, changes={}, user=user_of(request))
    except ModelwrightError as error:
        messages.error(request, error.message)
        return redirect("search", found.pk)
    messages.success(request, "The search goes on with what was found before.")
    return redirect("search", next_one.pk)


@needs(Action.RUNS_TRAIN)
@require_POST
def search_train(request: HttpRequest, search_id: UUID) -> HttpResponse:
    """Train the best combination."""
    found = _search(request, search_id, Level.EDITOR)
    try:
        run = tuning_train_best(run=found, user=user_of(request))
    except (SubjectBusyError, InvalidInputError, ModelwrightError) as error:
        messages.error(request, error.message)
        return redirect("search", found.pk)
    messages.success(request, f"Run {run.number} trains the best combination.")
    return redirect("model_run", run.pk)


@needs(Action.RUNS_VIEW)
@require_safe
def search_export(request: HttpRequest, search_id: UUID, kind: str) -> HttpResponse:
    """Download all trials as CSV, or scikit-learn code that makes the best model."""
    found = _search(request, search_id)
    if kind not in EXPORTS:
        raise Http404("There is no such export.")
    export = EXPORTS[kind]
    try:
        text = export.write(found)
    except NotCompletedError as error:
        messages.error(request, error.message)
        return redirect("search", found.pk)
    response = HttpResponse(text, content_type=f"{export.media_type}; charset=utf-8")
    name = f"search-{found.pk}.{export.ending}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
