"""What people see in an issue or a comment is what is planned from."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.core.shown_text import shown_text, without_comments
from bot.intake.command_text import Command, parse_command
from bot.plan.blueprint import read_blueprint

SEEN = [
    "In templates the sequence <!-- must be escaped.\n\n## Acceptance\n\n- [ ] it is\n",
    "Write \\<!-- toc --> above the list.",
    "Write `fa.txt` with: \u0645\u06cc\u200c\u0634\u0648\u062f",
    "Put \U0001f469\u200d\U0001f4bb and \u2764\ufe0f into the README.",
]


@pytest.mark.parametrize("body", SEEN)
def test_shown_text_stays(body: str) -> None:
    assert read_blueprint("T", body).text == body.strip()


def test_acceptance_behind_an_unclosed_opening_counts() -> None:
    assert read_blueprint("T", SEEN[0]).acceptance == ("it is",)


@pytest.mark.parametrize(
    "guidance",
    [
        "keep the marker `<!-- toc -->` in README.md",
        "use this:\n```html\n<!-- more -->\n<p>x</p>\n```",
        "the case a <!-- b and c matters too",
    ],
)
def test_guidance_keeps_what_is_shown(guidance: str) -> None:
    assert parse_command(f"/cadence replan {guidance}") == Command("replan", guidance=guidance)


def test_a_real_comment_is_taken_out() -> None:
    assert read_blueprint("T", "a\n\n<!-- hidden -->\n\nb").text == "a\n\nb"


# -- HTML comments --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    [
        "no comment",
        "a `<!-- x -->` b",
        "``a ` <!-- x --> ``",
        "a `<!--` opens and `-->` closes",
        "a `<!--` opens and --> is text",
        "~~~html\n<!-- x -->\n~~~",
        "> ```\n> <!-- x -->\n> ```",
        "- item\n\n      <!-- indented code -->\n",
        "text\n\n\t<!-- code -->\n",
        "\\<!-- x -->",
        "&lt;!-- x -->",
        "a <!-- b",
        "a <!-- b\n\nc --> d",
        "| a | b |\n|---|---|\n| <!-- | --> |",
        "![<!-- x -->](u)",
        "a <! -- x -->",
        "<!- x ->",
        "--> alone",
        "a <!-- x ---> b",
        '<p title="<!-- x -->">\nshown\n</p>',
        "<a href='<!-- x -->'>link</a>",
    ],
)
def test_what_opens_no_comment_stays(text: str) -> None:
    assert shown_text(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a <!-- x --> b", "a  b"),
        ("a <!--x\ny--> b", "a  b"),
        ("a <!--> b", "a  b"),
        ("a <!---> b", "a  b"),
        ("a <!----> b", "a  b"),
        ("<!-- x ---> b", " b"),
        ("a <!-- b <!--> c", "a  c"),
        ("\\\\<!-- x --> b", "\\\\ b"),
        ("<!-- x --> b", " b"),
        ("<!-- x\n\ny --> b\n\nc", " b\n\nc"),
        ("a\n<!-- never closed\n\nb", "a\n"),
        ("a\n<!--\n    code?\n```\n-->\nb", "a\n\nb"),
        ("> <!-- x -->\n> b", "> \n> b"),
        ("> <!-- x\n\nhidden by the page", "> "),
        ("- a <!-- b\n  c --> d", "- a  d"),
        ("# h <!-- x --> #", "# h  #"),
        ("<div><!-- x --></div>", "<div></div>"),
        ("<div><!--\n\nhidden\n\n--> is text, and hidden", "<div>"),
        ("<div><!--\n\nhidden <!-- x --> shown", "<div> shown"),
        ("<!-- x --!> b", " b"),
        ('<p title="<!--">\n<!-- x -->b\n</p>', '<p title="<!--">\nb\n</p>'),
        ("a <b><!-- x --></b>", "a <b></b>"),
        ("| a |\n|---|\n| <!-- x --> b |", "| a |\n|---|\n|  b |"),
    ],
)
def test_a_comment_is_what_markdown_and_html_call_one(text: str, shown: str) -> None:
    assert shown_text(text) == shown


IN_HTML = re.compile(r"<!--(?:-?>|.*?(?:--!?>|\Z))", re.DOTALL)
"""A comment as HTML defines it, for pages whose tags have no attributes."""

PARTS = ["<!--", "-->", "<!-->", "--->", "`", "```", "\n", "\n\n", " ", "<b>", "<div>", "> ", "- ", "    ", "\\", "#"]


@given(st.lists(st.sampled_from(PARTS), max_size=14))
def test_a_word_stays_exactly_where_a_browser_shows_it(parts: list[str]) -> None:
    """Between any two parts stands a word of its own; the rendered page says which words are inside comments."""
    body = "".join(f"{part}w{number}w" for number, part in enumerate(parts))
    page = MarkdownIt("commonmark").enable("table").render(body)
    hidden = "".join(IN_HTML.findall(page))
    kept = without_comments(body)
    for word in (f"w{number}w" for number in range(len(parts))):
        if word in page:
            assert (word in kept) == (word not in hidden), word


@pytest.mark.parametrize(
    "part",
    [
        "<!--",
        "-->",
        "<!---->",
        "a <!-- b ",
        "a <!--\n",
        '<a "',
        "<",
        "\u200d",
        "\U0001f469\u200d",
        "<div><!--",
        "-",
        "<!--" + "-" * 300,
    ],
)
def test_long_hostile_text_takes_linear_time(part: str) -> None:
    text = (part * 65_536)[:65_536]
    assert len(shown_text(text)) <= len(text)


# -- characters that show nothing -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    [
        "\u0645\u06cc\u200c\u0634\u0648\u062f",
        "\u0915\u094d\u200d\u0937 \u0d28\u0d4d\u200d",
        "\U0001f469\u200d\U0001f4bb",
        "\U0001f469\U0001f3fd\u200d\u2764\ufe0f\u200d\U0001f468",
        "\u2764\ufe0f\u200d\U0001f525",
        "1\ufe0f\u20e3 #\ufe0f\u20e3",
        "\u203c\ufe0f \u00a9\ufe0e",
        "\u845b\U000e0100",
        "\u1820\u180b",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "\u05d0\u05b0\u05d1 \u0627\u064e",
    ],
)
def test_what_shapes_its_neighbour_stays(text: str) -> None:
    assert shown_text(text) == text
    assert read_blueprint(text, text) == read_blueprint(text, text) and read_blueprint(text, "").title == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("zero\u200bwidth\u2060", "zerowidth"),
        ("ig\u200dno\u200cre", "ignore"),
        ("soft\u00adhyphen", "softhyphen"),
        ("\u202eturned\u202c \u2066iso\u2069 \u200fmark", "turned iso mark"),
        ("a\ufe0fb c\U000e0101", "ab c"),
        ("\U0001f600\ufe00\ufe01\ufe02", "\U0001f600\ufe00"),
        ("\U0001f469\u200d\u200d\u200c\U0001f4bb", "\U0001f469\u200d\U0001f4bb"),
        ("tag\U000e0041\U000e0042", "tag"),
        ("\U0001f3f4\U000e0041\U000e0042\U000e007f", "\U0001f3f4"),
        ("\ufeffstart \u3164 filler\uffa0", "start  filler"),
        ("1\ufe0f2", "12"),
        ("\u0645\u202e\u06cc", "\u0645\u06cc"),
    ],
)
def test_what_shows_nothing_goes(text: str, shown: str) -> None:
    assert shown_text(text) == shown
