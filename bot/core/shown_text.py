"""What GitHub shows of a Markdown text: without HTML comments and without characters that show nothing. Pure."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.core.foreign_text import markdown_tokens

PARSER = MarkdownIt("commonmark").enable("table")
"""CommonMark with GitHub's tables: https://github.github.com/gfm/. A comment cannot reach from one cell to the next."""
MARK = "\ue000"
"""A character of the private use area; it stands around a number while the text is parsed."""

# https://html.spec.whatwg.org/multipage/parsing.html#comment-start-state: `<!-->` and `<!--->` are whole comments, and
# `--!>` ends one as well.
_DELIMITER = re.compile(r"<!--->|<!-->|<!--|(?:(?<!-)|(?<=<!--))--+!?>")  # each run of dashes is tried once
_NUMBER = re.compile(f"{MARK}([0-9]+){MARK}")
_END = re.compile(r"(?<!-)--+!?>")  # each run of dashes is tried once
_QUOTE_OR_END = re.compile(r"[\"'>]")

# Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt), and what only turns the direction of writing.
_IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
IGNORABLE = re.compile(f"[{_IGNORABLE}]")
"""Every character that shows nothing of its own."""
_RUN = re.compile(f"[{_IGNORABLE}]+")

_JOINERS = "\u200c\u200d"
_ARABIC_LETTER = "AL"
# https://www.unicode.org/reports/tr51/#valid-emoji-tag-sequences
_FLAGS = frozenset(
    "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f" for region in ("gbeng", "gbsct", "gbwls")
)
"""The tag sequences that Unicode recommends for emoji (UTS 51): the flags of England, Scotland and Wales."""
_SHOWN_AS_EMOJI = "\u203c\u2049\u3030\u303d"
"""Punctuation that a variation selector turns into an emoji (emoji-variation-sequences.txt)."""


def shown_text(text: str) -> str:
    """The Markdown text without HTML comments and without characters that show nothing. Line ends must be `\\n`."""
    return without_invisible(without_comments(text))


def without_comments(text: str) -> str:
    """The Markdown text without the HTML comments that a browser hides when GitHub shows it; all else is kept."""
    text = text.replace(MARK, "")
    kept, position = [], 0
    for start, end in comment_spans(text):
        kept.append(text[position:start])
        position = end
    return "".join(kept) + text[position:]


def comment_spans(text: str) -> list[tuple[int, int]]:
    """(start, end) of every HTML comment that a browser hides, in order. The text must not hold `MARK`.

    CommonMark says which `<!--` is HTML: none in code, none behind a backslash, and one inside a paragraph only where
    the paragraph also closes it (https://spec.commonmark.org/0.31.2/#html-comment). HTML says where a comment ends that
    begins in an HTML block: at the next `-->` that is HTML, else at the end of the text.
    """
    if "<!--" not in text:
        return []
    places = list(_DELIMITER.finditer(text))
    numbers = itertools.count()
    marked = _DELIMITER.sub(lambda match: _marked(match[0], next(numbers)), text)
    return [
        (places[opening].start(), len(text) if closing is None else places[closing].end())
        for opening, closing in _comments(markdown_tokens(marked, PARSER))
    ]


def _marked(delimiter: str, number: int) -> str:
    """The delimiter with its number, written so that CommonMark and HTML read it as before."""
    label = f"{MARK}{number}{MARK}"
    if not delimiter.startswith("<!--"):
        return label + delimiter
    return f"<!--{label}" + ("" if delimiter == "<!--" else "-->")


def _comments(tokens: list[Token]) -> Iterator[tuple[int, int | None]]:
    """Of each comment the number of the delimiter that opens it, and of the one that closes it, if any does.

    Only HTML can open or close a comment. What Markdown makes of other text is escaped, and cannot.
    """
    opening: int | None = None
    for html in _html(tokens):
        position = 0
        while position >= 0:
            if opening is not None:
                found = _closing(html, position)
                if found is None:
                    break
                yield opening, found[0]
                opening, position = None, found[1]
            position, opening = _opening(html, position)
    if opening is not None:
        yield opening, None


