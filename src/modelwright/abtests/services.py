"""Starting, looking at, and ending A/B tests.

Looking is counting: every look takes what is new, under the test's lock, and the statistics allow
any number of looks (`engine.abtest`).
"""

import datetime as dt
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db import IntegrityError, transaction

from modelwright.abtests.errors import ABTestActiveError, ABTestEndedError
from modelwright.abtests.guarding import (
    DEFAULT,
    guards_begin,
    guards_harmed,
    guards_look,
    guards_results,
    guards_wrong,
    segments_begin,
    segments_results,
    segments_wrong,
)
from modelwright.abtests.losses import Rows, Side, rows_new, steps_a_day
from modelwright.abtests.models import ABTest
from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.models import User
from modelwright.accounts.notifications.outbox import notify
from modelwright.core.clock import now
from modelwright.core.errors import InvalidInputError
from modelwright.engine.abtest import ABResult, PairedTest, SplitTest, choose_method
from modelwright.engine.abtest.results import (
    CHAMPION,
    CONTINUE,
    EQUIVALENT,
    INCONCLUSIVE,
    PROMOTE,
    STOP,
)
from modelwright.registry.about import about
from modelwright.registry.models import ModelVersion, Promotion, Subject
from modelwright.registry.promotion import CHALLENGER, alias_remove, alias_set, versions_hold
from modelwright.registry.selectors import artifact_open
from modelwright.serving.answering import machine_model_loaded
from modelwright.serving.models import Prediction

MAX_HOURS = 24 * 365.0
TRAFFIC_LATELY = dt.timedelta(days=30)
FORECASTS = ("forecast_arima", "forecast_prophet", "forecast_auto")

VerdictHook = Callable[[ABTest], None]
_hooks: list[VerdictHook] = []

RECOMMENDATIONS = {
    PROMOTE: "Promote version {b}: it is better than version {a}.",
    STOP: "Keep version {a}: version {b} is worse.",
    EQUIVALENT: "Keep version {a}: the two don't differ by more than the margin.",
    INCONCLUSIVE: "Keep version {a}: the test ended without a verdict.",
    CONTINUE: "{reason}",
}
BROKEN = "Keep version {a}: a guard rail was broken. {reason}"


def on_verdict(hook: VerdictHook) -> None:
    """Have `hook(test)` run in the transaction in which a test ends by itself."""
    if hook not in _hooks:
        _hooks.append(hook)


@dataclass(frozen=True)
class ABTestRequest:
    """What somebody wants to be tested.

    Parameters
    ----------
    name : str
    version_a, version_b : ModelVersion
        Of one subject: champion and challenger.
    duration_hours : float
        The test ends then, with or without a verdict.
    mode : str
        Of `ABTest.Mode`, or empty: shadow where the subject was asked for predictions lately, else
        a back-test (machines only).
    traffic_split : float
        The challenger's share of the requests (split mode).
    margin : float
        By how much the mean error must be lower to be worth a change, in the target's unit.
    alpha : float
        Probability of a wrong verdict.
    max_rows : int, optional
        The budget.
    after : int, optional
        Of a back-test: readings up to here (ms UTC) don't count, another test has seen them.
    guards : mapping, optional
        Guard rails: what may not get worse, and by how much it may (`guarding.GUARDS`). Default:
        the share of rows without an answer, by 0.01.
    segment_column : str
        For no value of this column may the challenger be worse; empty: none is watched.
    segment_tolerance : float, optional
        By how much its mean error may be higher there. Default: the margin.
    """

    name: str
    version_a: ModelVersion
    version_b: ModelVersion
    duration_hours: float
    mode: str = ""
    traffic_split: float = 0.5
    margin: float = 0.0
    alpha: float = 0.05
    max_rows: int | None = None
    after: int | None = None
    guards: Mapping[str, float] | None = None
    segment_column: str = ""
    segment_tolerance: float | None = None

    @property
    def segment_margin(self) -> float | None:
        """Return what holds for segments; None where none are watched."""
        if not self.segment_column:
            return None
        return self.margin if self.segment_tolerance is None else self.segment_tolerance


