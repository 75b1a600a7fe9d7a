"""Configuration files of many formats as one flat list of settings."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML

from bot.changeset.content import lines_of
from bot.foreign_text import read_foreign

_PIPELINE = re.compile(
    r"^\.github/workflows/[^/]+\.ya?ml$|(?:^|/)action\.ya?ml$|(?:^|/)\.?travis\.ya?ml$|^\.circleci/.*\.ya?ml$|(?:^|/)[\w.-]*azure-pipelines?[\w.-]*\.ya?ml$"
    r"|^\.azure[\w-]*/.*\.ya?ml$|(?:^|/)\.gitlab-ci[\w.-]*\.ya?ml$|(?:^|/)\.?appveyor\.ya?ml$|(?:^|/)\.cirrus\.ya?ml$|(?:^|/)\.drone\.ya?ml$"
    r"|(?:^|/)bitbucket-pipelines\.ya?ml$|^\.buildkite/.*\.ya?ml$|(?:^|/)\.woodpecker[\w./-]*\.ya?ml$|(?:^|/)\.semaphore/.*\.ya?ml$"
)
_COMMANDS = re.compile(
    r"(?:^|/)(?:tox\.ini|noxfile\.py|[Mm]akefile|GNUmakefile|[Jj]ustfile|Rakefile|package\.json|Jenkinsfile|Taskfile\.ya?ml|dodo\.py|tasks\.py"
    r"|hatch\.toml|pyproject\.toml|setup\.cfg|composer\.json|\.ci/[\w./-]+|ci/[\w./-]+\.sh|scripts?/(?:test|lint|check|ci)[\w-]*(?:\.sh)?)$"
)
_LINT = re.compile(
    r"(?:^|/)(?:setup\.cfg|tox\.ini|pyproject\.toml|\.coveragerc|coverage\.toml|\.?codecov\.ya?ml|\.coveralls\.yml|\.flake8|\.?ruff\.toml|\.?pylintrc(?:\.toml)?"
    r"|\.?mypy\.ini|pytest\.(?:ini|toml)|pyrightconfig\.json|\.bandit|\.pydocstyle|\.isort\.cfg|\.pycodestyle|\.eslintrc(?:\.\w+)?|eslint\.config\.\w+|\.eslintignore"
    r"|\.jshintrc|\.jscsrc|tslint\.json|\.golangci\.(?:ya?ml|toml|json)|\.?clippy\.toml|\.?rustfmt\.toml|deny\.toml|Cargo\.toml|checkstyle[\w-]*\.xml|pom\.xml"
    r"|build\.gradle(?:\.kts)?|pmd[\w-]*\.xml|spotbugs[\w-]*\.xml|findbugs[\w-]*\.xml|\.rubocop(?:_todo)?\.yml|\.simplecov|\.pre-commit-config\.ya?ml|package\.json"
    r"|jest\.config\.\w+|vitest\.config\.\w+|vite\.config\.\w+|\.nycrc(?:\.\w+)?|\.c8rc(?:\.json)?|karma[\w.]*\.js|\.mocharc\.\w+|\.taprc|tsconfig[\w.]*\.json"
    r"|biome\.jsonc?|\.stylelintrc(?:\.\w+)?|\.markdownlint[\w.-]*|\.yamllint(?:\.ya?ml)?|\.size-limit\.\w+|phpstan[\w.-]*\.neon|phpunit\.xml(?:\.dist)?|detekt[\w.-]*\.yml"
    r"|\.swiftlint\.yml|sonar-project\.properties|lefthook\.yml|\.lintstagedrc(?:\.\w+)?|\.editorconfig-checker\.json|typos\.toml|\.cspell\.json|cspell\.json)$"
)


def is_pipeline(path: str) -> bool:
    """Whether the file says which jobs and steps CI runs."""
    return bool(_PIPELINE.search(path))


def holds_commands(path: str) -> bool:
    """Whether the file holds commands that CI or a developer runs as checks."""
    return bool(_COMMANDS.search(path)) or is_pipeline(path)


def is_lint(path: str) -> bool:
    """Whether the file configures a linter, a test runner or the coverage."""
    return bool(_LINT.search(path))


def concerns_ci(path: str) -> bool:
    """Whether a change of the file is looked at at all; what was copied from another project is its own affair."""
    if re.search(r"(?:^|/)(?:c?extern(?:al)?s?|vendor(?:ed)?|third[_-]?party|node_modules|_vendor|deps)/", path):
        return False
    return is_pipeline(path) or is_lint(path) or bool(_COMMANDS.search(path))


@dataclass(frozen=True, slots=True)
class Setting:
    """One value; `keys` lead to it from the top of the file, list positions left out."""

    keys: tuple[str, ...]
    value: str

    @property
    def key(self) -> str:
        """The last key, in lower case with underscores."""
        return self.keys[-1].lower().replace("-", "_") if self.keys else ""

    @property
    def dotted(self) -> str:
        return ".".join(self.keys)


@dataclass(frozen=True)
class Config:
    """A file read: its data where the format is known, its settings always (a looser reading for program text)."""

    path: str
    text: str
    data: Any
    settings: tuple[Setting, ...]

    def line(self, needle: str, key: str = "") -> int | None:
        """The first line that holds the value (and after a line with the key, where one is given)."""
        lines = lines_of(self.text)
        start = 0
        for number, text in enumerate(lines):
            if key and key in text:
                start = number
                break
        order = list(range(start, len(lines))) + list(range(start))
        for at in order:
            if needle and needle in lines[at]:
                return at + 1
        return start + 1 if key and start else None


def read(path: str, text: str | None) -> Config:
    """The file as settings; what does not parse is read line by line."""
    if text is None:
        return Config(path, "", None, ())
    data = _data(path, text)
    if data is not None:
        return Config(path, text, data, tuple(_flat(data, ())))
    return Config(path, text, None, tuple(_loose(text)))


def _data(path: str, text: str) -> Any:
    return read_foreign(lambda: _parsed(path.rsplit("/", 1)[-1], text), lambda _: None)


def _parsed(name: str, text: str) -> Any:
    if name.endswith((".yml", ".yaml")) or name == ".yamllint":
        return _yaml(text)
    if name.endswith(".toml"):
        return tomllib.loads(text)
    if name.endswith((".json", ".jsonc")) or name in (".jshintrc", ".jscsrc", ".nycrc"):
        return json.loads(re.sub(r",(\s*[}\]])", r"\1", _without_comments(text)))
    if name.startswith((".eslintrc", ".lintstagedrc", ".stylelintrc")) and "." not in name[1:]:
        return _yaml(text)
    if name.endswith((".ini", ".cfg")) or name in (
        ".coveragerc",
        ".flake8",
        "pylintrc",
        ".pylintrc",
        ".bandit",
        ".pydocstyle",
    ):
        return _ini(text)
    return None


def _yaml(text: str) -> Any:
    yaml = YAML(typ="safe", pure=True)
    yaml.allow_duplicate_keys = True
    # GitHub's `on:` is a key and no truth value.
    yaml.version = (1, 2)
    loaded = yaml.load(text)
    return loaded if isinstance(loaded, dict | list) else None


def _without_comments(text: str) -> str:
    return re.sub(r"(\"(?:[^\"\\]|\\.)*\")|//[^\n]*|/\*.*?\*/", lambda hit: hit[1] or "", text, flags=re.DOTALL)


def _ini(text: str) -> dict[str, dict[str, list[str]]]:
    """Sections of keys; a value is the list of its lines. Comments go; nothing is refused."""
    found: dict[str, dict[str, list[str]]] = {}
    section: dict[str, list[str]] = {}
    value: list[str] | None = None
    for raw in lines_of(text):
        line = re.split(r"(?:^|\s)[#;]", raw, maxsplit=1)[0].rstrip()
        if not line.strip():
            continue
        head = re.match(r"^\[(.+)\]$", line)
        pair = re.match(r"^([\w.:*{}, -]+?)\s*[=:]\s*(.*)$", line)
        if head:
            section, value = found.setdefault(head[1], {}), None
        elif line[0] in " \t" and value is not None:
            value.append(line.strip())
        elif pair:
            value = section.setdefault(pair[1], [])
            if pair[2]:
                value.append(pair[2])
    return found


def _flat(node: Any, keys: tuple[str, ...]) -> Iterator[Setting]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _flat(value, (*keys, str(key)))
    elif isinstance(node, list):
        for value in node:
            yield from _flat(value, keys)
    elif node is None:
        yield Setting(keys, "")
    else:
        yield Setting(keys, str(node).lower() if isinstance(node, bool) else str(node))


_LOOSE = re.compile(
    r"^\s*(?:set\()?[\"']?(?P<key>[\w@/.-]+)[\"']?\)?\s*(?:[:=]|\s(?=[\d\"'\[]|true|false))\s*(?P<value>.*?)[,;]?\s*(?:(?://|#).*)?$"
)
_XML = re.compile(r"^\s*<(?P<key>[\w.:-]+)[^>]*>(?P<value>[^<]*)</(?P=key)>")
_PROPERTY = re.compile(r"<(?:property|module)\s+name=\"(?P<key>[^\"]+)\"(?:\s+value=\"(?P<value>[^\"]*)\")?")


def _loose(text: str) -> Iterator[Setting]:
    """`key: value`, `key = value`, `<key>value</key>`; items of a list that stands over several lines."""
    inside = ""
    for raw in lines_of(text):
        line = raw.strip()
        if not line or line.startswith(("//", "#", "*", "/*")):
            continue
        item = re.match(r"^[\"'](?P<value>[^\"']+)[\"'],?\s*(?:(?://|#).*)?$", line)
        if inside and item:
            yield Setting((inside,), item["value"])
            continue
        if line.startswith("]"):
            inside = ""
            continue
        hit = _XML.match(raw) or _PROPERTY.search(raw) or _LOOSE.match(raw)
        if hit is None:
            continue
        key, value = hit["key"], hit["value"] or ""
        if value.startswith("["):
            for one in re.findall(r"[\"']([^\"']+)[\"']", value):
                yield Setting((key,), one)
            inside = "" if "]" in value else key
        elif value not in ("{", "("):
            yield Setting((key,), value.strip("\"'"))
