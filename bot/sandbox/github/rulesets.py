"""Rulesets as GitHub's API answers them: with every parameter, and for one branch."""

from __future__ import annotations

import fnmatch

from bot.core.json_types import JsonDict
from bot.sandbox.github.accounts import App
from bot.sandbox.github.state import Repository

_PARAMETERS: dict[str, JsonDict] = {
    "pull_request": {
        "allowed_merge_methods": ["merge", "squash", "rebase"],
        "dismiss_stale_reviews_on_push": False,
        "require_code_owner_review": False,
        "require_last_push_approval": False,
        "required_approving_review_count": 0,
        "required_review_thread_resolution": False,
    },
    "required_status_checks": {"required_status_checks": [], "strict_required_status_checks_policy": False},
    "merge_queue": {
        "check_response_timeout_minutes": 60,
        "grouping_strategy": "ALLGREEN",
        "max_entries_to_build": 5,
        "max_entries_to_merge": 5,
        "merge_method": "MERGE",
        "min_entries_to_merge": 1,
        "min_entries_to_merge_wait_minutes": 5,
    },
}


def completed(rule: JsonDict) -> JsonDict:
    """A ruleset's rule with every parameter that GitHub answers for its type."""
    defaults = _PARAMETERS.get(rule["type"])
    return dict(rule) if defaults is None else {**rule, "parameters": {**defaults, **rule.get("parameters", {})}}


def branch_rules(repo: Repository, branch: str, *, binding: App | None = None) -> list[JsonDict]:
    """Every active rule of every ruleset for the branch, as `GET /rules/branches/{branch}` lists them.

    With `binding` only those that bind that App: it is not on their ruleset's bypass list.
    """
    found = []
    for ruleset in repo.rulesets:
        if binding is not None and binding.id in ruleset.bypass:
            continue
        names = [repo.default_branch if name == "~DEFAULT_BRANCH" else name for name in ruleset.branches]
        if any(name == "~ALL" or fnmatch.fnmatch(branch, name) for name in names):
            source = {"ruleset_source_type": "Repository", "ruleset_source": repo.full_name, "ruleset_id": ruleset.id}
            found += [{**rule, **source} for rule in ruleset.rules]
    return found


def is_protected(repo: Repository, branch: str) -> bool:
    """A branch's `protected`: by classic protection or by a ruleset."""
    return branch in repo.protections or bool(branch_rules(repo, branch))
