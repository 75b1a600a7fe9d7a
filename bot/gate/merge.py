"""Acts on a decision: the gate's check run, the merge, and what follows a merge. Each safe to repeat after a crash."""

from __future__ import annotations

from bot.core.errors import Held
from bot.core.json_types import JsonDict
from bot.core.names import CHECK_GATE, CommitSha, HeadSha, branch_for
from bot.effects.kinds import EffectKind
from bot.effects.perform import Effects, Slots
from bot.github_api.checks import CheckCalls
from bot.github_api.client import RepositoryCalls
from bot.github_api.merge_queue import MergeQueueCalls
from bot.github_api.pulls import PullCalls
from bot.github_api.records import Aftermath, CheckOutput
from bot.ledger.entries import RunEntry, actor_of
from bot.ledger.ledger import Ledger
from bot.publish.check_runs import put_check_run


def find_gate_check(run: RunEntry, checks: CheckCalls, key: str) -> JsonDict | None:
    """The `id` and `status` of the gate check that the effect of that natural key created; None where there is none.

    For an effect whose outcome the ledger does not have, because the process died.
    """
    _, head, decision_id = key.split(":")
    made = checks.find(HeadSha(CommitSha(head)), CHECK_GATE, f"gate:{run.run_id}:{decision_id}")
    return None if made is None else {"id": made.id, "status": made.status}


