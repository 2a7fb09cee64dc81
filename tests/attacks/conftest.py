"""What the tests of attacks share."""

from tests.api.conftest import silent_bell

__all__ = ["silent_bell"]
