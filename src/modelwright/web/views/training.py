"""Starting a training."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from modelwright.accounts.access import needs
from modelwright.accounts.roles import Action
from modelwright.core.errors import InvalidInputError
from modelwright.runs.errors import SubjectBusyError
from modelwright.runs.models import TrainingRun
from modelwright.runs.selectors import training_runs
from modelwright.runs.services import training_submit
from modelwright.web.forms import TrainForm
from modelwright.web.requests import user_of


@needs(Action.RUNS_TRAIN)
@require_http_methods(["GET", "HEAD", "POST"])
def run_new(request: HttpRequest) -> HttpResponse:
    """Show the form (filled like `?from=<number>`), or submit the training."""
    source = _source(request)
    if request.method != "POST":
        return _show(request, TrainForm(source=source), source)
    form = TrainForm(request.POST, source=source)
    if not form.is_valid():
        return _show(request, form, source)
    try:
        run = training_submit(request=form.request(), user=user_of(request))
    except InvalidInputError as error:
        form.explain(error)
        return _show(request, form, source)
    except SubjectBusyError as error:
        return _show(request, form, source, busy=error)
    messages.success(request, f"Run {run.number} is submitted.")
    return redirect("run", run.number)


def _source(request: HttpRequest) -> TrainingRun | None:
    number = request.GET.get("from", "")
    if not number.isdecimal() or len(number) > 15:
        return None
    return training_runs().filter(number=int(number)).first()


def _show(
    request: HttpRequest,
    form: TrainForm,
    source: TrainingRun | None,
    busy: SubjectBusyError | None = None,
) -> HttpResponse:
    return render(request, "pages/run_new.html", {"form": form, "source": source, "busy": busy})
