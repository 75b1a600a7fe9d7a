"""The signature of a webhook delivery."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

PREFIX = "sha256="


def sign(secret: str, body: bytes) -> str:
    """The value of `X-Hub-Signature-256` for a body (GitHub: validating webhook deliveries)."""
    return PREFIX + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def is_signed(header: str | None, body: bytes, secrets: Sequence[str]) -> bool:
    """Whether the header is the HMAC-SHA256 of the raw body under one of the secrets, compared in constant time.

    A missing header, no secret at all and an empty secret never pass. Several secrets are for the time of a rotation.
    """
    if not header or not header.startswith(PREFIX):
        return False
    results = [hmac.compare_digest(sign(secret, body).encode(), header.encode()) for secret in secrets if secret]
    return any(results)
