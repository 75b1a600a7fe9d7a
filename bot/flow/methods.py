"""Whether the configured merge method can ever work here, asked before a model is paid."""

from __future__ import annotations

from bot.config.model import RepoConfig
from bot.core.codes.lookup import code_entry
from bot.core.errors import Refused
from bot.core.states import RunState
from bot.flow.context import RunContext
from bot.gate.branch import allowed_methods


def must_allow_method(context: RunContext, config: RepoConfig, base_branch: str) -> None:
    """Raise Refused `merge.method` or `rule.required_signatures` where Cadence could never merge as configured.

    Nothing is asked where a person merges, where a merge queue has a method of its own, and for a change that has its
    pull request already: there the gate says the same.
    """
    if not config.merge.auto or context.run.state is RunState.REPAIRING:
        return
    branch = context.services.observer.rules(context.run.repository_id, base_branch, context.calls.snapshots)
    if branch.merge_queue:
        return
    method = config.merge.method
    allowed = allowed_methods(context.calls.snapshots.merge_methods(), branch)
    if method not in allowed:
        raise Refused(
            f"`merge.method: {method}` is not allowed here (allowed: {', '.join(sorted(allowed)) or 'none'})",
            code="merge.method",
            remedy=_then("merge.method"),
        )
    if branch.signatures and method != "squash":
        raise Refused(
            f"`{base_branch}` takes signed commits only, and `merge.method: {method}` keeps unsigned ones",
            code="rule.required_signatures",
            remedy=_then("rule.required_signatures"),
        )


def _then(code: str) -> str:
    return f"{code_entry(code).next_step} Then comment `/cadence replan`."
