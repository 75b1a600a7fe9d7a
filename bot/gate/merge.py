"""Acts on a decision: the gate's check run, the merge, and what follows a merge. Each safe to repeat after a crash."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from bot.core.json_types import JsonDict
from bot.core.names import CHECK_GATE, CommitSha, HeadSha, IssueNumber, PullNumber, branch_for
from bot.effects.kinds import EffectActor, EffectKind
from bot.effects.perform import Do, Find, Slots
from bot.github_api.records import Aftermath, CheckOutput, CheckRunRecord, MergeResult, PullRecord, QueuePlace
from bot.ledger.entries import EffectEntry, RunEntry, actor_of


class EffectGateway(Protocol):
    """The effect gateway."""

    def perform(
        self,
        actor: EffectActor,
        kind: EffectKind,
        natural_key: str,
        *,
        find: Find,
        do: Do,
        fresh: bool = False,
        slots: Slots | None = None,
        when_ended: bool | None = None,
    ) -> JsonDict: ...


class CheckCalls(Protocol):
    """Check runs of one repository."""

    def find(self, head: HeadSha, name: str, external_id: str) -> CheckRunRecord | None: ...
    def create(
        self,
        *,
        head: HeadSha,
        name: str,
        external_id: str,
        status: str,
        conclusion: str | None = None,
        output: CheckOutput,
        details_url: str = "",
    ) -> CheckRunRecord: ...
    def update(
        self, check_run_id: int, *, status: str, conclusion: str | None = None, output: CheckOutput
    ) -> CheckRunRecord: ...


class PullCalls(Protocol):
    """Pull requests of one repository."""

    def get(self, number: PullNumber) -> PullRecord: ...
    def merge(self, number: PullNumber, *, head: HeadSha, method: str, title: str, message: str) -> MergeResult: ...
    def branch_sha(self, branch: str) -> CommitSha | None: ...
    def delete_branch(self, branch: str) -> None: ...


class QueueCalls(Protocol):
    """Merge queues of one repository."""

    def place(self, number: PullNumber) -> QueuePlace: ...
    def enqueue(self, place: QueuePlace, head: HeadSha) -> None: ...
    def dequeue(self, place: QueuePlace) -> None: ...


class IssueCalls(Protocol):
    """Issues of one repository."""

    def is_open(self, number: IssueNumber) -> bool: ...
    def close(self, number: IssueNumber) -> None: ...


class Calls(Protocol):
    """One repository's calls, by noun."""

    @property
    def pulls(self) -> PullCalls: ...
    @property
    def issues(self) -> IssueCalls: ...


class Records(Protocol):
    """The part of the ledger that knows past effects."""

    def effects_of(self, run_id: Any) -> Any: ...


