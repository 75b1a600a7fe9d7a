"""From a run to a pull request: read, plan, judge, publish. Every function returns whether to go on."""

from __future__ import annotations

from bot.changeset.check import check
from bot.changeset.guards.config import GuardConfig
from bot.changeset.model import ChangeSet
from bot.changeset.tree import TreeChange
from bot.errors import CadenceError, FenceClosed, Refused
from bot.flow.approval import diff_approval_needed, text_approved
from bot.flow.desk import Desk, log
from bot.flow.ending import AFTER_PLANNING, back_at_its_step
from bot.flow.judging import judge_commit
from bot.flow.methods import must_allow_method
from bot.flow.reverts import is_of_unjudged_base
from bot.github_api.permissions import CONTENTS_WRITE
from bot.names import BaseSha, CommitSha, HeadSha, is_revert
from bot.plan.blueprint import read_blueprint
from bot.plan.planner import PlanRequest
from bot.publish.pull_text import commit_message, pull_body, pull_title
from bot.record.entries import RunEntry
from bot.repo_config import RepoConfig
from bot.review.kinds import ReviewKind
from bot.states import BUILDING, RunState

S = RunState


def read(desk: Desk) -> bool:
    """Settle who asked and what they saw, bring the mirror up to date, fix the base commit and the policy."""
    if not _is_building(desk.run):
        return False
    if back_at_its_step(desk):
        return True
    record = desk.calls.repository()
    if record.archived:
        raise Refused("the repository is archived", code="repository.archived", remedy="Unarchive it first.")
    desk.fetch()
    # A revert goes to the branch that was merged into, whatever the policy names by now.
    known = desk.run.base_branch if is_revert(desk.run.cause) else ""
    base_branch = known or _base_branch(desk, record.default_branch)
    tip = desk.mirror.tip(base_branch)
    if tip is None:
        raise Refused(
            f"the base branch `{base_branch}` does not exist",
            code="base.missing",
            remedy="Create it, or correct `plan.base` in .github/cadence.yml.",
        )
    config = desk.policy_at(tip).must()
    if config.paused:
        raise Refused(
            "`paused: true` stands in .github/cadence.yml", code="paused", remedy="Take it out, then `/cadence replan`."
        )
    if not text_approved(desk, config):
        return False
    must_allow_method(desk, config, base_branch)
    desk.update(base_branch=base_branch, base_sha=tip, default_branch=record.default_branch)
    if desk.run.state is not S.REPAIRING:
        desk.move(S.PLANNING)
    desk.tell()
    return True


def _base_branch(desk: Desk, default_branch: str) -> str:
    tip = desk.mirror.tip(default_branch)
    if tip is None:
        raise Refused(
            "the repository is empty", code="repository.empty", remedy="Push a first commit, then `/cadence replan`."
        )
    return desk.policy_at(tip).must().plan.base or default_branch


def plan(desk: Desk) -> bool:
    """Make the ChangeSet, or take the one this run already has where it still fits the base exactly."""
    run = desk.run
    if run.state in AFTER_PLANNING:
        return True
    if not _is_building(run):
        return False
    config = _config(desk)
    if run.changeset_digest and _fits(desk, config):
        return True
    if is_revert(run.cause):
        # Nobody looks for weakened tests in what restores the files exactly; a model's own idea is not that.
        raise Refused(
            "the files changed since the merge, so it cannot be reverted automatically",
            code="stale",
            remedy="Fix or revert it by hand, then label the issue again.",
        )
    planned = desk.house.planner.plan(
        PlanRequest(
            run=run.run_id,
            blueprint=read_blueprint(run.title, run.body),
            guidance=run.guidance,
            base=CommitSha(run.base_sha),
            tree=desk.mirror.tree(CommitSha(run.base_sha)),
            config=config,
        ),
        desk.ask(),
    )
    desk.house.ledger.save_changeset(run.run_id, planned.change_set)
    desk.update(changeset_digest=planned.change_set.digest(), summary=planned.summary, plan=planned.plan)
    return True


def _config(desk: Desk) -> RepoConfig:
    return desk.policy_at(CommitSha(desk.run.base_sha)).must()


def _fits(desk: Desk, config: RepoConfig) -> bool:
    """Whether the stored ChangeSet still applies exactly to the base; a stale one is planned again."""
    change_set = _change_set(desk)
    tree = desk.mirror.tree(CommitSha(desk.run.base_sha))
    checked = check(change_set, tree, GuardConfig.from_repo(config), mentioned=desk.run.plan)
    if checked.accepted:
        return True
    if not any(finding.code == "stale" for finding in checked.findings):
        log.info("plan.unfit", run=desk.run.run_id, codes=[f.code for f in checked.findings])
    return False


