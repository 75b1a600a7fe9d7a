"""The base of a run: its branch, its tip and the config there; and where a run goes on after a wait."""

from __future__ import annotations

from dataclasses import dataclass

from bot.config.model import RepoConfig
from bot.core.codes.lookup import code_entry
from bot.core.errors import Refused
from bot.core.names import CommitSha, is_revert
from bot.core.states import RunState
from bot.flow.context import RunContext
from bot.gate.branch import allowed_methods

S = RunState
AFTER_PLANNING = frozenset({S.JUDGING, S.PUBLISHING})
"""States to which a run returns after a wait without reading and planning again."""


@dataclass(frozen=True, slots=True)
class Base:
    """What a run is built on: a branch, its tip when it was fetched, and the config at that tip."""

    branch: str
    tip: CommitSha
    default_branch: str
    config: RepoConfig

    def must_allow_method(self, context: RunContext) -> None:
        """Raise Refused where Cadence could never merge as configured, before a model is paid.

        The codes are `merge.method` and `rule.required_signatures`. Nothing is checked where a person merges, where a
        merge queue has a method of its own, and for a change that has its pull request already: there the gate says
        the same.
        """
        if not self.config.merge.auto or context.run.state is S.REPAIRING:
            return
        rules = context.services.observer.rules(context.run.repository_id, self.branch, context.calls.snapshots)
        if rules.merge_queue:
            return
        method, code, text = self.config.merge.method, "", ""
        allowed = allowed_methods(context.calls.snapshots.merge_methods(), rules)
        if method not in allowed:
            code = "merge.method"
            text = f"`merge.method: {method}` is not allowed here (allowed: {', '.join(sorted(allowed)) or 'none'})"
        elif rules.signatures and method != "squash":
            # GitHub signs only the commits that it makes itself, and a squash is one:
            # https://docs.github.com/en/authentication/managing-commit-signature-verification/about-commit-signature-verification
            code = "rule.required_signatures"
            text = f"`{self.branch}` takes signed commits only, and `merge.method: {method}` keeps unsigned ones"
        if code:
            raise Refused(text, code=code, remedy=f"{code_entry(code).next_step} Then comment `/cadence replan`.")


def read_base(context: RunContext) -> Base:
    """Fetch the mirror and give the base of the run.

    Raises Refused for an archived, empty or paused repository and for a base branch that does not exist, and
    ConfigInvalid for a config that cannot be used.
    """
    record = context.calls.repository()
    if record.archived:
        raise Refused("the repository is archived", code="repository.archived", remedy="Unarchive it first.")
    context.fetch()
    # A revert goes to the branch that was merged into, even if the config names another one by now.
    branch = context.run.base_branch if is_revert(context.run.cause) else ""
    if not branch:
        tip = context.mirror.tip(record.default_branch)
        if tip is None:
            raise Refused(
                "the repository is empty",
                code="repository.empty",
                remedy="Push a first commit, then `/cadence replan`.",
            )
        branch = context.config_at(tip).require_config().plan.base or record.default_branch
    tip = context.mirror.tip(branch)
    if tip is None:
        raise Refused(
            f"the base branch `{branch}` does not exist",
            code="base.missing",
            remedy="Create it, or correct `plan.base` in .github/cadence.yml.",
        )
    # The config of the base that is changed is in force, which may be another one than the default branch's.
    config = context.config_at(tip).require_config()
    if config.paused:
        raise Refused(
            "`paused: true` is set in .github/cadence.yml", code="paused", remedy="Take it out, then `/cadence replan`."
        )
    return Base(branch, tip, record.default_branch, config)


def back_at_its_step(context: RunContext) -> bool:
    """Return a waiting run to the state in which the wait began.

    False when it began before the commit was made, or when this machine's mirror lacks what the step works on: then
    the run is read and planned from the start.
    """
    run, moves = context.run, context.services.ledger.transitions(context.run.run_id)
    if run.state is not S.WAITING_LIMIT or not moves or moves[-1].came_from not in AFTER_PLANNING:
        return False
    if not all(context.mirror.has(CommitSha(sha)) for sha in (run.base_sha, run.head_sha) if sha):
        return False
    context.move(RunState(moves[-1].came_from))
    return True
