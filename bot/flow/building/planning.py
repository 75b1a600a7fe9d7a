"""The run's ChangeSet, the commit that it describes, and the verdicts on that commit."""

from __future__ import annotations

from bot.changeset.check import check
from bot.changeset.guards.guard_config import GuardConfig
from bot.changeset.guards.scrub import scrubbed
from bot.core.errors import Refused
from bot.core.names import BaseSha, CommitSha, HeadSha, is_revert
from bot.flow.building.caps import must_fit
from bot.flow.building.start import RETRIED
from bot.flow.building.verdicts import judge_commit
from bot.flow.context import RunContext, log
from bot.flow.recorded import PlanRecord, without_secrets
from bot.plan.blueprint import read_blueprint
from bot.plan.explore.values import limits_of
from bot.plan.measured_form import plan_form
from bot.plan.request import PlanRequest
from bot.publish.pull_request_text import commit_message
from bot.review.review_kinds import ReviewKind


def plan_request(context: RunContext) -> PlanRequest:
    """What is planned for the run, on the base that it has now. Raises ConfigInvalid."""
    run, services, config = context.run, context.services, context.base_config()
    base = CommitSha(run.base_sha)
    return PlanRequest(
        run=run.run_id,
        blueprint=without_secrets(read_blueprint(run.title, run.body)),
        guidance=scrubbed(run.guidance),
        base=base,
        tree=context.mirror.tree(base),
        config=config,
        token_budget=services.settings.context_budget(config.plan.context_tokens),
        use_paths=services.ledger.steering(run.repository_id, run.issue).use_paths,
        recent=tuple(context.mirror.recent_paths(base)),
        index_path=services.git.context_index(run.repository_id),
        form=plan_form(services.settings, services.settings.data_dir),
        search=context.mirror.search(base),
        explore=limits_of(
            config.plan.explore, calls=services.settings.explore_calls, rounds=services.settings.explore_rounds
        ),
    )


def make_change_set(context: RunContext) -> None:
    """Have the change planned, unless the run's ChangeSet still applies to the base exactly, and store it.

    Raises Refused `stale` for a revert whose files have changed since the merge, and what the planner raises.
    """
    run, services = context.run, context.services
    if run.changeset_digest:
        config, tree = context.base_config(), context.mirror.tree(CommitSha(run.base_sha))
        checked = check(context.change_set(), tree, GuardConfig.from_repo(config), mentioned=run.plan)
        if checked.accepted:
            return
        if not any(finding.code == "stale" for finding in checked.findings):
            log.info("plan.unfit", run=run.run_id, codes=[finding.code for finding in checked.findings])
    if is_revert(run.cause):
        # Weakened tests are not looked for in a revert, because it restores the files exactly. What a model would plan
        # in its place restores nothing exactly.
        raise Refused(
            "the files changed since the merge, so it cannot be reverted automatically",
            code="stale",
            remedy="Fix or revert it by hand, then label the issue again.",
        )
    # After `/cadence retry` the model is asked again; else the ledger would give the answer that was refused.
    moves = services.ledger.transitions(run.run_id)
    retries = sum(move.reason.startswith(RETRIED) for move in moves)
    attempt = f":retry-{retries}" if retries else ""
    request = plan_request(context)
    record = PlanRecord(services.ledger, request, attempt)
    with record.refusals():
        planned = services.planner.plan(request, context.ask(attempt))
    record.planned(planned)
    services.ledger.save_changeset(run.run_id, planned.change_set)
    context.update(changeset_digest=planned.change_set.digest(), summary=planned.summary, plan=planned.plan)


def build_commit_of(context: RunContext) -> CommitSha:
    """The commit that the run's ChangeSet describes on its base, written to the mirror.

    The run fixes author and date, so the same ChangeSet on the same base is the same SHA, however often it is built.
    Raises Refused with the first finding's code where the guards do not accept the ChangeSet, and QuotaReached for a
    change that is too large to be pushed.
    """
    run, change_set, config = context.run, context.change_set(), context.base_config()
    tree = context.mirror.tree(CommitSha(run.base_sha))
    checked = check(change_set, tree, GuardConfig.from_repo(config), mentioned=run.plan)
    if not checked.accepted:
        first = checked.findings[0]
        raise Refused(first.message, code=first.code, details=[finding.message for finding in checked.findings])
    commit = context.mirror.write_commit(
        CommitSha(run.base_sha),
        checked.changes,
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
    # The gateway asks again at the push. Here nothing was paid for the reviews yet.
    must_fit(context, commit)
    return commit


def file_verdicts(context: RunContext) -> None:
    """File the verdict of each kind on the run's own commit; one that is filed already is kept."""
    base, head = BaseSha(CommitSha(context.run.base_sha)), HeadSha(CommitSha(context.run.head_sha))
    config = context.config_at(base)
    for kind in ReviewKind:
        judge_commit(context, kind, head=head, merge_base=base, config=config)
