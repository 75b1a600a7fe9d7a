"""`.github/cadence.yml`, version 1: what a repository's maintainers decide. Unknown keys and rule types are refused."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.config_mistakes import mistakes_in
from bot.config_tests import PolicyTest
from bot.config_text import NotPlainYaml, Path, Places, dotted, place_of, read_yaml
from bot.config_values import value_hint
from bot.errors import ConfigInvalid
from bot.names import CONFIG_PATH, Digest, sha256

_RULE_TYPES = ("forbid", "require", "max_lines")

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

    label: str = Field(default="blueprint", max_length=50, pattern=r"^\S(.*\S)?$")
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
    settle: int | None = Field(default=None, ge=0, le=86_400)
    trust: Literal["writers", "anyone"] = "writers"


RulePaths = Annotated[tuple[Annotated[str, Field(pattern=r"\S")], ...], Field(min_length=1)]
"""At least one glob: a rule that looks at nothing would pass whatever the change does."""


class ForbidRule(_Part):
    """No added line in the matching files may match the pattern."""

    id: str
    type: Literal["forbid"]
    pattern: str
    paths: RulePaths = ("**",)
    message: str = ""


class RequireRule(_Part):
    """Every matching path that the change leaves must exist and hold a match."""

    id: str
    type: Literal["require"]
    pattern: str
    paths: RulePaths
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

    watch: int = Field(default=30, ge=0, le=43_200)
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
    tests: tuple[PolicyTest, ...] = ()


def load_config(text: str) -> RepoConfig:
    """The configuration that a text means.

    Raises ConfigInvalid; its `details` name line, column, key, fault and what is allowed, one line for each mistake.
    """
    try:
        data, places = read_yaml(text)
    except NotPlainYaml as error:
        raise _invalid([str(error.mistake)]) from None
    if data is None:
        return RepoConfig()
    if not isinstance(data, dict):
        raise _invalid(["line 1, column 1: the file must be a mapping of keys"])
    try:
        config = RepoConfig.model_validate_json(json.dumps(data))
    except ValidationError as error:
        raise _invalid([_mistake(one, places) for one in error.errors()]) from None
    except ValueError as error:
        raise _invalid([f"line 1, column 1: a number cannot be read: {error}"]) from None
    mistakes = list(mistakes_in(config, places))
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


def _place(places: Places, path: Path) -> str:
    """Where a path stands, or its nearest parent."""
    line, column = place_of(places, path)
    return f"line {line}, column {column}"


def _mistake(error: Any, places: Places) -> str:
    """One fault in a reader's words. The discriminator of a rule stands in pydantic's path and not in the file."""
    path: Path = tuple(part for part in error["loc"] if part not in _RULE_TYPES or (part,) in places)
    key = dotted(path)
    where = _place(places, path)
    if error["type"] == "extra_forbidden":
        allowed = _keys_at(error["loc"][:-1])
        near = difflib.get_close_matches(str(path[-1]), allowed, n=1)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        return f"{where}: {key}: unknown key.{hint} Allowed: {', '.join(allowed)}"
    if error["type"] in ("union_tag_invalid", "union_tag_not_found"):
        given = (error.get("ctx") or {}).get("tag", "none")
        return f"{where}: {key}: unknown rule type `{given}`. Allowed: {', '.join(_RULE_TYPES)}"
    if error["type"] == "missing":
        return f"{where}: {key}: this key is needed"
    if error["type"] == "literal_error":
        given, choice = (_as_in_yaml(text) for text in (repr(error["input"]), error["ctx"]["expected"]))
        return f"{where}: {key}: {given} is not allowed. Allowed: {choice}"
    hint = value_hint(error)
    return f"{where}: {key}: {error['msg'][0].lower()}{error['msg'][1:]}" + (f"; {hint}" if hint else "")


def _as_in_yaml(text: str) -> str:
    return re.sub(r"\b(True|False|None)\b", lambda word: {"None": "null"}.get(word[0], word[0].lower()), text)


def _keys_at(path: Path) -> list[str]:
    """The keys that may stand at a path of pydantic's, where a rule's type chooses its keys."""
    models: list[type[BaseModel]] = [RepoConfig]
    for part in path:
        if isinstance(part, int):
            continue
        if len(models) > 1:
            models = [model for model in models if part in get_args(model.model_fields["type"].annotation)] or models
            continue
        fields = [model.model_fields[part] for model in models if part in model.model_fields]
        models = [inner for field in fields for inner in _models_in(field.annotation)] or models
    return list(dict.fromkeys(key for model in models for key in model.model_fields))


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that a field holds, itself or in a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) is not None:
        for inner in get_args(annotation):
            yield from _models_in(inner)
