"""A version as one signed file, and reading such a file without trusting any of it.

It is a tar of exactly three plain members in a fixed order: `manifest.json`, `signature` (Ed25519
over the manifest) and the model's file, whose hash and size stand in the manifest. Nothing in it is
compressed and no name in it is ever used as a path, so that there is nothing to blow up and
nowhere to break out to. Reading goes from front to back in bounded memory: the signature is checked
before the first byte of the model is looked at, and the model is not used before its hash is. Every
byte counts: heads are those that are written here, what fills up is zeros, the end stands where it
belongs. So there is one file for a signature, and a changed or missing bit anywhere is refused.
"""

import json
import tarfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from nacl.encoding import HexEncoder
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from modelwright.engine.files import atomic_file
from modelwright.registry.errors import BundleError, SignerUnknownError

FORMAT = "modelwright.version"
FORMAT_VERSION = 1
SUFFIX = ".modelwright"
MANIFEST, SIGNATURE = "manifest.json", "signature"
MODELS = ("model.pkl", "model.json")
MAX_MANIFEST_BYTES = 8 * 1024 * 1024
SIGNATURE_BYTES = 128
PIECE_BYTES = 256 * 1024
_DOMAIN = b"modelwright.registry.bundle.v1\x00"
_BLOCK = tarfile.BLOCKSIZE
_NO_BUNDLE = "This is no exported version, or a damaged one"


@dataclass(frozen=True)
class Bundle:
    """A file to be written.

    Parameters
    ----------
    head : bytes
        All that stands before the model.
    model : binary file
        Checked; closed at the end.
    model_bytes : int
    """

    head: bytes
    model: BinaryIO
    model_bytes: int

    @property
    def size_bytes(self) -> int:
        """Return how long the whole file will be."""
        return len(self.head) + _padded(self.model_bytes) + 2 * _BLOCK

    def pieces(self) -> Iterator[bytes]:
        """Yield its bytes, once."""
        with self.model:
            yield self.head
            while piece := self.model.read(PIECE_BYTES):
                yield piece
            yield bytes(_padded(self.model_bytes) - self.model_bytes + 2 * _BLOCK)


def bundle_make(
    manifest: Mapping[str, Any], model: BinaryIO, *, name: str, size: int, key: SigningKey
) -> Bundle:
    """Return a signed file of a manifest (JSON-safe) and a model's file.

    Parameters
    ----------
    manifest : mapping
        With `sha256` and `size_bytes` of the model.
    model : binary file
    name : str
        Of `MODELS`.
    size : int
        Bytes of the model.
    key : SigningKey
        The server's.
    """
    signer = key.verify_key.encode(HexEncoder).decode()
    whole = {"format": FORMAT, "format_version": FORMAT_VERSION, "signer": signer, **manifest}
    text = json.dumps(whole, allow_nan=False, sort_keys=True).encode()
    signature = key.sign(_DOMAIN + text).signature.hex().encode()
    head = _member(MANIFEST, text) + _member(SIGNATURE, signature) + _header(name, size)
    return Bundle(head, model, size)


def bundle_read(
    source: BinaryIO, into: Path, *, trusted: Collection[str], max_bytes: int
) -> dict[str, Any]:
    """Return the manifest of a file, and put its model at `into`, proved.

    Parameters
    ----------
    source : binary file
        Read from front to back.
    into : Path
        There only if all is well.
    trusted : collection of str
        Public keys (hexadecimal) of those whose signature counts.
    max_bytes : int
        Of the model.

    Raises
    ------
    BundleError
        It is no such file, changed since it was signed, cut short, or too large.
    SignerUnknownError
        It was signed by nobody who is trusted.
    OSError
        The model can't be written.
    """
    text = _small(source, MANIFEST, MAX_MANIFEST_BYTES)
    signature = _small(source, SIGNATURE, SIGNATURE_BYTES)
    manifest = _verified(text, signature, trusted)
    name, size, head = _next(source)
    if name not in MODELS or size != manifest.get("size_bytes"):
        _refuse(f"it holds {name[:60]!r} of {size:,} bytes where the model should be")
    if size > max_bytes:
        _refuse(f"its model has {size:,} bytes, and {max_bytes:,} are allowed")
    _written_here(name, size, head)
    with atomic_file(into) as file:
        for piece in _content(source, size):
            file.write(piece)
        if file.sha256 != manifest.get("sha256"):
            _refuse("its model is not the one that was signed")
        _zeros(source, 2 * _BLOCK)
        if source.read(1):
            _refuse("something follows the model")
    return manifest


def _verified(text: bytes, signature: bytes, trusted: Collection[str]) -> dict[str, Any]:
    """Return the manifest, once it is sure that somebody who is trusted has signed it."""
    try:
        manifest = json.loads(text, parse_constant=_no_number)
        signer = str(manifest["signer"])
        signed = bytes.fromhex(signature.decode("ascii"))
        if signed.hex().encode() != signature:
            raise BadSignatureError("It is spelled in another way.")
        VerifyKey(signer.encode(), encoder=HexEncoder).verify(_DOMAIN + text, signed)
    except BadSignatureError:
        _refuse("it was changed after it was signed")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BundleError(f"{_NO_BUNDLE}: its manifest can't be read.") from error
    if signer not in trusted:
        raise SignerUnknownError(
            f"It was signed by {signer}, whom this server doesn't trust. If you do, add that key to"
            " MODELWRIGHT_TRUSTED_SIGNERS and restart: a model is code, and will be run.",
            signer=signer,
        )
    if manifest.get("format") != FORMAT or manifest.get("format_version") != FORMAT_VERSION:
        _refuse(f"this server reads format {FORMAT_VERSION} only")
    return dict(manifest)


def _no_number(word: str) -> NoReturn:
    raise ValueError(word)


def _small(source: BinaryIO, wanted: str, most: int) -> bytes:
    name, size, head = _next(source)
    if name != wanted or not 0 < size <= most:
        _refuse(f"it holds {name[:60]!r} of {size:,} bytes where {wanted!r} should be")
    _written_here(name, size, head)
    return b"".join(_content(source, size))


def _next(source: BinaryIO) -> tuple[str, int, bytes]:
    """Read the head of the next member: name, size and bytes of a plain file."""
    block = _exactly(source, _BLOCK)
    try:
        member = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
    except (tarfile.TarError, UnicodeDecodeError) as error:
        raise BundleError(f"{_NO_BUNDLE}: {error}.") from error
    if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or member.size < 0:
        _refuse(f"it holds {member.name[:60]!r}, which is no plain file")
    return member.name, member.size, block


def _written_here(name: str, size: int, head: bytes) -> None:
    if head != _header(name, size):
        _refuse(f"the head of {name!r} was changed")


def _content(source: BinaryIO, size: int) -> Iterator[bytes]:
    left = size
    while left:
        piece = _exactly(source, min(left, PIECE_BYTES))
        left -= len(piece)
        yield piece
    _zeros(source, _padded(size) - size)


def _zeros(source: BinaryIO, size: int) -> None:
    if any(_exactly(source, size)):
        _refuse("something stands between its parts")


def _exactly(source: BinaryIO, size: int) -> bytes:
    parts = []
    while size:
        part = source.read(size)
        if not part:
            _refuse("it is cut short")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _refuse(why: str) -> NoReturn:
    raise BundleError(f"{_NO_BUNDLE}: {why}. Nothing of it is used; export it again.")


def _member(name: str, content: bytes) -> bytes:
    return _header(name, len(content)) + content.ljust(_padded(len(content)), b"\0")


def _header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member.tobuf(tarfile.GNU_FORMAT)


def _padded(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK
