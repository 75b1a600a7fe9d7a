"""Every code the gate can answer with: what it means, who can change it, what happens next, and what would lift it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from bot.core.codes.changeset import CODES
from bot.core.codes.weakening import MEANINGS

CADENCE = "Cadence"
WRITER = "a person with write access"
MAINTAINER = "a maintainer"
REVIEWER = "a reviewer"
CODE_OWNER = "a code owner"
OPERATOR = "the operator of Cadence"
CI = "CI"
GITHUB = "GitHub"

Kind = Literal["wait", "block", "note"]


@dataclass(frozen=True, slots=True)
class GateCode:
    """One code of the gate. `kinds` are the ways it can appear: waits, blocks, or only notes.

    `when` completes the sentence `Merges when ...`; it is empty for codes that are notes only.
    A code that ends in `<...>` stands for all codes with that beginning.
    """

    code: str
    kinds: tuple[Kind, ...]
    meaning: str
    who: str
    next_step: str
    when: str = ""


_W: tuple[Kind, ...] = ("wait",)
_B: tuple[Kind, ...] = ("block",)
_N: tuple[Kind, ...] = ("note",)
_LOOKS = "Cadence looks again at the next event or sweep."
_APPROVE = "Revert it, or approve the pull request's diff with `/cadence go`."
_RELABEL = "Open and label the issue again: that starts a new run."

_ALL = (
    # -- does anybody still want it? --------------------------------------------------------------------------------
    GateCode("stopped", _B, "The issue was closed, or its trigger label is gone, or the stop label is set.",
             WRITER, _RELABEL, "the issue is open and labelled again"),
    GateCode("hold", _W, "The hold label is set.", WRITER, "Take the label off.", "the hold is lifted"),
    GateCode("blueprint.edited", _W, "The issue's text was changed after it was planned or approved.", WRITER,
             "Comment `/cadence go` if the change answers the text as it is now, or `/cadence replan`.",
             "the edited blueprint is approved"),
    # -- the repository's policy ------------------------------------------------------------------------------------
    GateCode("config.invalid", _B, ".github/cadence.yml cannot be used as it is written.", MAINTAINER,
             "Correct the file on the base branch; the reason names line, column and what is allowed.",
             ".github/cadence.yml is corrected"),
    GateCode("paused", _W, "`paused: true` is set in .github/cadence.yml.", MAINTAINER,
             "Remove it on the base branch.", "`paused` is removed from .github/cadence.yml"),
    GateCode("merge.manual", _W, "`merge.auto: false`: Cadence does not merge in this repository.", WRITER,
             "A person merges it when they agree.", "a person merges it"),
    GateCode("merge.method", _B, "The configured merge method is not allowed by the repository or by a rule.",
             MAINTAINER, "Change `merge.method` in .github/cadence.yml, or allow the method in the repository.",
             "`merge.method` names a method that is allowed here"),
    GateCode("budget", _B, "This head has to be reviewed, and the run has spent what `budget` allows.", MAINTAINER,
             "Raise `budget` in .github/cadence.yml, then `/cadence review`; a person can also merge.",
             "the budget allows the reviews"),
    # -- the pull request and its base ------------------------------------------------------------------------------
    GateCode("draft", _W, "The pull request is a draft.", WRITER, "Mark it ready for review.",
             "it is marked ready for review"),
    GateCode("conflict", _B, "The change conflicts with the base branch.", CADENCE,
             "Cadence rebuilds its own change on the new base; otherwise resolve it or `/cadence replan`.",
             "the conflict with the base is resolved"),
    GateCode("mergeable.unknown", _W, "GitHub has not yet computed whether it can be merged.", GITHUB,
             "Cadence asks again.", "GitHub says that it can be merged"),
    GateCode("base.behind", _W, "The base branch has commits that the head does not contain.", CADENCE,
             "Cadence rebuilds the change on the base's tip when its turn comes, and reviews it again.",
             "the change is rebuilt on the base's tip"),
    GateCode("base.retargeted", _B, "The base is not the branch that was planned for and reviewed.", WRITER,
             "Set the base back, or comment `/cadence replan`.", "the base is set back"),
    GateCode("head.moved", _W, "The head moved between the decision and the merge.", CADENCE,
             "The new head is reviewed again.", "the new head is reviewed"),
    # -- what people pushed onto it ---------------------------------------------------------------------------------
    GateCode("plan.unapproved", _W, "The config says `plan.approval: required`, and nobody approved this plan.",
             WRITER, "Read it and comment `/cadence go`.", "a person approves the plan"),
    GateCode("plan.scope", _W, "People pushed changes of files that the approved plan does not name.", WRITER,
             _APPROVE,
             "a person approves what was pushed"),
    # -- our own evidence -------------------------------------------------------------------------------------------
    GateCode("review.missing", _W, "A review of this head is not done.", CADENCE,
             "Cadence reviews this head and posts the verdict.", "the review of this head approves"),
    GateCode("review.stale", _W, "The verdict is for another head, base or config.", CADENCE,
             "Cadence reviews this head and posts the verdict.", "the review of this head approves"),
    GateCode("review.unposted", _W, "The verdict's check run is not on GitHub under this App yet.", CADENCE,
             "Cadence posts it.", "the verdict is on GitHub"),
    GateCode("review.rejected", _B, "A review rejects the change.", WRITER,
             "Cadence repairs it where it may; or push a fix, or `/cadence replan` with guidance.",
             "the review approves a corrected change"),
    GateCode("review.unreadable", _B, "The model's answer could not be read as a verdict.", WRITER,
             "Comment `/cadence review` to ask again; a person can also merge.", "the review gives a usable verdict"),
    GateCode("review.unread", _B, "The answer does not prove that the whole prompt was read.", WRITER,
             "Comment `/cadence review` to ask again; a person can also merge.", "the review proves what it read"),
    GateCode("review.uncovered", _B, "A part of the change was not given to the reviewer.", WRITER,
             "Comment `/cadence review`, or list unreviewable files in `review.unreviewable`; a person can also merge.",
             "the review covers the whole change"),
    GateCode("model.absent", _B, "No model is configured, so the change has no review.", OPERATOR,
             "Configure a model and comment `/cadence review`; a person can also merge.",
             "a model is configured and approves"),
    # -- CI ---------------------------------------------------------------------------------------------------------
    GateCode("ci.pending", _W, "An expected check has not reported or has not finished.", CI,
             "Cadence looks again when the check reports.", "CI passes"),
    GateCode("ci.settling", _W, "Further checks may still appear on this head.", CI,
             "Cadence looks again at that time.", "the time for further checks to appear is over"),
    GateCode("ci.failed", _B, "A check did not succeed.", WRITER,
             "Re-run it if it is flaky, push a fix, or `/cadence replan` with guidance.", "CI passes"),
    GateCode("ci.skipped", _B, "A check was skipped or ended neutral, which does not count as passing.", MAINTAINER,
             "Let it run, or list it in `ci.allow_skipped` of .github/cadence.yml.", "the skipped check succeeds"),
    GateCode("ci.stuck", _B, "A workflow run has no check 30 minutes after it was made.", WRITER,
             "Open the workflow run on GitHub and see what it waits for (a runner, an approval, another run of its "
             "`concurrency` group), then re-run or cancel it; after a cancel, re-run it or push.",
             "the workflow runs and passes"),
    GateCode("ci.approval", _B, "GitHub starts a workflow run only after a person has approved it.", WRITER,
             "Open the workflow run and press `Approve and run`.",
             "the workflow run is approved and passes"),
    GateCode("ci.none", _B, "No check of any CI succeeded on this head.", MAINTAINER,
             "Let CI run on pull requests, or say `merge.require_ci: false` in .github/cadence.yml.",
             "a check of CI succeeds"),
    GateCode("check.foreign_app", _B, "A check with one of Cadence's names was posted by somebody else.", MAINTAINER,
             "Find out who posts it; a new head without it is reviewed again.", "only Cadence posts that name"),
    # -- GitHub's rules ---------------------------------------------------------------------------------------------
    GateCode("approval.missing", _W, "The base branch requires approving reviews that are not there.", REVIEWER,
             "Approve the pull request, or dismiss the request for changes.", "a reviewer approves"),
    GateCode("rule.code_owner", _W, "A code owner has to approve, and an App cannot be a code owner.", CODE_OWNER,
             "A code owner approves the pull request; a person can also merge.", "a code owner approves"),
    GateCode("rule.conversations", _W, "A rule requires that every conversation is resolved.", REVIEWER,
             "Resolve the open conversations on the pull request.", "every conversation is resolved"),
    GateCode("rule.last_push_approval", _N, "Only an approval after the last push, by somebody else, counts.", REVIEWER,
             "Nothing is needed unless GitHub refuses the merge."),
    GateCode("rule.required_check", ("wait", "block"),
             "A required check has to come from one App; only another App has reported it.", MAINTAINER,
             "Correct the rule's source, or let that App report the check.", "the required check comes from its App"),
    GateCode("rule.merge_queue", _W, "The base branch has a merge queue.", GITHUB,
             "The queue tests the change on top of those before it, then merges.", "the merge queue merges it"),
    GateCode("queue.left", _W, "A head that Cadence put into the merge queue is no longer in it.", WRITER,
             "Read why on the pull request; add it to the queue again, push a fix, or `/cadence replan`.",
             "it is put back into the merge queue"),
    GateCode("rule.required_signatures", ("block", "note"), "The base branch needs signed commits.", MAINTAINER,
             "Set `merge.method: squash`: GitHub signs the commit that it makes.", "`merge.method` is squash"),
    GateCode("rule.update", ("block", "note"), "Only those on the rule's bypass list may change the base branch.",
             MAINTAINER, "Put this App on the rule's bypass list, or merge by hand.",
             "this App may change the base branch"),
    GateCode("rule.restrictions", _B, "Branch protection lets only named people, teams and Apps push.", MAINTAINER,
             "Add this App to those who may push, or merge by hand.", "this App may push to the base branch"),
    GateCode("rule.lock_branch", _B, "The base branch is locked.", MAINTAINER, "Unlock the branch.",
             "the base branch is unlocked"),
    GateCode("rule.unreadable", ("block", "note"),
             "Cadence cannot read or check some rules. A note where GitHub itself enforces them at the merge; "
             "a block where they could not be read at all, or where GitHub would let this App bypass them.",
             MAINTAINER, "Take this App off the bypass list of that ruleset; a person can also merge.",
             "the base branch's rules can be read"),
    GateCode("rule.<type>", _N, "A rule of that type is enforced by GitHub at the merge, not checked before.", GITHUB,
             "Nothing is needed unless GitHub refuses the merge."),
    # -- what GitHub answered, and what could not be read -----------------------------------------------------------
    GateCode("merge.refused", _B, "GitHub refused the merge; its message is shown.", GITHUB,
             "Cadence looks again when a check or review arrives.", "GitHub allows the merge"),
    GateCode("merge.forbidden", _B, "This App may not merge.", MAINTAINER,
             "Grant it `contents: write`, or merge by hand.", "this App may merge"),
    GateCode("github.unknown_outcome", _W, "GitHub gave no answer to the merge.", CADENCE,
             "Cadence checks whether it happened, then continues.", "GitHub answers"),
    GateCode("unread.<fact>", _W, "A fact could not be read, and an unknown fact never passes.", CADENCE,
             _LOOKS, "GitHub's answer can be read"),
)  # fmt: skip

_BY_CODE: Mapping[str, GateCode] = MappingProxyType({one.code: one for one in _ALL})
_FAMILIES = tuple(one for one in _ALL if one.code.endswith(">"))


def gate_codes() -> Mapping[str, GateCode]:
    """Every code by name, in the order of docs/codes.md; families are named `rule.<type>` and `unread.<fact>`."""
    return _BY_CODE


def _borrowed(code: str) -> GateCode | None:
    """The entry of a code of the deterministic gates, which the gate passes on when people's commits bring it."""
    meaning = MEANINGS.get(code)
    if meaning is None and (code == "size" or code.startswith(("protected.", "secret."))):
        meaning = CODES[code].meaning if code in CODES else None
    if meaning is None:
        return None
    text = f"Commits that people pushed: {meaning}."
    return GateCode(code, _W, text, WRITER, _APPROVE, "a person approves what was pushed")


def code_entry(code: str) -> GateCode:
    """The entry of a code, or of the family it belongs to. Raises KeyError for a code that nobody described."""
    known = _BY_CODE.get(code) or _borrowed(code)
    if known is not None:
        return known
    for family in _FAMILIES:
        if code.startswith(family.code.partition("<")[0]):
            return family
    raise KeyError(code)
