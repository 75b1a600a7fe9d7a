"""A verdict as text: the check run's output, the review's body, and comments on lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.escape import cell, code_span, escape_line, escape_markdown, longest_ticks, shorten
from bot.core.names import Marker, marker
from bot.github_api.records import Annotation, CheckOutput, InlineComment
from bot.review.diff import Diff
from bot.review.review_kinds import Conclusion, FindingSeverity, Met, ReviewFinding, Verdict

BODY_LIMIT = 60_000
"""GitHub accepts 65,536 characters in a review's body and 65,535 in a check run's summary.

https://docs.github.com/en/rest/checks/runs#create-a-check-run
"""
# More remarks on the diff hide the code; the rest is in the body.
MOST_INLINE = 30
MOST_FILES = 50
MOST_ANNOTATIONS = 50
"""GitHub accepts 50 annotations in one request: https://docs.github.com/en/rest/checks/runs#update-a-check-run"""

CONCLUSIONS = {
    Conclusion.APPROVE: "success",
    Conclusion.REJECT: "failure",
    Conclusion.UNREADABLE: "action_required",
    Conclusion.ABSENT: "action_required",
}
"""A required check passes with `neutral` and `skipped`, so a verdict never uses them.

https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-quality-features/about-status-checks
"""

_WORDS = {
    Conclusion.APPROVE: ("✅", "approves"),
    Conclusion.REJECT: ("❌", "rejects"),
    Conclusion.UNREADABLE: ("⚠️", "gave no usable verdict on"),
    Conclusion.ABSENT: ("⚠️", "had no model to ask about"),
}
_LEVELS = {
    FindingSeverity.ERROR: ("failure", "🔴 error"),
    FindingSeverity.WARNING: ("warning", "🟡 warning"),
    FindingSeverity.NOTE: ("notice", "🔵 note"),
}
_MET = {Met.YES: "✅ yes", Met.NO: "❌ no", Met.UNCLEAR: "❔ unclear"}
_NEXT = {
    Conclusion.REJECT: "Comment `/cadence replan <guidance>`, or push a fix: the new head is reviewed again.",
    Conclusion.UNREADABLE: "Re-run the check to ask again. Cadence does not merge without a verdict; a person can.",
    Conclusion.ABSENT: "The operator has to configure a model. Cadence does not merge without a verdict; a person can.",
}


@dataclass(frozen=True, slots=True)
class Report:
    """The texts of one verdict, as Markdown. `conclusion` is the check run's.

    `inline` are comments on lines of the diff; `body_with_all` lists every finding, for when GitHub refuses those
    comments.
    """

    conclusion: str
    output: CheckOutput
    body: str
    inline: tuple[InlineComment, ...]
    body_with_all: str


def review_marker(verdict: Verdict) -> Marker:
    """The hidden marker in a review's body by which Cadence finds the review again."""
    return marker("review", review=verdict.kind.value, key=verdict.key.digest(verdict.kind))


def report(verdict: Verdict, diff: Diff) -> Report:
    """The texts that people read about a verdict; `diff` says which findings can be comments on lines."""
    beside = [f for f in verdict.findings if diff.shows(f.path, f.line)][:MOST_INLINE]
    rest = [f for f in verdict.findings if f not in beside]
    return Report(
        conclusion=CONCLUSIONS[verdict.conclusion],
        output=_output(verdict, diff),
        body=_body(verdict, rest, beside=len(beside)),
        inline=tuple(_inline(finding) for finding in beside),
        body_with_all=_body(verdict, verdict.findings, beside=0),
    )


def _is_unproven(verdict: Verdict) -> bool:
    """Whether the reviewer approves without evidence for a single acceptance line: such a verdict does not approve."""
    unclear = [line.met is Met.UNCLEAR for line in verdict.acceptance]
    return verdict.conclusion is Conclusion.APPROVE and bool(unclear) and all(unclear)


def _headline(verdict: Verdict) -> str:
    # The check passes, because a diff cannot show everything. The words must not promise more than was seen.
    if _is_unproven(verdict):
        return f"⚠️ The {verdict.kind} review found nothing wrong, but no proof that this change meets the blueprint."
    sign, word = _WORDS[verdict.conclusion]
    return f"{sign} The {verdict.kind} review {word} this change."


