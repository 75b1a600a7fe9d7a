"""What `commit.template` must not hold: it becomes the subject of commits and the title of pull requests. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.core.message_words import CLOSING, CONTROL, SKIP, SKIP_CHECKS, TRAILER, mentions

MOST_CHARACTERS = 150
_PLACEHOLDER = re.compile(r"\{[^{}\s]{0,60}\}")
# Trailers are read from any line of this form: https://git-scm.com/docs/git-interpret-trailers
_OTHER_TRAILER = re.compile(r"\A[ \t]{0,40}(?:[A-Za-z]{1,40}-){1,6}by[ \t]{0,8}:", re.IGNORECASE)
# What a summary may turn out to be, so that words are found that only template and summary together make.
_SUMMARIES = ("Change", "ci", "skip ci", "skip", "no ci")


def template_faults(template: str) -> Iterator[str]:
    """Every fault of a template, each in words for the person who wrote it."""
    line = template.strip()
    if "{summary}" not in line:
        yield "it must hold {summary}"
    if CONTROL.search(line):
        yield "it holds control or invisible characters; write plain text"
    if "\n" in line:
        yield (
            "it is the subject alone, so it must be one line; the plan and Cadence's trailers follow it, and other "
            "trailers cannot be added"
        )
    if len(line) > MOST_CHARACTERS:
        yield f"it is longer than {MOST_CHARACTERS} characters, and the subject would be cut"
    unknown = [hit for hit in _PLACEHOLDER.findall(line) if hit not in ("{summary}", "{issue}")]
    if unknown:
        yield f"it knows {{summary}} and {{issue}}, and not {unknown[0]}, which would be shown as it is"
    yield from _acting(line)


def _acting(line: str) -> Iterator[str]:
    """Words on which CI, GitHub or people act."""
    filled = [_filled(line, summary) for summary in _SUMMARIES]
    if SKIP.search(filled[0]) or SKIP_CHECKS.search(filled[0]):
        yield "it makes CI skip every commit, so nothing would ever merge; take the skip word out"
    elif any(SKIP.search(one) for one in filled):
        yield "with some summaries it makes CI skip the commit; put no brackets around {summary} alone"
    if CLOSING.search(filled[0]):
        yield "it holds a closing keyword before an issue; Cadence closes the issue itself, so write `(#{issue})`"
    if mentions(line):
        yield "it mentions a person or team, who would be notified of every commit; take the @ out"
    if TRAILER.search(line) or any(_OTHER_TRAILER.match(one) for one in line.split("\n")):
        yield "it holds a trailer such as `Signed-off-by:`, which Cadence may not write in another's name; take it out"


def _filled(line: str, summary: str) -> str:
    """The template with its values in place, as `subject` of bot/publish/pull_request_text.py makes one line of it."""
    return line.replace("{summary}", summary).replace("{issue}", "1")
