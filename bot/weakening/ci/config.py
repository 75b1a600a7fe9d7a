"""Configuration files of many formats as one flat list of settings."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.nodes import Node, ScalarNode, SequenceNode

from bot.weakening.ci import readers

# The default paths of each CI service.
_PIPELINE = re.compile(
    r"^\.github/workflows/[^/]+\.ya?ml$|(?:^|/)action\.ya?ml$|(?:^|/)\.?travis\.ya?ml$|^\.circleci/.*\.ya?ml$|(?:^|/)[\w.-]*azure-pipelines?[\w.-]*\.ya?ml$"
    r"|^\.azure[\w-]*/.*\.ya?ml$|(?:^|/)\.gitlab-ci[\w.-]*\.ya?ml$|(?:^|/)\.?appveyor\.ya?ml$|(?:^|/)\.cirrus\.ya?ml$|(?:^|/)\.drone\.ya?ml$"
    r"|(?:^|/)bitbucket-pipelines\.ya?ml$|^\.buildkite/.*\.ya?ml$|(?:^|/)\.woodpecker[\w./-]*\.ya?ml$|(?:^|/)\.semaphore/.*\.ya?ml$"
)
_COMMANDS = re.compile(
    r"(?:^|/)(?:tox\.(?:ini|toml)|noxfile\.py|[Mm]akefile|GNUmakefile|[Jj]ustfile|Rakefile|package\.json|Jenkinsfile|Taskfile\.ya?ml|dodo\.py|tasks\.py"
    r"|maven\.config|jvm\.config|\.rspec(?:-local)?|mocha\.opts|gradle\.properties|CMakeLists\.txt|CTestCustom\.cmake|\.env\.test|\w+\.mk|\.?config/nextest\.toml|\.cargo/config(?:\.toml)?|nextest\.toml"
    r"|hatch\.toml|pyproject\.toml|setup\.cfg|composer\.json|\.ci/[\w./-]+|ci/[\w./-]+\.sh|scripts?/(?:test|lint|check|ci)[\w-]*(?:\.sh)?)$"
)
_LINT = re.compile(
    r"(?:^|/)(?:setup\.cfg|tox\.ini|pyproject\.toml|\.coveragerc|coverage\.toml|\.?codecov\.ya?ml|\.coveralls\.yml|\.flake8|\.?ruff\.toml|\.?pylintrc(?:\.toml)?"
    r"|\.?mypy\.ini|\.?pytest\.(?:ini|toml)|pyrightconfig\.json|\.bandit|\.pydocstyle|\.isort\.cfg|\.pycodestyle|\.eslintrc(?:\.\w+)?|eslint\.config\.\w+|\.eslintignore"
    r"|\.jshintrc|\.jscsrc|tslint\.json|\.golangci\.(?:ya?ml|toml|json)|\.?clippy\.toml|\.?rustfmt\.toml|deny\.toml|Cargo\.toml|checkstyle[\w-]*\.xml|pom\.xml"
    r"|[\w.-]+\.gradle(?:\.kts)?|pmd[\w-]*\.xml|spotbugs[\w-]*\.xml|findbugs[\w-]*\.xml|\.rubocop(?:_todo)?\.yml|\.simplecov|\.pre-commit-config\.ya?ml|package\.json"
    r"|jest[\w.-]*\.config[\w.-]*\.\w+|vitest\.config[\w.-]*\.\w+|vitest\.workspace\.\w+|vite\.config\.\w+|(?:playwright|cypress|wdio|ava)[\w.-]*\.(?:config|conf)\.\w+|cypress\.json|wdio\.conf\.\w+|\.nycrc(?:\.\w+)?|\.c8rc(?:\.json)?|karma[\w.]*\.js|\.mocharc\.\w+|\.taprc|tsconfig[\w.]*\.json"
    r"|biome\.jsonc?|\.stylelintrc(?:\.\w+)?|\.markdownlint[\w.-]*|\.yamllint(?:\.ya?ml)?|\.size-limit\.\w+|phpstan[\w.-]*\.neon|phpunit\.xml(?:\.dist)?|detekt[\w.-]*\.yml"
    r"|\.swiftlint\.yml|sonar-project\.properties|lefthook\.yml|\.lintstagedrc(?:\.\w+)?|\.editorconfig-checker\.json|typos\.toml|\.cspell\.json|cspell\.json)$"
)


def is_pipeline(path: str) -> bool:
    """Whether the file says which jobs and steps CI runs."""
    return bool(_PIPELINE.search(path))


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
    unreadable: bool = False

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.split("\n")

    def line(self, needle: str, key: str = "") -> int | None:
        """The first line that holds the value (and after a line with the key, where one is given)."""
        lines = self._lines
        start = 0
        for number, text in enumerate(lines):
            if key and key in text:
                start = number
                break
        # Where the key does not lead to the value, the first line with the value is the next best.
        order = list(range(start, len(lines))) + list(range(start))
        for at in order:
            if needle and needle in lines[at]:
                return at + 1
        return start + 1 if key and start else None


Side = tuple[Config, Config]
"""A file before and after; one that is absent on a side has no text."""


@lru_cache(maxsize=4096)
def plain_key(key: str) -> str:
    """A key in lower case with underscores, whatever its format's habit."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower().replace("-", "_").replace(".", "_")


