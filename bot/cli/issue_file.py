"""An issue as a file on this machine: its title is the first heading or line, the rest is its text."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from bot.core.errors import WrongUse

_HEADING = re.compile(r"#{1,6}[ \t]+(?P<text>.*?)(?:[ \t]+#+)?[ \t]*")
# Templates of issues begin with a comment for their author.
_COMMENT = re.compile(r"\A(?:\s|<!--.*?-->)+", re.DOTALL)


def read_issue(file: str) -> tuple[str, str]:
    """The title and the body of a Markdown file, or of standard input for `-`. Raises WrongUse."""
    name = "standard input" if file == "-" else file
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise WrongUse(f"{name} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise WrongUse(f"{name} is not UTF-8 text ({error.reason} at byte {error.start}).") from None
    title, body = split_issue(text)
    if not title:
        raise WrongUse(f"{name} is empty.", remedy="Write the issue's title on the first line, and its text below it.")
    return title, body


def split_issue(text: str) -> tuple[str, str]:
    """(title, body): the first line that is not blank or in a comment, without the marks of a heading, and the rest."""
    text = _COMMENT.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    first, _, rest = text.partition("\n")
    heading = _HEADING.fullmatch(first.strip())
    return (heading["text"] if heading else first).strip(), rest.strip("\n")
