"""Patterns that other people write, matched in time linear in the text. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

import re2

MOST_STEPS = 10_000
"""Of a compiled pattern. A search costs at most about this many steps for each character, whatever the text is."""
MOST_WORK = 4_000_000_000
"""Steps times characters of one text: some twenty seconds at the very worst. A count, so that every machine agrees."""

# RE2 has counts up to 1000, and takes `{,n}` literally: https://github.com/google/re2/wiki/Syntax
_NO_COUNT = re.compile(r"(?<!\\)(?:\\\\)*(?P<count>\{(?:,\d+|\d{5,}(?:,\d*)?|\d+,\d{5,})\})")
# RE2 takes UTF-8, in which a lone surrogate cannot be written: https://www.rfc-editor.org/rfc/rfc3629#section-3
_SURROGATE = re.compile("[\ud800-\udfff]")


class PatternInvalid(ValueError):
    """Invalid pattern; the message says why, in words for whoever wrote it."""


class TextTooLong(Exception):
    """Searching the text might take too long, so it was not done; nothing may be concluded from it."""


class Pattern:
    """One pattern in RE2's syntax: Perl's, without look-around and back-references. `\\w`, `\\d`, `\\b` are ASCII."""

    def __init__(self, source: str) -> None:
        """Raises PatternInvalid."""
        if found := _NO_COUNT.search(source):
            # RE2 would take it for these very characters, where other engines count: a silent difference.
            raise PatternInvalid(f"`{found['count'][:40]}` is not a count; write `{{0,n}}`, with n no more than 1000")
        options = re2.Options()
        options.log_errors = False
        try:
            self._compiled = re2.compile(encodable(source), options)
        except Exception as error:  # noqa: BLE001
            # The boundary to a parser of other people's text; nearly always it is re2.error.
            raise PatternInvalid(f"{_words(error)} (RE2's syntax; no look-around, no back-references)") from None
        if self._compiled.programsize > MOST_STEPS:
            raise PatternInvalid("the pattern is too large; write smaller counts or fewer alternatives")

    def found_in(self, text: str) -> bool:
        """Whether the text holds a match. Raises TextTooLong."""
        if self._compiled.programsize * len(text) > MOST_WORK:
            raise TextTooLong
        return self._compiled.search(encodable(text)) is not None

    def is_whole(self, text: str) -> bool:
        """Whether the text as a whole matches; meant for short ones, such as paths."""
        return self._compiled.fullmatch(encodable(text)) is not None


@lru_cache(maxsize=256)
def compiled(source: str) -> Pattern:
    """The pattern, kept. Raises PatternInvalid."""
    return Pattern(source)


def encodable(text: str) -> str:
    """Bytes of a path that are not UTF-8 come as lone surrogates; each is one unknown character."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def _words(error: Exception) -> str:
    told = error.args[0] if error.args else ""
    return told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
