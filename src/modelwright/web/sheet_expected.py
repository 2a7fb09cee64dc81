"""What was read and what was expected, as a table to take away."""

from modelwright.core.clock import moment_of
from modelwright.engine.machines.local_time import local
from modelwright.monitoring.outlook import Compared
from modelwright.web.sheet import Table


def expected_table(compared: Compared, timezone: str) -> Table:
    """Return a row for each reading, unrounded.

    Parameters
    ----------
    compared : Compared
    timezone : str
        The machine's: the second column is what its clock showed.
    """
    expected, target = compared.expected, compared.target
    columns = (
        [moment_of(at).isoformat() for at in expected.times.tolist()],
        [f"{moment_of(at):%Y-%m-%dT%H:%M:%S}" for at in local(expected.times, timezone).tolist()],
        compared.actual.tolist(),
        expected.mean.tolist(),
        expected.lower.tolist(),
        expected.upper.tolist(),
        (compared.actual - expected.mean).tolist(),
    )
    header = ("timestamp", "local_time", target, "expected", "lower", "upper", "residual")
    return Table(target, header, list(zip(*columns, strict=True)))
