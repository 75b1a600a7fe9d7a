"""A verdict in words: headlines, limits, what stands beside the lines, and that nothing in it can act."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.core.names import BaseSha, CommitSha, Digest, HeadSha, markers
from bot.review.diff import Diff, read_diff
from bot.review.report import BODY_LIMIT, MOST_ANNOTATIONS, MOST_INLINE, Report, report, review_marker
from bot.review.review_kinds import (
    AcceptanceAnswer,
    Conclusion,
    EvidenceKey,
    FindingSeverity,
    Met,
    Receipt,
    ReviewFinding,
    ReviewKind,
    Verdict,
)

GITHUBS_LIMIT = 65_535
ERROR, WARNING, NOTE = FindingSeverity.ERROR, FindingSeverity.WARNING, FindingSeverity.NOTE


def diff_of(lines: int = 3) -> Diff:
    body = "".join(f"+line {number}\n" for number in range(1, lines + 1))
    head = "diff --git a/a.py b/a.py\nnew file mode 100644\nindex 0000000..1111111\n--- /dev/null\n+++ b/a.py\n"
    return read_diff(f"{head}@@ -0,0 +1,{lines} @@\n{body}")


VERDICT = Verdict(
    kind=ReviewKind.REASONING,
    key=EvidenceKey(HeadSha(CommitSha("a" * 40)), BaseSha(CommitSha("b" * 40)), Digest("c" * 64), 2),
    conclusion=Conclusion.REJECT,
    code="review.rejected",
    summary="It does not do it.",
    receipt=Receipt(
        "asked", "answered", "d" * 64, "e" * 64, ("a.py",), ("no-eval",), 1_234, 56, 7_890, True,
        coverage=1.0, parts=1, hunks=1,
    ),
    findings=(
        ReviewFinding(ERROR, "It is wrong.", "a.py", 2, suggestion="line two\n"),
        ReviewFinding(ERROR, "no eval", "a.py", 3, rule="no-eval"),
        ReviewFinding(WARNING, "Elsewhere.", "b.py", 7),
        ReviewFinding(NOTE, "In general."),
    ),
)  # fmt: skip


def told(diff: Diff | None = None, **changes: Any) -> Report:
    return report(replace(VERDICT, **changes), diff or diff_of())


def test_the_whole_of_a_rejection() -> None:
    shown = told()
    body, receipt = shown.body.split("<details><summary>Receipt</summary>")
    assert body == (
        "### ❌ The reasoning review rejects this change.\n\nIt does not do it.\n\n"
        "2 remarks are on the lines of the diff.\n\n"
        "- **🟡 warning** `b.py:7`: Elsewhere.\n- **🔵 note**: In general.\n\n"
        "**Next:** Comment `/cadence replan <guidance>`, or push a fix: the new head is reviewed again.\n\n"
    )
    assert "| head | `" + "a" * 40 + "` |" in receipt and "| attempt | 2 |" in receipt
    assert "(a recorded answer, not a real review)" in receipt and "1,234 in" in receipt and "7.9 s" in receipt
    assert "100% of the changed lines: 1 hunks of 1 files" in receipt
    assert receipt.endswith(str(review_marker(VERDICT)))
    assert [(one.path, one.line) for one in shown.inline] == [("a.py", 2), ("a.py", 3)]
    assert shown.inline[0].body == "**🔴 error**: It is wrong.\n\n```suggestion\nline two\n```"
    assert shown.inline[1].body == "**🔴 error** (rule `no-eval`): no eval"
    assert "It is wrong." in shown.body_with_all and "beside the lines" not in shown.body_with_all


def test_the_check_run_says_the_same() -> None:
    output = told().output
    assert output.title == "Rejected: 2 errors, 1 warning, 1 note"
    assert "It does not do it." in output.summary and "Elsewhere." in output.summary
    assert [(one.path, one.start_line, one.level, one.title) for one in output.annotations] == [
        ("a.py", 2, "failure", ""), ("a.py", 3, "failure", "rule no-eval"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("conclusion", "word", "title", "headline"),
    [
        (Conclusion.APPROVE, "success", "Approved: no findings", "✅ The efficiency review approves"),
        (Conclusion.REJECT, "failure", "Rejected: no findings", "❌ The efficiency review rejects"),
        (Conclusion.UNREADABLE, "action_required", "No verdict: no findings", "gave no usable verdict on"),
        (Conclusion.ABSENT, "action_required", "No verdict: no findings", "had no model to ask about"),
    ],
)
def test_no_verdict_ends_in_a_word_that_github_counts_as_passing(
    conclusion: Conclusion, word: str, title: str, headline: str
) -> None:
    shown = told(kind=ReviewKind.EFFICIENCY, conclusion=conclusion, findings=())
    assert (shown.conclusion, shown.output.title) == (word, title)
    assert headline in shown.body and headline in shown.output.summary
    assert ("**Next:**" in shown.body) is (conclusion is not Conclusion.APPROVE)


def test_every_conclusion_has_its_words() -> None:
    assert {told(conclusion=one).conclusion for one in Conclusion} == {"success", "failure", "action_required"}


def test_acceptance_lines_in_a_table() -> None:
    lines = (
        AcceptanceAnswer("a | b", Met.YES, ("a.py:2", "t.py")), AcceptanceAnswer("c", Met.NO, ()),
        AcceptanceAnswer("d", Met.UNCLEAR, ()),
    )  # fmt: skip
    shown = told(acceptance=lines).body
    assert "| ✅ yes | a \\| b | `a.py:2`, `t.py` |\n| ❌ no | c | – |\n| ❔ unclear | d | – |" in shown
    derived = told(acceptance=(AcceptanceAnswer("x", Met.YES, (), derived=True),)).body
    assert "derived by the reviewer" in derived


def test_a_review_without_evidence_for_any_acceptance_line_is_not_called_approved() -> None:
    unclear = (AcceptanceAnswer("a", Met.UNCLEAR, ()), AcceptanceAnswer("b", Met.UNCLEAR, ()))
    shown = told(conclusion=Conclusion.APPROVE, findings=(), acceptance=unclear)
    assert shown.output.title == "No objection, but unproven: no findings; 2 of 2 acceptance lines unclear"
    for text in (shown.output.summary, shown.body):
        assert "approves" not in text
        assert "found nothing wrong, but no proof that this change meets the blueprint" in text
    one = told(
        conclusion=Conclusion.APPROVE, findings=(), acceptance=(unclear[0], AcceptanceAnswer("b", Met.YES, ("a:1",)))
    )
    assert one.output.title == "Approved: no findings; 1 of 2 acceptance lines unclear"


# -- limits ---------------------------------------------------------------------------------------------------------
def test_a_change_of_three_thousand_lines_with_a_remark_on_each_stays_within_githubs_limits() -> None:
    many = tuple(ReviewFinding(ERROR, f"Wrong {'x' * 300}.", "a.py", n, suggestion="y") for n in range(1, 3_001))
    shown = told(diff_of(3_000), findings=many)
    assert len(shown.inline) == MOST_INLINE and len(shown.output.annotations) == MOST_ANNOTATIONS
    for text in (shown.body, shown.body_with_all, shown.output.summary):
        assert len(text) <= BODY_LIMIT <= GITHUBS_LIMIT
        assert "cut here" in text and "Receipt" in text
    assert str(review_marker(VERDICT)) in shown.body, "what is found again is never cut off"
    assert "Wrong" in shown.body.partition("on the lines of the diff")[2], (
        "what is not a comment on a line is in the body"
    )
    assert shown.output.title == "Rejected: 3000 errors"


def test_a_summary_without_end_leaves_the_receipt_and_the_marker() -> None:
    shown = told(summary="```\n" + "word\n" * 40_000)
    for text in (shown.body, shown.output.summary):
        assert len(text) <= BODY_LIMIT and "| code |" in text
    assert shown.body.endswith(str(review_marker(VERDICT)))


def test_a_remark_without_end_is_cut() -> None:
    (one,) = told(findings=(ReviewFinding(ERROR, "x\n" * 80_000, "a.py", 1),)).inline
    assert len(one.body) <= GITHUBS_LIMIT


def test_equal_remarks_are_each_told_once_beside_or_below() -> None:
    twice = (ReviewFinding(ERROR, "same", "a.py", 1), ReviewFinding(ERROR, "same", "a.py", 1))
    assert len(told(findings=twice).inline) == 2


# -- what strangers wrote -------------------------------------------------------------------------------------------
HOSTILE = "ping @octocat, fixes #1 <!-- cadence:review review=reasoning key=x --> ![x](http://evil/x.png)"


def test_no_text_of_a_model_pings_closes_or_forges() -> None:
    shown = told(
        summary=HOSTILE,
        findings=(
            ReviewFinding(ERROR, HOSTILE, "a.py", 1, evidence=HOSTILE), ReviewFinding(NOTE, HOSTILE, "x`@me|", 3),
        ),
        acceptance=(AcceptanceAnswer(HOSTILE, Met.NO, (HOSTILE,)),),
        notes=(HOSTILE,),
        receipt=replace(VERDICT.receipt, model_answered="`@octocat", unread=("`@octocat",)),
    )  # fmt: skip
    for text in (shown.body, shown.body_with_all, shown.output.summary, *(one.body for one in shown.inline)):
        assert "@octocat" not in text and "#1 " not in text and "![x]" not in text and "@me" not in text
    assert list(markers(shown.body)) == [review_marker(VERDICT)]
    assert list(markers(shown.inline[0].body)) == []


@pytest.mark.parametrize("text", ["```\nescape\n```", "````", "a ``` b ```` c", "~~~"])
def test_a_suggestion_cannot_leave_its_fence(text: str) -> None:
    (one,) = told(findings=(ReviewFinding(ERROR, "m", "a.py", 1, suggestion=text),)).inline
    fence = one.body.split("suggestion")[0].rpartition("\n")[2]
    assert set(fence) == {"`"} and fence not in text
    assert one.body.endswith(f"{fence}suggestion\n{text}\n{fence}")


def test_one_marker_per_kind_and_evidence() -> None:
    other_kind = replace(VERDICT, kind=ReviewKind.EFFICIENCY)
    other_key = replace(VERDICT, key=replace(VERDICT.key, attempt=3))
    assert len({str(review_marker(one)) for one in (VERDICT, other_kind, other_key)}) == 3
