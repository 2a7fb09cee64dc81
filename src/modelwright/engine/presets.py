"""Ready-made set-ups: which columns, which labels, which model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from modelwright.engine.errors import ModelTrainerError


@dataclass(frozen=True)
class Preset:
    """A training that needs nothing but its data set.

    Parameters
    ----------
    name : str
        As requests spell it.
    title : str
        As people read it.
    target_column : str
        What is predicted.
    allowed_labels : tuple of str
        Rows with another target value are left out.
    text_columns, numeric_columns : tuple of str
        The features, in this order.
    model_type : str
        One of `MODEL_TYPES`.
    hyperparameters : tuple of str
        Those that a user may set.
    defaults : mapping
        Hyperparameters in force unless told otherwise.
    random_state : int
        Seed of the split and of the model.
    test_split : float
        Share of the rows kept for the evaluation.
    """

    name: str
    title: str
    target_column: str
    allowed_labels: tuple[str, ...]
    text_columns: tuple[str, ...]
    numeric_columns: tuple[str, ...]
    model_type: str
    hyperparameters: tuple[str, ...]
    defaults: Mapping[str, Any] = field(default_factory=dict)
    random_state: int = 42
    test_split: float = 0.2

    @property
    def feature_columns(self) -> tuple[str, ...]:
        """Return the features, text first."""
        return self.text_columns + self.numeric_columns


FUTURE_SKILLS = Preset(
    name="future_skills",
    title="Future skills",
    target_column="future_need_level",
    allowed_labels=("LOW", "MEDIUM", "HIGH"),
    text_columns=("job_role_name", "skill_name", "skill_category", "job_department"),
    numeric_columns=(
        "trend_score",
        "internal_usage",
        "scarcity_index",
        "hiring_difficulty",
        "economic_indicator",
        "training_requests",
        "avg_salary_k",
    ),
    model_type="random_forest",
    hyperparameters=(
        "n_estimators",
        "max_depth",
        "min_samples_split",
        "min_samples_leaf",
        "class_weight",
    ),
    defaults={"class_weight": "balanced"},
)

PRESETS: dict[str, Preset] = {preset.name: preset for preset in (FUTURE_SKILLS,)}


def preset_for(name: str) -> Preset:
    """Return a preset by its name.

    Raises
    ------
    ModelTrainerError
        There is none of that name.

    Examples
    --------
    >>> preset_for("future_skills").target_column
    'future_need_level'
    """
    if name not in PRESETS:
        raise ModelTrainerError(f"Unknown preset {name!r}. There are: {', '.join(sorted(PRESETS))}")
    return PRESETS[name]
