"""Our required checks on commits that no run answers for: other people's pull requests, and merge groups."""

from __future__ import annotations

from bot.core.errors import CadenceError
from bot.core.names import CHECK_CONFIG, HeadSha, PullNumber, RepoRef
from bot.core.states import TERMINAL
from bot.effects.kinds import repository_actor
from bot.flow.context import RunContext
from bot.flow.gate.look import look
from bot.flow.services import Services
from bot.gate.ci import own_required
from bot.gate.explain import title_of
from bot.gate.reasons import fits_the_queue
from bot.github_api.records import CheckOutput, QueuedPull
from bot.intake.events import GroupTested, PullChanged
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
    """Whether the head is a run's commit, was seen on a run's pull request, or is on an unfinished run's branch.

    A check run belongs to the commit: whatever other pull request shows that commit, `skipped` would pass on ours too.
    The branch counts in this repository only; a fork may name its own as it likes.
    """
    repository, ledger = event.repo.repository_id, services.ledger
    if ledger.run_for_head(repository, event.head) is not None or ledger.was_seen(repository, event.head):
        return True
    return event.from_here and any(run.branch == event.head_branch for run in ledger.unfinished_runs(repository))


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


def answer_group(services: Services, event: GroupTested) -> str:
    """Post each of our checks that the base requires on the group's commit; gives the outcome in words, or nothing.

    The group holds the entry that its branch names, and all entries before it.
    """
    calls = services.github.at(event.repo)
    names = own_required(
        services.observer.rules(event.repo.repository_id, event.base_branch, calls.snapshots), services.identity.app_id
    )
    if not names:
        return ""
    entries = _group(calls.queue.entries(event.base_branch), event.pull)
    answers = [answer for entry in entries if (answer := _ours(services, event.repo, entry)) is not None]
    if entries and not answers:
        conclusion, title, rows = "skipped", NOT_CADENCE, ["No entry of this group is a Cadence pull request."]
    else:
        fit = bool(entries) and all(good for good, _ in answers)
        conclusion = "success" if fit else "failure"
        title = "Every Cadence PR of the group may merge" if fit else "A Cadence PR of the group may not merge"
        rows = [text for _, text in answers] or ["The merge queue no longer lists this group's entries."]
    output = CheckOutput(title=title, summary="\n".join(f"- {row}" for row in rows))
    for name in names:
        put_check_run(
            services.effects,
            repository_actor(event.repo.repository_id, event.repo.installation_id),
            calls.checks,
            key=f"group:{name}:{event.head}",
            head=event.head,
            name=name,
            external_id=f"group:{event.head}",
            conclusion=conclusion,
            output=output,
        )
    return f"merge group {event.head[:12]}: {conclusion}"


def _group(entries: list[QueuedPull], last: PullNumber | None) -> list[QueuedPull]:
    """The entries up to the one that is tested; all of them where the branch does not name it; none if it left."""
    if last is None:
        return entries
    numbers = [entry.number for entry in entries]
    return entries[: numbers.index(last) + 1] if last in numbers else []


def _ours(services: Services, repo: RepoRef, entry: QueuedPull) -> tuple[bool, str] | None:
    """Whether one of our entries may merge now, by the gate's own decision, and why; None for another person's."""
    run = services.ledger.run_for_pull(repo.repository_id, entry.number)
    if run is None:
        author = services.github.at(repo).pulls.get(entry.number).author
        if author != services.identity.bot_login:
            return None
        return False, f"#{entry.number} was opened by Cadence, and this ledger does not know its run."
    if run.state in TERMINAL:
        return False, f"#{entry.number}: its run is {run.state}."
    try:
        seen, decision = look(RunContext(services, run))
    except CadenceError as error:
        return False, f"#{entry.number} could not be judged: {error.code}."
    if seen.snapshot.head != entry.head:
        return False, f"#{entry.number}: its head moved on from {entry.head[:12]}."
    return fits_the_queue(decision), f"#{entry.number} at {entry.head[:12]}: {title_of(decision)}"
