"""Files that do not parse after the change, although they are new or parsed before (`syntax.*`)."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from bot.changeset.guards.view import FileView
from bot.core.findings import Finding, Severity
from bot.core.foreign_text import read_foreign
from bot.core.text_content import shown_lines
from bot.syntax import python_code, trees
from bot.syntax.languages import language_of

_MAX_YAML = 300_000
_DEEP_YAML = re.compile(r"(?:[\[{]\s{0,8}){50}|(?:[-?] {1,4}){50}")
# Their own readers take comments: https://www.typescriptlang.org/tsconfig and VS Code's JSON with Comments.
_LOOSE_JSON = re.compile(
    r"(?:^|/)(?:tsconfig|jsconfig|\.eslintrc|\.babelrc|devcontainer|api-extractor)|\.vscode/|\.jsonc$"
)
_COMMENTS = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|//[^\n]*|/\*.*?\*/", re.DOTALL)
_SAMPLES = re.compile(r"(?:^|/)(?:tests?|testdata|fixtures?|samples?|templates?|examples?|data|corpus)/|\{\{")

_FAMILIES = {"javascript": "javascript", "typescript": "typescript", "tsx": "typescript", "go": "go", "java": "java",
             "rust": "rust", "ruby": "ruby", "bash": "shell"}  # fmt: skip
"""The languages of which a broken text is reported. C and C++ are not: without their headers macros look broken."""

Problem = tuple[str, int | None]


def _python(text: str) -> Problem | None:
    tree = python_code.parsed(text)
    return (str(tree.msg), tree.lineno) if isinstance(tree, SyntaxError) else None


def _json(text: str) -> Problem | None:
    return read_foreign(lambda: _nothing(json.loads(text)), _problem)


def is_loose_json(path: str) -> bool:
    """Whether a JSON file's readers allow comments and trailing commas."""
    return _LOOSE_JSON.search(path) is not None


def _loose_json(text: str) -> Problem | None:
    bare = _COMMENTS.sub(lambda hit: hit[0] if hit[0].startswith('"') else re.sub(r"[^\n]", " ", hit[0]), text)
    return _json(re.sub(r",(\s*[}\]])", r"\1", bare))


def _toml(text: str) -> Problem | None:
    # TOML takes CRLF, and tomllib too, but not a lone CR: https://toml.io/en/v1.0.0#spec
    return read_foreign(lambda: _nothing(tomllib.loads(text.replace("\r\n", "\n"))), _problem)


def _yaml(text: str) -> Problem | None:
    if len(text) > _MAX_YAML:
        return None
    # The parser's time grows faster than the square of the depth.
    deep = _DEEP_YAML.search(text)
    if deep is not None:
        return "nested too deeply to be read", text.count("\n", 0, deep.start()) + 1

    def problem(error: Exception) -> Problem:
        what, line = _problem(error)
        return what, shown_lines(text)(line) if line is not None else None

    return read_foreign(lambda: _nothing(list(YAML(typ="safe", pure=True).compose_all(text))), problem)


def _nothing(_read: object) -> Problem | None:
    """The text was read: there is no problem."""
    return None


def _problem(error: Exception) -> Problem:
    """What a parser says of a text that it cannot read, and the line where it names one."""
    if isinstance(error, json.JSONDecodeError):
        return error.msg, error.lineno
    if isinstance(error, MarkedYAMLError):
        return str(error.problem), error.problem_mark.line + 1 if error.problem_mark is not None else None
    line = re.search(r"at line (\d+)", str(error)) if isinstance(error, tomllib.TOMLDecodeError) else None
    said = str(error).partition("\n")[0] or type(error).__name__
    return said, int(line[1]) if line else None


_PARSERS: dict[str, tuple[str, Callable[[str], Problem | None]]] = {
    ".py": ("syntax.python", _python),
    ".pyi": ("syntax.python", _python),
    ".json": ("syntax.json", _json),
    ".toml": ("syntax.toml", _toml),
    ".yml": ("syntax.yaml", _yaml),
    ".yaml": ("syntax.yaml", _yaml),
}


def _by_grammar(view: FileView) -> Iterator[Finding]:
    """Languages read by tree-sitter. A grammar may lag behind: a new file that it cannot read only gets a warning."""
    language = language_of(view.suffix)
    family = _FAMILIES.get(language or "")
    if family is None:
        return
    new = trees.parse(view.after, language)
    problem = trees.first_error(new) if new is not None else None
    if problem is None or not (view.after or "").strip():
        return
    # What was broken before, or is beyond the grammar, is not the change's fault.
    old = trees.parse_path(view.before, view.source_suffix)
    if old is not None and old.has_error:
        return
    line, what = problem
    message = f"{view.path}:{line}: {what}"
    code = f"syntax.{family}"
    severity = Severity.WARNING if old is None else None
    yield view.finding(code, message, line=line, severity=severity)


def syntax_findings(view: FileView) -> Iterator[Finding]:
    """One finding at most. New files among test data, samples or templates only get a warning."""
    if view.after is None or view.before == view.after:
        return
    if view.suffix not in _PARSERS:
        yield from _by_grammar(view)
        return
    code, parse = _PARSERS[view.suffix]
    if code == "syntax.json" and not view.after.strip():
        return
    if is_loose_json(view.path):
        parse = _loose_json
    problem = parse(view.after)
    if problem is None or (view.before is not None and parse(view.before) is not None):
        return
    severity = Severity.WARNING if view.before is None and _SAMPLES.search(view.path) and view.suffix != ".py" else None
    where = f"{view.path}:{problem[1]}" if problem[1] else view.path
    message = f"{where}: {problem[0]}"
    yield view.finding(code, message, line=problem[1], severity=severity)
