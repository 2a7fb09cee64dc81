"""What counts as an error in a test."""

import pytest

from modelwright.abtests.losses import error_of
from modelwright.serving.models import Actual, Prediction


@pytest.mark.parametrize(
    ("predicted", "actual", "error"),
    [
        ({"label": "yes"}, {"label": "yes"}, 0.0),
        ({"label": "yes"}, {"label": "no"}, 1.0),
        ({"label": "1"}, {"value": 1.0}, 0.0),
        ({"label": "1"}, {"value": 0.0}, 1.0),
        ({"label": "1000000"}, {"value": 1e6}, 0.0),
        ({"label": "0.5"}, {"value": 0.5}, 0.0),
        ({"value": 3.5}, {"value": 3.0}, 0.5),
        ({"value": 3.5}, {"label": "much"}, None),
    ],
)
def test_the_error_of_an_answer(
    predicted: dict[str, str | float], actual: dict[str, str | float], error: float | None
) -> None:
    assert error_of(Prediction(**predicted, actual=Actual(**actual))) == error
