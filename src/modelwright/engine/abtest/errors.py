"""What can go wrong with a test. Light: no heavy library is loaded."""

from typing import ClassVar

from modelwright.engine.errors import ModelTrainerError


class ABTestError(ModelTrainerError):
    """A test can't be set up so, or the losses can't be used; the message says what to do.

    Examples
    --------
    >>> ABTestError("alpha must be between 0 and 0.5, not 2.").code
    'ab_test_error'
    """

    code: ClassVar[str] = "ab_test_error"