def _html(tokens: list[Token]) -> Iterator[str]:
    """Everything that the page holds as HTML, in order. An image's description is not HTML, whatever it looks like."""
    for token in tokens:
        for one in (token, *(token.children or ())):
            if one.type in ("html_block", "html_inline"):
                yield one.content


def _opening(html: str, position: int) -> tuple[int, int | None]:
    """(where the text of the next comment begins, its delimiter's number), or (-1, None). Tags are passed over."""
    while (position := html.find("<", position)) >= 0:
        if html.startswith("<!--", position):
            number = _NUMBER.match(html, position + 4)
            if number is not None:
                return number.start(), int(number[1])
        position = _after_tag(html, position)
        if position < 0:
            break
    return -1, None


def _after_tag(html: str, position: int) -> int:
    """The position behind the tag that begins at `<`; -1 where it never ends, so that nothing behind it is read."""
    position += 1
    # `<` before anything but a letter or `/` is text: https://html.spec.whatwg.org/multipage/parsing.html#tag-open-state
    if not (html[position : position + 1].isalpha() or html[position : position + 1] == "/"):
        return position
    while (found := _QUOTE_OR_END.search(html, position)) is not None:
        if found[0] == ">":
            return found.end()
        end = html.find(found[0], found.end())
        if end < 0:
            return -1
        position = end + 1
    return -1


def _closing(html: str, position: int) -> tuple[int, int] | None:
    """(the number of the delimiter that closes the comment, the position behind it), or None."""
    for number in _NUMBER.finditer(html, position):
        end = _END.match(html, number.end())
        if end is not None:
            return int(number[1]), end.end()
    return None


def without_invisible(text: str) -> str:
    """The text without characters that show nothing and could hide words or turn their order.

    Kept is what changes how its neighbour looks: a joiner in a script that joins letters, or in an emoji; a variation
    selector behind a character that has variants; the tags of a flag.
    """
    return _RUN.sub(lambda run: _kept(run, text), text)


def _kept(run: re.Match[str], text: str) -> str:
    """What stays of some ignorable characters in a row: at most one selector and one joiner, or a flag's tags."""
    before = text[run.start() - 1] if run.start() else ""
    after = text[run.end() : run.end() + 1]
    shown = run[0]
    if before == "\U0001f3f4" and shown in _FLAGS:
        return shown
    selector = shown[0] if before and _has_variant(before, shown[0], after) else ""
    joiner = shown[len(selector) : len(selector) + 1]
    return selector + (joiner if joiner and joiner in _JOINERS and before and _joins(before) else "")


def _has_variant(character: str, selector: str, after: str) -> bool:
    """Whether a variation selector can change how the character looks."""
    category = unicodedata.category(character)
    if "\u180b" <= selector <= "\u180f":
        return "\u1820" <= character <= "\u18aa"
    if selector in "\ufe0e\ufe0f":
        keycap = character in "0123456789#*" and after == "\u20e3"
        return keycap or (category[0] == "S" and not character.isascii()) or character in _SHOWN_AS_EMOJI
    if "\ufe00" <= selector <= "\ufe0d" or "\U000e0100" <= selector <= "\U000e01ef":
        return not character.isascii() and (category == "Lo" or category[0] in "SP")
    return False


def _joins(character: str) -> bool:
    """Whether a joiner behind the character has a meaning: in scripts that join their letters, and in emoji."""
    if character.isascii():
        return False
    category = unicodedata.category(character)
    emoji = category == "So" or "\U0001f3fb" <= character <= "\U0001f3ff" or character == "\ufe0f"
    if emoji or unicodedata.bidirectional(character) == _ARABIC_LETTER:
        return True
    # Letters without case and their marks from the scripts of India on: Devanagari, Sinhala, Khmer, Mongolian, ...
    return character >= "\u0600" and category in ("Lo", "Mn", "Mc")
