"""Candidates for a baseline: being in `CANDIDATES` enrols one everywhere.

Those that are easier to read come first; a later one must do better.
"""

from modelwright.engine.machines.candidates.additive import AdditiveCandidate
from modelwright.engine.machines.candidates.base import Candidate, Term
from modelwright.engine.machines.candidates.change_point import (
    BentCandidate,
    CoolingCandidate,
    HeatingCandidate,
    HeatingCoolingCandidate,
)
from modelwright.engine.machines.candidates.frame import Frame, Inputs, build_frame
from modelwright.engine.machines.candidates.ols import LinearCandidate
from modelwright.engine.machines.candidates.towt import TimeOfWeekCandidate

CANDIDATES: dict[str, type[Candidate]] = {
    kind.name: kind
    for kind in (
        LinearCandidate,
        HeatingCandidate,
        CoolingCandidate,
        HeatingCoolingCandidate,
        BentCandidate,
        TimeOfWeekCandidate,
        AdditiveCandidate,
    )
}

__all__ = ["CANDIDATES", "Candidate", "Frame", "Inputs", "Term", "build_frame"]
