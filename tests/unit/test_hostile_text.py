"""No text of other people's keeps Cadence busy: every pattern and every text function takes time linear in the text."""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator

import pytest

import bot
from bot.changeset.check import check
from bot.changeset.guards.config import GuardConfig
from bot.changeset.guards.message import clean_message as cleaned
from bot.changeset.json_reading import read_json
from bot.changeset.model import ChangeSet, Edit
from bot.changeset.rejected import ChangeSetRejected
from bot.config_text import NotPlainYaml, read_yaml
from bot.intake.commands import parse_commands
from bot.names import RunId
from bot.plan.acceptance import acceptance_lines
from bot.plan.blueprint import visible
from bot.publish.pull_text import clean_message, commit_message, pull_body, pull_title
from bot.quiet import quiet, quiet_line, shorten
from tests.fakes.dict_tree import DictTree

LENGTH = 60_000
SECONDS = 3.0
"""For a text of LENGTH. What is linear takes a tenth; what is quadratic takes minutes."""

UNITS = (
    "\n", " ", "\t", "-", "a", "A1", "@", "#", "[", "<", "`", "{", "(", "\"", "'", "/", "\\", "*", "_", ".", "~", "|", "=",
    ":", "0", "fix ", "fixes:", "[skip", "[skip-", "[a-", "close ", "GH-", "skip-checks", "@a/", "a.", "a/", "<!--", "<a ",
    "```\n", "\n\n#", "- [ ] ", "\r", "x=", "\u200b", "api_key ", "api_key=", "name=", "<key>", "://", "a:", "//", "/*",
    "... ", "rest of ", "{{", "[[", "]]", "((", "))", "key: |\n", "<details>", "&#", "![", "a b ", "if (", "def a",
    "task a", "session.run(", "//a:b", "http://a", "AKIA", "eyJ", "BEGIN ", "import {", "export *", "a,b,", "1.", "#a",
)  # fmt: skip
STARTS = ("", "[skip", "[", "@", "fix ", "/*", "\"", "<a", "<!--", "api_key = ", "`", "# ", "{", "import ")


def hostile(length: int) -> Iterator[str]:
    for unit in UNITS:
        for start in STARTS:
            yield (start + unit * (length // len(unit)))[:length]


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Every pattern at the top of a module that is matched with other people's texts."""
    found: dict[str, re.Pattern[str]] = {}
    for info in pkgutil.walk_packages(bot.__path__, "bot."):
        if info.name.startswith(("bot.sandbox", "bot.weakening", "bot.cli.", "bot.record.migrations", "bot.__main__")):
            continue
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            values = value if isinstance(value, tuple) else (value,)
            for number, one in enumerate(values):
                one = one[1] if isinstance(one, tuple) and len(one) > 1 else one
                if isinstance(one, re.Pattern) and isinstance(one.pattern, str):
                    found.setdefault(one.pattern, one)
                    found.setdefault(f"{info.name}.{name}[{number}]", one)
    return [(name, one) for name, one in found.items() if name.startswith("bot.")]


@pytest.mark.timeout(300)
def test_every_pattern_is_linear() -> None:
    """A shorter text first: what is quadratic is found before it costs minutes."""
    slow = {}
    for name, pattern in patterns():
        for text in hostile(4_000):
            if (spent := seconds(lambda p=pattern, t=text: sum(1 for _ in p.finditer(t)))) > 0.05:  # type: ignore[misc]
                slow[name] = (round(spent, 2), text[:20])
                break
    assert slow == {}


FUNCTIONS: dict[str, Callable[[str], object]] = {
    "quiet": quiet,
    "quiet_line": quiet_line,
    "shorten": lambda text: shorten(text, 1000),
    "publish.clean_message": clean_message,
    "guards.clean_message": cleaned,
    "pull_title": lambda text: pull_title(text, 1),  # type: ignore[arg-type]
    "commit_message": lambda text: commit_message(
        template="{summary}", summary=text, body=text, run=RunId("r"), issue=1, changeset_digest="d"  # type: ignore[arg-type]
    ),
    "pull_body": lambda text: pull_body(
        summary=text, plan=text, edits=(Edit(path=text[:500], mode="add"),), issue=1, run=RunId("r"), closes=True  # type: ignore[arg-type]
    ),
}
