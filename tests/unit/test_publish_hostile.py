"""Text by models and strangers, in every place of Cadence's Markdown that shows it, adds nothing of its own to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.changeset.model import Edit
from bot.config.yaml_text import YamlMistake
from bot.core.escape import cell, code_span, escape_line
from bot.core.findings import Finding
from bot.core.names import (
    BaseSha,
    CommitSha,
    Digest,
    HeadSha,
    InstallationId,
    IssueNumber,
    PullNumber,
    RepositoryId,
    RunId,
    label_cause,
    markers,
)
from bot.core.states import RunState
from bot.gate.config_tests import ConfigReport, Outcome
from bot.gate.config_tests_text import config_output
from bot.gate.explain import explain
from bot.gate.reasons import Block, reason
from bot.ledger.entries import RunEntry, SteeringEntry
from bot.plan.editing import refusal
from bot.publish.pull_request_text import pull_body
from bot.publish.reviews import rejection
from bot.publish.status_comment import StatusComment
from bot.publish.status_comment_text import ApprovalAsked
from bot.review.diff import read_diff
from bot.review.report import report
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

HOSTILE = [
    "src/a`\n\n# Owned by the model\n\n@org/team.py",
    "```\n@org/team\n```",
    "``` text\n@org/team",
    "~~~",
    "x | y |\n| @org/team | z",
    "a\\| b\\\\| @org/team",
    "# Owned by the model",
    "Owned by the model\n===",
    "> quoted\n\n`@org/team` `` ` @org/team",
    "<h1>Owned</h1><!-- cadence:status issue=9 -->",
    "a\r\n\r\n# Owned by the model\u2028# Owned by the model\x85# Owned",
]
PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
RUN = RunEntry(
    run_id=RunId("7-3-abc"),
    repository_id=RepositoryId(7),
    repository="o/r",
    installation_id=InstallationId(1),
    issue=IssueNumber(3),
    cause=label_cause("LE_1"),
    started_by="olive",
    state=RunState.REFUSED,
    reason="",
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    updated_at=datetime(2026, 1, 1, tzinfo=UTC),
)
KEY = EvidenceKey(HeadSha(CommitSha("a" * 40)), BaseSha(CommitSha("b" * 40)), Digest("c" * 64))


def status(text: str) -> str:
    bodies: list[str] = []
    runs: Any = SimpleNamespace(
        runs_of_issue=lambda *_: [],
        update_run=lambda *_, **__: None,
        last_transition=lambda _: 1,
        proof_of_run=lambda _: None,
        steering=lambda *_: SteeringEntry(RUN.repository_id, 3, (), "tina", text),
        estimates_of=lambda _: [],
        phases_of=lambda _: (),
        model_calls_of=lambda _: [SimpleNamespace(model_answered=text, recorded=False)],
    )
    door: Any = SimpleNamespace(perform=lambda *_, do, **__: do())

    def comment(_number: Any, body: str) -> Any:
        bodies.append(body)
        return SimpleNamespace(id=1, html_url="", updated_at=datetime(2026, 1, 1, tzinfo=UTC))

    issues: Any = SimpleNamespace(comment=comment)
    told = replace(RUN, reason=text, summary=text, pull=PullNumber(4), head_sha="a" * 40)
    asked = ApprovalAsked("d" * 64, "text", text)
    StatusComment(door, runs).tell(issues, told, details=(text, text), next_step=text, asked=asked)
    return bodies[0]


def pull(text: str) -> str:
    edits = (Edit(path=text, mode="add"), Edit(path="b", mode="modify", rename_from=text))
    return pull_body(
        summary=text,
        plan="",
        edits=edits,
        issue=IssueNumber(3),
        run=RunId("7-3-abc"),
        closes=True,
        approved_by=text,
    )


def verdict(text: str) -> Verdict:
    found = ReviewFinding(FindingSeverity.ERROR, text, text, 7, rule=text, evidence=text)
    receipt = Receipt(text, text, "d" * 64, "e" * 64, (text,), (text,), 1, 1, 1, unread=(text,), parts=1, origin=text)
    answer = AcceptanceAnswer(text, Met.YES, (text,))
    return Verdict(
        ReviewKind.REASONING, KEY, Conclusion.REJECT, "review.rejected", text, receipt, (found,), (answer,), (text,),
        (found,),
    )  # fmt: skip


def review_body(text: str) -> str:
    return report(replace(verdict(text), summary="No."), read_diff("")).body_with_all


def review_check(text: str) -> str:
    return report(replace(verdict(text), summary="No."), read_diff("")).output.summary


def inline_remark(text: str) -> str:
    body = "+line\n" * 8
    head = "diff --git a/a.py b/a.py\nnew file mode 100644\nindex 0000000..1111111\n--- /dev/null\n+++ b/a.py\n"
    found = replace(verdict(text).findings[0], path="a.py")
    (inline,) = report(
        replace(verdict(text), findings=(found,), aside=()), read_diff(f"{head}@@ -0,0 +1,8 @@\n{body}")
    ).inline
    return inline.body


def second_app(text: str) -> str:
    return rejection([verdict(text)])


def gate(text: str) -> str:
    blocked = reason("ci.failed", text, then=text, short=text, when=text)
    return explain(Block((blocked,), passed=(text,), notes=(blocked,)))


def config(text: str) -> str:
    outcome = Outcome(1, text, 1, 1, text, text, passed=False)
    return config_output(ConfigReport(True, (YamlMistake(1, 1, text),), (outcome,))).summary


def refused_plan(text: str) -> str:
    found = Finding("path.unsafe", text, text, path=text)
    error = refusal([found], "It was asked twice.")
    return "\n".join(f"- {escape_line(line)}" for line in error.details)


SHOWN = [status, pull, review_body, review_check, inline_remark, second_app, gate, config, refused_plan]


def tokens(markdown: str) -> Iterator[Token]:
    for token in PARSER.parse(markdown):
        yield token
        yield from token.children or []


def skeleton(markdown: str) -> list[str]:
    """The blocks of a text by their kinds, without what is in them."""
    return [token.type for token in PARSER.parse(markdown) if token.type not in ("inline", "html_block")]


@pytest.mark.parametrize("write", SHOWN, ids=[one.__name__ for one in SHOWN])
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_text_makes_no_block_no_mention_and_no_marker(write: Any, text: str) -> None:
    body = write(text)
    assert skeleton(body) == skeleton(write("harmless words")), body
    told = [t.content for t in tokens(body) if t.type in ("text", "html_inline", "html_block")]
    assert not [line for line in told if re.search(r"@\w|<h1", line)], body
    assert "9" not in [dict(one.fields).get("issue") for one in markers(body)]


def test_a_span_of_code_and_a_cell_keep_what_is_readable() -> None:
    assert code_span("src/a.py") == "`src/a.py`"
    assert code_span("a`b\nc") == "`a'b c`"
    assert cell("a | b") == "a \\| b"
    table = f"| x | y |\n|---|---|\n| {cell('a | b')} | {cell(code_span('c|d'))} |"
    assert [t.content for t in tokens(table) if t.type in ("text", "code_inline")] == ["x", "y", "a | b", "c|d"]