def ab_test_start(*, request: ABTestRequest, user: User | None) -> ABTest:
    """Start a test; the challenger gets its alias.

    Raises
    ------
    InvalidInputError
        A field is wrong.
    ABTestActiveError
        A test of the subject is on.
    ArtifactChangedError, VersionNotFoundError
        A version's file isn't the one that was recorded, or gone.
    """
    _check(request)
    subject = Subject.objects.get(key=request.version_a.subject)
    mode = request.mode or _mode_for(subject)
    if mode == ABTest.Mode.BACK_TEST and subject.machine is None:
        raise InvalidInputError({"mode": ["Only models of machines can be back-tested."]})
    guards = dict(DEFAULT if request.guards is None else request.guards)
    if faults := guards_wrong(guards, mode):
        raise InvalidInputError({"guards": faults})
    tolerated = request.segment_margin
    if tolerated is not None and (
        faults := segments_wrong(
            request.segment_column, tolerated, mode, request.version_a, subject
        )
    ):
        raise InvalidInputError({"segment_column": faults})
    for version in (request.version_a, request.version_b):
        artifact_open(version).close()
    begun = now()
    try:
        with transaction.atomic():
            versions_hold(request.version_a, request.version_b)
            test = ABTest(
                test_name=request.name,
                subject=subject,
                model_type=subject.model_type,
                machine=subject.machine,
                version_a=request.version_a,
                version_b=request.version_b,
                model_a_id=request.version_a.run_id,
                model_b_id=request.version_b.run_id,
                traffic_split=request.traffic_split,
                margin=request.margin,
                alpha=request.alpha,
                max_rows=request.max_rows,
                mode=mode,
                guards=guards,
                segment_column=request.segment_column,
                segment_tolerance=tolerated,
                evaluated_until=request.after,
                started_at=begun,
                ends_at=begun + dt.timedelta(hours=request.duration_hours),
                created_by=user,
            )
            test.state = _design(test).to_dict()
            test.guard_state = guards_begin(test)
            test.segment_state = segments_begin(test)
            test.results = _results(test, _begin_sums(), _result_of(test))
            test.recommendation = "Wait: there are no rows yet."
            test.save()
            alias_set(version=request.version_b, name=CHALLENGER, user=user)
            audit_record(
                verb=Verb.AB_TEST_STARTED,
                target=test,
                actor=user,
                after={
                    "a": request.version_a.name,
                    "b": request.version_b.name,
                    "mode": mode,
                    "guards": guards,
                    "segment_column": request.segment_column,
                    "hours": request.duration_hours,
                },
            )
    except IntegrityError as error:
        other = ABTest.objects.filter(subject=subject, status=ABTest.Status.ACTIVE).first()
        if other is None and "model_ab_tests_one_active" not in str(error):
            raise
        raise ABTestActiveError(
            f"An A/B test of {subject.title} is on: wait for its end, or cancel it.",
            ab_test_id=str(other.pk) if other else None,
        ) from error
    return test


def _check(request: ABTestRequest) -> None:
    details = {**_wrong_versions(request), **_wrong_numbers(request)}
    if not 0 < len(request.name.strip()) <= 200:
        details["test_name"] = ["A name has 1 to 200 characters."]
    if request.mode and request.mode not in ABTest.Mode.values:
        details["mode"] = [f"mode must be one of {', '.join(ABTest.Mode.values)}."]
    if details:
        raise InvalidInputError(details)


def _wrong_versions(request: ABTestRequest) -> dict[str, list[str]]:
    if request.version_a == request.version_b:
        return {"model_b_id": ["The two models must be different versions."]}
    if request.version_a.subject != request.version_b.subject:
        return {"model_b_id": ["The two models must be versions of the same subject."]}
    return {}


def _wrong_numbers(request: ABTestRequest) -> dict[str, list[str]]:
    details: dict[str, list[str]] = {}
    if not 0 < request.duration_hours <= MAX_HOURS:
        details["duration_hours"] = [f"duration_hours is above 0 and at most {MAX_HOURS:g}."]
    if not 0 < request.traffic_split < 1:
        details["traffic_split"] = ["traffic_split is above 0 and below 1."]
    if not (math.isfinite(request.margin) and request.margin >= 0):
        details["margin"] = ["margin is at least 0."]
    if not 0 < request.alpha <= 0.5:
        details["alpha"] = ["alpha is above 0 and at most 0.5."]
    if request.max_rows is not None and request.max_rows < 1:
        details["max_rows"] = ["max_rows is at least 1."]
    return details


def _mode_for(subject: Subject) -> str:
    since = now() - TRAFFIC_LATELY
    has_traffic = Prediction.objects.filter(subject=subject, at__gte=since).exists()
    return ABTest.Mode.BACK_TEST if subject.machine and not has_traffic else ABTest.Mode.SHADOW


