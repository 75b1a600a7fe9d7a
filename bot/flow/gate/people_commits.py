"""What people pushed onto a run's pull request, as the deterministic checks see it; read from git objects only."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from bot.changeset.guards.guard_config import GuardConfig
from bot.config.model import RepoConfig
from bot.core.errors import CadenceError
from bot.core.names import CONFIG_PATH, BaseSha, CommitSha, HeadSha, sha256
from bot.flow.context import RunContext, log
from bot.gate.config_tests import report_on
from bot.gate.observe import Observation
from bot.gate.snapshot import PushedFinding
from bot.weakening.gate import check_findings

NOT_FOR_PEOPLE = frozenset({"protected.lockfile"})
"""A model must not write a lock file by hand; a person has the tool that makes it."""


def with_people_commits(context: RunContext, seen: Observation) -> Observation:
    """The observation with everything about people's commits in it; nothing is added where the head is the run's own.

    What cannot be looked at is None in the snapshot, and so never passes.
    """
    run, snapshot = context.run, seen.snapshot
    approved = bool(run.approved_diff) and run.approved_diff == run.changeset_digest
    snapshot = replace(snapshot, plan_approved=approved, pushed_approved=run.approved_pushed)
    config = seen.loaded.config if seen.loaded else None
    if snapshot.head == run.head_sha or snapshot.merge_base is None or config is None:
        # A missing merge base and a config that cannot be used are reasons of their own.
        return replace(seen, snapshot=replace(snapshot, pushed=()))
    base, head = snapshot.merge_base, snapshot.head
    try:
        pushed = (*_beyond_the_plan(context, base, head, config), *_out_of_scope(context, base, head, config))
        digest, own_config = sha256(context.mirror.diff(base, head)), _own_config(context, base, head)
    except CadenceError as error:
        if error.retry:
            raise
        log.warning("pushed.unread", run=run.run_id, head=head, code=error.code, summary=error.summary)
        return replace(seen, snapshot=replace(snapshot, pushed=None))
    snapshot = replace(snapshot, pushed=pushed, pushed_digest=digest, own_config=own_config)
    return replace(seen, snapshot=snapshot)


def _beyond_the_plan(context: RunContext, base: BaseSha, head: HeadSha, config: RepoConfig) -> list[PushedFinding]:
    """The findings that the run's own commit does not have: those were settled before it was pushed."""
    run = context.run
    settled: Counter[tuple[str, str | None, str]] = Counter()
    if run.base_sha and run.head_sha and context.mirror.has(run.head_sha):
        own = _findings(context, BaseSha(CommitSha(run.base_sha)), HeadSha(CommitSha(run.head_sha)), config)
        settled.update((one.code, one.path, one.message) for one in own)
    beyond = []
    for one in _findings(context, base, head, config):
        key = (one.code, one.path, one.message)
        if settled[key]:
            settled[key] -= 1
        else:
            beyond.append(one)
    return beyond


def _findings(context: RunContext, base: BaseSha, head: HeadSha, config: RepoConfig) -> list[PushedFinding]:
    mirror = context.mirror
    found = check_findings(
        mirror.tree(base), mirror.tree(head), mirror.changes(base, head), GuardConfig.from_repo(config)
    )
    return [
        PushedFinding(one.code, one.path, one.line, one.message)
        for one in found
        if one.blocks and one.code not in NOT_FOR_PEOPLE
    ]


def _out_of_scope(context: RunContext, base: BaseSha, head: HeadSha, config: RepoConfig) -> list[PushedFinding]:
    """Where plans are approved, every changed file that the plan does not name."""
    change_set = (
        context.services.ledger.changeset(context.run.changeset_digest) if context.run.changeset_digest else None
    )
    if config.plan.approval != "required" or change_set is None:
        return []
    planned = {path for edit in change_set.edits for path in (edit.path, edit.rename_from) if path}
    changed = {path for one in context.mirror.changes(base, head) for path in (one.old, one.new) if path}
    return [
        PushedFinding("plan.scope", path, None, "the approved plan does not change this file")
        for path in sorted(changed - planned)
    ]


def _own_config(context: RunContext, base: BaseSha, head: HeadSha) -> str:
    """The first mistake of the head's own config, where it is another file than the base's."""
    content = context.mirror.read_file(head, CONFIG_PATH)
    if content == context.mirror.read_file(base, CONFIG_PATH):
        return ""
    report = report_on(content)
    return report.summary if report.faults else ""