def _body(verdict: Verdict, listed: Sequence[ReviewFinding], *, beside: int) -> str:
    parts = [f"### {_headline(verdict)}", *_paragraphs(verdict, listed)]
    if beside:
        parts.insert(2, f"{beside} remark{'s are' if beside > 1 else ' is'} on the lines of the diff.")
    end = f"\n\n{_receipt(verdict)}\n\n{review_marker(verdict)}"
    # Only the text is shortened. Without the marker at the end the review would not be found, and posted again.
    return shorten("\n\n".join(parts), BODY_LIMIT - len(end)) + end


def _paragraphs(verdict: Verdict, listed: Sequence[ReviewFinding]) -> list[str]:
    """The paragraphs that the review's body and the check's summary share."""
    parts = [escape_markdown(verdict.summary)]
    if listed:
        parts.append("\n".join(_row(finding) for finding in listed))
    if verdict.acceptance:
        parts.append(_acceptance(verdict))
    if verdict.conclusion in _NEXT:
        parts.append(f"**Next:** {_NEXT[verdict.conclusion]}")
    if verdict.aside:
        rows = "\n".join(_row(finding) for finding in verdict.aside)
        many = f"{len(verdict.aside)} remark{'s' if len(verdict.aside) > 1 else ''}"
        parts.append(_folded(f"{many} on lines outside the diff; they do not count", rows))
    if verdict.notes:
        parts.append(_folded("Computed figures", "\n".join(f"- {escape_line(note)}" for note in verdict.notes)))
    return parts


def _acceptance(verdict: Verdict) -> str:
    """A table with a row for each acceptance line and the places that show it."""
    derived = any(answer.derived for answer in verdict.acceptance)
    head = "acceptance line (derived by the reviewer, because the blueprint has none)" if derived else "acceptance line"
    rows = [f"| | {head} | shown by |", "|---|---|---|"]
    for answer in verdict.acceptance:
        places = ", ".join(map(code_span, answer.evidence)) or "–"
        rows.append(f"| {_MET[answer.met]} | {cell(escape_line(answer.line))} | {cell(places)} |")
    return "\n".join(rows)


def _folded(summary: str, text: str) -> str:
    # GitHub reads Markdown inside HTML only after a blank line:
    # https://github.github.com/gfm/#html-blocks
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>"


def _row(finding: ReviewFinding) -> str:
    where = f" {code_span(finding.path + (f':{finding.line}' if finding.line else ''))}" if finding.path else ""
    rule = f" (rule {code_span(finding.rule)})" if finding.rule else ""
    return f"- **{_LEVELS[finding.severity][1]}**{where}{rule}: {escape_line(finding.message)}{_because(finding)}"


def _because(finding: ReviewFinding) -> str:
    return f" (seen: {escape_line(finding.evidence)})" if finding.evidence else ""


def _inline(finding: ReviewFinding) -> InlineComment:
    assert finding.path is not None and finding.line is not None
    rule = f" (rule {code_span(finding.rule)})" if finding.rule else ""
    # On one line, so that a code fence in the message cannot hide the suggestion after it.
    text = f"**{_LEVELS[finding.severity][1]}**{rule}: {escape_line(finding.message)}{_because(finding)}"
    if finding.suggestion is not None:
        # https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/reviewing-changes-in-pull-requests/commenting-on-a-pull-request
        ticks = "`" * max(3, longest_ticks(finding.suggestion) + 1)
        text += f"\n\n{ticks}suggestion\n{finding.suggestion.rstrip(chr(10))}\n{ticks}"
    return InlineComment(finding.path, finding.line, shorten(text, BODY_LIMIT))


