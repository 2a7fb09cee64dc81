"""The life of a search: running -> completed, failed or cancelled, and how it gets there.

A search is no job: its pieces are. Whatever happens to a piece, `tuning_advance` looks at the rows
and does what is due: cut the plan into pieces, or write the end. It may be called by anybody, at
any time, any number of times; every sweep calls it for all open searches.

Whoever writes to a search locks its row first and the row of a piece, if at all, afterwards: this
is the order in which the database deletes them.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.models import User
from modelwright.core.clock import now
from modelwright.engine.search.results import COMPLETE, FAILED, Trial, best_of
from modelwright.engine.search.space import params_key
from modelwright.runs.jobs import event_add, job_announce, job_cancel
from modelwright.runs.models import JobEvent
from modelwright.runs.selectors import workers_alive
from modelwright.runs.states import ENDED, LEGAL_MOVES, OPEN, Status
from modelwright.tuning import trials as tr
from modelwright.tuning.models import TuningRun, TuningTrial, TuningUnit

# Shares of the work of one slot, the largest first: the small ones at the end even out what was
# estimated wrongly, and each piece costs the time to read the data.
PIECES_OF_SLOT = (0.55, 0.3, 0.15)
# A combination that took its piece with it: what is left is tried again one by one.
FATAL = ("WorkerLost", "MemoryError", "TimeLimit")
STEP = "search"


def tuning_advance(run_id: UUID) -> None:
    """Do what is due for a search: nothing, its pieces, or its end."""
    with transaction.atomic():
        run = locked(run_id)
        if run is None:
            return
        units = list(run.units.order_by("number"))
        ended = _what_is_due(run, units)
    if ended:
        units_stop(run_id)


def tunings_advance_all() -> None:
    """Do what is due for every open search; part of the sweep."""
    for run_id in list(TuningRun.objects.filter(status__in=OPEN).values_list("pk", flat=True)):
        tuning_advance(run_id)
    over = TuningUnit.objects.filter(status__in=OPEN, cancel_requested=False)
    for run_id in over.filter(tuning_run__status__in=ENDED).values_list("tuning_run", flat=True):
        units_stop(run_id)


def locked(run_id: UUID, *statuses: Status) -> TuningRun | None:
    """Lock an open search until the transaction ends; None where it is not open, or gone."""
    return (
        TuningRun.objects.select_for_update(of=("self",))
        .select_related("model_run", "user")
        .filter(pk=run_id, status__in=statuses or sorted(OPEN))
        .first()
    )


def _what_is_due(run: TuningRun, units: list[TuningUnit]) -> bool:
    """Return whether the search has ended."""
    left = run.seconds_left
    if run.status == Status.RUNNING and left is not None and left <= 0:
        _finish(run, units, Status.COMPLETED, tr.TIMED_OUT)
        return True
    if not units or any(unit.is_open for unit in units):
        return False
    if _cut(run, units) or _split(run, units):
        return False
    if _out_of_time(units[0]):
        _finish(run, units, Status.COMPLETED, tr.TIMED_OUT)
        return True
    broken = next((u for u in units if u.status != Status.COMPLETED and u.role != _TRIALS), None)
    if broken is not None:
        _finish(run, units, Status.FAILED, tr.BROKEN, _error(broken))
        return True
    _fail_what_is_missing(run, units)
    error = _nothing_succeeded(run)
    _finish(run, units, Status.FAILED if error else Status.COMPLETED, _ended(error), error)
    return True


_TRIALS = TuningUnit.Role.TRIALS


def _out_of_time(unit: TuningUnit) -> bool:
    """Return whether a search in one piece was ended by the server's own limit for a job."""
    if unit.role != TuningUnit.Role.WHOLE:
        return False
    return unit.result.get("ended") == tr.TIMED_OUT or unit.error_type == "TimeLimit"


def _ended(error: Mapping[str, str] | None) -> str:
    return tr.BROKEN if error else tr.FINISHED


def _error(unit: TuningUnit) -> dict[str, str]:
    return {
        "type": unit.error_type or "Cancelled",
        "message": unit.error_message or "A piece of the search was cancelled.",
    }


# --- pieces ------------------------------------------------------------------------------------


def _cut(run: TuningRun, units: Sequence[TuningUnit]) -> bool:
    """Make pieces of a plan that is there; False where there is nothing to do."""
    first = units[0]
    if len(units) > 1 or first.role != TuningUnit.Role.PLAN or first.status != Status.COMPLETED:
        return False
    groups = first.result.get("groups", [])
    proposals = {p["number"]: p for group in groups for p in group["proposals"]}
    there = _take_over(run, proposals)
    progress_write(run, total=len(proposals))
    pieces = _balanced(groups, there, slots_there())
    for number, piece in enumerate(pieces, 1):
        unit_add(run, number, TuningUnit.Role.TRIALS, proposals=piece)
    return bool(pieces)


