"""Whether later rows still look like those that a model was trained on, and still err like them.

Importing it is cheap; numpy is loaded by the first name that needs it.

Examples
--------
>>> from modelwright.engine.drift import Profile
>>> Profile.__name__
'Profile'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modelwright.engine.drift.check import drift_check
    from modelwright.engine.drift.comparisons import COMPARISONS, Comparison, ks_bounds
    from modelwright.engine.drift.concept import (
        DETECTORS,
        Adwin,
        ConceptResult,
        EDetector,
        ErrorDetector,
    )
    from modelwright.engine.drift.counts import Counts
    from modelwright.engine.drift.errors import (
        DriftDataError,
        DriftError,
        DriftFormatError,
        ProfileMismatchError,
    )
    from modelwright.engine.drift.power import detectable_shift, rows_needed
    from modelwright.engine.drift.profile import Profile
    from modelwright.engine.drift.results import DriftResult, FeatureDrift

__all__ = [
    "COMPARISONS",
    "DETECTORS",
    "Adwin",
    "Comparison",
    "ConceptResult",
    "Counts",
    "DriftDataError",
    "DriftError",
    "DriftFormatError",
    "DriftResult",
    "EDetector",
    "ErrorDetector",
    "FeatureDrift",
    "Profile",
    "ProfileMismatchError",
    "detectable_shift",
    "drift_check",
    "ks_bounds",
    "rows_needed",
]

_HOMES = {
    "check": ("drift_check",),
    "comparisons": ("COMPARISONS", "Comparison", "ks_bounds"),
    "concept": ("DETECTORS", "Adwin", "ConceptResult", "EDetector", "ErrorDetector"),
    "counts": ("Counts",),
    "errors": ("DriftDataError", "DriftError", "DriftFormatError", "ProfileMismatchError"),
    "power": ("detectable_shift", "rows_needed"),
    "profile": ("Profile",),
    "results": ("DriftResult", "FeatureDrift"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
