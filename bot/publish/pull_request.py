"""Pushes a reviewed commit to its branch and opens its pull request, or adopts the open one. Safe to repeat."""

from __future__ import annotations

from collections.abc import Callable

from bot.core.errors import CadenceError, PushRefused
from bot.core.json_types import JsonDict
from bot.core.names import CommitSha, IssueNumber, branch_for, has_marker, marker
from bot.effects.kinds import EffectKind
from bot.effects.perform import Effects
from bot.git_store.commits import CommitRecord
from bot.git_store.mirror import Mirror
from bot.github_api.pulls import PullCalls
from bot.github_api.records import PullRecord
from bot.ledger.entries import RunEntry, actor_of
from bot.ledger.ledger import Ledger
from bot.publish.change_size import change_size


class Publisher:
    """Push and pull request, through the effect gateway."""

    def __init__(self, effects: Effects, ledger: Ledger, *, bot_login: str, bot_email: str) -> None:
        self._effects = effects
        self._ledger = ledger
        self._bot_login = bot_login
        self._bot_email = bot_email

    def push(self, run: RunEntry, mirror: Mirror, *, url: str, token: Callable[[], str], commit: CommitSha) -> None:
        """Push the commit to the blueprint's branch with a lease on the commit that was seen there.

        Raises PushRefused `branch.taken` when people's commits are on the branch and the run may not discard them, and
        what `Effects.perform` raises.
        """
        branch = branch_for(run.issue)
        there = mirror.tip(branch)
        if there is not None and there != commit and not run.discard:
            self.must_be_ours(run, mirror, branch, there)

        def do() -> JsonDict:
            mirror.push(url, token, commit=commit, branch=branch, expect=there)
            return {"branch": branch, "commit": commit, "replaced": there}

        # The push itself is safe to repeat: the same commit already there is success, so there is nothing to look for.
        self._effects.perform(
            actor_of(run),
            EffectKind.BRANCH_PUSH,
            f"push:{commit}",
            find=lambda: None,
            do=do,
            change=change_size(mirror, CommitSha(run.base_sha), commit),
        )

    def must_be_ours(self, run: RunEntry, mirror: Mirror, branch: str, there: CommitSha) -> None:
        """Raise `branch.taken` unless every commit on the branch is ours.

        Ours is what the ledger pushed, or, after a lost ledger, commits that carry our trailer and our address.
        """
        ours = self._ledger.pushed_heads(run.repository_id, run.issue)
        if there in ours:
            return
        base = mirror.merge_base(CommitSha(run.base_sha), there)
        foreign = [c for c in mirror.commits(base, there) if not self._is_ours(c, ours)] if base else []
        if base is None or foreign:
            who = ", ".join(sorted({c.sha[:12] for c in foreign})) or there[:12]
            raise PushRefused(
                f"`{branch}` holds commits that Cadence did not make ({who}); it discards them only when asked to.",
                code="branch.taken",
                remedy="Merge or move them, or comment `/cadence replan --discard` to drop them.",
            )

    def _is_ours(self, commit: CommitRecord, ours: set[str]) -> bool:
        return commit.sha in ours or (commit.author_email == self._bot_email and "Cadence-Run: " in commit.message)

    def pull(self, run: RunEntry, pulls: PullCalls, *, title: str, body: str, draft: bool = False) -> PullRecord:
        """Open the run's pull request, or adopt the open one that our bot made for this issue.

        Raises CadenceError `branch.taken` for a pull request on our branch that is not ours, and `base.retargeted`
        when its base is not the one that was judged.
        """
        branch = branch_for(run.issue)
        found: list[PullRecord] = []

        def find() -> JsonDict | None:
            existing = pulls.find_open(branch)
            if existing is None:
                return None
            self._must_be_ours(existing, run.issue)
            edited = pulls.edit(existing.number, title=title, body=body)
            found.append(edited)
            return _outcome(edited)

        def do() -> JsonDict:
            made = pulls.open(title=title, body=body, head=branch, base=run.base_branch, draft=draft)
            found.append(made)
            return _outcome(made)

        outcome = self._effects.perform(
            actor_of(run), EffectKind.PULL_OPEN, f"pull:{branch}:{run.head_sha}", find=find, do=do
        )
        pull = found[0] if found else None
        base = pull.base_branch if pull else str(outcome["base"])
        if base != run.base_branch:
            raise CadenceError(
                f"pull request #{outcome['number']} has the base `{base}`, not `{run.base_branch}`",
                code="base.retargeted",
                remedy=f"Set its base back to `{run.base_branch}`, then comment `/cadence replan`.",
            )
        return pull or pulls.find_open(branch) or _missing(outcome)

    def withdraw(self, run: RunEntry, pulls: PullCalls) -> None:
        """Close the pull request that the run opened and delete the branch that it pushed, as far as they are there.

        For a run that ended while it was being published. A branch that holds another commit by now is left alone.
        """
        branch, actor = branch_for(run.issue), actor_of(run)
        opened = pulls.find_open(branch)
        if opened is not None and opened.head == run.head_sha and self._is_pull_of(opened, run.issue):
            number = opened.number
            self._effects.perform(
                actor,
                EffectKind.PULL_CLOSE,
                f"close:{number}",
                find=lambda: None,
                do=lambda: {"number": int(pulls.close(number).number)},
                when_ended=True,
            )

        def delete() -> JsonDict:
            pulls.delete_branch(branch)
            return {"done": True}

        if pulls.branch_sha(branch) == run.head_sha:
            self._effects.perform(
                actor,
                EffectKind.BRANCH_DELETE,
                f"delete:{branch}:{run.head_sha}",
                find=lambda: None,
                do=delete,
                when_ended=True,
            )

    def _is_pull_of(self, pull: PullRecord, issue: IssueNumber) -> bool:
        return pull.author == self._bot_login and has_marker(pull.body, marker("pull", issue=issue))

    def _must_be_ours(self, pull: PullRecord, issue: IssueNumber) -> None:
        if self._is_pull_of(pull, issue):
            return
        raise PushRefused(
            f"pull request #{pull.number} uses the branch `{pull.head_branch}` and was not opened by Cadence",
            code="branch.taken",
            remedy="Close it or rename its branch, then comment `/cadence replan`.",
        )


def _outcome(pull: PullRecord) -> JsonDict:
    return {"number": int(pull.number), "url": pull.html_url, "base": pull.base_branch}


def _missing(outcome: JsonDict) -> PullRecord:
    raise CadenceError(
        f"pull request #{outcome['number']} was opened and is not open any more",
        code="pull.closed",
        remedy="Reopen it or comment `/cadence replan`.",
    )
