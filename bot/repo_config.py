"""`.github/cadence.yml`, version 1: what a repository's maintainers decide. Unknown keys and rule types are refused."""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, Event

from bot.errors import ConfigInvalid
from bot.names import CONFIG_PATH, Digest, sha256

MAX_CHARACTERS = 100_000
DEEPEST = 20
"""Levels of lists and mappings; the deepest key stands on the fifth."""
_RULE_TYPES = ("forbid", "require", "max_lines")

GUARD_FAMILIES = frozenset({"loss", "syntax", "imports", "secret", "message", "protected", "size"})
"""Families of guard codes whose severity a repository may set."""

STRICT_FAMILIES = frozenset({"contract", "path", "stale"})
"""Families that cannot be weakened: without them a ChangeSet would no longer mean one thing."""

DEFAULT_PROTECTED = (
    ".github/workflows/**",
    ".github/actions/**",
    ".github/cadence.yml",
    ".github/CODEOWNERS",
    "CODEOWNERS",
    "docs/CODEOWNERS",
    ".gitmodules",
)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class TriggerConfig(_Part):
    """Which label starts a run, and which permission its sender and every command's sender needs."""

    label: str = "blueprint"
    permission: Literal["write", "admin"] = "write"


class PlanConfig(_Part):
    """`base`: the branch to change (default: the repository's default branch); `protected`: globs no plan may touch."""

    approval: Literal["none", "required"] = "none"
    base: str | None = None
    protected: tuple[str, ...] = DEFAULT_PROTECTED
    context_docs: tuple[str, ...] = ()


class CiConfig(_Part):
    """`expect`: check names that must report; `allow_skipped`: names that may skip; `settle`: seconds."""

    expect: tuple[str, ...] = ()
    allow_skipped: tuple[str, ...] = ()
    settle: int | None = Field(default=None, ge=0)
    trust: Literal["writers", "anyone"] = "writers"


class ForbidRule(_Part):
    """No added line in the matching files may match the pattern."""

    id: str
    type: Literal["forbid"]
    pattern: str
    paths: tuple[str, ...] = ("**",)
    message: str = ""


class RequireRule(_Part):
    """Every matching path that the change leaves must exist and hold a match."""

    id: str
    type: Literal["require"]
    pattern: str
    paths: tuple[str, ...]
    message: str = ""


class MaxLinesRule(_Part):
    """The whole diff may add and remove at most this many lines together."""

    id: str
    type: Literal["max_lines"]
    value: int = Field(gt=0)
    message: str = ""


Rule = Annotated[ForbidRule | RequireRule | MaxLinesRule, Field(discriminator="type")]


class UnreviewableConfig(_Part):
    """Globs of binary or generated files that may change without being read by a reviewer."""

    allow: tuple[str, ...] = ()


class ReviewConfig(_Part):
    """`block_on`: from which severity on a finding rejects."""

    block_on: Literal["error", "warning"] = "error"
    approve: bool = False
    unreviewable: UnreviewableConfig = UnreviewableConfig()
    rules: tuple[Rule, ...] = ()


class MergeConfig(_Part):
    """Whether and how Cadence merges. `require_ci: false` is the only way to say `this repository has no CI`."""

    auto: bool = True
    method: Literal["squash", "merge", "rebase"] = "squash"
    require_ci: bool = True
    up_to_date: Literal["always", "rules", "never"] = "always"
    delete_branch: bool = True


class CommitConfig(_Part):
    """`template`: subject of the merge commit; knows {summary} and {issue}."""

    template: str = "[Cadence] {summary} (#{issue})"


class RepairConfig(_Part):
    """How often a red CI or a rejecting review is repaired before a person is asked."""

    max_attempts: int = Field(default=2, ge=0)
    on_review: bool = True


class GuardsConfig(_Part):
    """`severities`: how grave a code (`loss.stub`) or a family (`message`) is; sizes in bytes."""

    severities: dict[str, Literal["error", "warning", "note"]] = {}
    max_files: int = Field(default=300, gt=0, le=3000)
    max_file_bytes: int = Field(default=5_000_000, gt=0, le=50_000_000)
    max_total_bytes: int = Field(default=20_000_000, gt=0, le=100_000_000)


class AfterMergeConfig(_Part):
    """How long (minutes) the base is watched after a merge, and what a red base leads to."""

    watch: int = Field(default=30, ge=0)
    on_red: Literal["draft", "merge", "none"] = "draft"