def _output(verdict: Verdict, diff: Diff) -> CheckOutput:
    counts = [
        f"{number} {severity.value}{'s' if number > 1 else ''}"
        for severity in FindingSeverity
        if (number := sum(f.severity is severity for f in verdict.findings))
    ]
    found = ", ".join(counts) or "no findings"
    unclear = sum(answer.met is Met.UNCLEAR for answer in verdict.acceptance)
    found += f"; {unclear} of {len(verdict.acceptance)} acceptance lines unclear" if unclear else ""
    word = {"success": "Approved", "failure": "Rejected"}.get(CONCLUSIONS[verdict.conclusion], "No verdict")
    word = "No objection, but unproven" if _is_unproven(verdict) else word
    # GitHub shows annotations beside the code, so the summary does not repeat them.
    annotated = [f for f in verdict.findings if diff.shows(f.path, f.line)][:MOST_ANNOTATIONS]
    others = [f for f in verdict.findings if f not in annotated]
    parts = [f"**{_headline(verdict)}**", *_paragraphs(verdict, others)]
    end = f"\n\n{_receipt(verdict)}"
    return CheckOutput(
        title=f"{word}: {found}",
        summary=shorten("\n\n".join(parts), BODY_LIMIT - len(end)) + end,
        annotations=tuple(_annotation(finding) for finding in annotated),
    )


def _annotation(finding: ReviewFinding) -> Annotation:
    assert finding.path is not None and finding.line is not None
    return Annotation(
        path=finding.path,
        start_line=finding.line,
        end_line=finding.line,
        level=_LEVELS[finding.severity][0],  # type: ignore[arg-type]
        message=finding.message,
        title=f"rule {finding.rule}" if finding.rule else "",
    )


def _receipt(verdict: Verdict) -> str:
    """A folded table: what was read, with which model, and what it cost."""
    key, receipt = verdict.key, verdict.receipt
    rows = [
        ("code", f"`{verdict.code}`"),
        ("head", f"`{key.head}`"),
        ("merge base", f"`{key.merge_base}`"),
        ("config", f"`{key.policy[:16]}`"),
        ("attempt", str(key.attempt)),
        ("model", _model(verdict)),
        ("prompt", f"`{receipt.prompt_digest[:16]}`" if receipt.prompt_digest else "none"),
        ("read", _read(verdict)),
        ("could not be reviewed", ", ".join(map(code_span, receipt.unread[:20])) or "none"),
        ("self-test of the model", escape_line(receipt.measured)),
        ("rules checked", ", ".join(map(code_span, receipt.rules)) or "none"),
        ("tokens", _tokens(verdict)),
        ("cost", "unknown: the model has no price" if receipt.cost is None else f"${receipt.cost:.4f}"),
        ("time", f"{receipt.duration_ms / 1000:.1f} s"),
    ]
    if receipt.origin:
        rows.append(("carried over from", f"{code_span(receipt.origin)}, which has exactly the same diff"))
    rows.append(("files read", _files(receipt.files)))
    table = "\n".join(f"| {name} | {cell(value)} |" for name, value in rows)
    # A table needs a row of heads, even an empty one: https://github.github.com/gfm/#tables-extension-
    return _folded("Receipt", f"| | |\n|---|---|\n{table}")


def _model(verdict: Verdict) -> str:
    """The model name in the server's answer, and the configured name where it differs."""
    receipt = verdict.receipt
    names = code_span(receipt.model_answered or "none")
    if receipt.model_asked and receipt.model_asked != receipt.model_answered:
        names += f" (asked for: {code_span(receipt.model_asked)})"
    return names + (" (a recorded answer, not a real review)" if receipt.recorded else "")


def _read(verdict: Verdict) -> str:
    receipt = verdict.receipt
    if not receipt.parts:
        return "nothing"
    parts = f" in {receipt.parts} parts" if receipt.parts > 1 else ""
    return f"{receipt.coverage:.0%} of the changed lines: {receipt.hunks} hunks of {len(receipt.files)} files{parts}"


def _files(paths: Sequence[str]) -> str:
    named = ", ".join(map(code_span, paths[:MOST_FILES])) or "none"
    return named + (f" and {len(paths) - MOST_FILES} more" if len(paths) > MOST_FILES else "")


def _tokens(verdict: Verdict) -> str:
    receipt = verdict.receipt
    counted = f" (Cadence counted {receipt.counted_tokens:,})" if receipt.counted_tokens else ""
    return f"{receipt.input_tokens:,} in{counted}, {receipt.output_tokens:,} out"
