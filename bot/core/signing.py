"""Ed25519 signatures: the key that signs proofs, where it comes from, and checking with its public half.

The only user of `cryptography` outside the embedded GitHub. No error and no log shows any part of a private key.
"""

from __future__ import annotations

import base64
import os
import tempfile
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from bot.core.errors import SettingsInvalid
from bot.core.names import Digest, sha256

KEY_FILE = "signing.pem"
"""In the data directory, made at the first start without a configured key."""
SEED_BYTES = 32
_REMEDY = (
    "Give an Ed25519 key as PEM (PKCS#8, unencrypted) or its 32-byte seed in base64; "
    "`openssl genpkey -algorithm ed25519` makes one."
)


class Signer:
    """Signs with one Ed25519 private key: https://www.rfc-editor.org/rfc/rfc8032."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public_key = raw.hex()
        """The public key: 32 bytes in lower-case hex."""
        self.key_id = key_id(self.public_key)

    def __repr__(self) -> str:
        return f"Signer({self.key_id[:16]})"

    def sign(self, text: str) -> str:
        """The signature of the text's UTF-8 bytes: 64 bytes in lower-case hex."""
        return self._key.sign(text.encode()).hex()


def key_id(public_key: str) -> Digest:
    """The name of a public key: sha256 of its 32 raw bytes. Raises ValueError for what is not hex."""
    return sha256(bytes.fromhex(public_key))


def is_signed(public_key: str, signature: str, text: str) -> bool:
    """Whether the signature is that key's on exactly this text; False for what is not lower-case hex too."""
    try:
        raw, signed = bytes.fromhex(public_key), bytes.fromhex(signature)
        # `fromhex` also takes capitals and spaces. A proof has one spelling, so that no byte of its file can change.
        if (raw.hex(), signed.hex()) != (public_key, signature):
            return False
        Ed25519PublicKey.from_public_bytes(raw).verify(signed, text.encode())
    except (ValueError, InvalidSignature):
        return False
    return True


def public_pem(public_key: str) -> str:
    """A public key (32 bytes in hex) as PEM, the form that openssl reads. Raises ValueError for any other text."""
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def read_key(text: str) -> Signer:
    """The signer of a PEM text or a base64 seed. Raises SettingsInvalid, which quotes nothing of the text."""
    # Environment files cannot hold a line break, so a PEM text comes with `\\n` spelt out.
    key = _private_key(text.replace("\\n", "\n").strip())
    if key is None:
        raise SettingsInvalid("the signing key is not an Ed25519 private key", remedy=_REMEDY)
    return Signer(key)


def _private_key(text: str) -> Ed25519PrivateKey | None:
    # None instead of an error: the library's own errors may quote the key.
    try:
        if "-----BEGIN" in text:
            key = load_pem_private_key(text.encode() + b"\n", password=None)
            return key if isinstance(key, Ed25519PrivateKey) else None
        seed = base64.b64decode(text, validate=True)
        return Ed25519PrivateKey.from_private_bytes(seed) if len(seed) == SEED_BYTES else None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None


def read_key_file(path: Path) -> Signer:
    """The signer of a key file. Raises SettingsInvalid when it cannot be read."""
    try:
        return read_key(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SettingsInvalid(f"the signing key file {path} cannot be read: {why}", remedy=_REMEDY) from None


def kept_key(directory: Path) -> Signer:
    """The key of the data directory, made once with mode 0600; processes that start at the same time get the same key.

    Raises SettingsInvalid when it can neither be read nor made.
    """
    path = directory / KEY_FILE
    if not path.exists():
        try:
            _make(path)
        except OSError as error:
            raise SettingsInvalid(
                f"no signing key could be made in {directory}: {error.strerror}",
                remedy="Make the directory writable, or set CADENCE_SIGNING_KEY_FILE.",
            ) from None
    return read_key_file(path)


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    # mkstemp gives mode 0600: https://docs.python.org/3/library/tempfile.html#tempfile.mkstemp
    # The link appears whole or not at all, and fails where another process was first.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)
    except FileExistsError:
        return
    finally:
        os.unlink(name)
