"""What a drift check found."""

from dataclasses import dataclass

NO_DRIFT = "no_drift"
DATA_DRIFT = "data_drift"
CONCEPT_DRIFT = "concept_drift"


@dataclass(frozen=True)
class FeatureDrift:
    """One test of one column.

    Attributes
    ----------
    name : str
        Of the column.
    test : str
        Name of the test: ``ks``, ``chi2``, ``missing``, ``unseen``, ``range``, ``season``.
    statistic, p_value : float
        Of the test alone.
    adjusted_p : float
        Corrected for all tests of the check.
    effect, floor : float
        How large the difference is, and how large it must be to matter.
    drifted : bool
        Whether both keys turned: significant, and large enough.
    detectable_shift : float or None
        Smallest shift of this column alone, in standard deviations, that any of its tests finds in
        so many rows; None where there is none.
    detectable_percent : float or None
        The same in per cent of the column's usual value; None where that is 0, and of words.
    note : str
        For people.
    """

    name: str
    test: str
    statistic: float
    p_value: float
    adjusted_p: float
    effect: float
    floor: float
    drifted: bool
    detectable_shift: float | None = None
    note: str = ""
    detectable_percent: float | None = None


@dataclass(frozen=True)
class DriftResult:
    """Whether a window has drifted from its reference.

    Attributes
    ----------
    drifted : bool
        Whether any feature has.
    score : float
        1 or more where drifted: the smaller one of (log adjusted p / log alpha) and (effect /
        floor), of the feature where it is largest.
    threshold : float
        What the score is compared with: 1.
    drift_type : str
        ``"no_drift"`` or ``"data_drift"``.
    features : tuple of FeatureDrift
        For each column its main test; the others where they found drift. Worst first.
    recommendation : str
        What to do, for people.
    rows : int
        Of the window.
    alpha : float
        Probability of any false alarm that was allowed.
    notes : tuple of str
        What was odd about the rows.
    """

    drifted: bool
    score: float
    threshold: float
    drift_type: str
    features: tuple[FeatureDrift, ...]
    recommendation: str
    rows: int
    alpha: float
    notes: tuple[str, ...] = ()

    @property
    def drifted_columns(self) -> tuple[str, ...]:
        """Names of the columns that drifted, worst first."""
        return tuple(dict.fromkeys(f.name for f in self.features if f.drifted))