class Merger:
    """The gate's hands."""

    def __init__(self, door: EffectGateway, records: Records) -> None:
        self._effects = door
        self._records = records

    def put_gate_check(
        self,
        run: RunEntry,
        checks: CheckCalls,
        *,
        head: HeadSha,
        decision_id: int,
        conclusion: str | None,
        output: CheckOutput,
        url: str = "",
        slots: Slots | None = None,
    ) -> JsonDict:
        """Show a decision as `cadence/gate` on the head: in progress while `conclusion` is None.

        Raises FenceClosed for a success of a run that has ended: its pull request is not about to be merged.

        An unfinished gate check is updated in place; a finished one stays as it is and gets a successor, because a
        completed check run is history.
        """
        external_id = f"gate:{run.run_id}:{decision_id}"
        status = "in_progress" if conclusion is None else "completed"
        earlier = self._unfinished(run, head)

        def find() -> JsonDict | None:
            existing = checks.find(head, CHECK_GATE, external_id)
            return None if existing is None else _check_outcome(existing)

        def do() -> JsonDict:
            if earlier is not None:
                made = checks.update(earlier, status=status, conclusion=conclusion, output=output)
            else:
                made = checks.create(
                    head=head,
                    name=CHECK_GATE,
                    external_id=external_id,
                    status=status,
                    conclusion=conclusion,
                    output=output,
                    details_url=url,
                )
            return _check_outcome(made)

        return self._effects.perform(
            actor_of(run),
            EffectKind.CHECK_PUT,
            f"gate:{head}:{decision_id}",
            find=find,
            do=do,
            fresh=True,
            slots=slots,
            when_ended=conclusion != "success",
        )

    def _unfinished(self, run: RunEntry, head: HeadSha) -> int | None:
        """Our newest gate check on this head, if it is still in progress."""
        mine = [
            effect
            for effect in self._records.effects_of(run.run_id)
            if effect.kind == EffectKind.CHECK_PUT
            and effect.natural_key.startswith(f"gate:{head}:")
            and effect.outcome is not None
        ]
        newest: EffectEntry | None = mine[-1] if mine else None
        if newest is None or newest.outcome is None or newest.outcome.get("status") == "completed":
            return None
        return int(newest.outcome["id"])

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
        """Merge exactly `head`. Raises HeadMoved, NotMergeable, Forbidden, or UnknownOutcome when it cannot be told."""
        number = run.pull
        assert number is not None

        def find() -> JsonDict | None:
            pull = pulls.get(number)
            return {"sha": pull.merge_commit} if pull.merged else None

        def do() -> JsonDict:
            return {"sha": pulls.merge(number, head=head, method=method, title=title, message=message).sha}

        outcome = self._effects.perform(
            actor_of(run), EffectKind.MERGE, f"merge:{head}", find=find, do=do, fresh=True, slots=slots
        )
        return CommitSha(str(outcome["sha"]))

    def enqueue(
        self, run: RunEntry, queue: QueueCalls, *, head: HeadSha, decision_id: int, slots: Slots | None = None
    ) -> None:
        """Put exactly `head` into its base's merge queue. Raises HeadMoved, NotMergeable, Forbidden, UnknownOutcome.

        A head that left the queue and is decided on again enters it again, so the key names the decision.
        """
        assert run.pull is not None
        number = run.pull

        def find() -> JsonDict | None:
            place = queue.place(number)
            return {"head": head} if (place.queued or place.merged) and place.head == head else None

        def do() -> JsonDict:
            queue.enqueue(queue.place(number), head)
            return {"head": head}

        key = f"enqueue:{head}:{decision_id}"
        self._effects.perform(actor_of(run), EffectKind.QUEUE_ENTER, key, find=find, do=do, fresh=True, slots=slots)

    def dequeue(self, run: RunEntry, queue: QueueCalls, *, head: HeadSha, decision_id: int) -> None:
        """Take it out of the queue. Raises NotMergeable, Forbidden or UnknownOutcome."""
        assert run.pull is not None
        number = run.pull

        def find() -> JsonDict | None:
            return None if queue.place(number).queued else {"head": head}

        def do() -> JsonDict:
            queue.dequeue(queue.place(number))
            return {"head": head}

        key = f"dequeue:{head}:{decision_id}"
        self._effects.perform(actor_of(run), EffectKind.QUEUE_LEAVE, key, find=find, do=do)

    def finish(
        self,
        run: RunEntry,
        calls: Calls,
        *,
        left: Aftermath,
        head: HeadSha,
        delete_branch: bool,
        close_issue: bool = True,
    ) -> None:
        """After a merge: delete the branch if it still stands at the merged head, and close the issue if still open.

        GitHub closes the issue automatically for `Closes #n` on the default branch, but is seen to miss it for bots.
        """
        branch, pulls, issues = branch_for(run.issue), calls.pulls, calls.issues
        if delete_branch and left.branch_tip == head:
            self._effects.perform(
                actor_of(run),
                EffectKind.BRANCH_DELETE,
                f"delete:{branch}:{head}",
                find=lambda: {"gone": True} if pulls.branch_sha(branch) is None else None,
                do=lambda: _did(lambda: pulls.delete_branch(branch)),
                fresh=True,
            )
        if left.issue_open and close_issue:
            self._effects.perform(
                actor_of(run),
                EffectKind.ISSUE_CLOSE,
                f"close:{run.issue}:{head}",
                find=lambda: None if issues.is_open(run.issue) else {"closed": True},
                do=lambda: _did(lambda: issues.close(run.issue)),
                fresh=True,
            )


def _did(act: Callable[[], None]) -> JsonDict:
    act()
    return {"done": True}


def _check_outcome(check: CheckRunRecord) -> JsonDict:
    return {"id": check.id, "url": check.html_url, "status": check.status, "conclusion": check.conclusion}
