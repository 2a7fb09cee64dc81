"""Models of machines: energy against its drivers, anomalies, forecasts.

One file per model type; being in `MACHINE_MODEL_TYPES` with a file here enrols it everywhere.
Importing this package is cheap; numpy is loaded by the first model type that is asked for.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class MachineModelType:
    """What a user must know of a model type.

    Parameters
    ----------
    name : str
        As it stands in requests, and the module below this package.
    title : str
        As people read it.
    what : str
        One sentence.
    """

    name: str
    title: str
    what: str


MACHINE_MODEL_TYPES: dict[str, MachineModelType] = {
    kind.name: kind
    for kind in (
        MachineModelType(
            "baseline", "Baseline", "Expected energy from temperature, production and time of week."
        ),
        MachineModelType(
            "anomaly", "Anomaly detection", "Which stretches of readings are out of the ordinary."
        ),
        MachineModelType(
            "forecast_arima", "Forecast (ARIMA)", "Harmonic regression with autoregressive errors."
        ),
        MachineModelType(
            "forecast_prophet", "Forecast (Prophet)", "Prophet's model: trend, seasons, holidays."
        ),
    )
}
