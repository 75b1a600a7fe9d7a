"""Settings of linters, test runners and coverage that ask for less than before."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from bot.weakening.ci.commands import exclusions
from bot.weakening.ci.config import Config, Setting
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
_WARNINGS = re.compile(r"^filterwarnings$")
_LOWER_IS_WEAKER = re.compile(
    r"^(?:fail_under|fail_?on|cov_fail_under|min(?:imum)?_?coverage|minimum(?:_coverage)?|target|branches|functions|lines|statements|per_file|coverage_threshold"
    r"|minimum_?score|score_?threshold|min_?score|break|mutation_?threshold|min_?covered_?ratio|covered_?ratio|ratchet\w*|instruction|line_coverage|branch_coverage)$"
)
_HIGHER_IS_WEAKER = re.compile(
    r"^(?:max_(?!parallel|supported|python|version|line_?len_?doc|workers|retries|old_?space|jobs|procs|iterations|concurrency|attempts)\w+|maximum\w*|max|threshold|line_?length|\w*complexity\w*|cyclop|gocyclo|funlen|gocognit|lll|min_complexity|line_?limit"
    r"|size_?limit|max_?size|limit|budget|maxwarnings|max_?allowed\w*|max_?kb|minimum_?alert_?level|if_error_threshold)$"
)
_STRICT = re.compile(
    r"^(?:strict\w*|warn_(?!unused_configs)\w+|disallow_\w+|no_implicit_\w+|check_untyped_defs|extra_checks|xfail_strict|fail_on_\w+|fail_?ci_?if_?error|branch|error_on_\w+|no_?implicit\w+"
    r"|no_?unused\w+|no_?unchecked\w+|fail_?on_?error|fail_?on_?violations?|fails_?on_?error|warnings_?as_?errors|allwarningsaserrors|check_?coverage|require_ci_to_pass|enabled|checkjs|break_?build"
    r"|violation_?fail\w*|parallel_coverage|enforce\w*|exact_?optional\w*|use_unknown_in_catch\w*|report_unused_\w+|error_?summary)$"
)
_LENIENT = re.compile(
    r"^(?:ignore_(?:errors|missing_imports|outcome|failures?|test_?failures?)|ignorefailures|informational|skip_?lib_?check|continue_on_error|allow_failure|follow_untyped|implicit_reexport|allow_(?:untyped|redefinition|any)\w*"
    r"|test_?failure_?ignore|maven\.test\.(?:skip|failure\.ignore)|skip_?tests|skip_?its|skip_?i_?ts|only_new_issues|new|pass_?with_?no_?tests|exit_zero|fix_only|skip|disabled?|lint_on_save_off|allow_empty|soft_fail|if_ci_failed_success"
    r"|allowjs_unchecked|follow_imports_silent|disable_\w+)$"
)
_LEVELS = {"off": 0, "0": 0, "allow": 0, "none": 0, "false": 0, "info": 1, "warn": 1, "1": 1, "warning": 1, "error": 2, "2": 2, "deny": 2, "forbid": 3}
_RULE_HOME = re.compile(r"rules|lints|clippy|rust\b|overrides|severity|report\w+", re.IGNORECASE)
_CODE = re.compile(r"^[A-Z]{1,6}\d{0,5}$")


def lint_findings(sides: Sequence[Side], added: frozenset[str]) -> Iterator[WeakeningFinding]:
    """Every finding about the settings of the changed files; `added` are the paths that the change brings."""
    old_ignored = {item for old, _ in sides for item in _ignored(old)}
    enabling = _enabled(sides)
    for old, new in sides:
        if old.text and new.text:
            yield from _ignores(old, new, old_ignored, enabling, added)
            yield from _selects(old, new, sides)
            yield from _numbers(old, new, enabling)
            yield from _switches(old, new, sides)
            yield from _levels(old, new)
            yield from _warnings(old, new)


def _items(settings: Iterable[Setting], pattern: re.Pattern[str]) -> dict[tuple[str, str], Setting]:
    """(section, item) of every list that the pattern names."""
    found = {}
    for setting in settings:
        own = next((n for n in range(len(setting.keys) - 1, -1, -1) if pattern.match(_norm(setting.keys[n]))), None)
        if own is None or setting.value.lower() in ("true", "false"):
            continue
        if pattern is _SELECTS and any(_IGNORES.match(_norm(key)) for key in setting.keys):
            continue
        if "licenses" in setting.keys:
            continue
        under = ".".join(setting.keys[own + 1 :])
        for item in re.split(r"[,|\n]\s*|\s{2,}|(?<=\d)\s+(?=[A-Z])", re.sub(r"(?m)^\s*#.*$", "", setting.value)):
            item = item.strip().strip("\"'")
            if item.startswith("${"):
                continue
            if item and not re.fullmatch(r"[()\[\]{}?x^$]+|\(\?x\)\(?", item):
                found[".".join(setting.keys[: own + 1]), f"{under}:{item}" if under else item] = setting
    return found


def _norm(key: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower().replace("-", "_").replace(".", "_")


def _args(config: Config) -> Iterator[tuple[str, str]]:
    """(flag, item) of what commands and hooks of the file leave out."""
    for setting in config.settings:
        if "--" in setting.value or " -" in setting.value:
            yield from exclusions(setting.value)


def _ignored(config: Config) -> set[str]:
    return {item.split(":")[-1] for _, item in _items(config.settings, _IGNORES)} | {item for _, item in _args(config)}


def _section(config: Config, home: str) -> bool:
    """Whether the file spoke of that tool before: a tool that comes with its exceptions is no loss."""
    keys = home.split(".")
    if len(keys) == 1:
        return True
    depth = 2 if keys[0] == "tool" else 1
    return any(setting.keys[:depth] == tuple(keys[:depth]) for setting in config.settings)


def _enabled(sides: Sequence[Side]) -> frozenset[str]:
    """What the change switches on: rules selected, or no longer ignored."""
    found: set[str] = set()
    for old, new in sides:
        before = {item for _, item in _items(old.settings, _SELECTS)}
        found.update(item for _, item in _items(new.settings, _SELECTS) if item not in before)
        if old.text:
            found.update(item for _, item in _items(old.settings, _IGNORES).keys() - _items(new.settings, _IGNORES).keys())
    return frozenset(found)


def selected(sides: Sequence[Side]) -> bool:
    """Whether a linter of the change selects more rules than before: a removed one may have become those."""
    return any(_items(new.settings, _SELECTS).keys() - _items(old.settings, _SELECTS).keys() for old, new in sides if new.text)


def _brought(item: str, added: frozenset[str]) -> bool:
    """Whether the item names a file that came with the change: nothing is looked at less than before."""
    return "/" in item and any(path.endswith(item.lstrip("./").split(":")[0]) for path in added)


def _ignores(
    old: Config, new: Config, known: set[str], enabling: frozenset[str], added: frozenset[str]
) -> Iterator[WeakeningFinding]:
    before, after = _items(old.settings, _IGNORES), _items(new.settings, _IGNORES)
    by_home: dict[str, list[str]] = {}
    for home, item in after.keys() - before.keys():
        by_home.setdefault(home, []).append(item)
    for home, items in sorted(by_home.items()):
        lost = [item for one, item in before.keys() - after.keys() if one == home]
        if re.search(r"pom\.xml$|\.gradle", new.path):
            # What a packaging plugin leaves out is no check.
            items = [item for item in items if re.search(r"test|spec|IT\b", item, re.IGNORECASE)]
        fresh = [item for item in items if item.split(":")[-1] not in known and not _belongs(item, enabling) and not _brought(item, added)]
        if not fresh or not _section(old, home) or len(lost) >= len(items):
            continue
        item = sorted(fresh)[0]
        key = home.rsplit(".", 1)[-1]
        line = new.line(item.split(":")[-1], key)
        yield WeakeningFinding("ci.lint_ignored", new.path, line, f"`{home}` now leaves out {', '.join(sorted(fresh))[:120]}.")
    had = set(_args(old))
    flags = sorted({(flag, item) for flag, item in _args(new) if (flag, item) not in had and item not in known and not _belongs(item, enabling)})
    removed = {flag for flag, item in had - set(_args(new))}
    for flag, item in flags[:3]:
        if flag not in removed and _tool_kept(old, new, flag, item):
            yield WeakeningFinding("ci.lint_ignored", new.path, new.line(item), f"A command now leaves out {item[:80]} ({flag}).")


def _tool_kept(old: Config, new: Config, flag: str, item: str) -> bool:
    """Whether the hook or command that now leaves something out was there before."""
    for setting in new.settings:
        if flag.lstrip("-") in setting.value and item in setting.value:
            words = [word for word in re.findall(r"[a-z][\w-]{3,}", setting.value) if word not in item and word not in flag]
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
    for line in config.text.splitlines():
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
        if rule and (code == rule or rule in ("ALL", "all") or (_CODE.match(code) and _CODE.match(rule) and code.startswith(rule))):
            return True
    return False


def _selects(old: Config, new: Config, sides: Sequence[Side]) -> Iterator[WeakeningFinding]:
    before, after = _items(old.settings, _SELECTS), _items(new.settings, _SELECTS)
    anywhere = {item for _, side in sides for _, item in _items(side.settings, _SELECTS)}
    homes = {home for home, _ in after}
    for home in sorted({home for home, _ in before}):
        lost = [item for one, item in before.keys() - after.keys() if one == home and item not in anywhere and not _split_of(item, anywhere)]
        lost = [item for item in lost if ":" not in item or _RULE_HOME.search(home) is None]
        fresh = [item for one, item in after.keys() - before.keys() if one == home]
        if lost and home in homes and len(fresh) < len(lost) and not home.startswith(("scripts", "dependencies")):
            key = home.rsplit(".", 1)[-1]
            yield WeakeningFinding("ci.lint_removed", new.path, new.line(key), f"`{home}` no longer holds {', '.join(sorted(lost))[:120]}.")


def _split_of(item: str, anywhere: set[str]) -> bool:
    """A family replaced by a wider or by several narrower ones is not removed."""
    return bool(_CODE.match(item)) and any(_CODE.match(one) and (one.startswith(item) or item.startswith(one)) for one in anywhere)


def _number(value: str) -> float | None:
    hit = re.fullmatch(r"\s*(-?\d+(?:\.\d+)?)\s*(?:%|[kKmM]?[bB])?\s*", value)
    return float(hit[1]) if hit else None


def _numbers(old: Config, new: Config, enabling: frozenset[str]) -> Iterator[WeakeningFinding]:
    before = {setting.keys: setting for setting in old.settings}
    codecov = "codecov" in new.path
    for setting in new.settings:
        key = _norm(setting.keys[-1]) if setting.keys else ""
        was, now = before.get(setting.keys), _number(setting.value)
        if key == "threshold" and codecov and now is not None and (was is None or (_number(was.value) or 0) < now) and now > 0:
            before_text = "no drop" if was is None else was.value
            yield _threshold(new, setting, f"Coverage may drop by {setting.value}; before: {before_text}.")
            continue
        if was is None or now is None:
            continue
        amount = _number(was.value)
        if amount is None or amount == now or any(set(key.split("_")) & set(re.split(r"[-_]", one)) - {"max", "too", "many"} for one in enabling):
            continue
        if (_LOWER_IS_WEAKER.match(key) and now < amount) or (_HIGHER_IS_WEAKER.match(key) and now > amount and not _coverage(setting)):
            yield _threshold(new, setting, f"`{setting.dotted}` was {was.value} and is {setting.value}.")
    yield from _limits_gone(old, new)


def _coverage(setting: Setting) -> bool:
    return any("coverage" in key.lower() for key in setting.keys[:-1]) and setting.key != "threshold"


def _threshold(config: Config, setting: Setting, message: str) -> WeakeningFinding:
    return WeakeningFinding("ci.threshold", config.path, config.line(setting.value, setting.keys[-1]), message)


def _limits_gone(old: Config, new: Config) -> Iterator[WeakeningFinding]:
    now = {setting.key for setting in new.settings}
    for setting in old.settings:
        if setting.key in ("fail_under", "cov_fail_under", "coveragethreshold", "minimum_coverage") and setting.key not in now:
            yield WeakeningFinding("ci.threshold", new.path, None, f"`{setting.dotted}` ({setting.value}) is gone.")


def _switches(old: Config, new: Config, sides: Sequence[Side]) -> Iterator[WeakeningFinding]:
    before = {setting.keys: setting.value.lower() for setting in old.settings}
    lenient_before = {_norm(s.keys[-1]) for one, _ in sides for s in one.settings if s.keys and s.value.lower() in ("true", "yes", "1")}
    lenient_before |= {word.replace("-", "_") for one, _ in sides for word in re.findall(r"--([\w-]+)", one.text)}
    for setting in new.settings:
        key, value = (_norm(setting.keys[-1]) if setting.keys else ""), setting.value.lower()
        was = before.get(setting.keys)
        if was == value:
            continue
        line = new.line(setting.value, setting.keys[-1]) if setting.keys else None
        if _STRICT.match(key) and was in ("true", "yes", "1", "on") and value in ("false", "no", "0", "off"):
            yield WeakeningFinding("ci.lint_relaxed", new.path, line, f"`{setting.dotted}` was {was} and is {value}.")
        elif key == "enabled" and was is None and value == "false" and _section(old, setting.dotted) and "rubocop" in new.path:
            yield WeakeningFinding("ci.lint_ignored", new.path, line, f"`{setting.dotted}` is switched off.")
        elif _LENIENT.match(key) and value in ("true", "yes", "1") and was in (None, "false", "no", "0") and key not in lenient_before:
            if _section(old, setting.dotted) and not _in_pipeline(setting):
                yield WeakeningFinding("ci.lint_relaxed", new.path, line, f"`{setting.dotted}` is {value} now.")


def _in_pipeline(setting: Setting) -> bool:
    """Steps and jobs are compared as such, so that a new one that may fail is not counted here."""
    return any(key in ("jobs", "steps", "strategy", "with", "testenv") or key.startswith("testenv") for key in setting.keys)


def _levels(old: Config, new: Config) -> Iterator[WeakeningFinding]:
    """Rules whose severity falls: `error` → `warn`, `deny` → `allow`."""
    before = _levels_of(old)
    for keys, (level, value) in _levels_of(new).items():
        was = before.get(keys)
        if was is not None and level < was[0]:
            yield WeakeningFinding("ci.lint_relaxed", new.path, new.line(keys[-1]), f"`{keys[-1]}` was {was[1]} and is {value}.")
        elif was is None and level == 0 and _is_rule(keys, new) and before:
            yield WeakeningFinding("ci.lint_ignored", new.path, new.line(keys[-1]), f"The rule `{keys[-1]}` is switched off.")


def _levels_of(config: Config) -> dict[tuple[str, ...], tuple[int, str]]:
    found: dict[tuple[str, ...], tuple[int, str]] = {}
    for setting in config.settings:
        value = setting.value.strip("[]\"' ").split(",")[0].strip("\"'").lower()
        if value in _LEVELS and setting.keys and setting.keys not in found and _is_rule(setting.keys, config):
            found[setting.keys] = (_LEVELS[value], value)
    return found


def _is_rule(keys: tuple[str, ...], config: Config) -> bool:
    name = config.path.rsplit("/", 1)[-1]
    inside = any(_RULE_HOME.search(key) for key in keys[:-1])
    return inside or ("eslint" in name and ("-" in keys[-1] or "/" in keys[-1])) or name == ".jshintrc"


def _warnings(old: Config, new: Config) -> Iterator[WeakeningFinding]:
    before, after = _items(old.settings, _WARNINGS), _items(new.settings, _WARNINGS)
    fresh = [item for (_, item) in after.keys() - before.keys() if item.startswith("ignore")]
    lost = [item for (_, item) in before.keys() - after.keys() if item.startswith("ignore")]
    if len(fresh) > len(lost) and before:
        yield WeakeningFinding("ci.warning_ignored", new.path, new.line(fresh[0][:40]), f"The tests now ignore a warning: {fresh[0][:100]}.")
    if ("error" in {item for _, item in before}) and "error" not in {item for _, item in after}:
        yield WeakeningFinding("ci.lint_relaxed", new.path, new.line("filterwarnings"), "Warnings no longer fail the tests.")
