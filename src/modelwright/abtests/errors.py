"""What can go wrong with A/B tests."""

from typing import ClassVar

from modelwright.core.errors import ModelwrightError, NotFoundError


class TestNotFoundError(NotFoundError):
    """There is no such test."""

    code = "ab_test_not_found"


class TestActiveError(ModelwrightError):
    """A test of the same subject is on; `data["ab_test_id"]`."""

    code = "ab_test_active"
    status: ClassVar[int] = 409


class TestEndedError(ModelwrightError):
    """The test has ended already."""

    code = "ab_test_ended"
    status: ClassVar[int] = 409
