"""The generated pages are those of the code, and no code that is given anywhere is missing in them."""

import ast
import json
import re
from collections import Counter
from pathlib import Path

from jsonschema import Draft202012Validator

from bot.cli.published_schemas import schemas
from bot.config.schema import DESCRIPTIONS
from bot.core.codes.lookup import CODES, SECTIONS
from bot.effects.kinds import EffectKind
from tools.docs_pages import DOCS, pages

BOT = Path(__file__).resolve().parents[2] / "bot"
LOGGING = {"debug", "info", "warning", "error", "exception"}
GIVING = {"block", "wait", "Reason"}
DOTTED = re.compile(r"[a-z]+\.[a-z_]+")
LOGGERS = "cadence."
IN_WORDS = re.compile(r"([a-z]+\.[a-z_]+): ")


def test_committed_pages_are_the_generated_ones() -> None:
    old = [
        name
        for name, made in sorted(pages().items())
        if not (DOCS / name).is_file() or (DOCS / name).read_text("utf-8") != made
    ]
    assert not old, "out of date: run `make docs`"


def test_no_schema_is_committed_that_is_not_generated() -> None:
    assert {p.stem for p in (DOCS / "schemas").iterdir()} == set(schemas())


def test_schemas_are_valid_draft_2020_12() -> None:
    for name in sorted(schemas()):
        Draft202012Validator.check_schema(json.loads((DOCS / "schemas" / f"{name}.json").read_text("utf-8")))


def given_codes(source: str) -> set[str]:
    """Code literals: `code=` arguments, `code = ` in classes, first arguments of the gate, other dotted arguments.

    Also texts that begin with a code and a colon, as a run's reason does.
    """
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.expr) and (begins := IN_WORDS.match(_text(node))):
            found.add(begins[1])
        if isinstance(node, ast.ClassDef):
            found |= {_text(s.value) for s in node.body if isinstance(s, ast.Assign) and _name(s.targets[0]) == "code"}
        if isinstance(node, ast.Call) and _name(node.func) not in LOGGING:
            found |= {_text(k.value) for k in node.keywords if k.arg == "code"}
            found |= {_text(node.args[0])} if node.args and _name(node.func) in GIVING else set()
            arguments = [*node.args, *(k.value for k in node.keywords)]
            found |= {text for text in map(_text, arguments) if DOTTED.fullmatch(text) and not text.startswith(LOGGERS)}
    return found - {""}


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def literals(source: str) -> set[str]:
    """Every other string that has the form of a code of a family of the table, alone or before a colon.

    Docstrings and the events of log lines are left out. Of an f-string, the part before the first
    placeholder, with a `*`.
    """
    tree = ast.parse(source)
    passed = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node.func) in LOGGING)
    passed |= {id(argument) for call in calls for argument in call.args}
    parts = {id(node.values[0]): node.values[0] for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)}
    found = {f"{text}*" for node in parts.values() if FORMATTED.fullmatch(text := _text(node))}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and not {id(node)} & (passed | set(parts)):
            found |= {hit[1]} if (hit := AS_CODE.match(_text(node))) else set()
    return {text for text in found if text.partition(".")[0] in FAMILY_NAMES}


SOURCES = [
    p for p in sorted(BOT.rglob("*.py")) if "sandbox" not in p.relative_to(BOT).parts and p.parent.name != "codes"
]
FAMILY_NAMES = {code.partition(".")[0] for code in CODES if "." in code}
AS_CODE = re.compile(r"([a-z_]+\.[a-z_0-9]+)(?:: |$)")
FORMATTED = re.compile(r"[a-z_]+\.[a-z_0-9]*")
OTHER_NAMES = {*DESCRIPTIONS, *map(str, EffectKind), "github.com"}
"""Dotted words that are not codes: keys of cadence.yml, kinds of effects, a host."""


def offenders(path: Path) -> list[str]:
    """The codes of a file that the table does not have; a formatted one only has to begin like a code."""
    source = path.read_text("utf-8")
    given = (given_codes(source) - {"_", "utf-8"}) | (literals(source) - OTHER_NAMES)
    missing = [code for code in given if not _is_known(code)]
    if "weakening" in path.parts:
        # Names of decorators and settings in other people's code are dotted too.
        missing = [code for code in missing if code.startswith(("tests.", "ci."))]
    return [f"{path.relative_to(BOT.parent)}: {code}" for code in sorted(missing)]


def _is_known(code: str) -> bool:
    begins = code.endswith("*") and any(one.startswith(code.removesuffix("*")) for one in CODES)
    return begins or code in CODES


def test_every_code_that_is_written_down_is_in_the_table() -> None:
    missing = [line for path in SOURCES for line in offenders(path)]
    assert not missing, "add them to bot/core/codes/, then run `make docs`:\n" + "\n".join(missing)


def test_every_code_is_in_the_table_once_and_its_row_is_complete() -> None:
    rows = [row for section in SECTIONS for row in section.rows]
    assert [code for code, times in Counter(row.code for row in rows).items() if times > 1] == []
    assert len(rows) == len(CODES)
    for row in rows:
        assert row.meaning and not row.meaning.endswith(".") and row.next_step.endswith(".") and row.who, row.code
        assert not (row.severity and row.kinds), row.code
        assert bool(row.when) == bool(set(row.kinds) - {"note"}), row.code
    assert all(section.shown.endswith(".") for section in SECTIONS)


def test_an_undocumented_code_is_seen() -> None:
    assert given_codes("found.block('ci.new', 'text')") == {"ci.new"}
    assert given_codes("raise Refused('x', code='odd')") == {"odd"}
    assert given_codes("class E(CadenceError):\n    code = 'e.f'\n") == {"e.f"}
    assert given_codes("move(state, f'new.code: {why}')") == {"new.code"}
    assert given_codes("log.warning('delivery.failed')") == set()
    assert literals("CODE = 'ci.new'") == {"ci.new"}
    assert literals("say('ci.new: because')") == {"ci.new"}
    assert literals("say(f'rule.{kind}', f'ci.new_{kind}')") == {"rule.*", "ci.new_*"}
    assert literals("log.info('ci.new')\nx = 'other.new'\n'ci.new'") == set()


def test_no_error_is_raised_without_saying_what_it_is() -> None:
    """Errors of a class that stands for many things have no code but the one they are given."""
    silent = [
        f"{path.relative_to(BOT.parent)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and _name(node.func) in ("CadenceError", "Refused")
        if not {"code", None} & {keyword.arg for keyword in node.keywords}
    ]
    assert not silent, silent
