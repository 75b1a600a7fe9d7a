"""The JSON Schema of `.github/cadence.yml`, as editors use it: every key described, nothing else allowed. Pure."""

from __future__ import annotations

from typing import Any

from bot.config.model import RepoConfig

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TITLE = "Cadence configuration (.github/cadence.yml), version 1"

DESCRIPTIONS = {
    "version": "The version of this file's shape.",
    "paused": "true: nothing starts and nothing merges.",
    "trigger": "What starts a run, and who may start one.",
    "trigger.label": "The label that makes an issue a blueprint.",
    "trigger.permission": "What the label's sender, and everyone who gives a command, needs on the repository.",
    "plan": "How blueprints become changes.",
    "plan.approval": "required: the plan is shown and waits for `/cadence go`.",
    "plan.base": "The branch to change; null is the repository's default branch.",
    "plan.protected": "Globs of files that no plan may touch, besides those that are always protected.",
    "plan.context_docs": "Globs of files that the planner is always shown first, within its budget of tokens.",
    "plan.context_tokens": "How many tokens of the repository the planner is shown; null is the operator's number.",
    "plan.explore": "How much the planning model may look up before it plans.",
    "plan.explore.calls": "The most calls of its tools, at most the operator's number; 0 is none, null that number.",
    "plan.explore.rounds": "The most answers with calls, at most the operator's number; null for that number.",
    "ci": "What counts as CI.",
    "ci.expect": "Names of checks that must report on every head, whatever the base branch shows.",
    "ci.allow_skipped": "Names of checks, required or not, that may end skipped or neutral or not run.",
    "ci.settle": "Seconds in which no check appeared or completed; null is the service's own setting.",
    "ci.trust": "writers: text of anyone else is pushed only after a second `/cadence go`, because CI has secrets.",
    "review": "What the two reviews hold against a change.",
    "review.block_on": "From which severity on a finding rejects.",
    "review.approve": "true: the second App, where one is configured, approves or requests changes for real.",
    "review.unreviewable": "What may change without being read.",
    "review.unreviewable.allow": "Globs of binary or generated files that may change unread.",
    "review.rules": "Rules that need no model; a broken one rejects.",
    "review.rules[].id": "The rule's name, shown with every finding: lower-case letters, digits, `.`, `_` and `-`.",
    "review.rules[].type": "forbid looks at added lines, require at the resulting files, max_lines at the whole diff.",
    "review.rules[].pattern": "A regular expression in RE2 syntax.",
    "review.rules[].paths": "Globs of the files that the rule looks at; for require each must match a file.",
    "review.rules[].value": "The most lines that a change may add and remove together.",
    "review.rules[].message": "The message that is shown when the rule is broken.",
    "merge": "Whether and how Cadence merges.",
    "merge.auto": "false: Cadence reviews, people merge.",
    "merge.method": "How GitHub merges.",
    "merge.require_ci": "false: this repository has no CI. No other setting says so.",
    "merge.up_to_date": "always: the head must contain the base tip; rules: only where GitHub's rules say so; never.",
    "merge.delete_branch": "Whether the branch is deleted after the merge.",
    "guards": "The severity of the guards' findings, and the largest change that is allowed.",
    "guards.severities": "A code (`loss.stub`) or a family (`message`) and its severity.",
    "guards.severities.*": "error refuses the plan, warning and note are shown.",
    "guards.max_files": "The most files that one plan may touch.",
    "guards.max_file_bytes": "The most bytes of one resulting file.",
    "guards.max_total_bytes": "The most bytes of all resulting files together.",
    "commit": "The merge commit.",
    "commit.template": "Its subject; must hold {summary} and may hold {issue}.",
    "repair": "Has no effect yet. What Cadence repairs automatically.",
    "repair.max_attempts": "Has no effect yet. How often red CI or a rejection is repaired before a person is asked.",
    "repair.on_review": "Has no effect yet. Whether a rejecting review is repaired, and not only a red CI.",
    "after_merge": "What follows a merge.",
    "after_merge.watch": "Minutes for which the base branch's checks are watched, 30 days at most; 0 is not at all.",
    "after_merge.on_red": "What happens with the revert when the base turns red: a draft, a merge by the gate, none.",
    "budget": "Caps on what models may use; null is the operator's cap, and a larger cap than it has no effect.",
    "budget.call_tokens": "The most tokens that one question and its answer may use.",
    "budget.call_cost": "The most that one question and its answer may cost, in US dollars.",
    "budget.run_tokens": "The most tokens that one run may use.",
    "budget.run_cost": "The most that one run may cost, in US dollars.",
    "budget.day_tokens": "The most tokens that all runs of this repository may use in 24 hours.",
    "budget.day_cost": "The most that all runs of this repository may cost in 24 hours, in US dollars.",
    "quota": "The most that one run may make; null is the operator's quota, and a larger one than it has no effect.",
    "quota.comments": "The most comments and reviews of one run; edits and answers to commands do not count.",
    "quota.pushes": "The most commits that one run may push.",
    "quota.pulls": "The most pull requests that one run may open.",
    "quota.files": "The most files that the change which a run pushes may touch.",
    "quota.kilobytes": "The most kilobytes (1,000 bytes) that the new contents of a pushed change may have together.",
    "backlog": "Has no effect yet. Blueprints that Cadence proposes automatically.",
    "backlog.replenish": "Has no effect yet. How many open proposals there should be; 0 is none.",
    "backlog.review": "Has no effect yet. Who is asked to look at proposals; null: no one.",
    "backlog.autonomous": "Has no effect yet. true: proposals start without a label by a person.",
    "backlog.daily": "Has no effect yet. The most proposals that are filed in a day.",
    "tests": "Config tests: what the gate must decide about a pull request. `cadence config check` runs them.",
    "tests[].name": "What the test is called where it fails.",
    "tests[].expect": "`merge`, `wait CODE ...` or `block CODE ...`; every code must be among the gate's reasons.",
    "tests[].given": "The facts of a pull request; every fact that is not given is as a merge needs it.",
    "tests[].given.ci": "What every check of another App ended with; none: no such check ever appeared.",
    "tests[].given.checks": "Checks of other Apps on the head by name, in place of what `ci` says of them.",
    "tests[].given.checks.*": "What the check ended with; pending has not ended, missing has not appeared.",
    "tests[].given.base_checks": "Names of checks that run on the base branch, and so are expected here.",
    "tests[].given.settled": "false: the newest check appeared seconds ago.",
    "tests[].given.reviews": "What the two reviews say of the head.",
    "tests[].given.reviews.reasoning": "The reasoning review's verdict, or what replaces it.",
    "tests[].given.reviews.efficiency": "The efficiency review's verdict, or what replaces it.",
    "tests[].given.draft": "Whether the pull request is a draft.",
    "tests[].given.mergeable": "GitHub's `mergeable`; false is a conflict.",
    "tests[].given.labels": "Labels of the issue and the pull request, besides the trigger.",
    "tests[].given.base": "behind: its tip is not in the head; retargeted: another branch; gone: not to be read.",
    "tests[].given.approvals": "GitHub's review decision.",
    "tests[].given.issue": "The blueprint's issue; unlabelled has lost the trigger label.",
    "tests[].given.blueprint": "edited: a person without write permission changed the text since.",
    "tests[].given.rules": "What the base branch's own rules on GitHub ask.",
    "tests[].given.rules.checks": "Names of required checks.",
    "tests[].given.rules.approvals": "How many approving reviews are required.",
    "tests[].given.rules.up_to_date": "Whether branches must be up to date before a merge.",
    "tests[].given.rules.linear_history": "Whether merge commits are refused.",
    "tests[].given.rules.merge_queue": "Whether the branch has a merge queue.",
    "tests[].given.rules.methods": "The merge methods that are allowed.",
    "tests[].given.rules.unreadable": "true: the rules could not be read.",
}
"""By key, from the top: `[]` is every item of a list, `*` every value under names of your own."""


