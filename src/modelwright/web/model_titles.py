"""What model types are called where people read."""

from modelwright.engine.hyperparameters import MODEL_TYPES
from modelwright.engine.machines import MACHINE_MODEL_TYPES

MODEL_TITLES = {
    **{name: kind.title for name, kind in MACHINE_MODEL_TYPES.items()},
    **{name: kind.title for name, kind in MODEL_TYPES.items()},
}


def model_title(name: str) -> str:
    """Return the title of a model type; one that is known no more keeps its name.

    Examples
    --------
    >>> model_title("forecast_arima"), model_title("gone")
    ('Forecast (ARIMA)', 'gone')
    """
    return MODEL_TITLES.get(name, name)
