"""A policy's loop for one subject: each step is one transaction under the loop's lock.

`loops_advance` may be called by anybody, any number of times, at once: what has happened meanwhile
is read from the tables that it happened in (run, search, test), so a process killed between two
steps is gone on with by the next one.
"""

import datetime as dt
import logging
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from modelwright.abtests.errors import ABTestActiveError
from modelwright.abtests.models import ABTest
from modelwright.abtests.services import ABTestRequest, ab_test_cancel, ab_test_look, ab_test_start
from modelwright.accounts.audit import Verb, audit_record
from modelwright.accounts.models import User
from modelwright.accounts.notifications.outbox import notify
from modelwright.automation.errors import LoopNotWaitingError
from modelwright.automation.policy_models import Loop, LoopStep, Policy, PolicySwitch
from modelwright.automation.retraining import (
    Material,
    material_of,
    subject_retrain,
    subject_tune,
    tuned_run,
)
from modelwright.automation.triggers import triggers_fired
from modelwright.catalog.models import DataSet
from modelwright.core.clock import now
from modelwright.core.errors import InvalidInputError, ModelwrightError
from modelwright.registry.about import about
from modelwright.registry.models import ModelVersion, Subject
from modelwright.registry.promotion import (
    promotion_mode_change,
    version_promote,
    version_rollback,
)
from modelwright.registry.selectors import champion_of
from modelwright.runs.errors import SubjectBusyError
from modelwright.runs.states import Status

log = logging.getLogger(__name__)

State = Loop.State
MOVES: dict[State, frozenset[State]] = {
    State.GATHERING: frozenset({State.TUNING, State.TRAINING, State.FAILED, State.STOPPED}),
    State.TUNING: frozenset({State.TRAINING, State.FAILED, State.STOPPED}),
    State.TRAINING: frozenset({State.TESTING, State.WAITING, State.FAILED, State.STOPPED}),
    State.TESTING: frozenset(
        {State.WATCHING, State.PROMOTED, State.WAITING, State.KEPT, State.FAILED, State.STOPPED}
    ),
    State.WAITING: frozenset({State.PROMOTED, State.KEPT, State.STOPPED}),
    State.WATCHING: frozenset({State.PROMOTED, State.ROLLED_BACK, State.FAILED, State.STOPPED}),
}
OPEN = frozenset(MOVES)
ENDED = frozenset(set(State) - OPEN)
MONTH = dt.timedelta(days=30)


def policy_for(subject: Subject) -> Policy | None:
    """Return the policy that holds for a subject: its own, else its model type's."""
    own = Policy.objects.filter(subject=subject).first()
    return own or Policy.objects.filter(model_type=subject.model_type).first()


def loops_advance() -> int:
    """Begin what is due and go on with what is open; return how many steps were taken."""
    if PolicySwitch.objects.exists():
        return 0
    steps = 0
    for loop in Loop.objects.filter(ended_at__isnull=True):
        steps += _guarded(loop_advance, loop)
    for policy in Policy.objects.filter(is_active=True):
        for subject in _subjects_of(policy):
            steps += _guarded(loop_begin, policy, subject)
    return steps


def _guarded(step: Any, *arguments: Any) -> int:
    """Take a step; one subject's trouble doesn't stop the others."""
    try:
        return int(bool(step(*arguments)))
    except ModelwrightError as error:
        log.warning("A policy could not go on with %s: %s", arguments[-1], error.message)
        return 0


def _subjects_of(policy: Policy) -> list[Subject]:
    if policy.subject is not None:
        return [policy.subject]
    return list(Subject.objects.filter(model_type=policy.model_type, policy__isnull=True))


def loop_begin(policy: Policy, subject: Subject) -> Loop | None:
    """Begin a turn where something triggers it, and nothing forbids it.

    Returns
    -------
    Loop or None
        None: nothing to do, or too soon, or over the budget, or one is on.
    """
    champion = champion_of(subject.key)
    if champion is None or (subject.machine is not None and not subject.machine.is_active):
        return None
    if Loop.objects.filter(subject=subject, ended_at__isnull=True).exists():
        return None
    rules = policy.rules
    fired = triggers_fired(subject, champion, rules["when"])
    if not fired or not _allowed(subject, rules):
        return None
    trigger, reason = fired[0]
    try:
        with transaction.atomic():
            loop = Loop.objects.create(
                policy=policy,
                subject=subject,
                rules=rules,
                trigger=trigger,
                reason=reason,
                state=State.TOLD,
                champion=champion,
            )
            _begin(loop, champion)
    except IntegrityError:
        return None  # somebody else began one
    except SubjectBusyError as error:
        log.info("A policy waits: %s", error.message)
        return None
    return loop


