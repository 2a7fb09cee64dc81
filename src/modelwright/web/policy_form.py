"""The common rules of a policy as a form; what the form doesn't know stays as it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from modelwright.automation.policy_rules import PROMOTE

PROMOTE_TITLES = {
    "auto": "by itself, once it has won its test",
    "ask": "after somebody said yes",
    "never": "never",
}
TEST_MODES = (
    ("shadow", "in shadow"),
    ("split", "split traffic"),
    ("back_test", "back-test (machines)"),
)


@dataclass(frozen=True)
class CommonRules:
    """What the form shows of a policy's rules; None and empty stand for what is left out."""

    drift: bool
    age_days: Any
    new_rows: Any
    metric: Mapping[str, Any]
    alert: bool
    retrain: bool
    gather_days: Any
    train_days: Any
    tune_trials: Any
    test_days: Any
    test_mode: str
    test_margin: Any
    test_confidence: Any
    promote: str
    watch_days: Any
    cooldown_hours: Any
    retrains_per_month: Any

    @classmethod
    def of(cls, rules: Mapping[str, Any]) -> "CommonRules":
        """Read them from rules, right or wrong."""
        when, then = _part(rules, "when"), _part(rules, "then")
        return cls(
            drift=when.get("drift") is True,
            age_days=when.get("age_days"),
            new_rows=when.get("new_rows"),
            metric=_part(when, "metric"),
            alert=then.get("alert") is True,
            retrain=then.get("retrain") is True,
            gather_days=then.get("gather_days"),
            train_days=then.get("train_days"),
            tune_trials=_part(then, "tune").get("trials"),
            test_days=_part(then, "test").get("days"),
            test_mode=str(_part(then, "test").get("mode") or ""),
            test_margin=_part(then, "test").get("margin"),
            test_confidence=_part(then, "test").get("confidence"),
            promote=str(then.get("promote") or ""),
            watch_days=_part(then, "watch").get("days"),
            cooldown_hours=rules.get("cooldown_hours"),
            retrains_per_month=rules.get("retrains_per_month"),
        )

    @property
    def modes(self) -> list[tuple[str, str, bool]]:
        """Return word, title and whether it is chosen, of each way to test."""
        return [(word, title, word == self.test_mode) for word, title in TEST_MODES]

    @property
    def promotes(self) -> list[tuple[str, str, bool]]:
        """Return word, title and whether it is chosen, of each way to promote."""
        return [(word, PROMOTE_TITLES[word], word == self.promote) for word in PROMOTE]


def common_rules(posted: Mapping[str, str], base: Mapping[str, Any]) -> dict[str, Any]:
    """Return rules with what a form says; the other parts of `base` stay.

    Examples
    --------
    >>> common_rules({"drift": "yes", "test_days": "30"}, {"then": {"train_days": 9}})
    {'then': {'train_days': 9, 'test': {'days': 30}}, 'when': {'drift': True}}
    """
    rules = dict(base)
    when, then = dict(_part(base, "when")), dict(_part(base, "then"))
    for part, name in ((when, "drift"), (then, "alert"), (then, "retrain")):
        _put(part, name, True if posted.get(name) == "yes" else None)
    for part, name in (
        (when, "age_days"),
        (when, "new_rows"),
        (rules, "cooldown_hours"),
        (rules, "retrains_per_month"),
    ):
        _put(part, name, _number(posted.get(name, "")))
    _put(when, "metric", _metric(posted))
    for name in ("test", "watch"):
        days = _number(posted.get(f"{name}_days", ""))
        _put(then, name, None if days is None else {**_part(then, name), "days": days})
    if "test" in then:
        if "test_mode" in posted:
            _put(then["test"], "mode", posted["test_mode"] or None)
        for name in ("margin", "confidence"):
            if f"test_{name}" in posted:
                _put(then["test"], name, _number(posted[f"test_{name}"]))
    for name in {"gather_days", "train_days"} & set(posted):
        _put(then, name, _number(posted[name]))
    if "tune_trials" in posted:
        trials = _number(posted["tune_trials"])
        tune = {"method": "random_search", **_part(then, "tune"), "trials": trials}
        _put(then, "tune", None if trials is None else tune)
    _put(then, "promote", posted.get("promote") or None)
    return {**rules, "then": then, "when": when}


def _metric(posted: Mapping[str, str]) -> dict[str, Any] | None:
    name = posted.get("metric_name", "").strip()
    if not name:
        return None
    found: dict[str, Any] = {"name": name}
    for side in ("below", "above"):
        _put(found, side, _number(posted.get(f"metric_{side}", "")))
    return found


def _part(rules: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = rules.get(name)
    return found if isinstance(found, Mapping) else {}


def _put(part: dict[str, Any], name: str, value: Any) -> None:
    if value is None:
        part.pop(name, None)
    else:
        part[name] = value


def _number(text: str) -> float | int | str | None:
    """Return a number; what is none stays text, so that the check of the rules names its place."""
    text = text.strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        return text
    return int(value) if value.is_integer() and abs(value) < 1e15 else value
