"""What a policy does, in words, for everybody who may see its model."""

from collections.abc import Callable, Mapping
from typing import Any

from modelwright.automation.policy_rules import DEFAULTS
from modelwright.web.policy_form import PROMOTE_TITLES

HOW = {"shadow": "in shadow", "split": "on split traffic", "back_test": "by a back-test"}
PROMOTES = {"auto": "promote the winner", "ask": "ask a person", "never": "promote nothing"}
STEPS: dict[str, Callable[[Any], str]] = {
    "alert": lambda _yes: "tell",
    "gather_days": lambda days: f"gather data for {days:g} days",
    "tune": lambda tune: f"search {tune.get('trials', 20)} combinations",
    "retrain": lambda _yes: "train",
    "test": lambda test: f"test for {test.get('days', 14):g} days",
    "promote": lambda how: PROMOTES[how],
    "watch": lambda watch: f"watch for {watch.get('days', 14):g} days",
}


def policy_words(rules: Mapping[str, Any], rows: str) -> list[tuple[str, list[str]]]:
    """Return what stands under *When*, *Then* and *At most*.

    Parameters
    ----------
    rules : mapping
        Checked.
    rows : str
        What new data are called: readings, actual values.

    Examples
    --------
    >>> policy_words({"when": {"age_days": 30}, "then": {"alert": True}}, "readings")[:2]
    [('When', ['the model is 30 days old']), ('Then', ['people are told'])]
    """
    limits = {**DEFAULTS, **rules}
    return [
        ("When", _when(rules.get("when") or {}, rows)),
        ("Then", _then(rules.get("then") or {})),
        (
            "At most",
            [
                f"{limits['retrains_per_month']:g} trainings a month",
                f"{limits['cooldown_hours']:g} hours between two turns at least",
            ],
        ),
    ]


def policy_line(rules: Mapping[str, Any]) -> str:
    """Return all that a policy does in one line.

    Parameters
    ----------
    rules : mapping
        Checked.

    Examples
    --------
    >>> policy_line({"when": {"drift": True}, "then": {"alert": True, "test": {"days": 7}}})
    'When drift is found: tell, test for 7 days.'
    """
    when = _when(rules.get("when") or {}, "rows")
    then = rules.get("then") or {}
    steps = [how(then[name]) for name, how in STEPS.items() if then.get(name)]
    return f"When {' or '.join(when)}: {', '.join(steps)}."


def _when(when: Mapping[str, Any], rows: str) -> list[str]:
    found = []
    if when.get("drift"):
        found.append("drift is found")
    if metric := when.get("metric"):
        limits = [f"{side} {metric[side]:g}" for side in ("below", "above") if side in metric]
        found.append(f"{metric['name']} is {' or '.join(limits)}")
    if age := when.get("age_days"):
        found.append(f"the model is {age:g} days old")
    if count := when.get("new_rows"):
        found.append(f"{count:,} {rows} are new")
    return found


def _then(then: Mapping[str, Any]) -> list[str]:
    found = []
    if then.get("alert"):
        found.append("people are told")
    if days := then.get("gather_days"):
        found.append(f"new data are gathered for {days:g} days")
    if tune := then.get("tune"):
        found.append(f"{tune.get('trials', 20)} combinations are searched")
    if then.get("retrain"):
        days = then.get("train_days")
        found.append("a challenger is trained" + (f" on the last {days:g} days" if days else ""))
    if test := then.get("test"):
        found.append(_test(test))
    if promote := then.get("promote"):
        found.append(f"it becomes champion {PROMOTE_TITLES[promote]}")
    if watch := then.get("watch"):
        found.append(f"it is rolled back if it is worse within {watch.get('days', 14):g} days")
    return found


def _test(test: Mapping[str, Any]) -> str:
    how = f" {HOW[test['mode']]}" if test.get("mode") else ""
    margin = f" by {test['margin']:g}" if test.get("margin") else ""
    sure = f", {100 * test.get('confidence', 0.95):g} % sure"
    return f"it is tested{how} for {test.get('days', 14):g} days: better{margin}{sure}"
