"""The folded section about what a model was shown: whatever the paths are, it stays a section of bounded length."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

import pytest
from markdown_it import MarkdownIt

from bot.core.names import IssueNumber, RunId
from bot.ledger.context_entry import ContextEntry
from bot.plan.context.pack import LeftOut
from bot.plan.shown_files import ShownFile
from bot.publish.context_section import MOST_FILES, MovedBase, context_section
from bot.publish.pull_request_text import BODY_LIMIT, pull_body

RUN = RunId("r")


def entry(files: list[ShownFile], missing: list[LeftOut] | None = None) -> ContextEntry:
    rows = tuple({**asdict(one), "ranges": [list(part) for part in one.ranges]} for one in files)
    return ContextEntry(
        RUN, datetime(2026, 1, 1, tzinfo=UTC), "b" * 40, 24_000, 1_234, rows,
        tuple(asdict(one) for one in missing or []),
    )  # fmt: skip


def file(path: str, *ranges: tuple[int, int], total: int = 900, reason: str = "like the text") -> ShownFile:
    return ShownFile(path, ranges, total, False, 1, reason, "source", "1" * 40)


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (file("a.py", (12, 40), (71, 71)), "12-40, 71 of 900"),
        (file("a.py"), "outline of 900"),
        (ShownFile("a.py", ((1, 40),), 40, True, 1, "", "source", ""), "all 40"),
    ],
)
def test_the_lines_of_a_file_are_said_in_words(one: ShownFile, said: str) -> None:
    assert one.lines() == said
    assert f"| {said} |" in context_section(entry([one]))


HOSTILE = ["a|b.py", "</details>.py", "`x`.py", "@olive/#1.py", "<!-- cadence:pull run=x -->", "![i](http://h/i.png)"]


@pytest.mark.parametrize("path", HOSTILE)
def test_no_path_ends_the_section_or_its_table(path: str) -> None:
    made = entry([file(path, (1, 2), reason=path), file("next.py", (1, 2))], [LeftOut(path, "context.too_large", path)])
    text = context_section(made, MovedBase("c" * 40, (path,)))
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(f"{text}\n\nafter")
    assert html.count("<details>") == html.count("</details>") == 1
    assert html.count("<tr>") == 3 and html.count("<td>") == 8
    assert "<img" not in html and "<!--" not in html
    assert html.rstrip().endswith("<p>after</p>")


def test_the_longest_section_leaves_room_for_the_rest_of_the_text() -> None:
    many = [file("|@" * 500 + str(n), *((i, i) for i in range(1, 999, 2)), reason="|" * 900) for n in range(400)]
    missing = [LeftOut("|@" * 500, "context.too_large", "@|" * 500)] * 400
    text = context_section(entry(many, missing), MovedBase("c" * 40, tuple(one.path for one in many)))
    assert len(text) < 45_000 and text.endswith("</details>")
    assert f"… and {400 - MOST_FILES} more." in text and "- and 380 more" in text and "and 380 more changed" in text
    body = pull_body(
        summary="s", plan="word\n" * 20_000, edits=(), issue=IssueNumber(7), run=RUN, closes=True, context=text
    )
    assert len(body) <= BODY_LIMIT and text in body
    assert "Closes #7" in body.partition("</details>")[2]
