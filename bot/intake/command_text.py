"""`/cadence ...` in a comment: read from every line that starts with it, outside quotes, code and hidden text.

What people paste with a command does not matter: characters that show nothing, emphasis around the whole line, a
full-width slash, a full stop behind the verb, backticks around a hash.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from markdown_it.token import Token

from bot.core.command_table import LATER, ROWS, VERBS, help_text
from bot.core.foreign_text import markdown_tokens
from bot.core.names import COMMAND_PREFIX
from bot.core.shown_text import IGNORABLE, MARK, PARSER, without_comments, without_invisible

MOST_GUIDANCE = 8_000
"""Characters of guidance that a prompt can bear."""
MOST_REASON = 300
MOST_READ = 10_000
"""Characters of a comment in which commands are looked for: the Markdown parser needs seconds for hostile 60,000."""
MOST_COMMANDS = 5
"""Commands of one comment that are carried out: each costs answers and reactions."""
MOST_PATHS = 20
MOST_PATH = 200
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
# HTML that GitHub shows as Markdown's quotes and code are shown: https://github.github.com/gfm/#raw-html
_QUOTE_OR_CODE = re.compile(r"<(?P<end>/?)(?:blockquote|code|kbd|pre|q|samp|tt)\b[^<>]*>", re.IGNORECASE)
_TRAILING = ".,;:!?\\\u2026\u3002\uff01\uff0c\uff1f"
"""Punctuation that ends a sentence, and the backslash that Markdown takes for a line break."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command as given.

    `argument` is `go`'s hash, or `all` after `stop`; `guidance` is all text after `replan`, or the reason after
    `hold`; `paths` are those of `use`.
    """

    verb: str
    argument: str = ""
    guidance: str = ""
    discard: bool = False
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommandError:
    """A line that starts like a command and is not one; `answer` says to its author what would be."""

    code: str
    answer: str


def has_command(body: str) -> bool:
    """Whether the text holds a line that starts like a command."""
    return bool(_find(body))


def parse_commands(body: str) -> list[Command | CommandError]:
    """The comment's commands in order, with errors that can be answered. The same one twice in a row counts once."""
    found: list[Command | CommandError] = []
    for line, rest in _find(body):
        one = _parse(line, rest)
        if found[-1:] != [one]:
            found.append(one)
    if len(found) > MOST_COMMANDS:
        text = f"Only the first {MOST_COMMANDS} commands of a comment are carried out."
        return [*found[:MOST_COMMANDS], CommandError("command.too_many", text)]
    return found


def parse_command(body: str) -> Command | CommandError | None:
    """The comment's first command, an error that can be answered, or None when it holds none."""
    return next(iter(parse_commands(body)), None)


def _parse(line: str, rest: str) -> Command | CommandError:
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


def corrected(before: str, after: str) -> list[Command | CommandError]:
    """The commands that an edit of a comment gives: those that were not there, or said something else.

    A command that is there more often than before is given again: another `stop` may follow a `resume`.
    """
    known, given = Counter(parse_commands(before)), []
    for one in parse_commands(after):
        if known[one]:
            known[one] -= 1
        else:
            given.append(one)
    return given


def _read(verb: str, words: list[str], line: str, rest: str) -> Command | CommandError:
    if verb == "replan":
        return _replan(line, rest)
    if verb == "hold":
        # The reason is one line: what people write below a command is often not about it.
        return Command("hold", guidance=_after_verb(line)[:MOST_REASON])
    if verb == "use":
        return _use(line)
    argument = words[0].strip("`\"'") if words else ""
    if verb == "stop":
        # A stop with a polite word, or with a reason, is a stop all the same.
        return Command(verb, argument="all" if argument.lower() == "all" else "")
    if verb == "go":
        if len(words) > 1 or (argument and not _HASH.fullmatch(argument)):
            return CommandError("command.argument", "`/cadence go` takes no argument, or the hash that is shown.")
        return Command(verb, argument=argument)
    if words:
        return CommandError("command.argument", f"`/cadence {verb}` takes no arguments.")
    return Command(verb)


def _after_verb(line: str) -> str:
    """What follows the verb on its line, as written; only invisible characters are taken out."""
    words = without_invisible(line).split(maxsplit=1)
    return words[1].strip() if len(words) > 1 else ""


def _use(line: str) -> Command | CommandError:
    """Paths as people paste them: in backticks, with commas, with `./` or a Windows separator."""
    written = re.split(r"[\s,]+", _after_verb(line).replace("`", " ").replace("\\", "/"))
    paths = tuple(dict.fromkeys(path.removeprefix("./") for path in written if path))
    wrong = [path for path in paths if path.startswith("/") or ".." in path.split("/") or len(path) > MOST_PATH]
    if not paths or wrong or len(paths) > MOST_PATHS:
        form = ROWS["use"].form
        return CommandError(
            "command.argument", f"`/cadence {form}` takes 1 to {MOST_PATHS} paths of files in this repository."
        )
    return Command("use", paths=paths)


def _replan(line: str, rest: str) -> Command | CommandError:
    """The guidance goes on below the command, up to the next command."""
    after = _after_verb(line)
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


def _find(body: str) -> list[tuple[str, str]]:
    """Of each command: what follows `/cadence` on its line, and the lines up to the next command.

    Every line that starts like a command gets a mark in its place, and the Markdown parser says which marks people
    see at the start of a line: GitHub shows a line right below a quote as part of the quote, for example.
    """
    shown = without_comments(body[:MOST_READ].replace("\r\n", "\n").replace("\r", "\n"))
    lines = shown.split("\n")
    given = {number: rest for number, line in enumerate(lines) if (rest := _given(line)) is not None}
    if not given:
        return []
    # With its indentation: without it a line of a code block in a list would stand outside the list.
    marked = [f"{_indent(line)}{MARK}{n}{MARK}{given[n]}" if n in given else line for n, line in enumerate(lines)]
    seen = list(_marks(markdown_tokens("\n".join(marked), PARSER)))
    return [
        (given[number].strip(), "\n".join(lines[number + 1 : after])) for number, after in pairwise([*seen, len(lines)])
    ]


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


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" "))]


def _marks(tokens: list[Token]) -> Iterable[int]:
    """The marked lines that are shown as text at the start of a line, outside quotes and code, in order."""
    quotes, tags = 0, 0
    for token in tokens:
        quotes += token.nesting if token.type.startswith("blockquote") else 0
        tags = _open_tags(token, tags)
        if token.type != "inline":
            continue
        starts_line = True
        for child in token.children or []:
            tags = _open_tags(child, tags)
            if starts_line and not quotes and not tags and child.type == "text" and child.content.startswith(MARK):
                yield int(child.content.split(MARK, 2)[1])
            starts_line = child.type in ("softbreak", "hardbreak")


def _open_tags(token: Token, before: int) -> int:
    """How many tags that show a quote or code are open behind the token, with `before` of them open before it."""
    if token.type not in ("html_block", "html_inline"):
        return before
    for tag in _QUOTE_OR_CODE.finditer(token.content):
        before = max(0, before - 1) if tag["end"] else before + 1
    return before


def _plain(word: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "", word)[:40]
