"""What is fixed before a test starts."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from modelwright.engine.abtest.errors import ABTestError

MOST_LOOKS = 100


@dataclass(frozen=True)
class Design:
    """What is fixed before a test starts.

    Parameters
    ----------
    alpha : float
        Probability of a wrong verdict, however often one looks.
    margin : float
        By how much the mean loss of the challenger must be lower to be worth a change; in units of
        the loss.
    period : int or None
        Rows of one season, where there is one: 24 for hourly rows with a daily season.
    horizon : int
        Steps that forecasts look ahead; errors of h-step forecasts overlap over h rows.
    planned_rows : int or None
        Rows that a fixed sample would need, as `plan` says (`Plan.fixed_rows`): evidence is
        gathered for effects of that size.
    max_rows : int or None
        The budget; a test that has no verdict by then has none.
    bounds : (float, float) or None
        Smallest and largest possible loss of one row, for the method that needs them.
    discordance : float or None
        Share of rows of which one model is right and the other wrong, where it was planned with.
    looks : int
        How often a group sequential test looks.

    Raises
    ------
    ABTestError
        A value is out of its range.

    Examples
    --------
    >>> Design(period=24, horizon=36).block
    48
    >>> Design(alpha=2)
    Traceback (most recent call last):
    modelwright.engine.abtest.errors.ABTestError: alpha must be above 0 and at most 0.5, not 2.
    """

    alpha: float = 0.05
    margin: float = 0.0
    period: int | None = None
    horizon: int = 1
    planned_rows: int | None = None
    max_rows: int | None = None
    bounds: tuple[float, float] | None = None
    discordance: float | None = None
    looks: int = 20

    def __post_init__(self) -> None:
        _need(0 < self.alpha <= 0.5, f"alpha must be above 0 and at most 0.5, not {self.alpha}.")
        _need(
            0 <= self.margin < math.inf,
            f"margin must be a finite number of at least 0, not {self.margin}.",
        )
        for name in ("period", "horizon", "planned_rows", "max_rows"):
            value = getattr(self, name)
            _need(value is None or value >= 1, f"{name} must be at least 1, not {value}.")
        _need(
            1 <= self.looks <= MOST_LOOKS,
            f"looks must be between 1 and {MOST_LOOKS}, not {self.looks}.",
        )
        _need(
            self.discordance is None or 0 < self.discordance <= 1,
            f"discordance must be above 0 and at most 1, not {self.discordance}.",
        )
        if self.bounds is not None:
            lowest, highest = self.bounds
            _need(
                math.isfinite(lowest) and math.isfinite(highest) and lowest < highest,
                f"bounds must be two finite numbers, the smaller one first, not {self.bounds}.",
            )

    @property
    def block(self) -> int:
        """Rows of the shortest block: whole seasons, and at least the horizon."""
        season = self.period or 1
        return season * math.ceil(self.horizon / season)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data that JSON can hold."""
        return asdict(self) | {"bounds": list(self.bounds) if self.bounds else None}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Design":
        """Make the design of what `to_dict` gave.

        Examples
        --------
        >>> design = Design(bounds=(0.0, 1.0))
        >>> Design.from_dict(design.to_dict()) == design
        True
        """
        values = {f.name: data[f.name] for f in fields(cls) if f.name in data}
        if values.get("bounds") is not None:
            values["bounds"] = tuple(values["bounds"])
        return cls(**values)


def _need(holds: bool, message: str) -> None:
    if not holds:
        raise ABTestError(message)
