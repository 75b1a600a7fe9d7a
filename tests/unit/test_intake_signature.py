"""The signature: GitHub's own published vector, rotation, and everything that must not pass."""

from __future__ import annotations

import pytest

from bot.intake.signature import is_signed, sign

SECRET, BODY = "It's a Secret to Everybody", b"Hello, World!"
PUBLISHED = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
"""From GitHub's page "Validating webhook deliveries", section "Testing the webhook payload validation"."""


def test_githubs_published_vector() -> None:
    assert sign(SECRET, BODY) == PUBLISHED
    assert is_signed(PUBLISHED, BODY, [SECRET])


def test_during_a_rotation_either_secret_signs() -> None:
    secrets = ("old", "new")
    assert all(is_signed(sign(secret, BODY), BODY, secrets) for secret in secrets)
    assert not is_signed(sign("retired", BODY), BODY, secrets)


@pytest.mark.parametrize(
    "header",
    [
        None, "", "sha256=", PUBLISHED.removeprefix("sha256="), PUBLISHED.upper(), PUBLISHED[:-1], PUBLISHED + "0",
        PUBLISHED.replace("sha256", "sha1"), f" {PUBLISHED}", f"{PUBLISHED},{PUBLISHED}", "sha256=\u00e9",
        "sha256=" + "0" * 64,
    ],
)  # fmt: skip
def test_nothing_but_the_exact_header_passes(header: str | None) -> None:
    assert not is_signed(header, BODY, [SECRET])


@pytest.mark.parametrize("body", [b"", b"Hello, World", b"Hello, World!\n", b"hello, World!"])
def test_another_body_does_not_pass(body: bytes) -> None:
    assert not is_signed(PUBLISHED, body, [SECRET])


def test_without_a_secret_nothing_passes() -> None:
    assert not is_signed(sign("", BODY), BODY, [""])
    assert not is_signed(sign("", BODY), BODY, [])
    assert not is_signed(sign("", BODY), BODY, [SECRET, ""])


def test_a_secret_may_hold_any_characters() -> None:
    secret = "Schlüssel, 鍵"
    assert is_signed(sign(secret, b"\x00\xff"), b"\x00\xff", [secret])
