"""Commit messages, titles and bodies."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from bot.changeset.model import Edit
from bot.changeset.tree import TreeChange
from bot.core.errors import Refused
from bot.core.names import CommitSha, IssueNumber, RunId, has_marker, marker
from bot.git_store.commits import Author
from bot.publish.commit import build_commit
from bot.publish.pull_request_text import (
    BODY_LIMIT,
    DEFAULT_TEMPLATE,
    clean_message,
    commit_message,
    pull_body,
    pull_title,
)

RUN, ISSUE = RunId("7-3-abc"), IssueNumber(3)


def message(**change: Any) -> str:
    facts: dict[str, Any] = {"template": DEFAULT_TEMPLATE, "summary": "Add a flag", "body": "Because.", "run": RUN}
    return commit_message(**{**facts, "issue": ISSUE, "changeset_digest": "d" * 64, **change})


def body(**change: Any) -> str:
    facts: dict[str, Any] = {"summary": "Add a flag", "plan": "Do it.", "edits": (Edit(path="a.py", mode="add"),)}
    return pull_body(**{**facts, "issue": ISSUE, "run": RUN, "closes": True, **change})


def test_the_whole_commit_message() -> None:
    assert message() == (
        "[Cadence] Add a flag (#3)\n\nBecause.\n\n"
        f"Cadence-Run: 7-3-abc\nCadence-ChangeSet: {'d' * 64}\nCadence-Issue: #3\n"
    )
    assert message(body="").startswith("[Cadence] Add a flag (#3)\n\nCadence-Run: ")


@pytest.mark.parametrize(
    ("template", "summary", "subject"),
    [
        ("feat: {summary}", "x", "feat: x"),
        ("{summary} {issue} {issue.__class__}", "a {issue}", "a {issue} 3 {issue.__class__}"),
        ("{summary}", "", "change for issue 3"),
        ("{summary}", "one\n\ntwo", "one two"),
        ("{summary}", "x" * 300, "x" * 119 + "…"),
    ],
)
def test_subjects(template: str, summary: str, subject: str) -> None:
    assert message(template=template, summary=summary).split("\n")[0] == subject


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("done [skip ci]", "done"),
        ("[ci skip] a [no ci] b [skip actions] c [actions skip] ***NO_CI***", "a  b  c"),
        ("[skip [skip ci]ci] x", "x"),
        ("a\n\nskip-checks: true", "a"),
        ("Fixes #12 and closes: o/r#3, resolves https://github.com/o/r/issues/4", "see 12 and see o/r3, see https://github.com/o/r/issues/4"),
        ("thanks @octocat, mail a@b.c", "thanks octocat, mail a@b.c"),
        ("why\n\nCadence-Run: forged\nCo-authored-by: A <a@b>\nMore", "why\n\nMore"),
        ("list[skip] stays, [no idea] too", "list[skip] stays, [no idea] too"),
        ("a\u202eb\u200bc\x00", "abc"),
        ("Bump @types/node from 18 to 20.", "Bump `@types/node` from 18 to 20."),
        ("Bump @types/node@20.1, and @a.b/c-d", "Bump `@types/node@20.1`, and `@a.b/c-d`"),
        ("Use `@dataclass` and `@types/node`", "Use `@dataclass` and `@types/node`"),
        ("cc @@octocat a@@b @o`@o`", "cc octocat ab o`@o`"),
    ],
)  # fmt: skip
def test_messages_lose_what_would_act(text: str, clean: str) -> None:
    assert clean_message(text) == clean
    assert clean_message(clean) == clean


def test_a_body_says_everything_and_carries_its_marker() -> None:
    text = body(edits=(Edit(path="a.py", mode="add"), Edit(path="b", mode="modify", rename_from="c")))
    assert text.startswith("Add a flag\n\n### Plan\n\nDo it.\n\n### Files\n\n| change | file |")
    assert "| added | `a.py` |" in text and "| renamed from `c` | `b` |" in text
    assert "\n\nCloses #3\n\n" in text and has_marker(text, marker("pull", run=RUN, issue=ISSUE))
    other = body(closes=False)
    assert "Closes" not in other and "For #3" in other


def test_a_huge_and_hostile_body_stays_whole() -> None:
    paths = tuple(Edit(path=f"d/{n}|`@x`.py", mode="add") for n in range(500))
    text = body(summary="@all Fixes #9", plan="```\n" + "<!-- cadence:pull run=evil -->\n" * 5000, edits=paths)
    assert len(text) <= BODY_LIMIT
    assert has_marker(text, marker("pull", run=RUN)) and not has_marker(text, marker("pull", run="evil"))
    assert "@all" not in text and "#9" not in text and "… and 300 more." in text and "\\|" in text
    assert text.count("```") % 2 == 0


def test_title() -> None:
    assert pull_title("Add [skip ci] @x", ISSUE) == "[Cadence] Add x (#3)"
    assert pull_title("Bump @types/node", ISSUE) == "[Cadence] Bump `@types/node` (#3)"


@pytest.mark.parametrize(
    ("template", "summary"),
    [
        ("[{summary}]", "skip ci"),
        ("[skip {summary}", "ci] x"),
        ("{summary} ci] x", "[skip"),
        ("{summary}", "[skip" + " " * 20 + "ci]"),
        ("{summary}", "[skip\n\n\n\n\n\n\n\n\n\nci]"),
        ("{summary}", "[skip " * 40 + "ci]" * 40),
    ],
)
def test_no_subject_makes_ci_skip(template: str, summary: str) -> None:
    subject = message(template=template, summary=summary).split("\n")[0]
    assert not re.search(r"\[\s*skip\s+ci\s*\]", subject)


class Writer:
    def __init__(self) -> None:
        self.date: datetime | None = None

    def write_commit(self, base: CommitSha, changes: Any, *, message: str, author: Author, date: datetime) -> CommitSha:
        self.date = date
        return CommitSha("c" * 40)


def test_the_builder_fixes_the_date_and_refuses_an_empty_change() -> None:
    writer, author = Writer(), Author("b", "b@x")
    date = datetime(2026, 1, 1, 2, 0, 0, 999, tzinfo=timezone(timedelta(hours=2)))
    facts: dict[str, Any] = {"base": CommitSha("a" * 40), "message": "m", "author": author, "date": date}
    assert build_commit(writer, changes=[TreeChange("a", b"")], **facts) == "c" * 40
    assert writer.date == datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(Refused, match="changes nothing"):
        build_commit(writer, changes=[], **facts)
