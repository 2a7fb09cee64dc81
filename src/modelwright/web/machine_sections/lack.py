"""Why a section has nothing to show, and what to do about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from modelwright.engine.errors import DataLoadError
from modelwright.engine.machines import MACHINE_MODEL_TYPES
from modelwright.monitoring.errors import ModelNotFoundError, NoMetricsError
from modelwright.registry.errors import ArtifactChangedError, VersionNotFoundError
from modelwright.web.machine_range import Range

Context = Callable[[HttpRequest, Range], Mapping[str, Any]]


@dataclass(frozen=True)
class Lack:
    """What is missing.

    Parameters
    ----------
    title, text : str
        What it is, and what to do.
    model_type : str
        The type that a button trains; empty: none does.
    everything : bool
        Whether a link to all readings helps.
    broken : bool
        Whether something is wrong, not merely missing.
    """

    title: str
    text: str
    model_type: str = ""
    everything: bool = False
    broken: bool = False

    @property
    def button(self) -> str:
        """Return what the button says."""
        kind = MACHINE_MODEL_TYPES.get(self.model_type)
        return f"Train: {kind.title}" if kind else ""


NOTHING_READ = Lack(
    "Nothing was read in this time", "The machine has readings at other times.", everything=True
)


def untrained(model_type: str) -> Lack:
    """Return what is said where there is no model of a type yet."""
    kind = MACHINE_MODEL_TYPES[model_type]
    return Lack(f"No model yet: {kind.title}", f"Train one. {kind.what}", model_type)


def explained(model_type: str, context: Context) -> Context:
    """Return a context that says what is missing instead of failing.

    Parameters
    ----------
    model_type : str
        The type that the section needs.
    context : callable
    """

    def told(request: HttpRequest, shown: Range) -> Mapping[str, Any]:
        try:
            return context(request, shown)
        except ModelNotFoundError:
            return {"lack": untrained(model_type)}
        except NoMetricsError:
            return {"lack": NOTHING_READ}
        except DataLoadError as error:
            return {"lack": Lack("Nothing to show of this time", str(error), everything=True)}
        except (VersionNotFoundError, ArtifactChangedError) as error:
            text = f"{error.message} Train the model again."
            return {"lack": Lack("The model can't be read", text, model_type, broken=True)}

    return told