class BudgetConfig(_Part):
    """Caps; null means none."""

    run_tokens: int | None = Field(default=None, ge=0)
    run_cost: float | None = Field(default=None, ge=0)
    day_cost: float | None = Field(default=None, ge=0)


class BacklogConfig(_Part):
    """Proposals Cadence may file by itself."""

    replenish: int = Field(default=0, ge=0)
    review: str | None = None
    autonomous: bool = False
    daily: int = Field(default=3, ge=0)


class RepoConfig(_Part):
    """The whole file; the defaults are what an absent file means."""

    version: Literal[1] = 1
    paused: bool = False
    trigger: TriggerConfig = TriggerConfig()
    plan: PlanConfig = PlanConfig()
    ci: CiConfig = CiConfig()
    review: ReviewConfig = ReviewConfig()
    merge: MergeConfig = MergeConfig()
    guards: GuardsConfig = GuardsConfig()
    commit: CommitConfig = CommitConfig()
    repair: RepairConfig = RepairConfig()
    after_merge: AfterMergeConfig = AfterMergeConfig()
    budget: BudgetConfig = BudgetConfig()
    backlog: BacklogConfig = BacklogConfig()
    tests: tuple[dict[str, Any], ...] = ()


def load_config(text: str) -> RepoConfig:
    """The configuration that a text means.

    Raises ConfigInvalid; its `details` name line, column, key, fault and what is allowed, one line for each mistake.
    """
    data, places = _yaml(text)
    if data is None:
        return RepoConfig()
    if not isinstance(data, dict):
        raise _invalid(["line 1, column 1: the file must be a mapping of keys"])
    try:
        config = RepoConfig.model_validate_json(json.dumps(data))
    except ValidationError as error:
        raise _invalid([_mistake(one, places) for one in error.errors()]) from None
    mistakes = [*_rule_mistakes(config, places), *_severity_mistakes(config, places)]
    if "{summary}" not in config.commit.template:
        mistakes.append(f"{_place(places, ('commit', 'template'))}: commit.template must hold {{summary}}")
    if mistakes:
        raise _invalid(mistakes)
    return config


def policy_digest(text: str | None) -> Digest:
    """The name under which evidence is filed: sha256 of the file's text, or of the fact that there is none."""
    return sha256("absent" if text is None else f"present\n{text}")


def _invalid(details: list[str]) -> ConfigInvalid:
    return ConfigInvalid(
        f"{CONFIG_PATH} cannot be used: {details[0]}" + (f" (and {len(details) - 1} more)" if len(details) > 1 else ""),
        remedy="Correct the file on the base branch; docs/maintainers.md lists every key.",
        details=details,
    )


Path = tuple[str | int, ...]


def _yaml(text: str) -> tuple[Any, dict[Path, tuple[int, int]]]:
    """Plain data, and (line, column) from 1 of every key and item. Aliases and duplicate keys are refused."""
    if len(text) > MAX_CHARACTERS:
        raise _invalid([f"line 1, column 1: the file is longer than {MAX_CHARACTERS} characters"])
    yaml = YAML(typ="rt", pure=True)
    try:
        _must_be_plain(yaml.parse(text))
        loaded = yaml.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "line 1, column 1"
        raise _invalid([f"{where}: {error.problem or 'not valid YAML'}"]) from None
    except YAMLError as error:
        raise _invalid([f"line 1, column 1: not valid YAML: {type(error).__name__}"]) from None
    places: dict[Path, tuple[int, int]] = {}
    return _plain(loaded, (), places), places


def _must_be_plain(events: Iterable[Event]) -> None:
    """Refuse aliases, which can grow without end, and nesting that no key needs, before anything is built of it."""
    depth = 0
    for event in events:
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        where = f"line {event.start_mark.line + 1}, column {event.start_mark.column + 1}"
        if isinstance(event, AliasEvent):
            raise _invalid([f"{where}: aliases (`*name`) are not allowed"])
        if depth > DEEPEST:
            raise _invalid([f"{where}: nested more than {DEEPEST} levels deep"])