def _design(test: ABTest) -> PairedTest | SplitTest:
    """Return the test's statistics, before the first row."""
    fixed: dict[str, Any] = {
        "alpha": test.alpha,
        "margin": test.margin,
        "period": steps_a_day(test),
        "max_rows": test.max_rows,
    }
    if test.machine is not None and test.model_type in FORECASTS:
        model = machine_model_loaded(test.version_b)
        fixed["horizon"] = int(model.options.get("horizon", 1))
    if test.mode == ABTest.Mode.SPLIT:
        return SplitTest(test.traffic_split, **fixed)
    labels = test.version_a.run.task == "classification"
    method = choose_method("classification" if labels else "regression", period=fixed["period"])
    return PairedTest(method, **fixed)


def _loaded(test: ABTest) -> PairedTest | SplitTest:
    kind = SplitTest if test.mode == ABTest.Mode.SPLIT else PairedTest
    return kind.from_dict(test.state)


def _result_of(test: ABTest) -> ABResult:
    return _loaded(test).result()


def ab_test_look(*, test: ABTest) -> ABTest:
    """Count what is new, and end the test where there is a verdict or its time is over.

    Any number may look at once: each row is counted once.
    """
    with transaction.atomic():
        held = (
            ABTest.objects.select_for_update(of=("self",))
            .select_related("subject", "machine", "version_a__run", "version_b__run")
            .get(pk=test.pk)
        )
        if held.status != ABTest.Status.ACTIVE:
            return held
        if (chosen := _overtaken(held)) is not None:
            _cancel(held, chosen.actor, _OVERTAKEN.format(number=chosen.to_number))
            return held
        rows = rows_new(held)
        statistics = _loaded(held)
        if isinstance(statistics, SplitTest):
            statistics.update(rows.losses, rows.arms, at=rows.last)
        else:
            statistics.update(rows.a.losses, rows.b.losses, at=rows.last)
        result = statistics.result()
        held.state = statistics.to_dict()
        guards_look(held, rows)
        held.results = _results(held, _sums(held, rows), result)
        if rows.until is not None:
            held.evaluated_until = rows.until
        if rows.counted:
            Prediction.objects.filter(pk__in=rows.counted).update(is_counted=True)
        over = now() >= held.ends_at
        if result.verdict == CONTINUE and (broken := guards_harmed(held)):
            _end(held, replace(result, verdict=STOP, winner=CHAMPION, reason=broken), broken)
        elif result.verdict != CONTINUE or over:
            _end(held, result)
        else:
            held.recommendation = RECOMMENDATIONS[CONTINUE].format(reason=result.reason)
        held.save()
    return held


def _end(test: ABTest, result: ABResult, broken: str = "") -> None:
    verdict = INCONCLUSIVE if result.verdict == CONTINUE else result.verdict
    test.status = ABTest.Status.COMPLETED
    test.ended_at = now()
    test.winner = result.winner or ""
    reason = broken or test.results.get("reason", "")
    test.results = {**test.results, "verdict": verdict, "reason": reason, "broken_guard": broken}
    words = BROKEN if broken else RECOMMENDATIONS[verdict]
    test.recommendation = words.format(
        a=test.version_a.number, b=test.version_b.number, reason=broken
    )
    alias_remove(subject=test.subject, name=CHALLENGER, user=None)
    audit_record(
        verb=Verb.AB_TEST_ENDED,
        target=test,
        after={"verdict": verdict, "winner": test.winner, "rows": result.n},
    )
    notify(
        event="ab_test",
        incident=f"ab_test:{test.pk}",
        state="ended",
        severity="info",
        title=f"{test.test_name}: {test.recommendation}",
        body=f"{test.subject.title}, {result.n} rows. {result.reason}",
        path=f"/ui/registry/{test.subject.slug}",
        about=about(test.subject),
    )
    for hook in _hooks:
        hook(test)


_CHOICES = (Promotion.Kind.PROMOTED, Promotion.Kind.ROLLED_BACK, Promotion.Kind.DELETED)
_OVERTAKEN = "Version {number} was chosen to answer while the test was on, so it ended."


def _overtaken(test: ABTest) -> Promotion | None:
    """Return the choice of a champion by which others than the test says are to answer."""
    if test.mode == ABTest.Mode.BACK_TEST:
        return None  # it has no say about who answers
    last = Promotion.objects.filter(
        subject=test.subject, at__gt=test.started_at, kind__in=_CHOICES
    ).order_by("-id")
    found = last.first()
    return None if found is None or found.to_version_id == test.version_a_id else found