def config_schema() -> dict[str, Any]:
    """The schema, with a description at every key. Raises KeyError for a key that has none."""
    made = RepoConfig.model_json_schema()
    # Editors show the description beside a reference seldom, so every reference is put in its place.
    parts = made.pop("$defs")
    inside = _described(made, "", parts)
    return {"$schema": DIALECT, **inside, "title": TITLE, "description": _first(inside["description"])}


def _described(node: dict[str, Any], path: str, parts: dict[str, Any]) -> dict[str, Any]:
    """A node with what it refers to put in its place; pydantic's titles only repeat the keys and go."""
    node = {key: value for key, value in node.items() if key not in ("title", "discriminator")}
    if "$ref" in node:
        referred = parts[node.pop("$ref").removeprefix("#/$defs/")]
        node = {**_described(referred, path, parts), **node}
    if "properties" in node:
        below = {key: f"{path}.{key}".removeprefix(".") for key in node["properties"]}
        node["properties"] = {
            key: {**_described(value, below[key], parts), "description": DESCRIPTIONS[below[key]]}
            for key, value in node["properties"].items()
        }
    if "items" in node:
        node["items"] = _described(node["items"], f"{path}[]", parts)
    if isinstance(node.get("additionalProperties"), dict):
        value = _described(node["additionalProperties"], f"{path}.*", parts)
        node["additionalProperties"] = {**value, "description": DESCRIPTIONS[f"{path}.*"]}
    for choice in ("oneOf", "anyOf"):
        if choice in node:
            node[choice] = [_described(one, path, parts) for one in node[choice]]
    if "description" in node:
        node["description"] = _first(node["description"])
    return node


def _first(text: str) -> str:
    """One paragraph on one line; docstrings are wrapped."""
    return " ".join(text.split("\n\n")[0].split())
