"""Takes secrets out of text that leaves Cadence for a model's server, or is recorded.

Only shapes that are certain: access tokens, JSON web tokens, private keys and passwords in URLs. What only its name
shows to be a secret stays, because a model that sees other text than the file has cannot edit it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.changeset.guards.secret import PASSWORD, PATTERNS, is_example, is_random, pieces, stands_alone

_KEY_BLOCK = re.compile(
    r"(-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----)(.{16,20000}?)(?=-----END |\Z)", re.DOTALL
)
# A header that is a JSON object, a payload that is one, and a signature: https://www.rfc-editor.org/rfc/rfc7519#section-3
_WEB_TOKEN = re.compile(r"\beyJ[A-Za-z0-9_-]{8,2000}\.eyJ[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]{16,1000}\b")
_HINT = re.compile(r"[A-Za-z0-9_-]{16}|BEGIN |://")


def scrubbed(text: str) -> str:
    """The text with `[removed: an OpenAI key]` and the like in place of each secret. Examples of documentation stay."""
    if not _HINT.search(text):
        return text
    if "PRIVATE KEY" in text:
        text = _KEY_BLOCK.sub(r"\1\n[removed: a private key]\n", text)
    return "\n".join(_line(line) if _HINT.search(line) else line for line in text.split("\n"))


def _line(line: str) -> str:
    found: dict[tuple[int, int], str] = {}
    # In pieces: some of the shapes need time that is quadratic in the length of a line.
    for start, piece in pieces(line):
        for begin, end, what in _secrets(piece):
            found[start + begin, start + end] = what
    out, at = [], 0
    for (begin, end), what in sorted(found.items()):
        # Of two that overlap, or are one secret cut by the end of a piece, the rest goes with the first.
        out += [line[at:begin], f"[removed: {what}]"] if begin >= at else []
        at = max(at, end)
    return "".join([*out, line[at:]])


def _secrets(piece: str) -> Iterator[tuple[int, int, str]]:
    for hit in _WEB_TOKEN.finditer(piece):
        yield *hit.span(), "a JSON web token"
    for what, pattern in PATTERNS:
        yield from (
            (*hit.span(), what) for hit in pattern.finditer(piece) if stands_alone(hit) and not is_example(hit[0])
        )
    for hit in PASSWORD.finditer(piece):
        if is_random(hit[1]):
            yield *hit.span(1), "a password"
