"""`.github/cadence.yml`, version 1: what a repository's maintainers decide. Unknown keys and rule types are refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from bot.config.tests import ConfigPart, ConfigTest

# Files that decide what runs, who approves and what a checkout fetches.
DEFAULT_PROTECTED = (
    ".github/workflows/**",
    ".github/actions/**",
    ".github/cadence.yml",
    ".github/CODEOWNERS",
    "CODEOWNERS",
    "docs/CODEOWNERS",
    ".gitmodules",
)


class TriggerConfig(ConfigPart):
    """Which label starts a run, and which permission its sender and every command's sender needs."""

    # GitHub takes names of labels of up to 50 characters.
    label: str = Field(default="blueprint", max_length=50, pattern=r"^\S(.*\S)?$")
    permission: Literal["write", "admin"] = "write"


class ExploreConfig(ConfigPart):
    """How much the planning model looks up before it plans, at most what the operator allows; null is that number."""

    calls: int | None = Field(default=None, ge=0)
    rounds: int | None = Field(default=None, ge=0)


class PlanConfig(ConfigPart):
    """`base`: the branch to change (default: the repository's default branch); `protected`: globs no plan may touch."""

    approval: Literal["none", "required"] = "none"
    base: str | None = None
    protected: tuple[str, ...] = DEFAULT_PROTECTED
    context_docs: tuple[str, ...] = ()
    context_tokens: int | None = Field(default=None, ge=1_000, le=1_000_000)
    explore: ExploreConfig = ExploreConfig()


class CiConfig(ConfigPart):
    """`expect`: check names that must report; `allow_skipped`: names that may skip; `settle`: seconds."""

    expect: tuple[str, ...] = ()
    allow_skipped: tuple[str, ...] = ()
    settle: int | None = Field(default=None, ge=0, le=86_400)
    trust: Literal["writers", "anyone"] = "writers"


RulePaths = Annotated[tuple[Annotated[str, Field(pattern=r"\S")], ...], Field(min_length=1)]
"""At least one glob: a rule that looks at nothing would pass whatever the change does."""


class ForbidRule(ConfigPart):
    """No added line in the matching files may match the pattern."""

    id: str
    type: Literal["forbid"]
    pattern: str
    paths: RulePaths = ("**",)
    message: str = ""


class RequireRule(ConfigPart):
    """Every matching path that the change leaves must exist and hold a match."""

    id: str
    type: Literal["require"]
    pattern: str
    paths: RulePaths
    message: str = ""


class MaxLinesRule(ConfigPart):
    """The whole diff may add and remove at most this many lines together."""

    id: str
    type: Literal["max_lines"]
    value: int = Field(gt=0)
    message: str = ""


Rule = Annotated[ForbidRule | RequireRule | MaxLinesRule, Field(discriminator="type")]


class UnreviewableConfig(ConfigPart):
    """Globs of binary or generated files that may change without being read by a reviewer."""

    allow: tuple[str, ...] = ()


class ReviewConfig(ConfigPart):
    """`block_on`: from which severity on a finding rejects."""

    block_on: Literal["error", "warning"] = "error"
    approve: bool = False
    unreviewable: UnreviewableConfig = UnreviewableConfig()
    rules: tuple[Rule, ...] = ()


class MergeConfig(ConfigPart):
    """Whether and how Cadence merges. `require_ci: false` is the only way to say `this repository has no CI`."""

    auto: bool = True
    method: Literal["squash", "merge", "rebase"] = "squash"
    require_ci: bool = True
    up_to_date: Literal["always", "rules", "never"] = "always"
    delete_branch: bool = True


class CommitConfig(ConfigPart):
    """`template`: subject of the merge commit; knows {summary} and {issue}."""

    template: str = "[Cadence] {summary} (#{issue})"


class RepairConfig(ConfigPart):
    """Has no effect yet. How often a red CI or a rejecting review is repaired before a person is asked."""

    max_attempts: int = Field(default=2, ge=0)
    on_review: bool = True


class GuardsConfig(ConfigPart):
    """`severities`: how grave a code (`loss.stub`) or a family (`message`) is; sizes in bytes."""

    severities: Mapping[str, Literal["error", "warning", "note"]] = {}
    # A pull request shows at most 3,000 files: https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files
    max_files: int = Field(default=300, gt=0, le=3000)
    max_file_bytes: int = Field(default=5_000_000, gt=0, le=50_000_000)
    max_total_bytes: int = Field(default=20_000_000, gt=0, le=100_000_000)


class AfterMergeConfig(ConfigPart):
    """How long (minutes) the base is watched after a merge, and what a red base leads to."""

    watch: int = Field(default=30, ge=0, le=43_200)
    on_red: Literal["draft", "merge", "none"] = "draft"


class BudgetConfig(ConfigPart):
    """Caps in tokens and US dollars; null means the operator's, which a larger cap does not raise."""

    call_tokens: int | None = Field(default=None, ge=0)
    call_cost: float | None = Field(default=None, ge=0)
    run_tokens: int | None = Field(default=None, ge=0)
    run_cost: float | None = Field(default=None, ge=0)
    day_tokens: int | None = Field(default=None, ge=0)
    day_cost: float | None = Field(default=None, ge=0)


class QuotaConfig(ConfigPart):
    """The most that one run may make and push; null means the operator's, which a larger one does not raise."""

    comments: int | None = Field(default=None, ge=0)
    pushes: int | None = Field(default=None, ge=0)
    pulls: int | None = Field(default=None, ge=0)
    files: int | None = Field(default=None, ge=0)
    kilobytes: int | None = Field(default=None, ge=0)


class BacklogConfig(ConfigPart):
    """Has no effect yet. Proposals that Cadence may file automatically."""

    replenish: int = Field(default=0, ge=0)
    review: str | None = None
    autonomous: bool = False
    daily: int = Field(default=3, ge=0)


class RepoConfig(ConfigPart):
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
    quota: QuotaConfig = QuotaConfig()
    backlog: BacklogConfig = BacklogConfig()
    tests: tuple[ConfigTest, ...] = ()
