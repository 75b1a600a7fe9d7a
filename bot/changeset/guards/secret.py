"""Secrets in added lines (`secret.*`): shapes that are hardly ever anything else. The secret is never repeated."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.changeset.codes import found
from bot.changeset.findings import Finding, Severity
from bot.changeset.guards.view import FileView

_KEY = re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY(?: BLOCK)?-----")
_TOKENS = (
    ("a GitHub token", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})\b")),
    ("an AWS access key", re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")),
    ("an OpenAI or Anthropic key", re.compile(r"\bsk-(?:proj-|svcacct-|ant-)?[A-Za-z0-9_-]{40,}")),
    ("a Slack token", re.compile(r"\bxox[abeprs]-[A-Za-z0-9-]{20,}")),
    ("a Google API key", re.compile(r"\bAIza[A-Za-z0-9_-]{35}\b")),
    ("a Stripe live key", re.compile(r"\b[rs]k_live_[A-Za-z0-9]{20,}")),
    ("a GitLab token", re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}")),
    ("a PyPI token", re.compile(r"\bpypi-AgE[A-Za-z0-9_-]{50,}")),
)
_EXAMPLE = re.compile(r"EXAMPLE|(.)\1{7}|0123456789|1234567890|abcdefgh", re.IGNORECASE)
_TESTS = re.compile(r"(?:^|/)(?:tests?|testdata|fixtures?|__tests__|spec)(?:/|[._-])|_test\.", re.IGNORECASE)


def secret_findings(view: FileView) -> Iterator[Finding]:
    """Findings of one file's added lines. A private key in test data is a warning: tests need throw-away keys."""
    for number, line in view.added:
        if _KEY.search(line):
            severity = Severity.WARNING if _TESTS.search(view.path) else None
            yield found(
                "secret.private_key",
                f"{view.path}:{number} begins a private key",
                edit=view.index,
                path=view.path,
                line=number,
                severity=severity,
            )
        for what, pattern in _TOKENS:
            if (hit := pattern.search(line)) and not _EXAMPLE.search(hit[0]):
                message = f"{view.path}:{number} holds {what}"
                yield found("secret.token", message, edit=view.index, path=view.path, line=number)