def _allowed(subject: Subject, rules: Mapping[str, Any]) -> bool:
    """Return whether cooldown and budget let a turn begin."""
    past = Loop.objects.filter(subject=subject)
    last = past.order_by("-started_at").first()
    if last is not None:
        since = last.ended_at or last.started_at
        if now() < since + dt.timedelta(hours=rules["cooldown_hours"]):
            return False
    if not rules["then"].get("retrain"):
        return True
    lately = past.filter(started_at__gt=now() - MONTH, run__isnull=False).count()
    return bool(lately < rules["retrains_per_month"])


def _begin(loop: Loop, champion: ModelVersion) -> None:
    then = loop.rules["then"]
    _step(loop, State.TOLD, f"{_WORDS[loop.trigger]}: {loop.reason}")
    if then.get("alert"):
        _tell(loop, f"{loop.subject.title}: {_WORDS[loop.trigger].lower()}", loop.reason)
    if not then.get("retrain"):
        loop.ended_at = now()
        loop.save()
        return
    # from now on the newest version doesn't answer by itself: it has to win
    promotion_mode_change(subject=loop.subject, mode=Subject.Promotion.MANUAL, user=None)
    if then.get("gather_days"):
        days = then["gather_days"]
        _move(loop, State.GATHERING, f"New data is gathered for {days:g} days.")
    elif loop.subject.machine is None:
        _move(loop, State.GATHERING, "What was predicted and has come true is gathered.")
    else:
        _train(loop, champion, None)


def _material(loop: Loop) -> Material | None:
    """Return what a challenger is to learn from; None: the time to gather is not over."""
    days = dt.timedelta(days=loop.rules["then"].get("gather_days") or 0)
    champion = champion_of(loop.subject.key)
    if champion is None or now() < loop.started_at + days:
        return None
    turn = f"predictions of {loop.subject.slug}, turn {loop.pk}"
    return material_of(champion, turn=turn, since=_learns_since(loop))


def _learns_since(loop: Loop) -> dt.datetime | None:
    days = loop.rules["then"].get("train_days")
    return now() - dt.timedelta(days=days) if days else None


def _gathered(loop: Loop, found: Material | None) -> None:
    champion = champion_of(loop.subject.key)
    if found is None or champion is None:
        return
    if found.fault:
        _move(loop, State.FAILED, f"There is no table to learn from: {found.fault}")
        return
    loop.champion = champion
    _train(loop, champion, found.table)


def _train(loop: Loop, champion: ModelVersion, table: DataSet | None) -> None:
    then = loop.rules["then"]
    of_what = f" on {table.name}, version {table.version}" if table is not None else ""
    if then.get("tune") and loop.subject.experiment is not None:
        search = subject_tune(champion, then["tune"], gathered=table)
        loop.tuning_run_id = search.pk
        _move(loop, State.TUNING, f"A search for better hyperparameters was started{of_what}.")
        return
    loop.run = subject_retrain(
        loop.subject,
        champion,
        trigger=_trigger_type(loop),
        reason=loop.reason,
        since=_learns_since(loop),
        gathered=table,
    )
    _move(loop, State.TRAINING, f"Run {loop.run.number} trains a challenger{of_what}.")


def _trigger_type(loop: Loop) -> str:
    return "drift" if loop.trigger in ("drift", "metric") else "scheduled"


_WORDS = {
    "drift": "Drift",
    "metric": "A metric is past its limit",
    "age": "The champion is old",
    "new_rows": "There is enough new data",
}


def loop_advance(loop: Loop) -> bool:
    """Take the next step of a loop, if what it waits for has come; False where it has not."""
    found = _material(loop) if loop.state == State.GATHERING else None
    with transaction.atomic():
        held = (
            Loop.objects.select_for_update(of=("self",))
            .select_related("subject", "run", "champion", "challenger", "test", "watch")
            .get(pk=loop.pk)
        )
        if held.ended_at is not None:
            return False
        before = held.state
        if before == State.GATHERING:
            _gathered(held, found)
        else:
            _NEXT[State(before)](held)
        return held.state != before


