"""Lists of what a linter, the coverage or a test runner leaves out, and of what it looks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from bot.weakening.ci.commands import exclusions
from bot.weakening.ci.config import Config, Setting, holds_commands, plain_key
from bot.weakening.ci.jobs import jobs
from bot.weakening.model import WeakeningFinding

Side = tuple[Config, Config]

_IGNORES = re.compile(
    r"^(?:(?:extend_|per_file_|lint_)*ignores?|(?:extend_)?per_file_ignores|ignore_(?:names|patterns|paths|words?|decorators|checks|regexps?|imports|rules|files|list)|ignored_\w+"
    r"|disabled?(?:_rules|_checks)?|(?:extend_)?excludes?(?:_\w+)?|omit|skips?|skip_(?:files|dirs|glob)|allow(?:list|ed)?|whitelist|nitpick_ignore"
    r"|good_names|exclude_lines|exclude_also|partial_branches|test_?path_?ignore_?patterns|coverage_?path_?ignore_?patterns|module_?path_?ignore_?patterns"
    r"|only_?warn|norecursedirs|collect_ignore\w*|ignore_?files|exclude_rules|linters_settings_exclude|global_?ignores|disable_error_code|bannedrules|skipped?_?tests|suppress\w*)$",
    re.IGNORECASE,
)
_SELECTS = re.compile(
    r"^(?:(?:extend_)?select|(?:extend_)?enabled?(?:_rules|_checks|_error_code)?|plugins|load_plugins|extends|rules|linters|analyzers|require|deny|forbid|warn_on|checks|reporters?_fail)$"
)
_PACKAGING = re.compile(
    r"^(?:tool\.(?:setuptools|uv|hatch\.(?:build|version)|poetry|flit|pdm|scikit-build|maturin|cibuildwheel|towncrier|bumpversion)"
    r"|options|package|workspace|bumpversion|build-system|project)\b"
)
"""Sections whose lists say what is packaged, and check nothing."""
_WARNINGS = re.compile(r"^filterwarnings$")
_CODE = re.compile(r"^[A-Z]{1,6}\d{0,5}$")
RULE_HOME = re.compile(r"rules|lints|clippy|rust\b|overrides|severity|report\w+", re.IGNORECASE)
"""Keys under which rules have their severity."""


def _items(settings: Iterable[Setting], pattern: re.Pattern[str]) -> dict[tuple[str, str], Setting]:
    """(section, item) of every list that the pattern names."""
    found = {}
    for setting in settings:
        own = next((n for n in range(len(setting.keys) - 1, -1, -1) if pattern.match(plain_key(setting.keys[n]))), None)
        if own is None or setting.value.lower() in ("true", "false"):
            continue
        if pattern is _SELECTS and any(_IGNORES.match(plain_key(key)) for key in setting.keys):
            continue
        if "licenses" in setting.keys or "depguard" in setting.keys or _PACKAGING.match(setting.dotted):
            continue
        under = ".".join(setting.keys[own + 1 :])
        for item in re.split(r"[,|\n]\s*|\s{2,}|(?<=\d)\s+(?=[A-Z])", re.sub(r"(?m)^\s*#.*$", "", setting.value)):
            item = item.strip().strip("\"'")
            if item.startswith("${"):
                continue
            if item and not re.fullmatch(r"[()\[\]{}?x^$]+|\(\?x\)\(?", item):
                found[".".join(setting.keys[: own + 1]), f"{under}:{item}" if under else item] = setting
    return found


def _args(config: Config) -> Iterator[tuple[str, str]]:
    """(flag, item) of what commands and hooks of the file leave out."""
    for value in _commands(config):
        if " -" in value or value.startswith("-"):
            yield from exclusions(value)


def _commands(config: Config) -> list[str]:
    """Every value that may be a command: of a file with settings its values, of a Makefile and its like their lines."""
    if config.data is None and holds_commands(config.path):
        return [line for job in jobs(config) for line in job.lines]
    return [setting.value for setting in config.settings]


def left_out(config: Config) -> set[str]:
    """Everything that the file leaves out, by its lists and its commands."""
    return {item.split(":")[-1] for _, item in _items(config.settings, _IGNORES)} | {item for _, item in _args(config)}


def speaks_of(config: Config, home: str) -> bool:
    """Whether the file spoke of that tool before: a tool that comes with its exceptions is no loss."""
    keys = home.split(".")
    if len(keys) == 1:
        return True
    depth = 2 if keys[0] == "tool" else 1
    return any(setting.keys[:depth] == tuple(keys[:depth]) for setting in config.settings)


def switched_on(sides: Sequence[Side]) -> frozenset[str]:
    """What the change switches on: rules selected, or no longer ignored."""
    found: set[str] = set()
    for old, new in sides:
        before = {item for _, item in _items(old.settings, _SELECTS)}
        found.update(item for _, item in _items(new.settings, _SELECTS) if item not in before)
        if old.text:
            found.update(
                item for _, item in _items(old.settings, _IGNORES).keys() - _items(new.settings, _IGNORES).keys()
            )
    return frozenset(found)


def selected(sides: Sequence[Side]) -> bool:
    """Whether a linter of the change selects more rules than before: a removed one may have become those."""
    return any(
        _items(new.settings, _SELECTS).keys() - _items(old.settings, _SELECTS).keys() for old, new in sides if new.text
    )


def _brought(item: str, added: frozenset[str]) -> bool:
    """Whether the item names a file that came with the change: nothing is looked at less than before."""
    return "/" in item and any(path.endswith(item.lstrip("./").split(":")[0]) for path in added)


def ignore_findings(
    old: Config, new: Config, known: set[str], enabling: frozenset[str], added: frozenset[str]
) -> Iterator[WeakeningFinding]:
    """What is newly left out."""
    before, after = _items(old.settings, _IGNORES), _items(new.settings, _IGNORES)
    by_home: dict[str, list[str]] = {}
    for home, item in after.keys() - before.keys():
        by_home.setdefault(home, []).append(item)
    for home, items in sorted(by_home.items()):
        lost = [item for one, item in before.keys() - after.keys() if one == home]
        if re.search(r"pom\.xml$|\.gradle", new.path):
            # What a packaging plugin leaves out is no check.
            items = [item for item in items if re.search(r"test|spec|IT\b", item, re.IGNORECASE)]
        fresh = [
            item
            for item in items
            if item.split(":")[-1] not in known and not _belongs(item, enabling) and not _brought(item, added)
        ]
        if not fresh or not speaks_of(old, home) or len(lost) >= len(items):
            continue
        item = sorted(fresh)[0]
        key = home.rsplit(".", 1)[-1]
        line = new.line(item.split(":")[-1], key)
        yield WeakeningFinding(
            "ci.lint_ignored", new.path, line, f"`{home}` now leaves out {', '.join(sorted(fresh))[:120]}."
        )
    had = set(_args(old))
    flags = sorted(
        {
            (flag, item)
            for flag, item in _args(new)
            if (flag, item) not in had and item not in known and not _belongs(item, enabling)
        }
    )
    removed = {flag for flag, item in had - set(_args(new))}
    for flag, item in flags[:3]:
        if flag not in removed and _tool_kept(old, new, flag, item):
            yield WeakeningFinding(
                "ci.lint_ignored", new.path, new.line(item), f"A command now leaves out {item[:80]} ({flag})."
            )


def _tool_kept(old: Config, new: Config, flag: str, item: str) -> bool:
    """Whether the hook or command that now leaves something out was there before."""
    for value in _commands(new):
        if flag.lstrip("-") in value and item in value:
            words = [word for word in re.findall(r"[a-z][\w-]{3,}", value) if word not in item and word not in flag]
            hook = _hook_before(new, item)
            if hook is not None:
                return f"id: {hook}" in old.text
            return not words or any(word in old.text for word in words)
    return True


def _hook_before(config: Config, item: str) -> str | None:
    """The pre-commit hook in whose arguments the item stands."""
    if "pre-commit" not in config.path:
        return None
    hook = None
    for line in config.text.split("\n"):
        named = re.match(r"\s*-?\s*id:\s*(\S+)", line)
        hook = named[1] if named else hook
        if item in line and not named:
            return hook
    return None


def _belongs(item: str, enabling: frozenset[str]) -> bool:
    """Whether the exception is one from a family that the same change switches on."""
    code = item.split(":")[-1]
    for one in enabling:
        rule = one.split(":")[-1]
        if rule and (
            code == rule
            or rule in ("ALL", "all")
            or (_CODE.match(code) and _CODE.match(rule) and code.startswith(rule))
        ):
            return True
    return False


def select_findings(old: Config, new: Config, sides: Sequence[Side]) -> Iterator[WeakeningFinding]:
    """What is no longer looked for."""
    before, after = _items(old.settings, _SELECTS), _items(new.settings, _SELECTS)
    anywhere = {item for _, side in sides for _, item in _items(side.settings, _SELECTS)}
    homes = {home for home, _ in after}
    for home in sorted({home for home, _ in before}):
        lost = [
            item
            for one, item in before.keys() - after.keys()
            if one == home
            and item not in anywhere
            and not _split_of(item, anywhere)
            and _MERGED.get(item) not in anywhere
        ]
        lost = [item for item in lost if ":" not in item or RULE_HOME.search(home) is None]
        fresh = [item for one, item in after.keys() - before.keys() if one == home]
        if lost and home in homes and len(fresh) < len(lost) and not home.startswith(("scripts", "dependencies")):
            key = home.rsplit(".", 1)[-1]
            yield WeakeningFinding(
                "ci.lint_removed", new.path, new.line(key), f"`{home}` no longer holds {', '.join(sorted(lost))[:120]}."
            )


_MERGED = {"gosimple": "staticcheck", "stylecheck": "staticcheck", "megacheck": "staticcheck", "golint": "revive"}
"""Linters that golangci-lint took into another one."""


def _split_of(item: str, anywhere: set[str]) -> bool:
    """A family replaced by a wider or by several narrower ones is not removed."""
    return bool(_CODE.match(item)) and any(
        _CODE.match(one) and (one.startswith(item) or item.startswith(one)) for one in anywhere
    )


def warning_findings(old: Config, new: Config) -> Iterator[WeakeningFinding]:
    """Warnings that the tests ignore now, or no longer fail on."""
    before, after = _items(old.settings, _WARNINGS), _items(new.settings, _WARNINGS)
    fresh = [item for (_, item) in after.keys() - before.keys() if item.startswith("ignore")]
    lost = [item for (_, item) in before.keys() - after.keys() if item.startswith("ignore")]
    if len(fresh) > len(lost) and before:
        yield WeakeningFinding(
            "ci.warning_ignored",
            new.path,
            new.line(fresh[0][:40]),
            f"The tests now ignore a warning: {fresh[0][:100]}.",
        )
    if ("error" in {item for _, item in before}) and "error" not in {item for _, item in after}:
        yield WeakeningFinding(
            "ci.lint_relaxed", new.path, new.line("filterwarnings"), "Warnings no longer fail the tests."
        )
