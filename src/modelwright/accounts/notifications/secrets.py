"""Addresses of channels are secrets: encrypted in the database, masked wherever they are shown."""

import hashlib
import re

from django.conf import settings
from nacl.encoding import Base64Encoder
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from modelwright.accounts.errors import SecretUnreadableError

_SHOWN = re.compile(r"^([a-z]+s?://)([^/?#@]*@)?([^/?#:]*)", re.IGNORECASE)


def _box() -> SecretBox:
    key = hashlib.sha256(b"modelwright.channels:" + settings.SECRET_KEY.encode()).digest()
    return SecretBox(key)


def secret_seal(text: str) -> str:
    """Encrypt a text with a key that is made of the server's secret."""
    return _box().encrypt(text.encode(), encoder=Base64Encoder).decode()


def secret_open(sealed: str) -> str:
    """Return what `secret_seal` encrypted.

    Raises
    ------
    SecretUnreadableError
        The server's secret is another one now.
    """
    try:
        return _box().decrypt(sealed.encode(), encoder=Base64Encoder).decode()
    except (CryptoError, ValueError) as error:
        raise SecretUnreadableError(
            "The channel's address can't be read with the server's present secret key:"
            " enter it again."
        ) from error


def address_mask(address: str) -> str:
    """Return an address as it may be shown: scheme and host, nothing that opens a door.

    Examples
    --------
    >>> address_mask("https://hooks.example.org/services/T0/B0/abc")
    'https://hooks.example.org/…'
    >>> address_mask("slack://tokenA/tokenB/tokenC")
    'slack://…'
    >>> address_mask("ana@example.org")
    'a…@example.org'
    """
    if found := _SHOWN.match(address):
        scheme, _, host = found.groups()
        shown = host if scheme in ("http://", "https://") else ""
        return f"{scheme}{shown}/…" if shown else f"{scheme}…"
    name, at, domain = address.partition("@")
    return f"{name[:1]}…@{domain}" if at else "…"
