"""Lists of what a linter, the coverage or a test runner leaves out, and of what it looks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from bot.weakening.ci.commands import exclusions
from bot.weakening.ci.config import Config, Setting, Side, plain_key
from bot.weakening.ci.jobs import jobs
from bot.weakening.model import WeakeningFinding

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


@dataclass(frozen=True)
class LinterFile:
    """One file's lists, each item by (section, item)."""

    config: Config

    @cached_property
    def ignores(self) -> dict[tuple[str, str], Setting]:
        return _items(self.config.settings, _IGNORES)

    @cached_property
    def selects(self) -> dict[tuple[str, str], Setting]:
        return _items(self.config.settings, _SELECTS)

    @cached_property
    def warnings(self) -> dict[tuple[str, str], Setting]:
        return _items(self.config.settings, _WARNINGS)

    @cached_property
    def commands(self) -> list[str]:
        """Every value that may be a command: of a file with settings its values, of a Makefile its lines."""
        lines = [line for job in jobs(self.config) for line in job.lines] if self.config.data is None else []
        return lines or [setting.value for setting in self.config.settings]

    @cached_property
    def flags(self) -> frozenset[tuple[str, str]]:
        """(flag, item) of what commands and hooks of the file leave out."""
        values = (value for value in self.commands if " -" in value or value.startswith("-"))
        return frozenset(pair for value in values for pair in exclusions(value))


class LinterFiles:
    """The settings files and pipelines of a change, each before and after, and what they say together."""

    def __init__(self, sides: Sequence[Side], added: frozenset[str]) -> None:
        self.sides = [(LinterFile(old), LinterFile(new)) for old, new in sides]
        self.added = added
        """The paths that the change brings: leaving one of them out weakens nothing."""

    @cached_property
    def left_out(self) -> frozenset[str]:
        """Everything that the base leaves out anywhere."""
        items = (item for old, _ in self.sides for item in [*old.ignores, *old.flags])
        return frozenset(item.split(":")[-1] for _, item in items)

    @cached_property
    def selected(self) -> frozenset[str]:
        """Everything that the head selects anywhere."""
        return frozenset(item for _, new in self.sides for _, item in new.selects)

    @cached_property
    def selects_more(self) -> bool:
        """Whether a linter of the change selects more rules than before: a removed one may have become those."""
        return any(new.selects.keys() - old.selects.keys() for old, new in self.sides if new.config.text)

    @cached_property
    def enabling(self) -> frozenset[str]:
        """What the change switches on: rules selected, or no longer ignored."""
        found: set[str] = set()
        for old, new in self.sides:
            before = {item for _, item in old.selects}
            found.update(item for _, item in new.selects if item not in before)
            if old.config.text:
                found.update(item for _, item in old.ignores.keys() - new.ignores.keys())
        return frozenset(found)

    def belongs(self, item: str) -> bool:
        """Whether an exception is one from a family that the same change switches on."""
        code = item.split(":")[-1]
        for one in self.enabling:
            rule = one.split(":")[-1]
            if rule in (code, "ALL", "all") or (_CODE.match(code) and _CODE.match(rule) and code.startswith(rule)):
                return True
        return False

    def findings(self) -> Iterator[WeakeningFinding]:
        """Every finding about the lists of the files that both sides have."""
        for old, new in self.sides:
            if old.config.text and new.config.text:
                yield from self._ignored(old, new)
                yield from self._flagged(old, new)
                yield from self._deselected(old, new)
                yield from _warnings(old, new)

    def _ignored(self, old: LinterFile, new: LinterFile) -> Iterator[WeakeningFinding]:
        by_home: dict[str, list[str]] = {}
        for home, item in new.ignores.keys() - old.ignores.keys():
            by_home.setdefault(home, []).append(item)
        for home, items in sorted(by_home.items()):
            lost = [item for one, item in old.ignores.keys() - new.ignores.keys() if one == home]
            if re.search(r"pom\.xml$|\.gradle", new.config.path):
                # What a packaging plugin leaves out is not a check.
                items = [item for item in items if re.search(r"test|spec|IT\b", item, re.IGNORECASE)]
            fresh = sorted(
                item
                for item in items
                if item.split(":")[-1] not in self.left_out and not self.belongs(item) and not self._brought(item)
            )
            if fresh and speaks_of(old.config, home) and len(lost) < len(items):
                line = new.config.line(fresh[0].split(":")[-1], home.rsplit(".", 1)[-1])
                message = f"`{home}` now leaves out {', '.join(fresh)[:120]}."
                yield WeakeningFinding("ci.lint_ignored", new.config.path, line, message)

    def _brought(self, item: str) -> bool:
        """Whether the item names a file that came with the change: nothing is looked at less than before."""
        return "/" in item and any(path.endswith(item.lstrip("./").split(":")[0]) for path in self.added)

    # At most three, since one edit of a long command would fill the comment.
    def _flagged(self, old: LinterFile, new: LinterFile) -> Iterator[WeakeningFinding]:
        removed = {flag for flag, _ in old.flags - new.flags}
        fresh = [one for one in new.flags - old.flags if one[1] not in self.left_out and not self.belongs(one[1])]
        for flag, item in sorted(fresh)[:3]:
            if flag not in removed and _tool_kept(old.config, new, flag, item):
                message = f"A command now leaves out {item[:80]} ({flag})."
                yield WeakeningFinding("ci.lint_ignored", new.config.path, new.config.line(item), message)

    def _deselected(self, old: LinterFile, new: LinterFile) -> Iterator[WeakeningFinding]:
        for home in sorted({home for home, _ in old.selects} & {home for home, _ in new.selects}):
            gone = {item for one, item in old.selects.keys() - new.selects.keys() if one == home} - self.selected
            lost = sorted(
                item
                for item in gone
                if _MERGED.get(item) not in self.selected
                and not _split_of(item, self.selected)
                and not (":" in item and RULE_HOME.search(home))
            )
            fresh = [item for one, item in new.selects.keys() - old.selects.keys() if one == home]
            if lost and len(fresh) < len(lost) and not home.startswith(("scripts", "dependencies")):
                line = new.config.line(home.rsplit(".", 1)[-1])
                message = f"`{home}` no longer holds {', '.join(lost)[:120]}."
                yield WeakeningFinding("ci.lint_removed", new.config.path, line, message)


