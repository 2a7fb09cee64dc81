"""What the machinery of jobs needs to know of each kind of job; a new kind registers here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modelwright.runs.models import Job

Fields = dict[str, Any]
CompletionHook = Callable[[Any, Mapping[str, Any], Path], None]
EndHook = Callable[[Any], None]
Keep = Callable[[Any, Sequence[Mapping[str, Any]]], None]


@dataclass(frozen=True)
class JobKind:
    """One kind of job.

    Parameters
    ----------
    name : str
        Stable word, e.g. `training`.
    model : type of Job
        The table with its rows.
    queue : str
        The bell that is rung for it.
    work : str
        Dotted path of `work(payload, scratch, report) -> dict`; it runs in the child process and is
        imported only by workers, so that the web server never loads the heavy libraries.
    prepare : callable
        `prepare(job) -> payload`; runs in the worker, before the child is forked (which therefore
        has the payload, arrays too, without a copy).
    completed_fields : callable
        `completed_fields(job, result) -> fields` to write with the end of a completed job.
    failed_fields : callable
        The same for a failed one.
    ended : callable
        `ended(job)`: called in the transaction that ends a job, whichever way (audit log).
    keep : callable or None
        `keep(job, parts)`: store what the work handed over before its end (`report.keep`). Called
        in a transaction that is rolled back where the job is no longer the worker's; it may be told
        of the same part twice.
    sweep : callable or None
        `sweep()`: make good what a process that died left undone; called at every sweep.
    is_hopeless : callable or None
        `is_hopeless(job, silent_seconds)`: whether a running job that nobody was heard of for so
        long is failed at once, and not tried again up to the limit.
    is_apart : bool
        Whether a process of its own of each worker runs this kind, so that it neither waits for the
        others nor takes their slots.
    uses_database : bool
        Whether the work itself talks to the database: then its child opens a connection of its own.
    warm_up : str
        Dotted path of `warm_up(payload)`, or empty: called in the worker just before the child is
        forked. What it caches there, this child and all later ones have already.
    """

    name: str
    model: type[Job]
    queue: str
    work: str
    prepare: Callable[[Any], Fields]
    completed_fields: Callable[[Any, Mapping[str, Any]], Fields]
    failed_fields: Callable[[Any], Fields]
    ended: Callable[[Any], None]
    keep: Keep | None = None
    sweep: Callable[[], None] | None = None
    is_hopeless: Callable[[Any, float], bool] | None = None
    warm_up: str = ""
    is_apart: bool = False
    uses_database: bool = False
    completion_hooks: list[CompletionHook] = field(default_factory=list)
    end_hooks: list[EndHook] = field(default_factory=list)


_kinds: dict[str, JobKind] = {}


def kind_register(kind: JobKind) -> None:
    """Make a kind of job known; called once, from the `ready` of the app that owns its table."""
    _kinds[kind.name] = kind


def on_completion(name: str, hook: CompletionHook) -> None:
    """Have `hook(job, result, scratch)` run in the transaction that completes a job of kind `name`.

    It may publish files from `scratch` and set fields of `job`, which are saved after it.
    """
    hooks = _kinds[name].completion_hooks
    if hook not in hooks:
        hooks.append(hook)


def on_end(name: str, hook: EndHook) -> None:
    """Have `hook(job)` run in the transaction that ends a job of kind `name`, whichever way."""
    hooks = _kinds[name].end_hooks
    if hook not in hooks:
        hooks.append(hook)


def kinds_all() -> list[JobKind]:
    """Return every kind known."""
    return list(_kinds.values())


def kinds_of_queue(queue: str) -> list[JobKind]:
    """Return the kinds whose bell is `queue`."""
    return [kind for kind in _kinds.values() if kind.queue == queue]


def kind_of(job: Job) -> JobKind:
    """Return the kind that `job` is of."""
    return next(kind for kind in _kinds.values() if isinstance(job, kind.model))


def queues_shared() -> list[str]:
    """Return the names of the queues that share the slots of a worker."""
    return sorted({kind.queue for kind in _kinds.values() if not kind.is_apart})


def queues_apart() -> list[str]:
    """Return the names of the queues that have a process of their own in each worker."""
    return sorted({kind.queue for kind in _kinds.values() if kind.is_apart})
