"""Limits, switches and severities of linters and coverage that ask for less."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.weakening.ci.config import Config, Setting, plain_key
from bot.weakening.ci.lists import RULE_HOME, Side, speaks_of
from bot.weakening.model import WeakeningFinding

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
_LEVELS = {
    "off": 0,
    "0": 0,
    "allow": 0,
    "none": 0,
    "false": 0,
    "info": 1,
    "warn": 1,
    "1": 1,
    "warning": 1,
    "error": 2,
    "2": 2,
    "deny": 2,
    "forbid": 3,
}


_PYRIGHT = re.compile(r"^report[A-Z]\w+$")


def _number(value: str) -> float | None:
    hit = re.fullmatch(r"\s*(-?\d+(?:\.\d+)?)\s*(?:%|[kKmM]?[bB])?\s*", value)
    return float(hit[1]) if hit else None


def threshold_findings(old: Config, new: Config, enabling: frozenset[str]) -> Iterator[WeakeningFinding]:
    """Thresholds that are easier to keep."""
    before = {setting.keys: setting for setting in old.settings}
    codecov = "codecov" in new.path
    for setting in new.settings:
        key = plain_key(setting.keys[-1]) if setting.keys else ""
        was, now = before.get(setting.keys), _number(setting.value)
        if (
            key == "threshold"
            and codecov
            and now is not None
            and (was is None or (_number(was.value) or 0) < now)
            and now > 0
        ):
            before_text = "no drop" if was is None else was.value
            yield _threshold(new, setting, f"Coverage may drop by {setting.value}; before: {before_text}.")
            continue
        if was is None or now is None:
            continue
        amount = _number(was.value)
        if (
            amount is None
            or amount == now
            or any(set(key.split("_")) & set(re.split(r"[-_]", one)) - {"max", "too", "many"} for one in enabling)
        ):
            continue
        if (_LOWER_IS_WEAKER.match(key) and now < amount) or (
            _HIGHER_IS_WEAKER.match(key) and now > amount and not _coverage(setting)
        ):
            yield _threshold(new, setting, f"`{setting.dotted}` was {was.value} and is {setting.value}.")
    yield from _limits_gone(old, new)


def _coverage(setting: Setting) -> bool:
    return any("coverage" in key.lower() for key in setting.keys[:-1]) and setting.key != "threshold"


def _threshold(config: Config, setting: Setting, message: str) -> WeakeningFinding:
    return WeakeningFinding("ci.threshold", config.path, config.line(setting.value, setting.keys[-1]), message)


def _limits_gone(old: Config, new: Config) -> Iterator[WeakeningFinding]:
    now = {setting.key for setting in new.settings}
    for setting in old.settings:
        if (
            setting.key in ("fail_under", "cov_fail_under", "coveragethreshold", "minimum_coverage")
            and setting.key not in now
        ):
            yield WeakeningFinding("ci.threshold", new.path, None, f"`{setting.dotted}` ({setting.value}) is gone.")


def switch_findings(old: Config, new: Config, sides: Sequence[Side]) -> Iterator[WeakeningFinding]:
    """Strict switches turned off, lenient ones turned on."""
    before = {setting.keys: setting.value.lower() for setting in old.settings}
    lenient_before = {
        plain_key(s.keys[-1])
        for one, _ in sides
        for s in one.settings
        if s.keys and s.value.lower() in ("true", "yes", "1")
    }
    lenient_before |= {word.replace("-", "_") for one, _ in sides for word in re.findall(r"--([\w-]+)", one.text)}
    for setting in new.settings:
        key, value = (plain_key(setting.keys[-1]) if setting.keys else ""), setting.value.lower()
        was = before.get(setting.keys)
        if was == value:
            continue
        line = new.line(setting.value, setting.keys[-1]) if setting.keys else None
        if _STRICT.match(key) and was in ("true", "yes", "1", "on") and value in ("false", "no", "0", "off"):
            yield WeakeningFinding("ci.lint_relaxed", new.path, line, f"`{setting.dotted}` was {was} and is {value}.")
        elif (
            key == "enabled" and was is None and value == "false" and "rubocop" in new.path and _cop_known(old, setting)
        ):
            yield WeakeningFinding("ci.lint_ignored", new.path, line, f"`{setting.dotted}` is switched off.")
        elif (
            _LENIENT.match(key)
            and value in ("true", "yes", "1")
            and was in (None, "false", "no", "0")
            and key not in lenient_before
            and speaks_of(old, setting.dotted)
            and not _in_pipeline(setting)
        ):
            yield WeakeningFinding("ci.lint_relaxed", new.path, line, f"`{setting.dotted}` is {value} now.")


def _cop_known(old: Config, setting: Setting) -> bool:
    """A cop of RuboCop itself, or of a plugin that the file spoke of before."""
    department, _, cop = setting.keys[0].partition("/")
    if not cop or department in ("Style", "Lint", "Layout", "Metrics", "Naming", "Security", "Bundler", "Gemspec"):
        return bool(old.settings)
    return any(one.keys and one.keys[0].startswith(f"{department}/") for one in old.settings)


def _in_pipeline(setting: Setting) -> bool:
    """Steps and jobs are compared as such, so that a new one that may fail is not counted here."""
    return any(
        key in ("jobs", "steps", "strategy", "with", "testenv") or key.startswith("testenv") for key in setting.keys
    )


def level_findings(old: Config, new: Config) -> Iterator[WeakeningFinding]:
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
