"""What can go wrong with A/B tests."""

from typing import ClassVar

from modelwright.core.errors import ModelwrightError, NotFoundError


class ABTestNotFoundError(NotFoundError):
    """There is no such test."""

    code = "ab_test_not_found"


class ABTestActiveError(ModelwrightError):
    """A test of the same subject is on; `data["ab_test_id"]`."""

    code = "ab_test_active"
    status: ClassVar[int] = 409


class ABTestEndedError(ModelwrightError):
    """The test has ended already."""

    code = "ab_test_ended"
    status: ClassVar[int] = 409
