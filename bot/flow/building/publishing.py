"""Puts the reviewed commit on its branch and opens its pull request."""

from __future__ import annotations

from bot.config.model import RepoConfig
from bot.core.errors import FenceClosed
from bot.core.names import CommitSha, HeadSha, is_revert, reverted_merge
from bot.core.states import RunState
from bot.flow.building.estimating import keep_outcome
from bot.flow.context import RunContext
from bot.github_api.permissions import CONTENTS_WRITE
from bot.plan.blueprint import read_blueprint
from bot.plan.shown_files import changed_files
from bot.publish.context_section import MovedBase, context_section
from bot.publish.cost_text import receipt_text
from bot.publish.pull_request_text import pull_body, pull_title


def push_and_open(context: RunContext, config: RepoConfig) -> bool:
    """Push the run's commit, open or adopt its pull request, and move the run to `reviewing`.

    False where the run ended meanwhile: then what was begun here is closed and deleted again. Raises FenceClosed after
    the same cleaning up, PushRefused, and what the pull request's calls raise.
    """
    begun = context.run.pull is None
    try:
        _push(context, config)
    except FenceClosed:
        _withdraw(context, begun)
        raise
    if context.go_on_to(RunState.REVIEWING):
        return True
    _withdraw(context, begun)
    return False


def request_review(context: RunContext) -> None:
    """Book the review of the run's own commit, on the base tip that it was built on."""
    run = context.run
    context.services.engine.start_review(run.run_id, HeadSha(CommitSha(run.head_sha)), base_tip=run.base_sha)


def _push(context: RunContext, config: RepoConfig) -> None:
    run, services, change_set = context.run, context.services, context.change_set()
    head, revert = HeadSha(CommitSha(run.head_sha)), is_revert(run.cause)
    url = services.github.urls.git(context.ref.name)
    context.with_token(
        CONTENTS_WRITE,
        lambda token: services.publisher.push(run, context.mirror, url=url, token=token, commit=head),
    )
    services.ledger.see_head(run.repository_id, head, services.clock.now())
    draft = False
    if revert:
        # What was merged into another branch than it was judged for, or after a stop, is taken back by a person's
        # decision only.
        first = services.ledger.run_for_merge(run.repository_id, reverted_merge(run.cause))
        unjudged = first is not None and first.base_branch != run.base_branch
        stopped = first is not None and first.reason.startswith("stop.late:")
        draft = config.after_merge.on_red != "merge" or unjudged or stopped
    keep_outcome(context)
    expected = next(reversed(services.ledger.estimates_of(run.run_id)), None)
    body = pull_body(
        summary=run.summary or change_set.message,
        plan=run.plan,
        edits=change_set.edits,
        issue=run.issue,
        run=run.run_id,
        # `Closes #n` works on the default branch only. The issue of a revert was reopened because the change has to be
        # made again, so the revert must not close it.
        closes=run.base_branch == run.default_branch and not revert,
        draft=draft,
        context=_context_section(context),
        approved_by=run.approved_by if run.approved_diff == run.changeset_digest else "",
        receipt=receipt_text(services.ledger.phases_of(run.run_id), expected),
    )
    title = pull_title(run.summary, run.issue, reverts=revert)
    pull = services.publisher.pull(run, context.calls.pulls, title=title, body=body, draft=draft)
    context.update(pull=pull.number, branch=pull.head_branch)


def _context_section(context: RunContext) -> str:
    """What the model was shown for the run's plan; empty for a ChangeSet that no model made."""
    run = context.run
    contexts = context.services.ledger.contexts_of(run.run_id)
    # The text may have got a ChangeSet of its own after the model was asked.
    if not contexts or read_blueprint(run.title, run.body).change_set_json is not None:
        return ""
    newest = contexts[-1]
    if newest.base == run.base_sha:
        return context_section(newest)
    # The same ChangeSet on another base: people see whether what it was made from is still true.
    tree = context.mirror.tree(CommitSha(run.base_sha))
    return context_section(newest, MovedBase(run.base_sha, changed_files(newest.shown(), tree)))


def _withdraw(context: RunContext, begun: bool) -> None:
    """Close and delete what this step began, unless a newer run has taken it over."""
    run = context.reload()
    if begun and run.state is not RunState.SUPERSEDED:
        context.services.publisher.withdraw(run, context.calls.pulls)
