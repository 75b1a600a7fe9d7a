"""Posts a verdict on a pull request: one COMMENT review and one check run per kind and evidence key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from bot.core.errors import Unprocessable
from bot.core.escape import escape_line
from bot.core.json_types import JsonDict
from bot.core.names import HeadSha, Marker, PullNumber, marker, sha256
from bot.effects.kinds import EffectActor, EffectKind
from bot.effects.perform import Do, Find
from bot.github_api.records import CheckOutput, CheckRunRecord, InlineComment, ReviewRecord
from bot.ledger.entries import RunEntry, actor_of
from bot.review.kinds import Conclusion, Verdict
from bot.review.report import Report, review_marker


class EffectGateway(Protocol):
    """The effect gateway."""

    def perform(
        self, actor: EffectActor, kind: EffectKind, natural_key: str, *, find: Find, do: Do, fresh: bool = False
    ) -> JsonDict: ...


class ReviewCalls(Protocol):
    """Reviews of one repository."""

    def find(self, number: PullNumber, marker: Marker) -> ReviewRecord | None: ...
    def comment(
        self, number: PullNumber, *, head: HeadSha, body: str, comments: Sequence[InlineComment]
    ) -> ReviewRecord: ...


class DecidingCalls(Protocol):
    """Reviews by an App that may decide, because it did not open the pull request."""

    def find_decision(self, number: PullNumber, marker: Marker) -> ReviewRecord | None: ...
    def decide(self, number: PullNumber, *, head: HeadSha, event: str, body: str) -> ReviewRecord: ...


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


class ReviewPublisher:
    """Reviews and their check runs, through the effect gateway."""

    def __init__(self, door: EffectGateway) -> None:
        self._effects = door

    def review(
        self, run: RunEntry, reviews: ReviewCalls, pull: PullNumber, verdict: Verdict, report: Report, *, fresh: bool
    ) -> JsonDict:
        """Post the verdict as one COMMENT review; found again by its marker under our own name."""
        key = verdict.key.digest(verdict.kind)
        wanted = review_marker(verdict)

        def find() -> JsonDict | None:
            existing = reviews.find(pull, wanted)
            return None if existing is None else {"id": existing.id, "url": existing.html_url}

        def do() -> JsonDict:
            made = self._comment(reviews, pull, verdict, report)
            return {"id": made.id, "url": made.html_url}

        return self._effects.perform(
            actor_of(run), EffectKind.REVIEW_POST, f"review:{key}", find=find, do=do, fresh=fresh
        )

    def decide(
        self, run: RunEntry, reviews: DecidingCalls, pull: PullNumber, verdicts: Sequence[Verdict]
    ) -> JsonDict | None:
        """Approve or request changes as the second App, once per head and outcome; None while a verdict is missing."""
        if not all(verdict.conclusion in (Conclusion.APPROVE, Conclusion.REJECT) for verdict in verdicts):
            return None
        rejected = [verdict for verdict in verdicts if verdict.conclusion is Conclusion.REJECT]
        event = "REQUEST_CHANGES" if rejected else "APPROVE"
        head = verdicts[0].key.head
        key = sha256("".join(verdict.key.digest(verdict.kind) for verdict in verdicts))[:24]
        wanted = marker("decision", event=event.lower(), key=key)
        told = "Both reviews approve this head." if not rejected else rejection(rejected)

        def find() -> JsonDict | None:
            existing = reviews.find_decision(pull, wanted)
            return None if existing is None else {"id": existing.id, "url": existing.html_url}

        def do() -> JsonDict:
            made = reviews.decide(pull, head=head, event=event, body=f"{told}\n\n{wanted}")
            return {"id": made.id, "url": made.html_url}

        return self._effects.perform(actor_of(run), EffectKind.REVIEW_DECIDE, f"decision:{key}", find=find, do=do)

    def _comment(self, reviews: ReviewCalls, pull: PullNumber, verdict: Verdict, report: Report) -> ReviewRecord:
        """GitHub refuses a whole review for one inline comment outside the diff: then the body carries them all."""
        try:
            return reviews.comment(pull, head=verdict.key.head, body=report.body, comments=report.inline)
        except Unprocessable:
            if not report.inline:
                raise
            return reviews.comment(pull, head=verdict.key.head, body=report.body_with_all, comments=())

    def check(
        self, run: RunEntry, checks: CheckCalls, verdict: Verdict, report: Report, *, url: str, fresh: bool
    ) -> JsonDict:
        """Put the verdict's check run on the judged head; found again by its external id under our own App."""
        key = verdict.key.digest(verdict.kind)
        name = verdict.kind.check_name

        def find() -> JsonDict | None:
            existing = checks.find(verdict.key.head, name, key)
            return None if existing is None else _outcome(existing)

        def do() -> JsonDict:
            made = checks.create(
                head=verdict.key.head,
                name=name,
                external_id=key,
                status="completed",
                conclusion=report.conclusion,
                output=report.output,
                details_url=url,
            )
            return _outcome(made)

        return self._effects.perform(
            actor_of(run), EffectKind.CHECK_PUT, f"check:{name}:{key}", find=find, do=do, fresh=fresh
        )


def _outcome(check: CheckRunRecord) -> dict[str, Any]:
    return {"id": check.id, "url": check.html_url, "conclusion": check.conclusion}


def rejection(rejected: Sequence[Verdict]) -> str:
    """What the second App says when it requests changes."""
    return "\n\n".join(
        f"The {verdict.kind} review rejects this head: {escape_line(verdict.summary)}" for verdict in rejected
    )
