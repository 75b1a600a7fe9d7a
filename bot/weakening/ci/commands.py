"""What a command is for: which of the checks it runs, and whether its failure counts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

_TOOLS_OF = {
    "test": (
        "pytest py.test tox nox nosetests unittest jest mocha vitest ava karma jasmine tap playwright "
        "cypress rspec minitest phpunit nextest ginkgo gotestsum ctest trybuild miri doctest testem wdio "
        "saucelabs hatch standard grunt gulp bats"
    ),
    "lint": (
        "flake8 pylint ruff eslint tslint jshint jscs golangci-lint golint staticcheck clippy rubocop "
        "checkstyle pmd spotbugs findbugs errorprone shellcheck yamllint markdownlint hadolint stylelint "
        "pycodestyle pydocstyle pyflakes doc8 codespell typos actionlint zizmor super-linter pre-commit "
        "prek xo biome oxlint detekt ktlint commitlint misspell vet sp-repo-review vulture detect-secrets"
    ),
    "types": ("mypy pyright pyre tsc pytype tsd tstyche flow basedpyright"),
    "format": ("black isort prettier rustfmt gofmt goimports gofumpt yapf autopep8 docformatter spotless"),
    "coverage": ("coverage codecov coveralls nyc c8 istanbul tarpaulin llvm-cov jacoco codacy simplecov goveralls"),
    "security": (
        "bandit safety pip-audit audit cargo-deny cargo-audit snyk trivy codeql semgrep govulncheck gosec "
        "dependency-review ossf scorecard gitleaks trufflehog grype cargo-vet"
    ),
    "release": (
        "bundlesize size-limit semver-checks cargo-semver-checks check-manifest twine-check apidiff "
        "japicmp revapi animal-sniffer"
    ),
}
TOOLS: dict[str, str] = {tool: kind for kind, tools in _TOOLS_OF.items() for tool in tools.split()}
"""Tools by the kind of check they make."""

_SCRIPT = re.compile(
    r"\b(?:npm|yarn|pnpm|bun)(?:\s+run)?\s+(?:-\w+\s+)*(?P<npm>[\w:.-]+)|\bmake\s+(?:-\w+\s+)*(?P<make>[\w.-]+)"
    r"|\b(?:cargo|go|deno|mvn|mvnw|\./mvnw|gradle|\./gradlew|gradlew|rake|just|invoke|task|dotnet|swift|mix|hatch run"
    r"|uv run|poetry run|bundle exec)"
    r"\s+(?:[-\w=./]*-\w[\w=./-]*\s+|\+\w+\s+)*(?P<sub>[\w:.-]+)"
)
_INTENTS = (
    (
        "test",
        re.compile(
            r"(?:^|[:._-])(?:tests?|spec|unit|integration|e2e|verify|check|ci|miri|nextest|doctest|bench-test)(?:$|[:._-])|^t$"
        ),
    ),
    ("lint", re.compile(r"lint|clippy|^vet$|style|^checks?$|doc-?check")),
    ("format", re.compile(r"^fmt|format|prettier")),
    ("types", re.compile(r"types?(?:-?check)?$|^tsc|mypy")),
    ("coverage", re.compile(r"cov(?:er(?:age)?)?(?:$|[:._-])|coverage|tarpaulin|llvm-cov")),
    ("security", re.compile(r"^audit|security|^deny|vuln")),
)
_TOOL = re.compile(
    r"(?:(?<![\w@/.-])(?:@[\w-]+/)?|(?:^|[\s/.])bin/)("
    + "|".join(sorted(map(re.escape, TOOLS), key=len, reverse=True))
    + r")(?![\w-])"
)
# `pip install pytest` names a tool and runs no check.
_SETUP = re.compile(
    r"\b(?:pip3?|pipx|uv|conda|mamba|apt(?:-get)?|brew|gem|poetry|npm|yarn|pnpm|cargo|go|rustup|choco|python -m pip)\s+"
    r"(?:pip\s+)?(?:-\w+\s+)*(?:install|add|get|ci|i|sync|component|toolchain|update|upgrade|i\b)\b|^\s*(?:echo|cd|export|mkdir|cp|mv|rm|curl|wget|git)\b"
)


# The same lines are asked about for every job that they are compared with.
@lru_cache(maxsize=4096)
def checks_of(command: str) -> frozenset[str]:
    """Kinds and tools of check that one line runs: `test:pytest`, `lint:npm lint`. Installing a tool runs none."""
    found: set[str] = set()
    for part in re.split(r"&&|\|\||;|\|(?!\|)", command):
        part = part.strip()
        if not part or _SETUP.search(part):
            continue
        part = re.sub(r"^bundle exec\s+", "", part)
        if re.search(r"\bruff format\b", part):
            found.add("format:ruff")
        for hit in _TOOL.finditer(part):
            found.add(f"{TOOLS[hit[1]]}:{hit[1]}")
        for hit in _SCRIPT.finditer(part):
            name = hit["npm"] or hit["make"] or hit["sub"] or ""
            for kind, pattern in _INTENTS:
                # `cargo check` compiles and runs no test, https://doc.rust-lang.org/cargo/commands/cargo-check.html
                builds = name == "check" and hit[0].startswith("cargo")
                if pattern.search(name) and not (builds and kind == "test"):
                    found.add(f"{kind}:{name}")
        if re.search(
            r"(?:^|\s)(?:\./|bash |sh |python3? (?:-m )?(?:setup\.py )?|node |ruby )[\w/.-]*(?:test|lint|check|verify)"
            r"[\w.-]*(?:\s|$)",
            part,
        ):
            found.add("test:script")
        if re.match(r"(?:\./|bash |sh )[\w/.-]*cov[\w.-]*(?:\s|$)", part):
            found.add("coverage:script")
    return frozenset(found)


@lru_cache(maxsize=512)
def action_checks(uses: str) -> frozenset[str]:
    """The same for `uses: owner/action@ref`."""
    name = uses.split("@")[0].lower()
    found = {
        f"{kind}:{tool}" for tool, kind in TOOLS.items() if re.search(rf"(?:^|[/_-]){re.escape(tool)}(?:$|[/_-])", name)
    }
    if re.search(r"lint|scan|audit|review-action$|check", name) and "checkout" not in name:
        found.add(f"lint:{name}")
    return frozenset(found)


def kinds(checks: Iterable[str]) -> frozenset[str]:
    """Only the kinds of checks."""
    return frozenset(check.split(":", 1)[0] for check in checks)


# A shell's exit code is that of the last command: `|| true`, `; true`, `&`, `!` and `if` drop it.
_FORGIVING = re.compile(
    r"\|\|\s*\(?\s*(?:true|:|exit 0|echo\b|test\s|\[\s|printf\b|/bin/true|return 0"
    r"|\w+=)|;\s*(?:true|exit 0|:)[\s'\")]*$|(?<![&>])&\s*exit 0$"
    r"|^\s*set \+e\b.*|^!\s|^(?:el)?if\s+!?\s*(?=[^[(].*;\s*then)"
    r"|;\s*then\b.*$|(?<![&>])&\s*$|--exit-zero\b|--no-fail(?![\w-])|--soft-fail\b"
    r"|--passWithNoTests\b|-DskipTests\b"
    r"|-Dmaven\.test\.skip|--ignore-outcome|--allow-failure|-x\s+test\b|--no-verify\b|\|\|\s*exit\s+0"
)


UPLOADS = frozenset({"codecov", "coveralls", "goveralls", "codacy"})
"""Services that get the coverage: whether they can be reached says nothing about the change."""


@lru_cache(maxsize=4096)
def forgiven(command: str, pipefail: bool = True, stops: bool = True) -> str | None:
    """What in a command makes its failure count for nothing, or None. `pipefail`: the shell looks at every command of a
    pipe; `stops`: it stops at the first that fails."""
    hit = _FORGIVING.search(command) or (None if stops else _GOES_ON.search(command))
    if hit is None:
        return None if pipefail else _piped(command)
    before = command[: hit.start()]
    group = before.rsplit("(", 1)[-1] if before.count("(") > before.count(")") else before
    tools = {check.split(":")[1] for check in checks_of(group)}
    return None if tools and tools <= UPLOADS else hit[0].strip()


# https://www.gnu.org/software/bash/manual/bash.html#Pipelines: the last command's code, unless pipefail is set.
_PIPE = re.compile(r"(?<!\|)\|&?(?![|&])")
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'")
_GOES_ON = re.compile(r";\s*(?:echo\b|:|cat\b|ls\b|printf\b)[^;&|]*$")
"""In `sh -c` without `-e` the last command's exit code is the line's."""


def _piped(command: str) -> str | None:
    """The end of a pipe whose exit code hides that of the check before it."""
    # A `|` inside quotes is not a pipe; the length stays, so that positions do.
    bare = _QUOTED.sub(lambda hit: "q" * len(hit[0]), command)
    if re.search(r"pipefail|PIPESTATUS|pipestatus", command):
        return None
    parts = _PIPE.split(re.split(r"&&|;", bare)[-1])
    if len(parts) < 2 or not checks_of(command) or checks_of(parts[-1]):
        return None
    return f"| {parts[-1].strip()}" if any(checks_of(part) for part in parts[:-1]) else None


_FLAG = re.compile(
    r"--(?P<flag>(?:extend-|per-file-)?ignores?(?:-glob|-words-list|-path|-pattern)?|disable|exclude|deselect|omit|skip|skip-\w+|allow-\w+|coverage-threshold)"
    r"(?:=|\s+)(?P<value>\"[^\"]+\"|'[^']+'|[^\s\"'\]]+)|\s-(?P<short>[km])\s+(?P<not>[\"'](?:[^\"']*\b)?not\b[^\"']*[\"'])|(?:^|\s)-A\s+(?P<allow>clippy::\w+|\w+)"
)


def exclusions(command: str) -> Iterator[tuple[str, str]]:
    """(flag, item) of everything a command leaves out: `--ignore=E501,W503`, `-m "not slow"`, `-A clippy::x`."""
    for hit in _FLAG.finditer(command):
        if hit["allow"]:
            yield "-A", hit["allow"]
        elif hit["short"]:
            yield f"-{hit['short']}", hit["not"].strip("\"'")
        else:
            for item in re.split(r"[,\s]+", hit["value"].strip("\"'")):
                if item:
                    yield hit["flag"], item
    for tool, flag in (("markdownlint", "-i"), ("shellcheck", "-e"), ("pylint", "-d")):
        for hit in re.finditer(rf"\b{tool}\b[^|;&]*?\s{flag}[\s=]*([^\s|;&]+)", command):
            yield flag, hit[1].strip("\"'")


# Without one of these the same command passes on what failed before.
_STRICT = re.compile(
    r"(?<![\w-])(?:-Werror|--forbid-only|--all-files|--run-?(?:slow|integration|all|e2e)|-W\s+error|-D\s+warnings|--strict(?:-\w+)?|--error-on-\w+|--fail-on-\w+|--exit-code|--locked|--frozen-lockfile|--deny[\s=]\w+"
    r"|--check|--diff|-race|--max-warnings(?:=|\s+)0|--fail-under|--doctest-modules|--all-features|--all-targets|--workspace|--cov-branch|--branch)(?![\w-])"
)


def strict_flags(command: str) -> frozenset[str]:
    """Flags that make a check demand more."""
    return frozenset(" ".join(hit[0].split()) for hit in _STRICT.finditer(command))


_LIMIT = re.compile(
    r"--(?P<flag>(?:cov-)?fail-under|min-?coverage|max-line-length|line-length|max-complexity|max-warnings|coverage-threshold|lines|branches|functions|statements)(?:=|\s+)(?P<value>\d+(?:\.\d+)?)"
)


def limits(command: str) -> Iterator[tuple[str, float]]:
    """(flag, number) of thresholds given on the command line."""
    for hit in _LIMIT.finditer(command):
        yield hit["flag"], float(hit["value"])