def slots_there() -> int:
    """Return how many jobs all workers together can run at the same time."""
    return sum(workers_alive().values_list("slots", flat=True)) or settings.JOB_SLOTS


def _balanced(
    groups: Sequence[Mapping[str, Any]], there: set[int], slots: int
) -> list[list[dict[str, Any]]]:
    """Spread groups over a few pieces for each slot, the heaviest pieces first."""
    left = [
        (group["weight"], [p for p in group["proposals"] if p["number"] not in there])
        for group in groups
    ]
    whole = sum(weight for weight, proposals in left if proposals)
    room = [share * whole / slots for share in PIECES_OF_SLOT for _ in range(slots)]
    pieces: list[list[dict[str, Any]]] = [[] for _ in room]
    for weight, proposals in sorted(left, key=lambda found: -found[0]):
        if proposals:
            emptiest = max(range(len(room)), key=lambda i: room[i])
            room[emptiest] -= weight
            pieces[emptiest] += proposals
    return [piece for piece in pieces if piece]


def _take_over(run: TuningRun, proposals: Mapping[int, Mapping[str, Any]]) -> set[int]:
    """Copy the trials of the stopped search that this one goes on with; return their numbers."""
    parent = run.parent_tuning_run
    if parent is None or not run.config.get("continues"):
        return set()
    number_of = {params_key(p["params"]): number for number, p in proposals.items()}
    rows = []
    for row in parent.trials.exclude(status=FAILED):
        number = number_of.get(params_key(row.params))
        if number is not None:
            row.pk, row.tuning_run_id, row.number = None, run.pk, number
            rows.append(row)
    TuningTrial.objects.bulk_create(rows, ignore_conflicts=True)
    return {row.number for row in rows}


def _split(run: TuningRun, units: Sequence[TuningUnit]) -> bool:
    """Try what is left of pieces that were ended from outside again, one combination at a time."""
    there = set(run.trials.values_list("number", flat=True))
    again = [u.number for u in units if u.role == _TRIALS and u.result.get("split")]
    left: list[dict[str, Any]] = []
    for unit in units:
        fatal = unit.status == Status.FAILED and unit.error_type in FATAL
        if unit.role != _TRIALS or not fatal or len(unit.proposals) < 2 or unit.number in again:
            continue
        left += [p for p in unit.proposals if p["number"] not in there]
        TuningUnit.objects.filter(pk=unit.pk).update(result={"split": True})
    for number, proposal in enumerate(left, units[-1].number + 1):
        unit_add(run, number, TuningUnit.Role.TRIALS, proposals=[proposal])
    return bool(left)


def unit_add(
    run: TuningRun,
    number: int,
    role: TuningUnit.Role,
    *,
    proposals: Sequence[Mapping[str, Any]] = (),
    ring: bool = True,
) -> TuningUnit:
    """Write a pending piece of work and ring for a worker once the transaction is through."""
    unit = TuningUnit.objects.create(
        tuning_run=run,
        number=number,
        role=role,
        proposals=list(proposals),
        user=run.user,
        created_at=run.created_at + dt.timedelta(microseconds=number),
        time_limit_seconds=settings.JOB_TIME_LIMIT_SECONDS,
        memory_limit_mb=settings.JOB_MEMORY_LIMIT_MB,
    )
    if ring:
        job_announce(unit)
    return unit


def units_stop(run_id: UUID) -> None:
    """Stop what a search that has ended still has pending or running."""
    for unit in TuningUnit.objects.filter(tuning_run=run_id, status__in=sorted(OPEN)):
        job_cancel(unit)


# --- trials and progress -----------------------------------------------------------------------


def trials_keep(run_id: UUID, parts: Sequence[Mapping[str, Any]]) -> None:
    """Store trials, each once, and write how far the search is; nothing once it has ended."""
    run = locked(run_id, Status.RUNNING)
    if run is None:
        return
    found = [(Trial.from_dict(part["trial"]), part.get("recipe")) for part in parts]
    TuningTrial.objects.bulk_create(
        [tr.as_row(run, trial, recipe) for trial, recipe in found], ignore_conflicts=True
    )
    total = next((part["total"] for part in parts if part.get("total")), None)
    progress_write(run, total=total, fresh=[trial for trial, _ in found])


