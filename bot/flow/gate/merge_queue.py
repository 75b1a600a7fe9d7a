"""Our required checks on a merge queue's temporary commits: green only while every entry of ours in it may merge."""

from __future__ import annotations

from bot.core.errors import CadenceError
from bot.core.names import PullNumber, RepoRef
from bot.core.states import TERMINAL
from bot.effects.kinds import repository_actor
from bot.flow.context import RunContext
from bot.flow.gate.other_pulls import NOT_CADENCE
from bot.flow.gate.reconcile import look
from bot.flow.services import Services
from bot.gate.ci import own_required
from bot.gate.explain import title_of
from bot.gate.reasons import fits_the_queue
from bot.github_api.records import CheckOutput, QueuedPull
from bot.intake.events import GroupTested
from bot.publish.check_runs import put_check_run


def answer_group(services: Services, event: GroupTested) -> str:
    """Post each of our checks that the base requires on the group's commit; gives what was said, or nothing.

    The group holds the entry that its branch names, and all that stand before it.
    """
    calls = services.github.at(event.repo)
    names = own_required(
        services.observer.rules(event.repo.repository_id, event.base_branch, calls.snapshots), services.identity.app_id
    )
    if not names:
        return ""
    entries = _group(calls.queue.entries(event.base_branch), event.pull)
    told = [answer for entry in entries if (answer := _ours(services, event.repo, entry)) is not None]
    if entries and not told:
        conclusion, title, rows = "skipped", NOT_CADENCE, ["No entry of this group is a Cadence pull request."]
    else:
        fit = bool(entries) and all(good for good, _ in told)
        conclusion = "success" if fit else "failure"
        title = "Every Cadence PR of the group may merge" if fit else "A Cadence PR of the group may not merge"
        rows = [text for _, text in told] or ["The merge queue no longer lists this group's entries."]
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
    """Whether one of our entries may merge now, judged as the gate judges it, and why; None for somebody else's."""
    run = services.ledger.run_for_pull(repo.repository_id, entry.number)
    if run is None:
        author = services.github.at(repo).pulls.get(entry.number).author
        if author != services.identity.bot_login:
            return None
        return False, f"#{entry.number} was opened by Cadence, and this ledger does not know its run."
    if run.state in TERMINAL:
        return False, f"#{entry.number}: its run is {run.state}."
    try:
        seen, decision = look(RunContext(services, run.run_id))
    except CadenceError as error:
        return False, f"#{entry.number} could not be judged: {error.code}."
    if seen.snapshot.head != entry.head:
        return False, f"#{entry.number}: its head moved on from {entry.head[:12]}."
    return fits_the_queue(decision), f"#{entry.number} at {entry.head[:12]}: {title_of(decision)}"