def _change_set(desk: Desk) -> ChangeSet:
    change_set = desk.house.ledger.changeset(desk.run.changeset_digest)
    if change_set is None:
        raise CadenceError(f"ChangeSet {desk.run.changeset_digest} is not in the ledger", code="run.unknown")
    return change_set


def judge(desk: Desk) -> bool:
    """Build the commit from git objects and file both verdicts on it, before anything is pushed."""
    if desk.run.state is S.PUBLISHING:
        return True
    if not _is_building(desk.run):
        return False
    config = _config(desk)
    if desk.run.state not in (S.REPAIRING, S.JUDGING):
        # Not told again after a wait: a status edit that meets a rate limit must not make the next step wait for ever.
        desk.move(S.JUDGING)
        desk.tell()
    head = _commit(desk, config)
    desk.update(head_sha=head)
    policy = desk.policy_at(CommitSha(desk.run.base_sha))
    for kind in ReviewKind:
        judge_commit(desk, kind, head=HeadSha(head), merge_base=BaseSha(CommitSha(desk.run.base_sha)), policy=policy)
    return True


def _commit(desk: Desk, config: RepoConfig) -> CommitSha:
    """The commit that the ChangeSet describes: author and date are fixed by the run, so the SHA is too."""
    run = desk.run
    change_set = _change_set(desk)
    changes = _changes(desk, change_set, config)
    return desk.mirror.write_commit(
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
        author=desk.house.git.author(desk.house.identity),
        date=run.created_at,
    )


def _changes(desk: Desk, change_set: ChangeSet, config: RepoConfig) -> tuple[TreeChange, ...]:
    tree = desk.mirror.tree(CommitSha(desk.run.base_sha))
    checked = check(change_set, tree, GuardConfig.from_repo(config), mentioned=desk.run.plan)
    if not checked.accepted:
        first = checked.findings[0]
        raise Refused(first.message, code=first.code, details=[f.message for f in checked.findings])
    return checked.changes


def publish(desk: Desk) -> bool:
    """Push the judged commit and open or adopt the pull request, unless somebody has to see the diff first."""
    run, house = desk.run, desk.house
    if run.state is S.REVIEWING and run.pull is not None:
        # This stage died after its last move; only what follows that move is missing.
        house.engine.start_review(run.run_id, HeadSha(CommitSha(run.head_sha)), base_tip=run.base_sha)
        return True
    if not _is_building(run):
        return False
    config = _config(desk)
    if not text_approved(desk, config) or diff_approval_needed(desk, config):
        return False
    if run.state is not S.REPAIRING:
        desk.move(S.PUBLISHING)
    begun = run.pull is None
    try:
        _push_and_open(desk, config)
    except FenceClosed:
        _withdraw(desk, begun)
        raise
    if not desk.go_on_to(S.REVIEWING):
        _withdraw(desk, begun)
        return False
    desk.tell()
    house.engine.start_review(run.run_id, HeadSha(CommitSha(desk.run.head_sha)), base_tip=desk.run.base_sha)
    return True


def _push_and_open(desk: Desk, config: RepoConfig) -> None:
    run, house = desk.run, desk.house
    desk.with_token(
        CONTENTS_WRITE,
        lambda token: house.publisher.push(
            run, desk.mirror, url=desk.git_url, token=token, commit=CommitSha(run.head_sha)
        ),
    )
    house.ledger.see_head(run.repository_id, HeadSha(CommitSha(run.head_sha)), house.clock.now())
    draft = is_revert(run.cause) and (config.after_merge.on_red != "merge" or is_of_unjudged_base(desk))
    pull = house.publisher.pull(
        run,
        desk.calls.pulls,
        title=pull_title(run.summary, run.issue, reverts=is_revert(run.cause)),
        body=_pull_body(desk, draft=draft),
        draft=draft,
    )
    desk.update(pull=pull.number, branch=pull.head_branch)


def _withdraw(desk: Desk, begun: bool) -> None:
    """The run ended while it was being published: close and delete what this stage began, unless a newer run has it."""
    run = desk.reload()
    if begun and run.state is not S.SUPERSEDED:
        desk.house.publisher.withdraw(run, desk.calls.pulls)


def _is_building(run: RunEntry) -> bool:
    """Whether the run is still in the build's hands: meanwhile it may have ended, or its pull request been merged."""
    return run.state in BUILDING or run.state is S.REPAIRING


def _pull_body(desk: Desk, *, draft: bool) -> str:
    run = desk.run
    change_set = _change_set(desk)
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