class Merger:
    """Carries out the gate's decisions through the effect gateway."""

    def __init__(self, effects: Effects, ledger: Ledger) -> None:
        self._effects = effects
        self._ledger = ledger

    def put_gate_check(
        self,
        run: RunEntry,
        checks: CheckCalls,
        *,
        head: HeadSha,
        decision_id: int,
        conclusion: str | None,
        output: CheckOutput,
        slots: Slots | None = None,
    ) -> JsonDict:
        """Show a decision as `cadence/gate` on the head: in progress while `conclusion` is None.

        An unfinished gate check is updated in place; a completed one stays as it is and gets a successor, because a
        completed check run is history.

        Raises FenceClosed for a success of a run that has ended: its pull request is not about to be merged.
        """
        return put_check_run(
            self._effects,
            actor_of(run),
            checks,
            key=f"gate:{head}:{decision_id}",
            head=head,
            buttons=True,
            name=CHECK_GATE,
            external_id=f"gate:{run.run_id}:{decision_id}",
            conclusion=conclusion,
            output=output,
            unfinished=self._unfinished(run, checks, head),
            fresh=True,
            slots=slots,
            when_ended=conclusion != "success",
        )

    def _unfinished(self, run: RunEntry, checks: CheckCalls, head: HeadSha) -> int | None:
        """The id of the newest gate check on the head where that is in progress."""
        for effect in reversed(self._ledger.effects_of(run.run_id)):
            if effect.kind != EffectKind.CHECK_PUT or not effect.natural_key.startswith(f"gate:{head}:"):
                continue
            shown = effect.outcome or find_gate_check(run, checks, effect.natural_key)
            if shown is not None:
                return int(shown["id"]) if shown.get("status") != "completed" else None
        return None

    def merge(
        self,
        run: RunEntry,
        pulls: PullCalls,
        *,
        head: HeadSha,
        method: str,
        title: str,
        message: str,
        slots: Slots | None = None,
    ) -> CommitSha:
        """Merge exactly `head` and give the commit on the base.

        Raises Held, HeadMoved, NotMergeable, Forbidden, or UnknownOutcome when GitHub does not answer.
        """
        number = run.pull
        assert number is not None

        def find() -> JsonDict | None:
            pull = pulls.get(number)
            return {"sha": pull.merge_commit} if pull.merged else None

        def do() -> JsonDict:
            self._must_not_be_held(run)
            # GitHub refuses the merge with 409 when the head is not `sha` any more:
            # https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request
            return {"sha": pulls.merge(number, head=head, method=method, title=title, message=message).sha}

        outcome = self._effects.perform(
            actor_of(run),
            EffectKind.MERGE,
            f"merge:{head}",
            find=find,
            do=do,
            fresh=True,
            slots=slots,
        )
        return CommitSha(str(outcome["sha"]))

    def enqueue(
        self, run: RunEntry, queue: MergeQueueCalls, *, head: HeadSha, decision_id: int, slots: Slots | None = None
    ) -> None:
        """Put exactly `head` into its base's merge queue.

        Raises Held, HeadMoved, NotMergeable, Forbidden, UnknownOutcome.

        A head that left the queue and is decided on again enters it again, so the key names the decision.
        """
        assert run.pull is not None
        number = run.pull

        def find() -> JsonDict | None:
            place = queue.place(number)
            return {"head": head} if (place.queued or place.merged) and place.head == head else None

        def do() -> None:
            place = queue.place(number)
            self._must_not_be_held(run)
            queue.enqueue(place, head)

        self._effects.perform(
            actor_of(run),
            EffectKind.QUEUE_ENTER,
            f"enqueue:{head}:{decision_id}",
            find=find,
            do=do,
            outcome=lambda _: {"head": head},
            fresh=True,
            slots=slots,
        )

    def _must_not_be_held(self, run: RunEntry) -> None:
        """Read the hold directly before the request: it may have come since the last look. Raises Held."""
        held = self._ledger.steering(run.repository_id, run.issue).hold_text()
        if held:
            raise Held(f"the hold was {held}; #{run.pull} was not merged")

    def dequeue(
        self,
        run: RunEntry,
        queue: MergeQueueCalls,
        *,
        head: HeadSha,
        decision_id: int | str,
        when_ended: bool | None = None,
    ) -> None:
        """Take it out of the queue. Raises NotMergeable, Forbidden or UnknownOutcome."""
        assert run.pull is not None
        number = run.pull
        self._effects.perform(
            actor_of(run),
            EffectKind.QUEUE_LEAVE,
            f"dequeue:{head}:{decision_id}",
            find=lambda: None if queue.place(number).queued else True,
            do=lambda: queue.dequeue(queue.place(number)),
            outcome=lambda _: {"head": head},
            when_ended=when_ended,
        )

    def to_draft(self, run: RunEntry, pulls: PullCalls, node_id: str, *, move: int) -> None:
        """Make the stopped run's pull request a draft, which GitHub does not merge (405). `move` stopped the run.

        Raises NotMergeable or Forbidden where there are no drafts.
        """
        self._effects.perform(
            actor_of(run),
            EffectKind.PULL_DRAFT,
            f"draft:{run.pull}:{move}",
            find=lambda: None,
            do=lambda: pulls.set_draft(node_id, draft=True),
            outcome=lambda _: {"draft": True},
            fresh=True,
            when_ended=True,
        )

    def to_ready(self, run: RunEntry, calls: RepositoryCalls) -> bool:
        """Make the pull request ready again, where Cadence itself made it a draft; False where it did not."""
        number = run.pull
        drafted = self._ledger.drafted(run.repository_id, run.issue, number) if number is not None else None
        if number is None or drafted is None:
            return False
        self._effects.perform(
            actor_of(run),
            EffectKind.PULL_READY,
            f"ready:{number}:{drafted}",
            find=lambda: None,
            do=lambda: calls.pulls.set_draft(calls.queue.place(number).node_id, draft=False),
            outcome=lambda _: {"draft": False},
            fresh=True,
        )
        return True

    def finish(
        self,
        run: RunEntry,
        calls: RepositoryCalls,
        *,
        left: Aftermath,
        head: HeadSha,
        delete_branch: bool,
        close_issue: bool = True,
    ) -> None:
        """After a merge: delete the branch if it is still at the merged head, and close the issue if still open.

        GitHub closes the issue automatically for `Closes #n` on the default branch
        (https://docs.github.com/en/issues/tracking-your-work-with-issues/using-issues/linking-a-pull-request-to-an-issue),
        but sometimes not after an App's merge.
        """
        branch, pulls, issues = branch_for(run.issue), calls.pulls, calls.issues
        if delete_branch and left.branch_tip == head:
            self._effects.perform(
                actor_of(run),
                EffectKind.BRANCH_DELETE,
                f"delete:{branch}:{head}",
                find=lambda: True if pulls.branch_sha(branch) is None else None,
                do=lambda: pulls.delete_branch(branch),
                outcome=lambda gone: {"gone": True} if gone else {"done": True},
                fresh=True,
            )
        if left.issue_open and close_issue:
            self._effects.perform(
                actor_of(run),
                EffectKind.ISSUE_CLOSE,
                f"close:{run.issue}:{head}",
                find=lambda: None if issues.is_open(run.issue) else True,
                do=lambda: issues.close(run.issue),
                outcome=lambda closed: {"closed": True} if closed else {"done": True},
                fresh=True,
            )
