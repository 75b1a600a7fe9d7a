"""From a run to a pull request: read, plan, judge, publish. Every function returns whether to go on."""

from __future__ import annotations

from bot.changeset.check import check
from bot.changeset.guards.guard_config import GuardConfig
from bot.changeset.model import ChangeSet
from bot.changeset.tree import TreeChange
from bot.config.model import RepoConfig
from bot.core.errors import CadenceError, FenceClosed, Refused
from bot.core.names import BaseSha, CommitSha, HeadSha, is_revert
from bot.core.states import BUILDING, RunState
from bot.flow.building.approval import diff_approval_needed, text_approved
from bot.flow.building.verdicts import judge_commit
from bot.flow.context import RunContext, log
from bot.flow.ending import AFTER_PLANNING, back_at_its_step
from bot.flow.methods import must_allow_method
from bot.flow.reverts import is_of_unjudged_base
from bot.github_api.permissions import CONTENTS_WRITE
from bot.ledger.entries import RunEntry
from bot.plan.blueprint import read_blueprint
from bot.plan.planner import PlanRequest
from bot.publish.pull_request_text import commit_message, pull_body, pull_title
from bot.review.review_kinds import ReviewKind

S = RunState


def read(context: RunContext) -> bool:
    """Settle who asked and what they saw, bring the mirror up to date, fix the base commit and the policy."""
    if not _is_building(context.run):
        return False
    if back_at_its_step(context):
        return True
    record = context.calls.repository()
    if record.archived:
        raise Refused("the repository is archived", code="repository.archived", remedy="Unarchive it first.")
    context.fetch()
    # A revert goes to the branch that was merged into, whatever the policy names by now.
    known = context.run.base_branch if is_revert(context.run.cause) else ""
    base_branch = known or _base_branch(context, record.default_branch)
    tip = context.mirror.tip(base_branch)
    if tip is None:
        raise Refused(
            f"the base branch `{base_branch}` does not exist",
            code="base.missing",
            remedy="Create it, or correct `plan.base` in .github/cadence.yml.",
        )
    config = context.config_at(tip).require_config()
    if config.paused:
        raise Refused(
            "`paused: true` is set in .github/cadence.yml", code="paused", remedy="Take it out, then `/cadence replan`."
        )
    if not text_approved(context, config):
        return False
    must_allow_method(context, config, base_branch)
    context.update(base_branch=base_branch, base_sha=tip, default_branch=record.default_branch)
    if context.run.state is not S.REPAIRING:
        context.move(S.PLANNING)
    context.tell()
    return True


def _base_branch(context: RunContext, default_branch: str) -> str:
    tip = context.mirror.tip(default_branch)
    if tip is None:
        raise Refused(
            "the repository is empty", code="repository.empty", remedy="Push a first commit, then `/cadence replan`."
        )
    return context.config_at(tip).require_config().plan.base or default_branch


def plan(context: RunContext) -> bool:
    """Make the ChangeSet, or take the one this run already has where it still fits the base exactly."""
    run = context.run
    if run.state in AFTER_PLANNING:
        return True
    if not _is_building(run):
        return False
    config = _config(context)
    if run.changeset_digest and _fits(context, config):
        return True
    if is_revert(run.cause):
        # Nobody looks for weakened tests in what restores the files exactly; a model's own idea is not that.
        raise Refused(
            "the files changed since the merge, so it cannot be reverted automatically",
            code="stale",
            remedy="Fix or revert it by hand, then label the issue again.",
        )
    planned = context.services.planner.plan(
        PlanRequest(
            run=run.run_id,
            blueprint=read_blueprint(run.title, run.body),
            guidance=run.guidance,
            base=CommitSha(run.base_sha),
            tree=context.mirror.tree(CommitSha(run.base_sha)),
            config=config,
        ),
        context.ask(),
    )
    context.services.ledger.save_changeset(run.run_id, planned.change_set)
    context.update(changeset_digest=planned.change_set.digest(), summary=planned.summary, plan=planned.plan)
    return True


def _config(context: RunContext) -> RepoConfig:
    return context.config_at(CommitSha(context.run.base_sha)).require_config()


def _fits(context: RunContext, config: RepoConfig) -> bool:
    """Whether the stored ChangeSet still applies exactly to the base; a stale one is planned again."""
    change_set = _change_set(context)
    tree = context.mirror.tree(CommitSha(context.run.base_sha))
    checked = check(change_set, tree, GuardConfig.from_repo(config), mentioned=context.run.plan)
    if checked.accepted:
        return True
    if not any(finding.code == "stale" for finding in checked.findings):
        log.info("plan.unfit", run=context.run.run_id, codes=[f.code for f in checked.findings])
    return False


def _change_set(context: RunContext) -> ChangeSet:
    change_set = context.services.ledger.changeset(context.run.changeset_digest)
    if change_set is None:
        raise CadenceError(f"ChangeSet {context.run.changeset_digest} is not in the ledger", code="run.unknown")
    return change_set


