"""What can go wrong with accounts and credentials."""

from typing import ClassVar

from modelwright.core.errors import ModelwrightError, NotFoundError


class UserNotFoundError(NotFoundError):
    """There is no such account."""

    code = "user_not_found"


class UserExistsError(ModelwrightError):
    """The name is taken, perhaps in other letter case."""

    code = "user_exists"
    status: ClassVar[int] = 409


class CredentialsError(ModelwrightError):
    """The name or the password is wrong, or the account is not active; which one isn't told."""

    code = "wrong_credentials"
    status: ClassVar[int] = 401


class LockedOutError(ModelwrightError):
    """Too many failed sign-ins of this name from this address; `data["retry_after"]` in seconds."""

    code = "locked_out"
    status: ClassVar[int] = 429


class RefreshTokenError(ModelwrightError):
    """The refresh token is expired, used already, revoked, or none of ours."""

    code = "token_not_valid"
    status: ClassVar[int] = 401


class ChannelNotFoundError(NotFoundError):
    """There is no such channel, or it is somebody else's."""

    code = "channel_not_found"


class SecretUnreadableError(ModelwrightError):
    """It was encrypted with another key."""

    code = "secret_unreadable"
    status: ClassVar[int] = 409


class HostClosedError(ModelwrightError):
    """The server may not, or can't, talk to this host."""

    code = "host_closed"


class DeliveryError(ModelwrightError):
    """A message could not be delivered; the text says what the other side answered."""

    code = "not_delivered"