def tests_follow(
    subject: Subject, _before: ModelVersion | None, _after: ModelVersion | None
) -> None:
    """Have a test that is on look again once another champion was chosen, and end where it must."""
    active = ABTest.objects.filter(subject=subject, status=ABTest.Status.ACTIVE)

    def look() -> None:
        for test in active:
            ab_test_look(test=test)

    if active.exists():
        transaction.on_commit(look)


def _cancel(held: ABTest, user: User | None, recommendation: str) -> None:
    """End a test without a verdict; its row is held."""
    held.status = ABTest.Status.CANCELLED
    held.ended_at = now()
    held.recommendation = recommendation
    held.save()
    alias_remove(subject=held.subject, name=CHALLENGER, user=user)
    audit_record(verb=Verb.AB_TEST_CANCELLED, target=held, actor=user)


def ab_test_cancel(*, test: ABTest, user: User | None) -> ABTest:
    """End a test without a verdict.

    Raises
    ------
    ABTestEndedError
        It has ended already.
    """
    with transaction.atomic():
        held = ABTest.objects.select_for_update(of=("self",)).get(pk=test.pk)
        if held.status != ABTest.Status.ACTIVE:
            raise ABTestEndedError(f"The test has already ended ({held.status}).")
        _cancel(held, user, "The test was cancelled.")
    return held


def ab_test_conclude(*, test: ABTest, user: User | None) -> ABTest:
    """End a test before its time, with what is known: inconclusive where there is no verdict.

    Raises
    ------
    ABTestEndedError
        It has ended already.
    """
    looked = ab_test_look(test=test)
    with transaction.atomic():
        held = (
            ABTest.objects.select_for_update(of=("self",))
            .select_related("subject", "version_a__run", "version_b__run")
            .get(pk=test.pk)
        )
        if held.status != ABTest.Status.ACTIVE:
            if looked.status == ABTest.Status.COMPLETED and test.status == ABTest.Status.ACTIVE:
                return looked  # this very look had the verdict
            raise ABTestEndedError(f"The test has already ended ({held.status}).")
        _end(held, _result_of(held))
        held.save()
        audit_record(verb=Verb.AB_TEST_CONCLUDED, target=held, actor=user)
    return held


def ab_tests_look() -> int:
    """Look at every active test; return how many ended."""
    ended = 0
    for test in ABTest.objects.filter(status=ABTest.Status.ACTIVE):
        ended += ab_test_look(test=test).status != ABTest.Status.ACTIVE
    return ended


# --- sums ---------------------------------------------------------------------------------------

_SUMS = ("count", "absolute", "squared", "unanswered")


def _begin_sums() -> dict[str, dict[str, float]]:
    return {side: dict.fromkeys(_SUMS, 0) for side in ("a", "b")}


def _sums(test: ABTest, rows: Rows) -> dict[str, dict[str, float]]:
    before = test.results.get("sums") or _begin_sums()
    return {"a": _added(before["a"], rows.a), "b": _added(before["b"], rows.b)}


def _added(before: dict[str, float], side: Side) -> dict[str, float]:
    return {
        "count": before["count"] + int(side.errors.size),
        "absolute": before["absolute"] + float(side.losses.sum()),
        "squared": before["squared"] + float((side.errors**2).sum()),
        "unanswered": before["unanswered"] + side.unanswered,
    }


def _results(test: ABTest, sums: dict[str, dict[str, float]], result: ABResult) -> dict[str, Any]:
    labels = test.version_a.run.task == "classification"
    return {
        **result.to_dict(),
        "sums": sums,
        "guards": guards_results(test),
        "segments": segments_results(test),
        "a": {**_side(sums["a"], labels), "mean_loss": result.mean_a},
        "b": {**_side(sums["b"], labels), "mean_loss": result.mean_b},
    }


def _side(sums: dict[str, float], labels: bool) -> dict[str, Any]:
    count = sums["count"]
    if not count:
        return {"count": 0, "unanswered": sums["unanswered"], "metrics": {}}
    mean = sums["absolute"] / count
    metrics = (
        {"accuracy": 1 - mean, "error_rate": mean}
        if labels
        else {"mae": mean, "rmse": math.sqrt(sums["squared"] / count)}
    )
    return {"count": count, "unanswered": sums["unanswered"], "metrics": metrics}
