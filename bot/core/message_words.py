"""Words in a commit message that make CI, GitHub or Cadence act, found in time linear in the text. Pure.

The closing keywords are those of GitHub's page "Linking a pull request to an issue", the skip words those of "Skipping
workflow runs" and of other CI services, mentions those of "Basic writing and formatting syntax".
"""

from __future__ import annotations

import re

from bot.core.names import RESERVED_TRAILERS

# Every repeat is bounded, or begins where no other match can: without that, one long line would cost minutes.
SKIP = re.compile(
    r"\[\s{0,8}(?P<words>skip[\s_-]{1,8}[\w-]{1,40}|no[\s_-]{1,8}ci|[\w-]{1,40}[\s_-]{1,8}skip)\s{0,8}\]"
    r"|\*{3}\s{0,8}NO_CI\s{0,8}\*{3}",
    re.IGNORECASE,
)
"""Words at which GitHub starts no workflow for the head commit, or another CI service starts nothing."""
# https://docs.github.com/en/actions/managing-workflow-runs/skipping-workflow-runs
SKIP_CHECKS = re.compile(r"^[ \t]*skip-checks[ \t]{0,8}:.*$\n?", re.IGNORECASE | re.MULTILINE)
# https://docs.github.com/en/issues/tracking-your-work-with-issues/linking-a-pull-request-to-an-issue
CLOSING = re.compile(
    r"\b(?P<keyword>(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\s{0,8}:?\s{1,8})"
    r"(?=\S{0,300}?(?:#|\bGH-|/(?:issues|pull)/)\d)",
    re.IGNORECASE,
)
"""A closing keyword and the white space after it, where a reference to an issue follows."""
REFERENCE = re.compile(r"(?<!#)#+(?=\d)|\b(?:GH-){1,8}(?=\d)", re.IGNORECASE)
TRAILER = re.compile(
    rf"^[ \t]*(?:{'|'.join(RESERVED_TRAILERS)}|Cadence-[\w-]{{1,60}}|Co-authored-by|Signed-off-by|Reviewed-by|Acked-by)"
    r"[ \t]{0,8}:.*$\n?",
    re.IGNORECASE | re.MULTILINE,
)
"""Trailers that only Cadence writes, and those that say something in a person's name."""
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_NAME = r"[\w~-]{1,100}(?:\.[\w~-]{1,60}){0,6}"
_MENTION = re.compile(
    rf"(?P<code>`[^`\n]{{1,200}}`)|(?:(?<![\w@])@+|(?<=\w)@{{2,}})(?:(?P<scoped>{_NAME}/{_NAME}(?:@{_NAME})?)|(?=\w))"
)


def mentions(text: str) -> bool:
    """Whether the text mentions a person or a team outside code."""
    return any(not hit["code"] for hit in _MENTION.finditer(text))


def without_mentions(text: str) -> str:
    """The text without the `@` of mentions. `@scope/name`, a package as often as a team, becomes code and keeps it.

    GitHub notifies no one who is named in code. Doing it twice changes nothing more.
    """
    return _MENTION.sub(_unmentioned, text)


def _unmentioned(hit: re.Match[str]) -> str:
    if hit["code"]:
        return hit[0]
    return f"`@{hit['scoped']}`" if hit["scoped"] else ""