_MOST_SETTINGS = 100_000
"""A file with more values is data and no settings."""


def read(path: str, text: str | None) -> Config:
    """The file as settings. What has no data is read by the reader of its kind, or line by line; `unreadable` says
    that the file should have data and could not be parsed."""
    if text is None:
        return Config(path, "", None, ())
    try:
        data = _data(path, text)
    except Exception:  # noqa: BLE001 - the boundary to third-party parsers of other people's text
        return Config(path, text, None, tuple(_loose(text)), unreadable=True)
    if data is not None:
        settings = tuple(islice(_flat(data, ()), _MOST_SETTINGS + 1))
        if len(settings) > _MOST_SETTINGS:
            # Anchors inside anchors can expand to more than there is memory for, https://yaml.org/spec/1.2.2/#3222-anchors-and-aliases.
            return Config(path, text, None, tuple(_loose(text)), unreadable=True)
        return Config(path, text, data, settings)
    return Config(path, text, None, tuple(_of_kind(path, text)))


def _of_kind(path: str, text: str) -> Iterator[Setting]:
    name = path.rsplit("/", 1)[-1]
    if name.endswith(".xml"):
        pairs = readers.xml(text)
    elif re.search(r"\.gradle(?:\.kts)?$", name):
        pairs = readers.gradle(text)
    elif re.search(r"\.[cm]?[jt]sx?$", name):
        pairs = readers.script(text, path)
    elif name in (".rspec", ".rspec-local", "maven.config", "jvm.config", "mocha.opts"):
        pairs = readers.flags(text)
    else:
        yield from _loose(text)
        return
    for keys, value in pairs:
        yield Setting(keys, value)


def _data(path: str, text: str) -> Any:
    """The file's data, or None for a kind of file that holds none. Raises what the parsers raise."""
    name = path.rsplit("/", 1)[-1]
    if name.endswith((".yml", ".yaml")) or name == ".yamllint":
        return _yaml(text)
    if name.endswith(".toml") or path.endswith(".cargo/config"):
        return tomllib.loads(text)
    if name.endswith((".json", ".jsonc")) or name in (".jshintrc", ".jscsrc", ".nycrc", ".mocharc", ".c8rc"):
        # tsconfig.json and .eslintrc allow comments and trailing commas.
        return json.loads(re.sub(r",(\s*[}\]])", r"\1", _without_comments(text)))
    if name.startswith((".eslintrc", ".lintstagedrc", ".stylelintrc", ".taprc")) and "." not in name[1:]:
        return _yaml(text)
    if name.endswith((".ini", ".cfg")) or name in _INI:
        return _ini(text)
    return None


_INI = frozenset({".coveragerc", ".flake8", "pylintrc", ".pylintrc", ".bandit", ".pydocstyle"})


class _AnyTag(SafeConstructor):
    """Reads a tag that it does not know (`!reference`, `!ruby/regexp`) as the plain value behind it."""


def _plain_value(constructor: _AnyTag, node: Node) -> Any:
    if isinstance(node, ScalarNode):
        return node.value
    if isinstance(node, SequenceNode):
        return constructor.construct_sequence(node, deep=True)
    return constructor.construct_mapping(node, deep=True)


_AnyTag.add_constructor(None, _plain_value)


def _yaml(text: str) -> Any:
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _AnyTag
    # GitHub refuses them; a file of another service may have them and still run.
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
    for raw in text.split("\n"):
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


def _loose(text: str) -> Iterator[Setting]:
    """`key: value`, `key = value`, `<key>value</key>`; items of a list of several lines."""
    inside = ""
    for raw in text.split("\n"):
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
        hit = _LOOSE.match(raw)
        if hit is None:
            continue
        key, value = hit["key"], hit["value"] or ""
        if value.startswith("["):
            for one in re.findall(r"[\"']([^\"']+)[\"']", value):
                yield Setting((key,), one)
            inside = "" if "]" in value else key
        elif value not in ("{", "("):
            yield Setting((key,), value.strip("\"'"))
