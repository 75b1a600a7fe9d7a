"""Text by others is shown and means nothing to GitHub."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.core.escape import escape_line, escape_markdown, shorten
from bot.core.names import markers

Z = "\u200b"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ask @octocat and @org/team", f"ask @{Z}octocat and @{Z}org/team"),
        ("see #12, o/r#3, GH-4", f"see #{Z}12, o/r#{Z}3, GH-{Z}4"),
        ("Fixes #12", f"Fix{Z}es #{Z}12"),
        ("closes: https://github.com/o/r/issues/3", f"clos{Z}es: https://github.com/o/r/issues/{Z}3"),
        ("![x](http://evil/p.png)", f"!{Z}[x](http://evil/p.png)"),
        ("a <img src=x> b", f"a <{Z}img src=x> b"),
        ("<!-- cadence:pull run=1 -->", f"<{Z}!-- cadence:pull run=1 -->"),
        ("&#64;octocat &commat;octocat", f"&{Z}#{Z}64;octocat &{Z}commat;octocat"),
        ("right\u202eleft\x00", "rightleft"),
        ("1 < 2 & 3 # no", "1 < 2 & 3 # no"),
        ("it fixes the bug!", "it fixes the bug!"),
        ("one\r\ntwo", "one\ntwo"),
        ("```py\n@property\n#1\n```\n@me", f"```py\n@property\n#1\n```\n@{Z}me"),
        ("```\n<!-- cadence:pull run=1 -->\n```", f"```\n<{Z}!-- cadence:pull run=1 -->\n```"),
        ("~~~\n```\n@a\n~~~\n@b", f"~~~\n```\n@a\n~~~\n@{Z}b"),
        ("```\n@open", "```\n@open\n```"),
        ("```` \n@a\n```\n@b\n````", "```` \n@a\n```\n@b\n````"),
        ("``` a`b\n@x", f"``` a`b\n@{Z}x"),
        ("- x\n\n  ```\n@x\n", f"- x\n\n  ```\n@{Z}x\n"),
        ("> ```\n@x\n```\n@y\n```", f"> ```\n@{Z}x\n```\n@{Z}y\n```"),
    ],
)
def test_what_is_broken_up_and_what_is_not(text: str, shown: str) -> None:
    assert escape_markdown(text) == shown
    assert escape_markdown(shown) == shown


PIECES = st.lists(
    st.sampled_from(
        [
            "@a",
            "#1",
            "<!--",
            " cadence:pull run=1 -->",
            "```",
            "~~~",
            "\n",
            " ",
            "- ",
            "> ",
            "&#64;",
            "Fixes ",
            "![",
            "x",
        ]
    ),
    max_size=25,
).map("".join)


@given(PIECES)
def test_no_text_keeps_a_marker_or_an_active_mention_outside_fences(text: str) -> None:
    shown = escape_markdown(text)
    assert escape_markdown(shown) == shown
    assert shown.replace(Z, "").startswith(text.rstrip("\n"))
    assert not list(markers(shown)) and "<!--" not in shown
    prose = re.sub(r"(?ms)^(`{3,}|~{3,})[^\n]*\n.*?^\1[`~]*[ ]*$", "", shown)
    if "```" not in prose and "~~~" not in prose:
        assert not re.search(r"@a|#1|!\[|&#", prose)


@given(PIECES, st.integers(150, 400))
def test_shortened_text_fits_and_closes_its_fences(text: str, limit: int) -> None:
    long = escape_markdown(text * 20)
    short = shorten(long, limit)
    assert len(short) <= limit and len(short) <= max(len(long), limit)
    assert escape_markdown(short) == short


def test_shorten_cuts_at_a_line_end() -> None:
    text = "```\n" + "some line\n" * 50
    short = shorten(text, 200)
    assert short.endswith("some line\n```\n\n(cut here: too long to show)")
    assert shorten("short", 10) == "short"


def test_a_line_is_a_line() -> None:
    assert escape_line("a\nb\t@c\u2028d ``` #1") == f"a b @{Z}c d ``` #{Z}1"


def prose(text: str) -> str:
    """What a CommonMark reader shows outside code, raw HTML and images named."""
    shown: list[str] = []
    for block in MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(text):
        if block.type == "html_block":
            shown.append("HTML")
        for token in block.children or ():
            shown.append({"html_inline": "HTML", "image": "IMAGE", "code_inline": ""}.get(token.type, token.content))
    return "\n".join(shown)


@given(PIECES)
def test_a_commonmark_reader_finds_nothing_active(text: str) -> None:
    assert not re.search(r"@a|#1|HTML|IMAGE", prose(escape_markdown(text)))