def _tuned(loop: Loop) -> None:
    run = tuned_run(loop.tuning_run_id, trigger=_trigger_type(loop))
    if run is None:
        return
    if isinstance(run, str):
        _move(loop, State.FAILED, run)
        return
    loop.run = run
    _move(loop, State.TRAINING, f"Run {run.number} trains with what the search found.")


def _trained(loop: Loop) -> None:
    run = loop.run
    if run is None or run.is_open:
        return
    challenger = ModelVersion.objects.filter(run=run).first()
    if run.status != Status.COMPLETED or challenger is None:
        _move(loop, State.FAILED, f"Run {run.number} is {run.status}. {run.error_message}".strip())
        return
    loop.challenger = challenger
    loop.champion = champion_of(loop.subject.key)  # somebody may have chosen another meanwhile
    if loop.champion == challenger:
        _move(loop, State.STOPPED, f"Version {challenger.number} answers already.")
        return
    test = loop.rules["then"].get("test")
    if not test or loop.champion is None:
        _move(
            loop,
            State.WAITING,
            f"Version {challenger.number} is there: a person decides about it.",
        )
        return
    try:
        loop.test = ab_test_start(request=_request(loop, test), user=None)
    except ABTestActiveError:
        return  # somebody's own test is on: this one waits for its end
    except InvalidInputError as error:  # it would be the same the next time
        why = " ".join(word for words in error.details.values() for word in words)
        _move(
            loop,
            State.WAITING,
            f"Version {challenger.number} can't be tested: a person decides about it. {why}",
        )
        return
    _move(
        loop,
        State.TESTING,
        f"Version {challenger.number} is tested against version {loop.champion.number}.",
        ab_test=str(loop.test.pk),
    )


def _request(loop: Loop, rule: Mapping[str, Any]) -> ABTestRequest:
    assert loop.champion is not None  # noqa: S101  (asked by the callers)
    assert loop.challenger is not None  # noqa: S101
    return ABTestRequest(
        name=f"{loop.subject.title}: version {loop.challenger.number}"[:200],
        version_a=loop.champion,
        version_b=loop.challenger,
        duration_hours=24 * rule.get("days", 14),
        mode=rule.get("mode", ""),
        margin=rule.get("margin", 0.0),
        alpha=round(1 - rule.get("confidence", 0.95), 6),
        traffic_split=rule.get("traffic_split", 0.5),
        guards=rule.get("guards"),
        segment_column=rule.get("segment_column", ""),
        segment_tolerance=rule.get("segment_tolerance"),
    )


def _tested(loop: Loop) -> None:
    if loop.test is None or loop.challenger is None:
        _move(loop, State.FAILED, "The test or the challenger was deleted.")
        return
    loop.test = test = ab_test_look(test=loop.test)
    if test.status == ABTest.Status.ACTIVE:
        return
    if test.winner != "b":
        _move(loop, State.KEPT, test.recommendation, ab_test=str(test.pk))
        return
    then = loop.rules["then"]
    present = champion_of(loop.subject.key)
    if present != loop.champion:
        who = f"Version {present.number} answers" if present else "No version answers"
        _move(loop, State.KEPT, f"{who} by now: the test was against another champion.")
        return
    if then.get("promote", "ask") != "auto":
        _move(loop, State.WAITING, f"{test.recommendation} A person decides.")
        return
    version_promote(
        version=loop.challenger,
        user=None,
        reason=test.results.get("reason", test.recommendation),
        evidence={"ab_test": str(test.pk), "loop": str(loop.pk)},
        expected=loop.champion,
    )
    _promoted(loop, then)


def _promoted(loop: Loop, then: Mapping[str, Any]) -> None:
    assert loop.challenger is not None  # noqa: S101  (asked by the callers)
    text = f"Version {loop.challenger.number} was promoted."
    watch = then.get("watch")
    if not watch or loop.champion is None:
        _move(loop, State.PROMOTED, text)
        return
    loop.watch = ab_test_start(
        request=ABTestRequest(
            name=f"{loop.subject.title}: watch after version {loop.challenger.number}"[:200],
            version_a=loop.challenger,
            version_b=loop.champion,
            duration_hours=24 * watch.get("days", 14),
            mode=_watch_mode(loop),
            margin=watch.get("margin", 0.0),
            after=loop.test.evaluated_until if loop.test is not None else None,
        ),
        user=None,
    )
    _move(loop, State.WATCHING, f"{text} The one before goes on in its shadow.")


