"""What a policy may say: when to act, what to do, and how often.

    {"when": {"drift": true, "metric": {"name": "r_squared", "below": 0.7}, "age_days": 30,
              "new_rows": 5000},
     "then": {"alert": true, "retrain": true, "gather_days": 14, "train_days": 14,
              "tune": {"method": "random_search", "trials": 20},
              "test": {"mode": "back_test", "days": 60, "margin": 0.0, "confidence": 0.95},
              "promote": "auto", "watch": {"days": 60}},
     "cooldown_hours": 24, "retrains_per_month": 8}

`gather_days` is how long new data is waited for after the trigger before a challenger is trained,
and `train_days` how far back that training looks. Every part may be left out; what is left out
doesn't happen.
"""

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from modelwright.abtests.guarding import LATENCY, UNANSWERED
from modelwright.abtests.models import ABTest
from modelwright.core.errors import InvalidInputError
from modelwright.engine.search.space import METHODS

DEFAULTS: dict[str, Any] = {
    "when": {"drift": True},
    "then": {
        "alert": True,
        "retrain": True,
        "test": {"days": 60},
        "promote": "auto",
        "watch": {"days": 60},
    },
    "cooldown_hours": 24.0,
    "retrains_per_month": 8,
}
PROMOTE = ("auto", "ask", "never")
MAX_DAYS = 366


@dataclass(frozen=True)
class Reach:
    """What the models of a policy know, as far as that limits its rules.

    Parameters
    ----------
    of_machines : bool
        They learn from a machine's readings, not from a table.
    can_search : bool
        There is an experiment, to search for hyperparameters in.
    metrics : collection of str
        What is measured by their traffic; empty: whatever people record.
    """

    of_machines: bool
    can_search: bool
    metrics: Collection[str] = ()


def rules_check(rules: Any, reach: Reach) -> dict[str, Any]:
    """Return a policy's rules, whole.

    Parameters
    ----------
    rules : any
        As they were sent.
    reach : Reach
        Of the models that they are for.

    Raises
    ------
    InvalidInputError
        With the place of each fault: `when.age_days`, `then.test.days`, …
    """
    faults: dict[str, list[str]] = {}
    checked = _object(rules, "rules", _RULES, faults)
    checked = {**{k: DEFAULTS[k] for k in ("cooldown_hours", "retrains_per_month")}, **checked}
    when, then = checked.get("when") or {}, checked.get("then") or {}
    if not faults:
        if not any(when.values()):
            faults["when"] = ["Say at least one of drift, metric, age_days and new_rows."]
        if not then.get("retrain") and not then.get("alert"):
            faults["then"] = ["Say at least one of alert and retrain."]
        faults.update(_contradictions(then))
        faults.update(_metric_faults(when.get("metric"), reach.metrics))
        faults.update(_out_of_reach(then, reach))
    if faults:
        raise InvalidInputError(faults)
    return checked


def _contradictions(then: Mapping[str, Any]) -> dict[str, list[str]]:
    if not then.get("retrain"):
        wanted = [name for name in then if name not in ("alert", "retrain") and then[name]]
        return {f"then.{name}": ["It needs retrain."] for name in wanted}
    if then.get("watch") and then.get("promote") != "auto":
        return {"then.watch": ['Only what is promoted by the policy ("auto") is watched.']}
    if then.get("promote") == "auto" and not then.get("test"):
        return {"then.promote": ["Promoting by itself needs a test that the challenger has won."]}
    return {}


def _metric_faults(
    metric: Mapping[str, Any] | None, known: Collection[str]
) -> dict[str, list[str]]:
    if metric is None:
        return {}
    name, below, above = metric.get("name"), metric.get("below"), metric.get("above")
    if name is None:
        return {"when.metric.name": ["Say which metric."]}
    if known and name not in known:
        return {"when.metric.name": [f"It is not measured here. Measured are: {', '.join(known)}."]}
    if below is None and above is None:
        return {"when.metric": ["Say below or above which value."]}
    if below is not None and above is not None and below > above:
        return {"when.metric": ["Every value is below or above these: it would always act."]}
    return {}