def progress_write(
    run: TuningRun, *, total: int | None = None, fresh: Sequence[Trial] = ()
) -> None:
    """Write how far a locked search is, on its row and as an event."""
    before = run.progress or {}
    current = run.trials.count()
    total = max(total or before.get("total", 0), current)
    candidates = list(fresh)
    if before.get("best_score") is not None:
        number, params = before["best_number"], before["best_params"]
        candidates.append(Trial(number, params, mean=before["best_score"]))
    best = best_of(candidates)
    elapsed = run.elapsed_seconds
    run.progress = {
        "current": current,
        "total": total,
        "status": f"Testing parameter combination {current}/{total}...",
        "percentage": round(100 * current / total, 2) if total else 0.0,
        "best_score": None if best is None else best.mean,
        "best_params": None if best is None else dict(best.params),
        "best_number": None if best is None else best.number,
        "elapsed": round(elapsed, 3),
        "remaining": round(elapsed / current * (total - current), 3) if current else None,
    }
    TuningRun.objects.filter(pk=run.pk).update(progress=run.progress)
    event_add(
        run.pk,
        JobEvent.Kind.PROGRESS,
        percent=run.progress["percentage"],
        step=STEP,
        message=run.progress["status"],
        current=current,
        total=total,
        best_score=run.progress["best_score"],
        trials=[{"number": t.number, "score": t.mean, "status": t.status} for t in fresh],
    )


def _fail_what_is_missing(run: TuningRun, units: Sequence[TuningUnit]) -> None:
    """Record the combinations of failed pieces as failed, with the reason."""
    there = set(run.trials.values_list("number", flat=True))
    rows = []
    for unit in units:
        if unit.status == Status.COMPLETED or unit.result.get("split"):
            continue
        why = _error(unit)["message"]
        rows += [
            TuningTrial(
                tuning_run=run, number=p["number"], params=p["params"], status=FAILED, error=why
            )
            for p in unit.proposals
            if p["number"] not in there
        ]
    TuningTrial.objects.bulk_create(rows, ignore_conflicts=True)


def _nothing_succeeded(run: TuningRun) -> dict[str, str] | None:
    if run.trials.filter(status=COMPLETE, mean__isnull=False).exists():
        return None
    first = run.trials.order_by("number").first()
    why = f"; the first: {first.error}" if first is not None else ""
    return {
        "type": "NoTrialSucceeded",
        "message": f"None of {run.trials.count()} combinations could be scored{why}",
    }


# --- moves -------------------------------------------------------------------------------------


def tuning_begin(run_id: UUID) -> None:
    """Note that the first piece of a pending search was taken by a worker."""
    with transaction.atomic():
        if run := locked(run_id, Status.PENDING):
            _move(run, Status.RUNNING, started_at=now())
            audit_record(verb=Verb.RUN_STARTED, target=run, actor=run.user)


def tuning_stop(run: TuningRun, user: User | None) -> None:
    """End a locked search as cancelled, with what it has; its pieces are the caller's to stop."""
    audit_record(
        verb=Verb.RUN_CANCEL_REQUESTED, target=run, actor=user, before={"status": run.status}
    )
    _finish(run, list(run.units.order_by("number")), Status.CANCELLED, tr.CANCELLED)


def _finish(
    run: TuningRun,
    units: Sequence[TuningUnit],
    status: Status,
    ended: str,
    error: dict[str, str] | None = None,
) -> None:
    """Write the end of a locked search, with all that was found."""
    trials = tr.trials_of(run)
    best = best_of(trials)
    moment = now()
    seconds = (moment - run.started_at).total_seconds() if run.started_at else 0.0
    _move(
        run,
        status,
        completed_at=moment,
        best_params=None if best is None else dict(best.params),
        results=tr.results_of(
            run, trials, ended=ended, seconds=seconds, units=[u.result for u in units], error=error
        ),
    )
    audit_record(
        verb=Verb.RUN_ENDED,
        target=run,
        actor=run.user,
        after={"status": status, "ended": ended, "tried": len(trials)},
    )


def _move(run: TuningRun, new: Status, **changes: Any) -> None:
    """Change the status of a locked search; the only place that writes it."""
    if new not in LEGAL_MOVES[Status(run.status)]:
        raise ValueError(f"A search never goes from {run.status} to {new}.")
    TuningRun.objects.filter(pk=run.pk, status=run.status).update(status=new, **changes)
    error = (changes.get("results") or {}).get("error") or {}
    event_add(run.pk, JobEvent.Kind.STATUS, status=new, message=error.get("message", "")[:500])
