"""A plain HTTP client for one GitHub App of the sandbox: it proves itself with a JWT and acts with installation tokens.

It is on purpose not Cadence's own client, so that what it reads is a second opinion. See GitHub's pages "Generating a
JSON Web Token (JWT) for a GitHub App" and "Generating an installation access token for a GitHub App".
"""

from __future__ import annotations

import base64
import http.client
import json
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bot.core.clock import Clock

JWT_SECONDS = 540
"""GitHub accepts at most ten minutes from `iat` to `exp`."""


class SandboxAnswer(Exception):
    """The sandbox answered with an error; `status` is the HTTP status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"HTTP {status}: {text[:300]}")
        self.status = status


class AppClient:
    """One App's calls to one repository's installation. Paths are relative to the API, e.g. `/repos/o/r/issues/1`."""

    def __init__(self, url: str, *, app_id: int, private_key_pem: str, repository: str, clock: Clock) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port or 80
        self._app_id = app_id
        self._key = _rsa_key(private_key_pem)
        self._repository = repository
        self._clock = clock
        self._token: str | None = None
        self._lock = threading.Lock()

    def get(self, path: str) -> Any:
        """The decoded JSON. Raises SandboxAnswer for every status from 400 on."""
        return self._send("GET", path, None, self._bearer())

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Create something; the decoded JSON."""
        return self._send("POST", path, body, self._bearer())

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """Change something; the decoded JSON."""
        return self._send("PATCH", path, body, self._bearer())

    def _bearer(self) -> str:
        with self._lock:
            if self._token is None:
                jwt = self._jwt()
                found = self._send("GET", f"/repos/{self._repository}/installation", None, jwt)
                minted = self._send("POST", f"/app/installations/{found['id']}/access_tokens", {}, jwt)
                self._token = str(minted["token"])
            return self._token

    def _jwt(self) -> str:
        now = int(self._clock.now().timestamp())
        claims = {"iat": now - 60, "exp": now - 60 + JWT_SECONDS, "iss": str(self._app_id)}
        signed = f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claims)}"
        return f"{signed}.{_base64(self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None, bearer: str) -> Any:
        # GitHub refuses requests without a User-Agent (its page "Getting started with the REST API").
        headers = {
            "Authorization": f"Bearer {bearer}",
            "Accept": "application/vnd.github+json",
            "User-Agent": "cadence-sandbox-ci",
        }
        raw = None
        if body is not None:
            raw = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection(self._host, self._port, timeout=30)
        try:
            connection.request(method, f"/api/v3{path}", body=raw, headers=headers)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        finally:
            connection.close()
        if answer.status >= 400:
            raise SandboxAnswer(answer.status, text)
        return json.loads(text) if text else None


def _rsa_key(pem: str) -> RSAPrivateKey:
    key = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("an App's key is an RSA key")
    return key


def _part(value: Mapping[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
