"""Words in the commit message that would skip CI, close issues or notify people (`message.*`)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.core.codes.lookup import make_finding
from bot.core.findings import Finding
from bot.core.message_words import CLOSING, CONTROL, SKIP, SKIP_CHECKS, mentions, without_mentions
from bot.core.names import RESERVED_TRAILERS

# GitHub cuts a longer subject in its lists; git's own advice is 50: https://git-scm.com/docs/git-commit#_discussion
MAX_SUBJECT = 72
MAX_MESSAGE = 60_000
"""Characters that are looked at; the rest is cut before."""
_MOST_PASSES = 20
_RESERVED = re.compile(rf"^[ \t]*(?:{'|'.join(RESERVED_TRAILERS)})[ \t]{{0,8}}:.*$\n?", re.IGNORECASE | re.MULTILINE)
# https://docs.github.com/en/issues/tracking-your-work-with-issues/linking-a-pull-request-to-an-issue
_CLOSED = re.compile(
    CLOSING.pattern
    + r"(?:https?://[^\s#]{1,300}/(?:issues|pull)/(?P<url>\d+)|(?:[\w.-]{1,100}/)?[\w.-]{0,100}#(?P<issue>\d+)|GH-(?P<gh>\d+))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class CleanMessage:
    """A message that may be in a commit ("" when nothing is left), and the findings of what was taken out."""

    text: str
    findings: tuple[Finding, ...]


def _unclosed(match: re.Match[str]) -> str:
    return f"{match['keyword']}{match['url'] or match['issue'] or match['gh']}"


def _unskipped(match: re.Match[str]) -> str:
    return (match["words"] or "NO CI").replace("_", " ")


def _cleaned(text: str) -> tuple[str, list[Finding]]:
    """One pass: the text without what it must not hold, and what was taken out."""
    findings = []
    for code, pattern, put, what in (
        ("message.control", CONTROL, "", "control or invisible characters"),
        ("message.skip", SKIP_CHECKS, "", "a skip-checks trailer"),
        ("message.skip", SKIP, _unskipped, "words that make CI skip"),
        ("message.trailer", _RESERVED, "", "a reserved trailer"),
        ("message.closing", _CLOSED, _unclosed, "a closing keyword with an issue"),
    ):
        text, count = pattern.subn(put, text)
        if count:
            findings.append(make_finding(code, f"the message holds {what}"))
    if mentions(text):
        text = without_mentions(text)
        findings.append(make_finding("message.mention", "the message holds an @mention"))
    return text, findings


def clean_message(message: str) -> CleanMessage:
    """The message without what it must not hold, its subject at most 72 characters, the rest in the body.

    Closing keywords and mentions are those of GitHub's pages "Linking a pull request to an issue" and "Basic
    writing"; skip words those of "Skipping workflow runs".
    """
    text = message[:MAX_MESSAGE].replace("\r\n", "\n").replace("\r", "\n")
    findings: list[Finding] = []
    for _ in range(_MOST_PASSES):
        # Taking one out can put another together.
        before = text
        text, told = _cleaned(text)
        findings += told
        if text == before:
            break
    else:
        # Nested on purpose. Without brackets and stars no skip word is left.
        text = re.sub(r"[\[\]*#@]", "", text)
    subject, _, body = text.strip().partition("\n")
    subject, body = subject.strip(), body.strip()
    if not subject:
        findings.append(make_finding("message.blank", "the message has no subject"))
    if len(subject) > MAX_SUBJECT:
        findings.append(make_finding("message.long_subject", f"the subject has {len(subject)} characters"))
        body = f"{subject}\n\n{body}".strip()
        subject = _shortened(subject)
    return CleanMessage(f"{subject}\n\n{body}" if body else subject, tuple(dict.fromkeys(findings)))


def _shortened(subject: str) -> str:
    cut = subject[: MAX_SUBJECT - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut[30:] else cut).rstrip(" ,;:.") + "…"


def message_findings(message: str) -> tuple[Finding, ...]:
    """What `clean_message` would find: an error only where nothing is left to commit under."""
    return clean_message(message).findings
