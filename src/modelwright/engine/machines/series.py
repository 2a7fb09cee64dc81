"""A machine's readings as columns."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64]
Values = NDArray[np.float64]

ENERGY = "energy_kwh"
POWER = "power_kw"
PRODUCTION = "production_count"
TEMPERATURE = "outdoor_temp_c"
KNOWN_CHANNELS = (POWER, ENERGY, PRODUCTION, TEMPERATURE)
HOUR_MS = 3_600_000
TOTAL_ENDINGS = ("_kwh", "_wh", "_mwh", "_count", "_m3", "_litres", "_kg", "_therm")


def is_total(channel: str) -> bool:
    """Return whether a channel's values add up over time (energy, pieces) rather than average.

    Examples
    --------
    >>> is_total("energy_kwh"), is_total("power_kw")
    (True, False)
    """
    return channel.lower().endswith(TOTAL_ENDINGS)


@dataclass(frozen=True)
class Series:
    """Readings of one machine, oldest first.

    Parameters
    ----------
    times : ndarray of int64, shape (n,)
        Strictly increasing; milliseconds since 1970-01-01 UTC. A reading stands for the interval
        that begins there.
    channels : mapping
        Name -> ndarray of float64, shape (n,); NaN where nothing was read.
    timezone : str
        IANA name: hours of the day and days of the week are the machine's own.
    """

    times: Times
    channels: Mapping[str, Values] = field(default_factory=dict)
    timezone: str = "UTC"

    def __len__(self) -> int:
        return int(self.times.size)

    def sha256(self) -> str:
        """Return a hash of all that is read here: the same readings have the same one.

        Examples
        --------
        >>> one = Series(np.array([0, 10]), {"power_kw": np.array([1.0, 2.0])})
        >>> one.sha256() == one.between(0, 20).sha256() != one.between(0, 10).sha256()
        True
        """
        digest = hashlib.sha256(self.times.astype("<i8").tobytes())
        for name in sorted(self.channels):
            digest.update(f"\0{name}\0".encode())
            digest.update(self.channels[name].astype("<f8").tobytes())
        return digest.hexdigest()

    def between(self, start: int, end: int) -> "Series":
        """Return the readings from `start` (included) to `end` (excluded), in milliseconds.

        Examples
        --------
        >>> s = Series(np.array([0, 10, 20]), {"power_kw": np.array([1.0, 2.0, 3.0])})
        >>> s.between(5, 20).channels["power_kw"]
        array([2.])
        """
        low, high = np.searchsorted(self.times, (start, end))
        return Series(
            self.times[low:high],
            {name: values[low:high] for name, values in self.channels.items()},
            self.timezone,
        )
