"""The commit message: words that steer CI, issues or people do not belong to a model (`message.*`)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.changeset.codes import found
from bot.changeset.findings import Finding
from bot.names import RESERVED_TRAILERS

MAX_SUBJECT = 72
_SKIP = re.compile(
    r"\[\s*((?:skip|no)[ _-](?:ci|actions|travis|circleci|azurepipelines|tests?)"
    r"|(?:ci|actions|travis|circleci|azurepipelines)[ _-]skip)\s*\]|\*{3}(NO_CI)\*{3}",
    re.IGNORECASE,
)
_SKIP_CHECKS = re.compile(r"^[ \t]*skip-checks[ \t]*:.*$\n?", re.IGNORECASE | re.MULTILINE)
_TRAILER = re.compile(rf"^[ \t]*(?:{'|'.join(RESERVED_TRAILERS)})[ \t]*:.*$\n?", re.IGNORECASE | re.MULTILINE)
_CLOSING = re.compile(
    r"\b((?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b:?\s+)(?:https?://\S+/(?:issues|pull)/(\d+)|[\w.-]*/?[\w.-]*#(\d+)|GH-(\d+))",
    re.IGNORECASE,
)
_MENTION = re.compile(r"(?<![\w.`/@])@(?=[A-Za-z0-9][\w-]*)")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True, slots=True)
class CleanMessage:
    """A message that may stand in a commit ("" when nothing is left), and the findings of what was taken out."""

    text: str
    findings: tuple[Finding, ...]


def _unclosed(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2] or match[3] or match[4]}"


def _unskipped(match: re.Match[str]) -> str:
    return (match[1] or match[2]).replace("_", " ")


_CLEANING: tuple[tuple[str, re.Pattern[str], Callable[[re.Match[str]], str], str], ...] = (
    ("message.control", _CONTROL, lambda _: "", "control or invisible characters"),
    ("message.skip", _SKIP_CHECKS, lambda _: "", "a skip-checks trailer"),
    ("message.skip", _SKIP, _unskipped, "words that make CI skip"),
    ("message.trailer", _TRAILER, lambda _: "", "a reserved trailer"),
    ("message.closing", _CLOSING, _unclosed, "a closing keyword with an issue"),
    ("message.mention", _MENTION, lambda _: "", "an @mention"),
)


def clean_message(message: str) -> CleanMessage:
    """The message without what it must not hold, its subject at most 72 characters, the rest in the body.

    Closing keywords and mentions are those of GitHub's pages "Linking a pull request to an issue" and "Basic
    writing"; skip words those of "Skipping workflow runs".
    """
    text = message.replace("\r\n", "\n").replace("\r", "\n")
    findings = []
    while True:
        before = text
        for code, pattern, put, what in _CLEANING:
            text, count = pattern.subn(put, text)
            if count:
                findings.append(found(code, f"the message holds {what}"))
        if text == before:
            break
    subject, _, body = text.strip().partition("\n")
    subject, body = subject.strip(), body.strip()
    if not subject:
        findings.append(found("message.blank", "the message has no subject"))
    if len(subject) > MAX_SUBJECT:
        findings.append(found("message.long_subject", f"the subject has {len(subject)} characters"))
        body = f"{subject}\n\n{body}".strip()
        subject = _shortened(subject)
    return CleanMessage(f"{subject}\n\n{body}" if body else subject, tuple(dict.fromkeys(findings)))


def _shortened(subject: str) -> str:
    cut = subject[: MAX_SUBJECT - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut[30:] else cut).rstrip(" ,;:.") + "…"


def message_findings(message: str) -> tuple[Finding, ...]:
    """What `clean_message` would find: an error only where nothing is left to commit under."""
    return clean_message(message).findings
