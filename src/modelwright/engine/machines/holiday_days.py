"""Public holidays, by the optional package `holidays`."""

from datetime import UTC, date, datetime

from modelwright.engine.errors import HyperparameterError, TrainingError
from modelwright.engine.machines.series import Times
from modelwright.engine.optional import load

REMEDY = "install it with: pip install 'modelwright[holidays]', or leave the option holidays out"
YEARS_AHEAD = 5
EPOCH = date(1970, 1, 1)


def holiday_days(country: str, times: Times) -> dict[int, str]:
    """Return the public holidays around the readings and for five years to come.

    A model keeps them, so that it predicts the same wherever it is read.

    Parameters
    ----------
    country : str
        ISO 3166 code, with the subdivision where holidays differ: ``US``, ``DE-BW``.
    times : ndarray of int64, shape (n,)
        Milliseconds UTC; at least one.

    Returns
    -------
    dict
        Days since 1970-01-01 -> name.

    Raises
    ------
    TrainingError
        The package isn't installed.
    HyperparameterError
        The country is unknown to it.
    """
    library = load("holidays", remedy=REMEDY, error=TrainingError)
    first, last = (datetime.fromtimestamp(int(times[at]) / 1000, UTC).year for at in (0, -1))
    years = range(first - 1, last + YEARS_AHEAD + 1)
    code, _, part = country.partition("-")
    try:
        found = library.country_holidays(code, subdiv=part or None, years=years, language="en_US")
    except NotImplementedError as error:
        raise HyperparameterError(
            [f"holidays must be a country like US or DE-BW, not {country[:20]!r}"]
        ) from error
    return {(day - EPOCH).days: str(name) for day, name in sorted(found.items())}