def _watch_mode(loop: Loop) -> str:
    """Watch as it was tested; what was split goes on in shadow."""
    mode = loop.test.mode if loop.test is not None else ""
    return str(ABTest.Mode.SHADOW) if mode == ABTest.Mode.SPLIT else mode


def _watched(loop: Loop) -> None:
    if loop.watch is None or loop.champion is None or loop.challenger is None:
        _move(loop, State.PROMOTED, "There is nothing left to watch.")
        return
    watch = ab_test_look(test=loop.watch)
    if watch.status == ABTest.Status.ACTIVE:
        return
    present = champion_of(loop.subject.key)
    if watch.winner == "b" and present == loop.challenger:
        version_rollback(
            subject=loop.subject,
            user=None,
            reason=watch.results.get("reason", watch.recommendation),
            to=loop.champion,
            evidence={"ab_test": str(watch.pk), "loop": str(loop.pk)},
        )
        text = f"Version {loop.champion.number} answers again: it is better by now."
        _move(loop, State.ROLLED_BACK, text, ab_test=str(watch.pk))
        return
    if present != loop.challenger:
        who = f"version {present.number}" if present else "no version"
        text = f"There is nothing left to watch: {who} answers by now."
    else:
        text = "The promotion has held."
    _move(loop, State.PROMOTED, text, ab_test=str(watch.pk))


def _waiting(_loop: Loop) -> None:
    """A person decides: see `loop_decide`."""


_NEXT = {
    State.TUNING: _tuned,
    State.TRAINING: _trained,
    State.TESTING: _tested,
    State.WAITING: _waiting,
    State.WATCHING: _watched,
}


def loop_decide(*, loop: Loop, promote: bool, user: User, reason: str) -> Loop:
    """Decide about a challenger that waits for a person.

    Raises
    ------
    LoopNotWaitingError
        It doesn't wait, or not any more.
    """
    with transaction.atomic():
        held = Loop.objects.select_for_update(of=("self",)).get(pk=loop.pk)
        if held.state != State.WAITING or held.challenger is None:
            raise LoopNotWaitingError("There is nothing to decide about (any more).")
        if promote:
            version_promote(version=held.challenger, user=user, reason=reason)
            _move(held, State.PROMOTED, f"{user} promoted version {held.challenger.number}.")
        else:
            _move(held, State.KEPT, f"{user} kept the champion. {reason}".strip())
    return held


def loop_stop(*, loop: Loop, user: User | None, reason: str = "") -> Loop:
    """End a loop where it stands; its test ends with it, its training goes on.

    Raises
    ------
    LoopNotWaitingError
        It has ended already.
    """
    with transaction.atomic():
        held = Loop.objects.select_for_update(of=("self",)).get(pk=loop.pk)
        if held.ended_at is not None:
            raise LoopNotWaitingError("The loop has already ended.")
        for test in (held.test, held.watch):
            if test is not None and test.status == ABTest.Status.ACTIVE:
                ab_test_cancel(test=test, user=user)
        _move(held, State.STOPPED, f"Stopped by {user or 'the system'}. {reason}".strip())
    return held


def _move(loop: Loop, state: State, text: str, **data: Any) -> None:
    before = State(loop.state)
    if before in MOVES and state not in MOVES[before]:
        raise ValueError(f"A loop never goes from {before} to {state}.")
    loop.state = state
    loop.state_since = now()
    if state in ENDED:
        loop.ended_at = now()
    loop.save()
    _step(loop, state, text, **data)


def _step(loop: Loop, state: State, text: str, **data: Any) -> None:
    LoopStep.objects.create(loop=loop, at=now(), state=state, text=text, data=data)
    audit_record(
        verb=Verb.LOOP_STEP,
        target=loop,
        label=loop.subject.title,
        after={"state": state, "text": text[:500], **data},
    )


def _tell(loop: Loop, title: str, body: str) -> None:
    notify(
        event="policy",
        incident=f"loop:{loop.pk}",
        state=loop.state,
        severity="warning",
        title=title,
        body=body,
        path=f"/ui/registry/{loop.subject.slug}",
        about=about(loop.subject),
    )
