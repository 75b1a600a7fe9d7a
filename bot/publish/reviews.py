"""Posts a verdict on a pull request: one COMMENT review and one check run per kind and evidence key."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.errors import Unprocessable
from bot.core.escape import escape_line
from bot.core.json_types import JsonDict
from bot.core.names import PullNumber, marker, sha256
from bot.effects.kinds import EffectKind
from bot.effects.perform import Effects
from bot.github_api.checks import CheckCalls
from bot.github_api.records import ReviewRecord
from bot.github_api.reviews import ReviewCalls
from bot.ledger.entries import RunEntry, actor_of
from bot.publish.check_runs import put_check_run
from bot.review.report import Report, review_marker
from bot.review.review_kinds import Conclusion, Verdict


class ReviewPublisher:
    """Reviews and their check runs, through the effect gateway."""

    def __init__(self, effects: Effects) -> None:
        self._effects = effects

    def review(
        self, run: RunEntry, reviews: ReviewCalls, pull: PullNumber, verdict: Verdict, report: Report, *, fresh: bool
    ) -> JsonDict:
        """Post the verdict as one COMMENT review; found again by its marker under our own name."""
        key = verdict.key.digest(verdict.kind)
        return self._effects.perform(
            actor_of(run),
            EffectKind.REVIEW_POST,
            f"review:{key}",
            find=lambda: reviews.find(pull, review_marker(verdict)),
            do=lambda: _comment(reviews, pull, verdict, report),
            outcome=_outcome,
            fresh=fresh,
        )

    def decide(
        self, run: RunEntry, reviews: ReviewCalls, pull: PullNumber, verdicts: Sequence[Verdict]
    ) -> JsonDict | None:
        """Approve or request changes as the second App, once per head and outcome; None while a verdict is missing."""
        if not all(verdict.conclusion in (Conclusion.APPROVE, Conclusion.REJECT) for verdict in verdicts):
            return None
        rejected = [verdict for verdict in verdicts if verdict.conclusion is Conclusion.REJECT]
        event = "REQUEST_CHANGES" if rejected else "APPROVE"
        head = verdicts[0].key.head
        key = sha256("".join(verdict.key.digest(verdict.kind) for verdict in verdicts))[:24]
        wanted = marker("decision", event=event.lower(), key=key)
        text = "Both reviews approve this head." if not rejected else rejection(rejected)
        return self._effects.perform(
            actor_of(run),
            EffectKind.REVIEW_DECIDE,
            f"decision:{key}",
            find=lambda: reviews.find_decision(pull, wanted),
            do=lambda: reviews.decide(pull, head=head, event=event, body=f"{text}\n\n{wanted}"),
            outcome=_outcome,
        )

    def check(
        self, run: RunEntry, checks: CheckCalls, verdict: Verdict, report: Report, *, url: str, fresh: bool
    ) -> JsonDict:
        """Put the verdict's check run on the judged head; found again by its external id under our own App."""
        key, name = verdict.key.digest(verdict.kind), verdict.kind.check_name
        return put_check_run(
            self._effects,
            actor_of(run),
            checks,
            key=f"check:{name}:{key}",
            head=verdict.key.head,
            buttons=True,
            name=name,
            external_id=key,
            conclusion=report.conclusion,
            output=report.output,
            details_url=url,
            fresh=fresh,
        )


def _comment(reviews: ReviewCalls, pull: PullNumber, verdict: Verdict, report: Report) -> ReviewRecord:
    try:
        return reviews.comment(pull, head=verdict.key.head, body=report.body, comments=report.inline)
    except Unprocessable:
        if not report.inline:
            raise
        # GitHub answers 422 to the whole review for one inline comment outside the diff, and makes nothing:
        # https://docs.github.com/en/rest/pulls/reviews#create-a-review-for-a-pull-request
        return reviews.comment(pull, head=verdict.key.head, body=report.body_with_all, comments=())


def _outcome(review: ReviewRecord) -> JsonDict:
    return {"id": review.id, "url": review.html_url}


def rejection(rejected: Sequence[Verdict]) -> str:
    """What the second App says when it requests changes."""
    return "\n\n".join(
        f"The {verdict.kind} review rejects this head: {escape_line(verdict.summary)}" for verdict in rejected
    )