def _out_of_reach(then: Mapping[str, Any], reach: Reach) -> dict[str, list[str]]:
    found = {}
    if then.get("tune") and not reach.can_search:
        found["then.tune"] = ["Only models of experiments are searched for."]
    if (then.get("test") or {}).get("mode") == ABTest.Mode.BACK_TEST and not reach.of_machines:
        found["then.test.mode"] = ["Only models of machines can be back-tested."]
    return found


Check = Callable[[Any, str, dict[str, list[str]]], Any]


def _object(
    value: Any, place: str, known: Mapping[str, Check], faults: dict[str, list[str]]
) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        faults[place] = ["Must be an object."]
        return {}
    found = {}
    for name, inner in value.items():
        where = str(name)[:60] if place == "rules" else f"{place}.{str(name)[:60]}"
        if name not in known:
            faults[where] = [f"Unknown. Known are: {', '.join(known)}."]
        else:
            found[name] = known[name](inner, where, faults)
    return found


def _nested(known: Mapping[str, Check]) -> Check:
    def check(value: Any, place: str, faults: dict[str, list[str]]) -> Any:
        return None if value is None else _object(value, place, known, faults)

    return check


def _number(low: float, high: float, *, whole: bool = False, above: bool = False) -> Check:
    def check(value: Any, place: str, faults: dict[str, list[str]]) -> Any:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        fits = is_number and math.isfinite(value) and (isinstance(value, int) or not whole)
        if not fits or not low <= value <= high or (above and value == low):
            what = "a whole number" if whole else "a number"
            start = f"above {low:g}" if above else f"from {low:g}"
            faults[place] = [f"Must be {what} {start} to {high:g}."]
        return value

    return check


def _yes_or_no(value: Any, place: str, faults: dict[str, list[str]]) -> Any:
    if not isinstance(value, bool):
        faults[place] = ["Must be true or false."]
    return value


def _word(words: tuple[str, ...]) -> Check:
    def check(value: Any, place: str, faults: dict[str, list[str]]) -> Any:
        if value not in words:
            faults[place] = [f"Must be one of {', '.join(words)}."]
        return value

    return check


def _name(value: Any, place: str, faults: dict[str, list[str]]) -> Any:
    if not isinstance(value, str) or not 0 < len(value) <= 64:
        faults[place] = ["Must be the name of a metric."]
    return value


def _column(value: Any, place: str, faults: dict[str, list[str]]) -> Any:
    if not isinstance(value, str) or len(value) > 255:
        faults[place] = ["Must be the name of a column of the model."]
    return value


_RULES: dict[str, Check] = {
    "when": _nested(
        {
            "drift": _yes_or_no,
            "metric": _nested(
                {"name": _name, "below": _number(-1e12, 1e12), "above": _number(-1e12, 1e12)}
            ),
            "age_days": _number(0, 10 * MAX_DAYS, above=True),
            "new_rows": _number(1, 1e12, whole=True),
        }
    ),
    "then": _nested(
        {
            "alert": _yes_or_no,
            "retrain": _yes_or_no,
            "gather_days": _number(0, MAX_DAYS),
            "train_days": _number(0, 10 * MAX_DAYS, above=True),
            "tune": _nested({"method": _word(METHODS), "trials": _number(1, 1000, whole=True)}),
            "test": _nested(
                {
                    "mode": _word(tuple(ABTest.Mode.values)),
                    "days": _number(0, MAX_DAYS, above=True),
                    "margin": _number(0, 1e12),
                    "confidence": _number(0.5, 0.9999),
                    "traffic_split": _number(0.01, 0.99),
                    "guards": _nested({UNANSWERED: _number(0, 0.999), LATENCY: _number(0, 9_999)}),
                    "segment_column": _column,
                    "segment_tolerance": _number(0, 1e12),
                }
            ),
            "promote": _word(PROMOTE),
            "watch": _nested(
                {"days": _number(0, MAX_DAYS, above=True), "margin": _number(0, 1e12)}
            ),
        }
    ),
    "cooldown_hours": _number(0, 24 * MAX_DAYS),
    "retrains_per_month": _number(0, 1000, whole=True),
}
