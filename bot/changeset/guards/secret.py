"""Secrets in added lines (`secret.*`). The secret itself is never repeated.

The shapes are those of detect-secrets' plugins, used on single lines alone: no baseline, no file system, no
verification over the network. Left out are its plugins that judge by entropy or by a variable's name (which
bot/changeset/guards/secret_names.py does), and those whose
pattern fits ordinary text (IP addresses, IBM, Artifactory): they refuse honest changes. A few shapes it lacks stand
here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from detect_secrets.plugins.aws import AWSKeyDetector
from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
from detect_secrets.plugins.base import RegexBasedDetector
from detect_secrets.plugins.discord import DiscordBotTokenDetector
from detect_secrets.plugins.github_token import GitHubTokenDetector
from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
from detect_secrets.plugins.jwt import JwtTokenDetector
from detect_secrets.plugins.npm import NpmDetector
from detect_secrets.plugins.openai import OpenAIDetector
from detect_secrets.plugins.private_key import PrivateKeyDetector
from detect_secrets.plugins.pypi_token import PypiTokenDetector
from detect_secrets.plugins.sendgrid import SendGridDetector
from detect_secrets.plugins.slack import SlackDetector
from detect_secrets.plugins.square_oauth import SquareOAuthDetector
from detect_secrets.plugins.stripe import StripeDetector

from bot.changeset.guards.secret_names import is_sealed, named_values
from bot.changeset.guards.view import DOCUMENTS, added_lines, suffix_of
from bot.core.codes.lookup import make_finding
from bot.core.findings import Finding, Severity
from bot.core.foreign_text import read_foreign
from bot.core.text_content import decoded, lines_of, searchable

_TOKENS: tuple[tuple[str, RegexBasedDetector], ...] = (
    ("an AWS key", AWSKeyDetector()),
    ("an Azure storage key", AzureStorageKeyDetector()),
    ("a Discord bot token", DiscordBotTokenDetector()),
    ("a GitHub token", GitHubTokenDetector()),
    ("a GitLab token", GitLabTokenDetector()),
    ("an npm token", NpmDetector()),
    ("an OpenAI key", OpenAIDetector()),
    ("a PyPI token", PypiTokenDetector()),
    ("a SendGrid key", SendGridDetector()),
    ("a Slack token", SlackDetector()),
    ("a Square token", SquareOAuthDetector()),
    ("a Stripe key", StripeDetector()),
)
_MORE = (
    ("a GitHub token", re.compile(r"\bgithub_pat_[A-Za-z0-9_]{60,}\b")),
    ("an OpenAI or Anthropic key", re.compile(r"\bsk-(?:proj-|svcacct-|ant-)?[A-Za-z0-9_-]{40,}")),
    ("a Google API key", re.compile(r"\bAIza[A-Za-z0-9_-]{35}\b")),
    ("a Stripe live key", re.compile(r"\b[rs]k_live_[A-Za-z0-9]{20,}")),
    ("a Hugging Face token", re.compile(r"\bhf_[A-Za-z0-9]{34}\b")),
)
PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    *((what, pattern) for what, plugin in _TOKENS for pattern in plugin.denylist),
    *_MORE,
)
"""(what it is, its shape) of every access token."""
_JWT = JwtTokenDetector()
_KEY = PrivateKeyDetector()
# userinfo of a URL: https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1. `$`, `{` and `<` begin a placeholder.
PASSWORD = re.compile(
    r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{2,20}://[^\s:@/'\"<>{}$%]{1,200}:([^\s:@/'\"<>{}$%]{8,200})@[\w.-]",
    re.IGNORECASE,
)
# Keys of documentation end in EXAMPLE or repeat characters; they may be in tests and documents.
_EXAMPLE = re.compile(r"EXAMPLE|(.)\1{7}|0123456789|1234567890|abcdefgh|xxxx|placeholder", re.IGNORECASE)
_TESTS = re.compile(
    r"(?:^|[/._-])(?:tests?|testdata|fixtures?|specs?|examples?)[/._-]|(?:^|/)(?:__tests__/|conftest\.py$)|Tests?\.java$",
    re.IGNORECASE,
)
_PIECE = 2_000
_OVERLAP = 400
"""Of the pieces in which a long line is searched: longer than what is needed of any secret to know it."""
_HINT = re.compile(r"[A-Za-z0-9_-]{16}|BEGIN|://|[A-Za-z0-9+/_=.~!@%^&*-]{20}")


def secret_findings(index: int, path: str, before: bytes | None, after: bytes | None) -> Iterator[Finding]:
    """Findings of one file's added lines. Keys, JSON web tokens and passwords of tests and documents are warnings.

    Every file is searched, in whatever encoding, binary ones for tokens and keys; `before` and `after` are None for a
    file that is not there.
    """
    if after is None or after == before:
        return
    shown = _TESTS.search(path) is not None
    suffix = suffix_of(path)
    # A key store or a compiled file may hold a token too; random bytes match the looser patterns, so those are skipped.
    binary = decoded(after) is None
    text = searchable(after)
    sealed = is_sealed(text)
    lines = lines_of(text)
    for number, line in added_lines(lines_of(searchable(before or b"")), lines):
        seen: set[tuple[str, str]] = set()
        for _, piece in pieces(line):
            if not _HINT.search(piece):
                continue
            above = lines[max(0, number - 3) : number - 1]
            named = () if binary or sealed else tuple(named_values(path, suffix, piece, above))
            for code, what, hits in _secrets(piece, named):
                if (code, what) in seen or (binary and code not in ("secret.token", "secret.private_key")):
                    continue
                if (shown or suffix in DOCUMENTS) and all(_EXAMPLE.search(hit) for hit in hits):
                    continue
                seen.add((code, what))
                soft = (shown and code != "secret.token") or (
                    code in ("secret.jwt", "secret.password", "secret.literal") and suffix in DOCUMENTS
                )
                severity = Severity.WARNING if soft else None
                message = f"{path}:{number} holds {what}"
                yield make_finding(code, message, edit=index, path=path, line=number, severity=severity)


def pieces(line: str) -> Iterator[tuple[int, str]]:
    """(its beginning, a piece) of a line: a long one in pieces that overlap, so that time is linear in its length."""
    if len(line) <= _PIECE:
        yield 0, line
        return
    for start in range(0, len(line), _PIECE - _OVERLAP):
        yield start, line[start : start + _PIECE]


def _secrets(line: str, named: Sequence[str]) -> Iterator[tuple[str, str, list[str]]]:
    """(code, what it is, the parts that vary) of every kind of secret in a line, once each."""
    if any(_KEY.analyze_string(line)):
        yield "secret.private_key", "the beginning of a private key", [""]
    kinds: dict[str, list[str]] = {}
    for what, pattern in PATTERNS:
        kinds.setdefault(what, []).extend(hit[0] for hit in pattern.finditer(line) if stands_alone(hit))
    for what, hits in kinds.items():
        if hits:
            yield "secret.token", what, [hit.rsplit("-", 1)[-1] for hit in hits]
    # The detector decodes the parts as JSON; what it cannot decode for their depth is taken for a token all the same.
    web_token = read_foreign(lambda: any(_JWT.analyze_string(line)), lambda _: True)
    if web_token:
        yield "secret.jwt", "a JSON web token", [""]
    if named and not web_token and not any(kinds.values()):
        yield "secret.literal", "what is named and looks like a key", list(named)
    passwords = [hit[1] for hit in PASSWORD.finditer(line) if is_random(hit[1])]
    if passwords:
        yield "secret.password", "a password in a URL", passwords


def stands_alone(hit: re.Match[str]) -> bool:
    """Whether a hit is not part of a longer run of letters and digits, a checksum for instance."""
    around = hit.string[: hit.start()][-1:], hit.string[hit.end() :][:1]
    return not (around[0].isalnum() and hit[0][0].isalnum()) and not around[1].isalnum()


def is_example(text: str) -> bool:
    """Whether a secret is one of documentation, which may be shown."""
    return _EXAMPLE.search(text) is not None


def is_random(text: str) -> bool:
    """Whether a password is not a word of an example: letters and digits mixed, hardly any repeated."""
    mixed = any(c.isdigit() for c in text) and any(c.isalpha() for c in text)
    return mixed and len(set(text)) >= 8 and not _EXAMPLE.search(text)