def _plain(node: Any, path: Path, places: dict[Path, tuple[int, int]]) -> Any:
    if isinstance(node, dict):
        found = {}
        for key, value in node.items():
            name = str(key)
            line, column = node.lc.key(key) if hasattr(node, "lc") else (0, 0)
            places[(*path, name)] = (line + 1, column + 1)
            found[name] = _plain(value, (*path, name), places)
        return found
    if isinstance(node, list):
        for index in range(len(node)):
            line, column = node.lc.item(index) if hasattr(node, "lc") else (0, 0)
            places[(*path, index)] = (line + 1, column + 1)
        return [_plain(value, (*path, index), places) for index, value in enumerate(node)]
    if isinstance(node, str):
        return str(node)
    if isinstance(node, bool) or node is None:
        return node
    if isinstance(node, int):
        return int(node)
    if isinstance(node, float) and math.isfinite(node):
        return float(node)
    raise _invalid(
        [f"{_place(places, path)}: {_dotted(path)}: only text, numbers, booleans, lists and mappings; quote it"]
    )


def _dotted(path: Path) -> str:
    return ".".join(str(part) for part in path) or "the file"


def _place(places: dict[Path, tuple[int, int]], path: Path) -> str:
    """Where a path stands, or its nearest parent."""
    for end in range(len(path), 0, -1):
        if path[:end] in places:
            line, column = places[path[:end]]
            return f"line {line}, column {column}"
    return "line 1, column 1"


def _mistake(error: Any, places: dict[Path, tuple[int, int]]) -> str:
    """One fault in a reader's words. The discriminator of a rule stands in pydantic's path and not in the file."""
    path: Path = tuple(part for part in error["loc"] if part not in _RULE_TYPES or (part,) in places)
    dotted = _dotted(path)
    where = _place(places, path)
    if error["type"] == "extra_forbidden":
        allowed = _keys_at(path[:-1])
        near = difflib.get_close_matches(str(path[-1]), allowed, n=1)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        return f"{where}: {dotted}: unknown key.{hint} Allowed: {', '.join(allowed)}"
    if error["type"] in ("union_tag_invalid", "union_tag_not_found"):
        given = (error.get("ctx") or {}).get("tag", "none")
        return f"{where}: {dotted}: unknown rule type `{given}`. Allowed: {', '.join(_RULE_TYPES)}"
    if error["type"] == "missing":
        return f"{where}: {dotted}: this key is needed"
    if error["type"] == "literal_error":
        return f"{where}: {dotted}: {error['input']!r} is not allowed. Allowed: {error['ctx']['expected']}"
    return f"{where}: {dotted}: {error['msg'][0].lower()}{error['msg'][1:]}"


def _keys_at(path: Path) -> list[str]:
    """The keys that may stand at a path."""
    model: type[BaseModel] = RepoConfig
    for part in path:
        if isinstance(part, int):
            return sorted({key for rule in (ForbidRule, RequireRule, MaxLinesRule) for key in rule.model_fields})
        field = model.model_fields.get(str(part))
        inner = field.annotation if field else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            continue
        model = inner
    return list(model.model_fields)


def _rule_mistakes(config: RepoConfig, places: dict[Path, tuple[int, int]]) -> list[str]:
    """What types cannot say: patterns that do not compile, ids given twice, ids that cannot be a reason code."""
    found = []
    seen: set[str] = set()
    for index, rule in enumerate(config.review.rules):
        where = _place(places, ("review", "rules", index))
        if rule.id in seen:
            found.append(f"{where}: review.rules.{index}: the id `{rule.id}` is given twice")
        seen.add(rule.id)
        if not re.fullmatch(r"[a-z0-9][a-z0-9_.-]{0,63}", rule.id):
            found.append(f"{where}: review.rules.{index}: an id is lower-case letters, digits, `.`, `_` and `-`")
        pattern = getattr(rule, "pattern", None)
        if pattern is not None:
            try:
                re.compile(pattern)
            except re.error as error:
                found.append(f"{where}: review.rules.{index}: the pattern does not compile: {error}")
    return found


def _severity_mistakes(config: RepoConfig, places: dict[Path, tuple[int, int]]) -> list[str]:
    """Severities of codes that no guard has, or of those that may not be weakened."""
    found = []
    for code, severity in config.guards.severities.items():
        family = code.partition(".")[0]
        where = _place(places, ("guards", "severities", code))
        if family in STRICT_FAMILIES and severity != "error":
            found.append(f"{where}: guards.severities.{code}: `{family}` is always an error")
        elif family not in GUARD_FAMILIES | STRICT_FAMILIES:
            allowed = ", ".join(sorted(GUARD_FAMILIES))
            found.append(f"{where}: guards.severities.{code}: no guard has this code. Families: {allowed}")
    return found
