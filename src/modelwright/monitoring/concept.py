"""Whether a version errs more than it did on its hold-out, or to one side: told by errors as
readings come in.
"""

from dataclasses import dataclass

from modelwright.catalog.models import Machine
from modelwright.catalog.readings import series_of
from modelwright.core.clock import ms_of
from modelwright.engine.drift import ConceptResult
from modelwright.engine.machines.base import MachineModel
from modelwright.engine.machines.local_time import DAY_MS
from modelwright.engine.machines.model_errors import Errors, errors_of
from modelwright.engine.machines.watching import ErrorWatch
from modelwright.monitoring.models import DriftProfile
from modelwright.monitoring.outlook import CONTEXT_DAYS
from modelwright.registry.models import ModelVersion

DAYS_AT_ONCE = 92
LEAN_DAYS = 3
"""How long the signs of errors are looked at, at least: a day leans by chance too easily."""


@dataclass(frozen=True)
class ErrorDrift:
    """Whether errors have grown, or lean to one side.

    Parameters
    ----------
    drifted : bool
    score : float
        1 or more where they have.
    ratio : float
        Mean loss over that of the hold-out: of the window, or of late where the growth lasts.
    lasts : bool
        Whether it is the detector that watches day by day that says so.
    share : float or None
        Median error over what was expected, where it is that the errors lean to one side that says
        so: 0.1 is a tenth more than expected.
    """

    drifted: bool
    score: float
    ratio: float
    lasts: bool
    share: float | None = None


def error_drift(
    version: ModelVersion,
    machine: Machine,
    model: MachineModel,
    recent: Errors,
    start: int,
    *,
    is_latest: bool,
) -> ErrorDrift | None:
    """Return whether a version's errors have grown, or lean to one side.

    Parameters
    ----------
    version : ModelVersion
    machine : Machine
    model : MachineModel
        Of the version.
    recent : Errors
        Up to the end of the window that is looked at, of `LEAN_DAYS` at least.
    start : int
        When that window begins, milliseconds UTC.
    is_latest : bool
        Whether it reaches the last reading: then what the detector has seen up to there counts too.

    Returns
    -------
    ErrorDrift or None
        None where the hold-out was too short to know what is usual, or the window is.
    """
    row = DriftProfile.objects.filter(version=version).exclude(concept={}).first()
    if row is None or row.concept_until is None:
        return None
    watch = ErrorWatch.from_dict(row.concept)
    present, leaning = watch.window(recent.since(start)), watch.leaning(recent)
    lasting = errors_tell(row.pk, machine, model) if is_latest else None
    scores = [one.score for one in (present, lasting, leaning) if one is not None]
    if not scores:
        return None
    ratio = present.ratio if present is not None else 1.0
    if lasting is not None and lasting.drifted:
        return ErrorDrift(True, max(scores), lasting.recent / (watch.usual * watch.scale), True)
    if present is not None and present.drifted:
        return ErrorDrift(True, max(scores), ratio, False)
    share = leaning.share if leaning is not None and leaning.leans else None
    return ErrorDrift(share is not None, max(scores), ratio, False, share)


def errors_tell(profile_id: int, machine: Machine, model: MachineModel) -> ConceptResult | None:
    """Tell the detector the errors of all readings that have come since it was last told.

    Each reading is told once, whoever asks at once; those that come late, before what was told
    already, aren't told.
    """
    while True:
        row = DriftProfile.objects.get(pk=profile_id)
        if row.concept_until is None or machine.last_reading_at is None:
            return None
        watch, until = ErrorWatch.from_dict(row.concept), row.concept_until
        last = ms_of(machine.last_reading_at)
        found = watch.update(_since(machine, model, until + 1, last))
        if last <= until:
            return found
        told = DriftProfile.objects.filter(pk=profile_id, concept_until=until)
        if told.update(concept=watch.to_dict(), concept_until=last):
            return found


def _since(machine: Machine, model: MachineModel, start: int, last: int) -> Errors:
    """Return the errors of a stretch, read in pieces."""
    pieces = []
    for begin in range(start, last + 1, DAYS_AT_ONCE * DAY_MS):
        end = min(begin + DAYS_AT_ONCE * DAY_MS, last + 1)
        series = series_of(machine, start=begin - CONTEXT_DAYS * DAY_MS, end=end)
        if len(series):
            pieces.append(errors_of(model, series, begin))
    return Errors.joined(pieces)
