"""Ways to compare a window with its reference, one per file; `COMPARISONS` has them all."""

from modelwright.engine.drift.comparisons.base import Compared, Comparison, Pair
from modelwright.engine.drift.comparisons.chi2 import ChiSquare
from modelwright.engine.drift.comparisons.jensen_shannon import JensenShannon
from modelwright.engine.drift.comparisons.ks import KolmogorovSmirnov, ks_bounds
from modelwright.engine.drift.comparisons.linf import LInfinity
from modelwright.engine.drift.comparisons.missing import MissingShare
from modelwright.engine.drift.comparisons.psi import PopulationStability
from modelwright.engine.drift.comparisons.range import OutOfRange
from modelwright.engine.drift.comparisons.rank_sum import RankSum
from modelwright.engine.drift.comparisons.unseen import UnseenCategories
from modelwright.engine.drift.comparisons.wasserstein import RobustWasserstein

COMPARISONS: dict[str, Comparison] = {
    kind.name: kind()
    for kind in (
        KolmogorovSmirnov,
        RankSum,
        ChiSquare,
        MissingShare,
        UnseenCategories,
        OutOfRange,
        RobustWasserstein,
        PopulationStability,
        JensenShannon,
        LInfinity,
    )
}
"""Name -> comparison."""

TESTS = tuple(comparison for comparison in COMPARISONS.values() if comparison.is_test)

__all__ = ["COMPARISONS", "TESTS", "Compared", "Comparison", "Pair", "ks_bounds"]
