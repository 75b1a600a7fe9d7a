"""`/cadence ...` in a comment: read from the first line that starts with it, outside quotes, code and hidden text.

What people paste with a command does not matter: characters that show nothing, emphasis around the whole line, a
full-width slash, a full stop behind the verb, backticks around a hash.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass, field

from markdown_it.token import Token

from bot.core.foreign_text import markdown_tokens
from bot.core.names import COMMAND_PREFIX
from bot.core.shown_text import IGNORABLE, MARK, PARSER, without_comments, without_invisible

VERBS = {
    "help": "the commands that work here",
    "status": "the state of the run",
    "why": "every open reason why the pull request does not merge",
    "go": "approve exactly what is shown: `/cadence go` or `/cadence go <hash>`",
    "review": "review the current head again",
    "replan": "plan again, on the same pull request: `/cadence replan [--discard] [guidance]`",
}
LATER = frozenset({"plan", "use", "stop", "hold", "resume", "retry"})
_NEEDS_WRITE = frozenset({"go", "replan", "review"})
MOST_GUIDANCE = 8_000
"""Characters of guidance that a prompt can bear."""
_HASH = re.compile(r"[0-9a-fA-F]{6,64}")
_NAME = COMMAND_PREFIX.removeprefix("/")
_SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
"""Spaces that are no white space to Markdown: they indent nothing."""
_LINE = re.compile(
    rf"""
    \ {{0,3}}                          # more would make it code
    (?:[{_SPACES}][{_SPACES}\ ]*)?
    (?P<marks>[*_]{{0,3}})              # bold or italic, if it also ends the line
    [/\uff0f]{_NAME}[:,]?(?=\s|[*_]|$)  # a Japanese or Chinese keyboard gives the full-width slash
    (?P<rest>.*)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_TRAILING = ".,;:!?\\\u2026\u3002\uff01\uff0c\uff1f"
"""Punctuation that ends a sentence, and the backslash that Markdown takes for a line break."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command as given: `argument` is `go`'s hash, `guidance` all text after `replan`.

    `more` says that the comment holds further commands, which are not carried out.
    """

    verb: str
    argument: str = ""
    guidance: str = ""
    discard: bool = False
    more: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class CommandError:
    """A line that starts like a command and is not one; `answer` says to its author what would be."""

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
    words = [_word(word) for word in IGNORABLE.sub("", line).split()]
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


def is_corrected(before: str, after: str) -> bool:
    """Whether an edit of a comment gives a command: one that was not there, or that said something else."""
    now = parse_command(after)
    return now is not None and now != parse_command(before)


def help_text() -> str:
    """The commands, for a comment."""
    rows = "\n".join(f"- `/cadence {verb}`: {what}" for verb, what in VERBS.items())
    return f"{rows}\n\n`go`, `review` and `replan` need write permission."


def _read(verb: str, words: list[str], line: str, rest: str) -> Command | CommandError:
    if verb == "replan":
        return _replan(line, rest)
    more = _find(rest) is not None
    if verb == "go":
        argument = words[0].strip("`\"'") if words else ""
        if len(words) > 1 or (argument and not _HASH.fullmatch(argument)):
            return CommandError("command.argument", "`/cadence go` takes no argument, or the hash that is shown.")
        return Command("go", argument=argument, more=more)
    if words:
        return CommandError("command.argument", f"`/cadence {verb}` takes no arguments.")
    return Command(verb, more=more)


def _replan(line: str, rest: str) -> Command | CommandError:
    """The guidance is kept as it is written; only invisible characters are taken out."""
    words = without_invisible(line).split(maxsplit=1)
    after = words[1] if len(words) > 1 else ""
    option = after.split(maxsplit=1)[:1]
    discard = option == ["--discard"]
    if option and option[0].startswith("--") and not discard:
        return CommandError("command.argument", f"`/cadence replan` does not know `{_plain(option[0])}`.")
    said = after.removeprefix("--discard") if discard else after
    guidance = f"{said.strip()}\n{without_invisible(rest).strip()}".strip()
    return Command("replan", guidance=guidance[:MOST_GUIDANCE], discard=discard)


def _word(word: str) -> str:
    """A word as it is meant: full-width letters are letters, and a full stop behind it is not part of it."""
    return unicodedata.normalize("NFKC", word).rstrip(_TRAILING)


def _find(body: str) -> tuple[str, str] | None:
    """(what follows `/cadence` on its line, everything after that line); None without a command.

    Every line that starts like a command gets a mark in its place, and the Markdown parser says which marks people
    see at the start of a line: GitHub shows a line right below a quote as part of the quote, for example.
    """
    shown = without_comments(body.replace("\r\n", "\n").replace("\r", "\n"))
    lines = shown.split("\n")
    given = {number: rest for number, line in enumerate(lines) if (rest := _given(line)) is not None}
    if not given:
        return None
    marked = [f"{MARK}{n}{MARK}{given[n]}" if n in given else line for n, line in enumerate(lines)]
    seen = _first_mark(markdown_tokens("\n".join(marked), PARSER))
    return None if seen is None else (given[seen].strip(), "\n".join(lines[seen + 1 :]))


def _given(line: str) -> str | None:
    """What follows `/cadence` where the line starts with it, else None."""
    start = _LINE.match(line) or _LINE.match(IGNORABLE.sub("", line))
    if start is None:
        return None
    rest, marks = start["rest"], start["marks"]
    if not marks:
        return None if rest[:1] in ("*", "_") else rest
    closing = marks[::-1]
    return rest.replace(closing, "", 1) if closing in rest else None


def _first_mark(tokens: list[Token]) -> int | None:
    """The first marked line that is shown as text at the start of a line, outside quotes."""
    quotes = 0
    for token in tokens:
        quotes += token.nesting if token.type.startswith("blockquote") else 0
        if token.type != "inline" or quotes:
            continue
        starts_line = True
        for child in token.children or []:
            if starts_line and child.type == "text" and child.content.startswith(MARK):
                return int(child.content.split(MARK, 2)[1])
            starts_line = child.type in ("softbreak", "hardbreak")
    return None


def _plain(word: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "", word)[:40]
