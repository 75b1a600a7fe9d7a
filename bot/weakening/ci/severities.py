"""Rules of linters whose severity falls: `error` → `warn`, `deny` → `allow`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.weakening.ci.config import Config
from bot.weakening.ci.lists import RULE_HOME, speaks_of
from bot.weakening.model import WeakeningFinding

_LEVELS = {
    word: level
    for level, words in enumerate(("off 0 allow none false", "info warn 1 warning", "error 2 deny", "forbid"))
    for word in words.split()
}
"""The words of ESLint, Clippy, Pyright and JSHint, from what is ignored to what cannot be allowed again."""


_PYRIGHT = re.compile(r"^report[A-Z]\w+$")


def severity_findings(old: Config, new: Config) -> Iterator[WeakeningFinding]:
    """Rules whose severity falls: `error` → `warn`, `deny` → `allow`."""
    before = _levels_of(old)
    for keys, (level, value) in _levels_of(new).items():
        was = before.get(keys)
        if was is not None and level < was[0]:
            yield WeakeningFinding(
                "ci.lint_relaxed", new.path, new.line(keys[-1]), f"`{keys[-1]}` was {was[1]} and is {value}."
            )
        elif was is None and level == 0 and (before or (_PYRIGHT.match(keys[-1]) and speaks_of(old, ".".join(keys)))):
            yield WeakeningFinding(
                "ci.lint_ignored", new.path, new.line(keys[-1]), f"The rule `{keys[-1]}` is switched off."
            )


def _levels_of(config: Config) -> dict[tuple[str, ...], tuple[int, str]]:
    found: dict[tuple[str, ...], tuple[int, str]] = {}
    for setting in config.settings:
        value = setting.value.strip("[]\"' ").split(",")[0].strip("\"'").lower()
        if value in _LEVELS and setting.keys and setting.keys not in found and _is_rule(setting.keys, config):
            found[setting.keys] = (_LEVELS[value], value)
    return found


def _is_rule(keys: tuple[str, ...], config: Config) -> bool:
    name = config.path.rsplit("/", 1)[-1]
    inside = any(RULE_HOME.search(key) for key in keys[:-1]) or bool(_PYRIGHT.match(keys[-1]))
    return inside or ("eslint" in name and ("-" in keys[-1] or "/" in keys[-1])) or name == ".jshintrc"


def cop_findings(old: Config, new: Config) -> Iterator[WeakeningFinding]:
    """Cops that RuboCop's file switches off: its own, or those of a plugin that the file configured before."""
    if "rubocop" not in new.path or not old.settings:
        return
    known = {setting.keys for setting in old.settings}
    departments = {
        setting.keys[0].partition("/")[0] for setting in old.settings if setting.keys and "/" in setting.keys[0]
    }
    for setting in new.settings:
        if setting.key == "enabled" and setting.keys not in known and setting.value.lower() == "false":
            department, _, cop = setting.keys[0].partition("/")
            if not cop or department in _DEPARTMENTS | departments:
                line = new.line(setting.value, setting.keys[-1])
                yield WeakeningFinding("ci.lint_ignored", new.path, line, f"`{setting.dotted}` is switched off.")


_DEPARTMENTS = frozenset({"Style", "Lint", "Layout", "Metrics", "Naming", "Security", "Bundler", "Gemspec"})
"""https://docs.rubocop.org/rubocop/cops.html"""
