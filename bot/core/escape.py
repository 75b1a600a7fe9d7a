"""Text by a model or a stranger, made safe on GitHub: it notifies no one, closes nothing and forges no marker."""

from __future__ import annotations

import re

_BREAK = "\u200b"
"""A zero-width space: what it is put into reads the same and no longer means anything to GitHub."""

# C0 but TAB and LF, and what turns the direction of writing: https://www.unicode.org/reports/tr9/
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")

# https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
_ACTIVE = re.compile(
    r"(?i)"
    r"@(?=\w)"  # a mention
    r"|\#(?=\d)"  # an issue
    r"|\bGH-(?=\d)"  # an issue, by its other name
    r"|/(?:issues?|pulls?|discussions)/(?=\d)"  # an issue, by its address
    r"|\b(?:clos|fix|resolv)(?=(?:e|es|ed)?\s{0,8}:?\s{1,8}\S{0,300}?(?:\#|GH-|://))"  # a closing keyword before these
    r"|<(?=[a-z/!?])"  # HTML, and so comments and markers
    r"|&(?=\#|[a-z])"  # an entity could spell any of these
    r"|!(?=\[)"  # an image, fetched when a person looks
)
# https://spec.commonmark.org/0.31.2/#leaf-blocks and https://spec.commonmark.org/0.31.2/#container-blocks
_BLOCK = re.compile(r"#{1,6}(?:\s|$)|>|`{3}|~{3}|[-+*](?:\s|$)|\d{1,9}[.)](?:\s|$)|(?:=+|(?:[-_*]\s?){3,})$")
"""What makes a block of the line that begins with it (CommonMark, "Leaf blocks" and "Container blocks")."""
_MARKER = re.compile(r"<(?=!--)")
_OPENING = re.compile(r"(?P<run>`{3,}|~{3,})(?P<info>.*)")
_HIDDEN_FENCE = re.compile(r"\A[\s>*+\-.)\d]+(?:`{3,}|~{3,})")


def escape_markdown(text: str) -> str:
    """The text with mentions, references, closing keywords, images, HTML and hidden markers broken up.

    Code in fences that start at the margin stays as it is, but for comments; a fence left open is closed. Where it
    is unclear what GitHub takes for code (a fence inside a list or quotation), everything is broken up. Quieting
    twice changes nothing more. The result belongs at the top level of a comment, not inside a list or a quotation.
    """
    lines = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    fenced = _fenced(lines)
    if fenced is None:
        return "\n".join(_broken(line) for line in lines)
    shown = [
        _MARKER.sub(f"<{_BREAK}", line) if code else _broken(line) for line, code in zip(lines, fenced, strict=True)
    ]
    # An open fence would take in whatever Cadence writes below the text.
    closing = _open_fence(lines)
    return "\n".join([*shown, closing] if closing else shown)


def escape_line(text: str) -> str:
    """One line of it: white space of any kind becomes a blank, and everything is broken up.

    The line begins no block: no heading, quotation, list, rule or fence. Every text by a model or a stranger that
    is inside a sentence, a list or a table goes through here, alone or within `code_span` and `cell`.
    """
    line = _broken(" ".join(_CONTROL.sub("", re.sub(r"\s", " ", text)).split()))
    return f"{_BREAK}{line}" if _BLOCK.match(line) else line


def code_span(text: str, limit: int = 300) -> str:
    """The text as one span of code, at most `limit` characters of it. A backtick, which would end it, becomes `'`."""
    return f"`{escape_line(text).replace('`', chr(39))[:limit]}`"


def cell(markdown: str) -> str:
    """One line of Markdown for a cell of a table. `\\|` is GitHub's only way to write a bar there, in code too."""
    return re.sub(r"\\(?=\|)", rf"\\{_BREAK}", markdown).replace("|", "\\|")


def fenced(text: str, language: str = "") -> str:
    """The text as a block of code that nothing in it can end. A comment's opening is broken up, so no marker is forged.

    Not for what is applied as it is shown: a suggestion has to be exact.
    """
    # A closing fence is at least as long as the opening one: https://spec.commonmark.org/0.31.2/#fenced-code-blocks
    fence = "`" * max(4, longest_ticks(text) + 1)
    return f"{fence}{language}\n{_MARKER.sub(f'<{_BREAK}', text)}\n{fence}"


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut at the end of a line, with an open fence closed and a note that it was cut."""
    if len(text) <= limit:
        return text
    note = "\n\n(cut here: too long to show)"
    room = max(0, limit - len(note) - 80)
    kept = text[:room]
    kept = kept[: kept.rfind("\n")] if "\n" in kept else kept
    closing = _open_fence(kept.split("\n"))
    if closing and len(closing) > 60:
        return note.strip()[:limit]
    return (kept + (f"\n{closing}" if closing else "") + note)[:limit]


def longest_ticks(text: str) -> int:
    """The longest run of backticks in a text: a fence around it needs one more."""
    return max(map(len, re.findall(r"`+", text)), default=0)


def _broken(line: str) -> str:
    return _ACTIVE.sub(lambda match: match[0] + _BREAK, line)


def _open_fence(lines: list[str]) -> str:
    """The run that would close the fence still open after the last line, or an empty text."""
    fence = ""
    for line in lines:
        fence = _after(fence, line)
    return fence


def _fenced(lines: list[str]) -> list[bool] | None:
    """Which lines are code; None when a fence is where GitHub and this reading could disagree."""
    fence = ""
    code: list[bool] = []
    for line in lines:
        if not fence and _HIDDEN_FENCE.match(line):
            return None
        before, fence = fence, _after(fence, line)
        code.append(bool(before and fence))
    return code


def _after(fence: str, line: str) -> str:
    """The open fence after this line, by CommonMark's rules for fences at the margin."""
    if fence:
        bare = line.strip()
        closes = len(line) - len(line.lstrip(" ")) <= 3 and bare == fence[0] * len(bare) and len(bare) >= len(fence)
        return "" if closes else fence
    opening = _OPENING.match(line)
    if opening is None or (opening["run"][0] == "`" and "`" in opening["info"]):
        return ""
    return opening["run"]