_MERGED = {"gosimple": "staticcheck", "stylecheck": "staticcheck", "megacheck": "staticcheck", "golint": "revive"}
"""Linters that golangci-lint took into another one, https://golangci-lint.run/docs/product/changelog/."""


def _items(settings: Iterable[Setting], pattern: re.Pattern[str]) -> dict[tuple[str, str], Setting]:
    """(section, item) of every list that the pattern names; a string of several items is a list, too."""
    found = {}
    for setting in settings:
        own = next((n for n in range(len(setting.keys) - 1, -1, -1) if pattern.match(plain_key(setting.keys[n]))), None)
        if own is None or setting.value.lower() in ("true", "false"):
            continue
        # `[tool.ruff.lint.per-file-ignores]` holds codes under a key that may be called like a list of rules.
        if pattern is _SELECTS and any(_IGNORES.match(plain_key(key)) for key in setting.keys):
            continue
        if "licenses" in setting.keys or "depguard" in setting.keys or _PACKAGING.match(setting.dotted):
            continue
        under = ".".join(setting.keys[own + 1 :])
        for item in re.split(r"[,|\n]\s*|\s{2,}|(?<=\d)\s+(?=[A-Z])", re.sub(r"(?m)^\s*#.*$", "", setting.value)):
            item = item.strip().strip("\"'")
            # A reference to another list holds unknown items.
            if item.startswith("${"):
                continue
            if item and not re.fullmatch(r"[()\[\]{}?x^$]+|\(\?x\)\(?", item):
                found[".".join(setting.keys[: own + 1]), f"{under}:{item}" if under else item] = setting
    return found


def speaks_of(config: Config, home: str) -> bool:
    """Whether the file configured that tool before: a tool that is new with its exceptions weakens nothing."""
    keys = home.split(".")
    if len(keys) == 1:
        return True
    depth = 2 if keys[0] == "tool" else 1
    return any(setting.keys[:depth] == tuple(keys[:depth]) for setting in config.settings)


def _tool_kept(old: Config, new: LinterFile, flag: str, item: str) -> bool:
    """Whether the hook or command that now leaves something out was there before."""
    for value in new.commands:
        if flag.lstrip("-") in value and item in value:
            words = [word for word in re.findall(r"[a-z][\w-]{3,}", value) if word not in item and word not in flag]
            hook = _hook_before(new.config, item)
            if hook is not None:
                return f"id: {hook}" in old.text
            return not words or any(word in old.text for word in words)
    return True


def _hook_before(config: Config, item: str) -> str | None:
    """The pre-commit hook whose arguments have the item."""
    if "pre-commit" not in config.path:
        return None
    hook = None
    for line in config.text.split("\n"):
        named = re.match(r"\s*-?\s*id:\s*(\S+)", line)
        hook = named[1] if named else hook
        if item in line and not named:
            return hook
    return None


def _split_of(item: str, anywhere: frozenset[str]) -> bool:
    """A family replaced by a wider or by several narrower ones is not removed."""
    return bool(_CODE.match(item)) and any(
        _CODE.match(one) and (one.startswith(item) or item.startswith(one)) for one in anywhere
    )


def _warnings(old: LinterFile, new: LinterFile) -> Iterator[WeakeningFinding]:
    """Warnings that the tests ignore now, or no longer fail on."""
    before, after = old.warnings, new.warnings
    fresh = sorted(item for _, item in after.keys() - before.keys() if item.startswith("ignore"))
    lost = [item for (_, item) in before.keys() - after.keys() if item.startswith("ignore")]
    if len(fresh) > len(lost) and before:
        yield WeakeningFinding(
            "ci.warning_ignored",
            new.config.path,
            new.config.line(fresh[0][:40]),
            f"The tests now ignore a warning: {fresh[0][:100]}.",
        )
    if ("error" in {item for _, item in before}) and "error" not in {item for _, item in after}:
        yield WeakeningFinding(
            "ci.lint_relaxed", new.config.path, new.config.line("filterwarnings"), "Warnings no longer fail the tests."
        )
