"""Detectors of growing errors, one per file; `DETECTORS` has them all."""

from modelwright.engine.drift.concept.adwin import Adwin
from modelwright.engine.drift.concept.base import ConceptResult, ErrorDetector
from modelwright.engine.drift.concept.esr import EDetector

DETECTORS: dict[str, type[ErrorDetector]] = {kind.name: kind for kind in (EDetector, Adwin)}
"""Name -> detector; the first is what to use unless there is a reason."""

__all__ = ["DETECTORS", "Adwin", "ConceptResult", "EDetector", "ErrorDetector"]
