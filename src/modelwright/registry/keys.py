"""The keys that artifacts and exported versions are signed with."""

import hashlib

from django.conf import settings
from nacl.encoding import HexEncoder
from nacl.signing import SigningKey


def artifact_key() -> bytes:
    """Return the key that artifacts are signed with, derived from the server's secret."""
    return hashlib.sha256(b"modelwright.artifacts:" + settings.SECRET_KEY.encode()).digest()


def bundle_key() -> SigningKey:
    """Return the key that exported versions are signed with, derived from the server's secret."""
    seed = hashlib.sha256(b"modelwright.bundles:" + settings.SECRET_KEY.encode()).digest()
    return SigningKey(seed)


def bundle_signer() -> str:
    """Return its public half, hexadecimal: what another server is told to trust this one."""
    return bundle_key().verify_key.encode(HexEncoder).decode()


def signers_trusted() -> frozenset[str]:
    """Return the public keys whose signature counts here: our own and those of the settings."""
    return frozenset({bundle_signer(), *(key.strip().lower() for key in settings.TRUSTED_SIGNERS)})