def judge(context: RunContext) -> bool:
    """Build the commit from git objects and file both verdicts on it, before anything is pushed."""
    if context.run.state is S.PUBLISHING:
        return True
    if not _is_building(context.run):
        return False
    config = _config(context)
    if context.run.state not in (S.REPAIRING, S.JUDGING):
        # Not told again after a wait: a status edit that meets a rate limit must not make the next step wait for ever.
        context.move(S.JUDGING)
        context.tell()
    head = _commit(context, config)
    context.update(head_sha=head)
    policy = context.config_at(CommitSha(context.run.base_sha))
    for kind in ReviewKind:
        judge_commit(
            context, kind, head=HeadSha(head), merge_base=BaseSha(CommitSha(context.run.base_sha)), policy=policy
        )
    return True


def _commit(context: RunContext, config: RepoConfig) -> CommitSha:
    """The commit that the ChangeSet describes: author and date are fixed by the run, so the SHA is too."""
    run = context.run
    change_set = _change_set(context)
    changes = _changes(context, change_set, config)
    return context.mirror.write_commit(
        CommitSha(run.base_sha),
        changes,
        message=commit_message(
            template=config.commit.template,
            summary=run.summary or change_set.message,
            body=run.plan,
            run=run.run_id,
            issue=run.issue,
            changeset_digest=change_set.digest(),
        ),
        author=context.services.git.author(context.services.identity),
        date=run.created_at,
    )


def _changes(context: RunContext, change_set: ChangeSet, config: RepoConfig) -> tuple[TreeChange, ...]:
    tree = context.mirror.tree(CommitSha(context.run.base_sha))
    checked = check(change_set, tree, GuardConfig.from_repo(config), mentioned=context.run.plan)
    if not checked.accepted:
        first = checked.findings[0]
        raise Refused(first.message, code=first.code, details=[f.message for f in checked.findings])
    return checked.changes


def publish(context: RunContext) -> bool:
    """Push the judged commit and open or adopt the pull request, unless somebody has to see the diff first."""
    run, services = context.run, context.services
    if run.state is S.REVIEWING and run.pull is not None:
        # This stage died after its last move; only what follows that move is missing.
        services.engine.start_review(run.run_id, HeadSha(CommitSha(run.head_sha)), base_tip=run.base_sha)
        return True
    if not _is_building(run):
        return False
    config = _config(context)
    if not text_approved(context, config) or diff_approval_needed(context, config):
        return False
    if run.state is not S.REPAIRING:
        context.move(S.PUBLISHING)
    begun = run.pull is None
    try:
        _push_and_open(context, config)
    except FenceClosed:
        _withdraw(context, begun)
        raise
    if not context.go_on_to(S.REVIEWING):
        _withdraw(context, begun)
        return False
    context.tell()
    services.engine.start_review(run.run_id, HeadSha(CommitSha(context.run.head_sha)), base_tip=context.run.base_sha)
    return True


def _push_and_open(context: RunContext, config: RepoConfig) -> None:
    run, services = context.run, context.services
    context.with_token(
        CONTENTS_WRITE,
        lambda token: services.publisher.push(
            run, context.mirror, url=context.git_url, token=token, commit=CommitSha(run.head_sha)
        ),
    )
    services.ledger.see_head(run.repository_id, HeadSha(CommitSha(run.head_sha)), services.clock.now())
    draft = is_revert(run.cause) and (config.after_merge.on_red != "merge" or is_of_unjudged_base(context))
    pull = services.publisher.pull(
        run,
        context.calls.pulls,
        title=pull_title(run.summary, run.issue, reverts=is_revert(run.cause)),
        body=_pull_body(context, draft=draft),
        draft=draft,
    )
    context.update(pull=pull.number, branch=pull.head_branch)


def _withdraw(context: RunContext, begun: bool) -> None:
    """The run ended while it was being published: close and delete what this stage began, unless a newer run has it."""
    run = context.reload()
    if begun and run.state is not S.SUPERSEDED:
        context.services.publisher.withdraw(run, context.calls.pulls)


def _is_building(run: RunEntry) -> bool:
    """Whether the run is still in the build's hands: meanwhile it may have ended, or its pull request been merged."""
    return run.state in BUILDING or run.state is S.REPAIRING


def _pull_body(context: RunContext, *, draft: bool) -> str:
    run = context.run
    change_set = _change_set(context)
    return pull_body(
        summary=run.summary or change_set.message,
        plan=run.plan,
        edits=change_set.edits,
        issue=run.issue,
        run=run.run_id,
        # The issue of a revert was reopened because the change has to be made again.
        closes=run.base_branch == run.default_branch and not is_revert(run.cause),
        draft=draft,
        approved_by=run.approved_by if run.approved_diff == run.changeset_digest else "",
    )
