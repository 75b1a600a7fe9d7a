"""What is taken out of a text before it is sent to a model or recorded."""

from __future__ import annotations

import pytest

from bot.changeset.guards.scrub import scrubbed

TOKEN = "ghp_" + "a1B2c3D4e5F6" * 3
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAu1SU1LfVLPHCozMxH2Mo4lgO\n-----END RSA PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (f'token = "{TOKEN}"\n', 'token = "[removed: a GitHub token]"\n'),
        (f"a {TOKEN} b {TOKEN}", "a [removed: a GitHub token] b [removed: a GitHub token]"),
        ("url = 'postgres://app:Tr0ub4dor3x@db/x'", "url = 'postgres://app:[removed: a password]@db/x'"),
        ("x" * 1990 + f" {TOKEN} " + "y" * 3000, "x" * 1990 + " [removed: a GitHub token] " + "y" * 3000),
        (KEY, KEY.replace("\nMIIEowIBAAKCAQEAu1SU1LfVLPHCozMxH2Mo4lgO\n", "\n[removed: a private key]\n")),
        (
            "jwt: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U;",
            "jwt: [removed: a JSON web token];",
        ),
    ],
)
def test_a_secret_is_replaced_and_named(text: str, clean: str) -> None:
    assert scrubbed(text) == clean
    assert scrubbed(clean) == clean


@pytest.mark.parametrize(
    "text",
    [
        "def parse(text: str) -> int:\n    return int(text)\n",
        "key = 'AKIAIOSFODNN7EXAMPLE'\n",
        "see https://user:password@example.org and postgres://app:secretsecret@db\n",
        "digest: 0f343b0931126a20f133d67c2b018a3b5f1d2c4e\n",
        "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----\n",
        "",
    ],
)
def test_other_text_stays_exactly_as_it_is(text: str) -> None:
    assert scrubbed(text) == text


def test_a_private_key_without_an_end_is_removed_too() -> None:
    cut = KEY.split("-----END")[0]
    assert "MIIE" not in scrubbed(cut)
