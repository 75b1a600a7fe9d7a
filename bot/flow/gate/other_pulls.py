"""Pull requests that are not ours never wait on us: where a rule requires one of our checks, they get it skipped."""

from __future__ import annotations

from bot.core.names import CHECK_CONFIG, HeadSha, RepoRef
from bot.effects.kinds import repository_actor
from bot.flow.services import Services
from bot.gate.ci import own_required
from bot.github_api.records import CheckOutput
from bot.intake.events import PullChanged
from bot.publish.check_runs import put_check_run

NOT_CADENCE = "not a Cadence PR"
ON = frozenset({"opened", "synchronize", "reopened", "edited", "ready_for_review"})
"""Events after which the head or the base may be one whose rule has not been answered."""


def skip_own_checks(services: Services, event: PullChanged) -> list[str]:
    """Post every required `cadence/*` check as `skipped` on the head; gives the names.

    GitHub counts `skipped` as passing, so nothing is posted on a head that Cadence judges or may come to judge: that of
    a run, or of a pull request that our own bot opened (its delivery may overtake the answer that the run waits for).
    """
    if event.action not in ON or not event.base_branch or event.author == services.identity.bot_login:
        return []
    if _is_judged(services, event):
        return []
    calls = services.github.at(event.repo)
    rules = services.observer.rules(event.repo.repository_id, event.base_branch, calls.snapshots)
    # Whether `cadence/config` is needed depends on the change, not on who made it (config_check).
    names = [name for name in own_required(rules, services.identity.app_id) if name.casefold() != CHECK_CONFIG]
    for name in names:
        skip(services, event.repo, event.head, name)
    return names


def _is_judged(services: Services, event: PullChanged) -> bool:
    """Whether the head is a run's own commit, was met on a run's pull request, or stands on the branch of a live run.

    A check run belongs to the commit: whatever other pull request shows that commit, `skipped` would pass on ours too.
    The branch counts in this repository only; a fork may name its own as it likes.
    """
    repository, ledger = event.repo.repository_id, services.ledger
    if ledger.run_for_head(repository, event.head) is not None or ledger.was_seen(repository, event.head):
        return True
    live = (run for run in ledger.unfinished_runs() if run.repository_id == repository)
    return event.from_here and any(run.branch == event.head_branch for run in live)


def skip(services: Services, repo: RepoRef, head: HeadSha, name: str) -> None:
    """Put one check run, `skipped`, on the head of a pull request that is not a Cadence pull request."""
    text = (
        f"A rule of the base branch requires `{name}`. Cadence judges only the pull requests that it opens itself, so "
        "this one does not have to wait for it."
    )
    put_check_run(
        services.effects,
        repository_actor(repo.repository_id, repo.installation_id),
        services.github.at(repo).checks,
        key=f"not-ours:{name}:{head}",
        head=head,
        name=name,
        external_id=f"not-ours:{head}",
        # A skipped check run counts as passing where a rule requires it:
        # https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-quality-features/about-status-checks
        conclusion="skipped",
        output=CheckOutput(title=NOT_CADENCE, summary=f"{NOT_CADENCE}\n\n{text}"),
    )
