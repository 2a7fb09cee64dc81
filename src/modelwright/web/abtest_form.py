"""The form that plans and starts an A/B test."""

from collections.abc import Mapping
from typing import Any

from modelwright.abtests.guarding import GUARDS, LATENCY
from modelwright.abtests.models import ABTest
from modelwright.abtests.planning import TestPlan, ab_test_plan
from modelwright.abtests.services import ABTestRequest
from modelwright.core.errors import InvalidInputError
from modelwright.registry.models import ModelVersion, Subject
from modelwright.registry.selectors import champion_of, version_named, versions_of

HOURS_A_DAY = 24
VERSIONS_SHOWN = 30
MODES = (
    (ABTest.Mode.SHADOW, "In shadow: the champion answers, the challenger is asked too"),
    (ABTest.Mode.SPLIT, "Split: each key is answered by one of them"),
    (ABTest.Mode.BACK_TEST, "Back-test: both on the same later readings"),
)
DEFAULTS = {
    "days": "14",
    "traffic_split": "50",
    "margin": "0",
    "confidence": "95",
    "guard_unanswered": "0.01",
    "guard_latency_ms": "",
    "segment_column": "",
    "segment_tolerance": "",
    "power": "80",
}

TITLES = {
    "test_name": "Name",
    "model_a_id": "Champion (a)",
    "model_b_id": "Challenger (b)",
    "mode": "How",
    "days": "Days at most",
    "duration_hours": "Days at most",
    "traffic_split": "Challenger's share",
    "margin": "Margin",
    "alpha": "Confidence",
    "confidence": "Confidence",
    "guards": "Guard rails",
    "guard_unanswered": "Share of rows without an answer",
    "guard_latency_ms": "Milliseconds to an answer",
    "segment_column": "Mean error, for each value of",
    "segment_tolerance": "Higher there by",
    "effect": "Smallest improvement",
    "power": "Found with probability",
}


class ABTestForm:
    """What somebody filled in, and what follows from it."""

    def __init__(self, subject: Subject, given: Mapping[str, str]) -> None:
        self.subject = subject
        self.versions: list[ModelVersion] = list(versions_of(subject)[:VERSIONS_SHOWN])
        champion = champion_of(subject.key)
        other = next((v for v in self.versions if v != champion), None)
        first: dict[str, str] = {
            "a": str(champion.number) if champion else "",
            "b": str(other.number) if other else "",
            "mode": ABTest.Mode.BACK_TEST if subject.machine_id else ABTest.Mode.SHADOW,
            "test_name": f"{subject.title}"[:200],
        }
        self.given: dict[str, str] = {**DEFAULTS, **first, **given}
        self.is_possible = champion is not None and other is not None

    @property
    def modes(self) -> list[tuple[str, str, bool]]:
        """Return word, title and whether it is chosen, of each mode that the model has."""
        return [
            (word, title, word == self.given["mode"])
            for word, title in MODES
            if self.subject.machine_id or word != ABTest.Mode.BACK_TEST
        ]

    def request(self) -> ABTestRequest:
        """Return what is to be started. Raises InvalidInputError, VersionNotFoundError."""
        guards = {
            name: value
            for name in GUARDS
            if (value := self._number(f"guard_{name}", optional=True)) is not None
        }
        if self.given["mode"] == ABTest.Mode.BACK_TEST:
            guards.pop(LATENCY, None)
        return ABTestRequest(
            name=self.given["test_name"].strip(),
            version_a=version_named(self.subject, self.given["a"]),
            version_b=version_named(self.subject, self.given["b"]),
            duration_hours=HOURS_A_DAY * (self._number("days") or 0.0),
            mode=self.given["mode"],
            traffic_split=(self._number("traffic_split") or 0.0) / 100,
            margin=self._number("margin") or 0.0,
            alpha=self._alpha,
            guards=guards,
            segment_column=self.given["segment_column"],
            segment_tolerance=self._number("segment_tolerance", optional=True),
        )

    @property
    def columns(self) -> list[str]:
        """Return the columns whose values can be watched one by one."""
        if self.subject.machine_id or not self.versions:
            return []
        return list(self.versions[0].run.features_used)

    def plan(self) -> TestPlan:
        """Return how long it would take. Raises as `request`."""
        return ab_test_plan(
            version_a=version_named(self.subject, self.given["a"]),
            version_b=version_named(self.subject, self.given["b"]),
            mode=self.given["mode"],
            effect=self._number("effect") or 0.0,
            traffic_split=(self._number("traffic_split") or 0.0) / 100,
            alpha=self._alpha,
            power=(self._number("power") or 0.0) / 100,
        )

    @property
    def _alpha(self) -> float:
        return round(1 - (self._number("confidence") or 0.0) / 100, 6)

    def _number(self, name: str, *, optional: bool = False) -> float | None:
        text = self.given.get(name, "").strip().replace(",", ".")
        if not text and optional:
            return None
        try:
            return float(text)
        except ValueError as error:
            raise InvalidInputError({name: ["Must be a number."]}) from error


def faults_of(error: Any) -> list[tuple[str, list[str]]]:
    """Return what is wrong, by field as the form calls it."""
    details = error.details if isinstance(error, InvalidInputError) else {"": [str(error)]}
    return [(TITLES.get(name, name), list(words)) for name, words in details.items()]
