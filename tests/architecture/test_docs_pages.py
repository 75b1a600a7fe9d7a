"""The generated pages are those of the code, and no code that is given anywhere is missing in them."""

import ast
import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from bot.cli.published_schemas import schemas
from bot.core.codes.changeset import CODES
from bot.core.codes.table import FAMILIES, SECTIONS
from tools.docs_pages import DOCS, pages

BOT = Path(__file__).resolve().parents[2] / "bot"
LOGGING = {"debug", "info", "warning", "error", "exception"}
GIVING = {"block", "wait", "Reason"}
DOTTED = re.compile(r"[a-z]+\.[a-z_]+")
LOGGERS = "cadence."
IN_WORDS = re.compile(r"([a-z]+\.[a-z_]+): ")


@pytest.mark.parametrize("name", sorted(pages()))
def test_committed_page_is_the_generated_one(name: str) -> None:
    path = DOCS / name
    assert path.is_file() and path.read_text("utf-8") == pages()[name], f"docs/{name} is out of date: run `make docs`"


def test_no_schema_is_committed_that_is_not_generated() -> None:
    assert {p.stem for p in (DOCS / "schemas").iterdir()} == set(schemas())


@pytest.mark.parametrize("name", sorted(schemas()))
def test_schemas_are_valid_draft_2020_12(name: str) -> None:
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


SOURCES = [
    p for p in sorted(BOT.rglob("*.py")) if "sandbox" not in p.relative_to(BOT).parts and p.name != "reason_codes.py"
]


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.relative_to(BOT).as_posix())
def test_every_code_that_is_given_is_documented(path: Path) -> None:
    known = {*CODES, *FAMILIES, *(code for section in SECTIONS.values() for code in section)}
    missing = sorted(given_codes(path.read_text()) - known - {"_", "utf-8"})
    if "weakening" in path.parts:
        # Names of decorators and settings in other people's code are dotted too.
        missing = [code for code in missing if code.startswith(("tests.", "ci."))]
    assert not missing, f"add them to bot/core/codes/table.py, then run `make docs`: {missing}"


def test_an_undocumented_code_is_seen() -> None:
    assert given_codes("found.block('ci.new', 'text')") == {"ci.new"}
    assert given_codes("raise Refused('x', code='odd')") == {"odd"}
    assert given_codes("class E(CadenceError):\n    code = 'e.f'\n") == {"e.f"}
    assert given_codes("move(state, f'new.code: {why}')") == {"new.code"}
    assert given_codes("log.warning('delivery.failed')") == set()


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.relative_to(BOT).as_posix())
def test_no_error_is_raised_without_saying_what_it_is(path: Path) -> None:
    """Errors of a class that stands for many things have no code but the one they are given."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and _name(node.func) in ("CadenceError", "Refused"):
            assert {"code", None} & {keyword.arg for keyword in node.keywords}, ast.unparse(node)


def test_no_code_is_documented_twice() -> None:
    listed = [code for section in SECTIONS.values() for code in section]
    assert len(listed) == len(set(listed)) and not set(listed) & set(CODES)
