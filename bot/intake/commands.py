"""`/cadence ...` in a comment: read from the first line that starts with it, outside quotes, code and hidden text."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.names import COMMAND_PREFIX

VERBS = {
    "help": "what can be said here",
    "status": "where the run stands",
    "why": "everything that still stands between the pull request and its merge",
    "go": "approve exactly what is shown: `/cadence go`, or `/cadence go <hash>`",
    "review": "ask both reviews for another opinion on the present head",
    "replan": "plan again, on the same pull request: `/cadence replan [--discard] [guidance]`",
}
LATER = frozenset({"plan", "use", "stop", "hold", "resume", "retry"})
_NEEDS_WRITE = frozenset({"go", "replan", "review"})
_HASH = re.compile(r"[0-9a-fA-F]{6,64}")
_HIDDEN = re.compile(r"<!--.*?(-->|\Z)", re.DOTALL)
_LINE = re.compile(rf"^ {{0,3}}{re.escape(COMMAND_PREFIX)}(?=\s|$)", re.IGNORECASE | re.MULTILINE)
_MARK = "\ue000"
"""A character of the private use area; it stands for a line's number while the text is parsed."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command as given: `argument` is `go`'s hash, `guidance` all text after `replan`."""

    verb: str
    argument: str = ""
    guidance: str = ""
    discard: bool = False


@dataclass(frozen=True, slots=True)
class CommandError:
    """A line that starts like a command and is none; `answer` tells its author what would be."""

    code: str
    answer: str


def needs_write(command: Command) -> bool:
    """Whether the sender needs write permission."""
    return command.verb in _NEEDS_WRITE


def has_command(body: str) -> bool:
    """Whether the text holds a line that starts like a command."""
    return _find(body) is not None


def parse_command(body: str) -> Command | CommandError | None:
    """The comment's command, an error that can be answered, or None when it holds none."""
    found = _find(body)
    if found is None:
        return None
    line, rest = found
    words = line.split()[1:]
    if not words:
        return CommandError("command.missing", f"`/cadence` alone does nothing.\n\n{help_text()}")
    verb = words[0].lower()
    if verb in VERBS:
        return _read(verb, words[1:], line, rest)
    if verb in LATER:
        return CommandError("command.later", f"`/cadence {verb}` is not available in this version.\n\n{help_text()}")
    near = difflib.get_close_matches(verb, VERBS, n=1)
    hint = f" Did you mean `/cadence {near[0]}`?" if near else ""
    return CommandError(
        "command.unknown", f"`/cadence {_plain(words[0]) or '…'}` is not a command.{hint}\n\n{help_text()}"
    )


def help_text() -> str:
    """The commands, for a comment."""
    rows = "\n".join(f"- `/cadence {verb}`: {what}" for verb, what in VERBS.items())
    return f"{rows}\n\n`go`, `review` and `replan` need write permission."


def _read(verb: str, words: list[str], line: str, rest: str) -> Command | CommandError:
    if verb == "go":
        if len(words) > 1 or (words and not _HASH.fullmatch(words[0])):
            return CommandError("command.argument", "`/cadence go` takes nothing, or the hash that is shown.")
        return Command("go", argument=words[0] if words else "")
    if verb == "replan":
        discard = bool(words) and words[0] == "--discard"
        if words and words[0].startswith("--") and not discard:
            return CommandError("command.argument", f"`/cadence replan` does not know `{_plain(words[0])}`.")
        after = re.sub(r"^\s*/cadence\s+replan\s*(--discard\b)?", "", line, count=1, flags=re.IGNORECASE)
        return Command("replan", guidance=f"{after.strip()}\n{rest.strip()}".strip()[:8_000], discard=discard)
    if words:
        return CommandError("command.argument", f"`/cadence {verb}` takes no arguments.")
    return Command(verb)


def _find(body: str) -> tuple[str, str] | None:
    """(the command's line, everything after it that can be seen); None without one.

    Every line that starts like a command gets a mark in its place, and the Markdown parser says which marks people
    see at the start of a line: GitHub shows a line right below a quote as part of the quote, for example.
    """
    lines = body.replace("\r\n", "\n").replace("\r", "\n").replace(_MARK, "").split("\n")
    marked = [_LINE.sub(f"{_MARK}{number}{_MARK}", line) for number, line in enumerate(lines)]
    if marked == lines:
        return None
    seen = _first_mark(MarkdownIt("commonmark").parse("\n".join(marked)))
    if seen is None:
        return None
    line, _, rest = _HIDDEN.sub("", "\n".join(lines[seen:])).partition("\n")
    return line.strip(), rest


def _first_mark(tokens: list[Token]) -> int | None:
    """The first marked line that is shown as text at the start of a line, outside quotes."""
    quotes = 0
    for token in tokens:
        quotes += token.nesting if token.type.startswith("blockquote") else 0
        if token.type != "inline" or quotes:
            continue
        starts_line = True
        for child in token.children or []:
            if starts_line and child.type == "text" and child.content.startswith(_MARK):
                return int(child.content.split(_MARK, 2)[1])
            starts_line = child.type in ("softbreak", "hardbreak")
    return None


def _plain(word: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "", word)[:40]
