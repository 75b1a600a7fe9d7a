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
from bot.changeset.guards.guard_config import GuardConfig
from bot.changeset.guards.message import clean_message as cleaned
from bot.changeset.guards.path_forms import path_problem
from bot.changeset.guards.scrub import scrubbed
from bot.changeset.json_reading import read_json
from bot.changeset.model import ChangeSet, Edit
from bot.changeset.rejected import ChangeSetRejected
from bot.config.template import template_faults
from bot.config.yaml_text import YamlInvalid, read_yaml
from bot.core.escape import escape_line, escape_markdown, shorten
from bot.core.globs import glob_fault
from bot.core.names import RunId, markers
from bot.git_store.git_errors import fetch_error, last_lines, push_error, redact
from bot.intake.command_text import has_command, parse_command
from bot.plan.acceptance import acceptance_lines
from bot.plan.blueprint import read_blueprint
from bot.plan.context.paths import mentioned
from bot.plan.context.words import words
from bot.plan.explore.citations import read_citations
from bot.proof.rebuild import proof_trailers
from bot.publish.pull_request_text import clean_message, commit_message, pull_body, pull_title
from tests.fakes.dict_tree import DictTree

LENGTH = 60_000
SECONDS = 3.0
"""For a text of LENGTH. What is linear takes a tenth; what is quadratic takes minutes."""

UNITS = (
    "\n",
    " ",
    "\t",
    "-",
    "a",
    "A1",
    "@",
    "#",
    "[",
    "<",
    "`",
    "{",
    "(",
    '"',
    "'",
    "/",
    "\\",
    "*",
    "_",
    ".",
    "~",
    "|",
    "=",
    ":",
    "0",
    "fix ",
    "fixes:",
    "[skip",
    "[skip-",
    "[a-",
    "close ",
    "GH-",
    "skip-checks",
    "@a/",
    "a.",
    "a/",
    "<!--",
    "<a ",
    "```\n",
    "\n\n#",
    "- [ ] ",
    "\r",
    "x=",
    "\u200b",
    "api_key ",
    "api_key=",
    "name=",
    "<key>",
    "://",
    "a:",
    "//",
    "/*",
    "... ",
    "rest of ",
    "{{",
    "[[",
    "]]",
    "((",
    "))",
    "key: |\n",
    "<details>",
    "&#",
    "![",
    "a b ",
    "if (",
    "def a",
    "task a",
    "session.run(",
    "//a:b",
    "http://a",
    "AKIA",
    "eyJ",
    "BEGIN ",
    "import {",
    "export *",
    "a,b,",
    "1.",
    "#a",
)
STARTS = ("", "[skip", "fix ", "/*", '"', "<a")


def hostile(length: int, starts: tuple[str, ...] = STARTS) -> Iterator[str]:
    for unit in UNITS:
        for start in starts:
            yield (start + unit * (length // len(unit)))[:length]


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Every pattern at the top of a module that is matched with other people's texts."""
    found: dict[str, re.Pattern[str]] = {}
    for info in pkgutil.walk_packages(bot.__path__, "bot."):
        if info.name.startswith(("bot.sandbox", "bot.weakening", "bot.cli.", "bot.ledger.migrations", "bot.__main__")):
            continue
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            values = value if isinstance(value, tuple) else (value,)
            for number, one in enumerate(values):
                one = one[1] if isinstance(one, tuple) and len(one) > 1 else one
                if isinstance(one, re.Pattern) and isinstance(one.pattern, str):
                    found.setdefault(one.pattern, one)
                    found.setdefault(f"{info.name}.{name}[{number}]", one)
    # Those of the secrets look at pieces of two thousand characters.
    return [
        (name, one)
        for name, one in found.items()
        if name.startswith("bot.")
        and not name.startswith(("bot.changeset.guards.secret.PATTERNS", "bot.changeset.guards.scrub.PATTERNS"))
    ]


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
    "quiet": escape_markdown,
    "quiet_line": escape_line,
    "shorten": lambda text: shorten(text, 1000),
    "scrubbed": scrubbed,
    "read_citations": read_citations,
    "publish.clean_message": clean_message,
    "guards.clean_message": cleaned,
    "pull_title": lambda text: pull_title(text, 1),  # type: ignore[arg-type]
    "commit_message": lambda text: commit_message(
        template="{summary}",
        summary=text,
        body=text,
        run=RunId("r"),
        issue=1,
        changeset_digest="d",  # type: ignore[arg-type]
    ),
    "pull_body": lambda text: pull_body(
        summary=text,
        plan=text,
        edits=(Edit(path=text[:500], mode="add"),),
        issue=1,
        run=RunId("r"),
        closes=True,  # type: ignore[arg-type]
    ),
}
FUNCTIONS |= {
    "has_command": has_command,
    "parse_command": parse_command,
    "read_blueprint": lambda text: read_blueprint(text, text),
    "acceptance_lines": acceptance_lines,
    "words": words,
    "mentioned": lambda text: mentioned(["a/b.py", "a.py"], text),
    "redact": redact,
    "last_lines": last_lines,
    "push_error": lambda text: push_error(text, text),
    "fetch_error": fetch_error,
    "proof_trailers": proof_trailers,
    "markers": lambda text: list(markers(text)),
    "template_faults": lambda text: list(template_faults(text)),
    "glob_fault": glob_fault,
    "path": lambda text: path_problem(text),
    "read_json": lambda text: _refusing(read_json, text),
    "read_yaml": lambda text: _refusing(read_yaml, text),
}


def _refusing(read: Callable[[str], object], text: str) -> None:
    try:
        read(text)
    except (ChangeSetRejected, YamlInvalid):
        return


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_text_function_is_linear(name: str) -> None:
    slow = [
        (round(spent, 2), text[:20])
        for text in hostile(4_000, ("", "[skip"))
        if (spent := seconds(lambda t=text: FUNCTIONS[name](t))) > 1.5  # type: ignore[misc]
    ]
    assert slow == []


@pytest.mark.parametrize(
    "text", ["\n" * LENGTH, "[skip" + "-" * LENGTH, "fix" + " " * LENGTH, "@" * LENGTH, "[skip " * 10_000]
)
@pytest.mark.parametrize(
    "name", ["publish.clean_message", "guards.clean_message", "pull_title", "commit_message", "quiet"]
)
def test_long_messages_take_no_time(name: str, text: str) -> None:
    assert seconds(lambda: FUNCTIONS[name](text)) < SECONDS


@pytest.mark.timeout(600)
@pytest.mark.parametrize("path", ["a.py", "a.js", "a.md", "a.yml", ".env", "tsconfig.json"])
def test_no_content_keeps_the_guards_busy(path: str) -> None:
    slow = []
    for unit in UNITS:
        text = unit * (4_000 // len(unit))
        edit = Edit(path=path, mode="modify", after=text)
        tree = DictTree({path: "x = 1\n\ny = 2\n\nz = 3\n"})
        spent = seconds(lambda e=edit, t=tree: check(ChangeSet(message="m", edits=(e,)), t, GuardConfig()))  # type: ignore[misc]
        if spent > SECONDS:
            slow.append((round(spent, 2), unit))
    assert slow == []
