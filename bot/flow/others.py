"""Pull requests that are not ours never wait on us: where a rule requires one of our checks, they get it skipped."""

from __future__ import annotations

from bot.effects import EffectKind, JsonDict, repository_mandate
from bot.flow.house import House
from bot.gate.ci import own_required
from bot.github_api.records import CheckOutput
from bot.intake.events import PullChanged
from bot.names import CHECK_CONFIG, HeadSha, RepoRef

NOT_OURS = "not a Cadence PR"
ON = frozenset({"opened", "synchronize", "reopened", "edited", "ready_for_review"})
"""Events after which the head or the base may be one whose rule has not been answered."""


def let_pass(house: House, event: PullChanged) -> list[str]:
    """Post every required `cadence/*` check as `skipped` on the head; gives the names.

    GitHub counts `skipped` as passing, so nothing is posted on a head that Cadence judges or may come to judge: that of
    a run, or of a pull request that our own bot opened (its delivery may overtake the answer that the run waits for).
    """
    if event.action not in ON or not event.base_branch or event.author == house.identity.bot_login:
        return []
    if _is_judged(house, event):
        return []
    calls = house.github.at(event.repo)
    rules = house.observer.rules(event.repo.repository_id, event.base_branch, calls.snapshots)
    # Whether `cadence/config` is needed depends on the change, not on who made it (config_check).
    names = [name for name in own_required(rules, house.identity.app_id) if name.casefold() != CHECK_CONFIG]
    for name in names:
        skip(house, event.repo, event.head, name)
    return names


def _is_judged(house: House, event: PullChanged) -> bool:
    """Whether the head is a run's own commit, was met on a run's pull request, or stands on the branch of a live run.

    A check run belongs to the commit: whatever other pull request shows that commit, `skipped` would pass on ours too.
    The branch counts in this repository only; a fork may name its own as it likes.
    """
    repository, ledger = event.repo.repository_id, house.ledger
    if ledger.run_for_head(repository, event.head) is not None or ledger.was_seen(repository, event.head):
        return True
    live = (run for run in ledger.unfinished_runs() if run.repository_id == repository)
    return event.from_here and any(run.branch == event.head_branch for run in live)


def skip(house: House, repo: RepoRef, head: HeadSha, name: str) -> None:
    """One check run, `skipped`, found again by its external id."""
    checks = house.github.at(repo).checks
    external_id = f"not-ours:{head}"
    text = (
        f"A rule of the base branch requires `{name}`. Cadence judges the pull requests that it opens itself; this one "
        "it leaves alone, and it need not wait."
    )

    def find() -> JsonDict | None:
        existing = checks.find(head, name, external_id)
        return None if existing is None else {"id": existing.id}

    def do() -> JsonDict:
        made = checks.create(
            head=head,
            name=name,
            external_id=external_id,
            status="completed",
            conclusion="skipped",
            output=CheckOutput(title=NOT_OURS, summary=f"{NOT_OURS}\n\n{text}"),
        )
        return {"id": made.id}

    mandate = repository_mandate(repo.repository_id, repo.installation_id)
    house.effects.perform(mandate, EffectKind.CHECK_PUT, f"not-ours:{name}:{head}", find=find, do=do)
