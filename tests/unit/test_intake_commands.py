"""`/cadence ...`: where it counts, what it says, and what is answered to a command that is wrong."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.command_table import COMMANDS, VERBS, help_text
from bot.intake.command_text import (
    MOST_COMMANDS,
    Command,
    CommandError,
    corrected,
    has_command,
    parse_command,
    parse_commands,
)

STATUS = Command("status")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("/cadence status", STATUS),
        ("/cadence help", Command("help")),
        ("/cadence why", Command("why")),
        ("/cadence review", Command("review")),
        ("Thanks!\n\n/cadence status", STATUS),
        ("Thanks!\n/cadence status", STATUS),
        ("Thanks!\r\n/cadence status\r\nBye", STATUS),
        ("Thanks!\r/cadence status", STATUS),
        ("   /cadence status", STATUS),
        ("/CADENCE Status  ", STATUS),
        ("/cadence\tstatus", STATUS),
        ("/cadence\u00a0status", STATUS),
        ("# A heading\n/cadence status", STATUS),
        ("> a quote\n\n/cadence status", STATUS),
        ("```\ncode\n```\n/cadence status", STATUS),
        ("<!-- hidden -->\n/cadence status", STATUS),
        ("- an item\n  /cadence status", STATUS),
        ("<blockquote>\n\na quote\n\n</blockquote>\n\n/cadence status", STATUS),
        ("</blockquote> a tag that closes nothing\n\n/cadence status", STATUS),
        ("/cadence status <!-- hidden -->", STATUS),
        ("- an item\n\n/cadence status", STATUS),
        ("/cadence status\n/cadence go", STATUS),
        ("/cadence go", Command("go")),
        ("/cadence go 0123abCDef", Command("go", argument="0123abCDef")),
        ("/cadence go " + "a" * 64, Command("go", argument="a" * 64)),
        ("/cadence replan", Command("replan")),
        ("/cadence replan use a set", Command("replan", guidance="use a set")),
        ("/Cadence  RePlan   keep  the  Spaces", Command("replan", guidance="keep  the  Spaces")),
        ("/cadence replan\nUse a set.\n\n- and a list", Command("replan", guidance="Use a set.\n\n- and a list")),
        ("/cadence replan one\r\ntwo", Command("replan", guidance="one\ntwo")),
        ("/cadence replan --discard", Command("replan", discard=True)),
        ("/cadence replan --discard  start over\nplease",
         Command("replan", guidance="start over\nplease", discard=True)),
        ("/cadence replan keep --discard as a word", Command("replan", guidance="keep --discard as a word")),
        ("/cadence replan see <!-- a secret\n --> this", Command("replan", guidance="see  this")),
        ("/cadence replan one\n<!-- never shown", Command("replan", guidance="one")),
        ("/cadence replan\n```py\nx = 1\n```", Command("replan", guidance="```py\nx = 1\n```")),
        ("/cadence stop", Command("stop")),
        ("/cadence stop ALL.", Command("stop", argument="all")),
        ("/cadence stop now, please", Command("stop")),
        ("/cadence hold", Command("hold")),
        ("/cadence hold  until Monday\nmore", Command("hold", guidance="until Monday")),
        ("/cadence hold " + "x" * 400, Command("hold", guidance="x" * 300)),
        ("/cadence resume", Command("resume")),
        ("/cadence retry", Command("retry")),
        ("/cadence use `a/b.py`, ./c.py a\\d.py a/b.py", Command("use", paths=("a/b.py", "c.py", "a/d.py"))),
        ("/cadence replan one\n/cadence go", Command("replan", guidance="one")),
        ("/cadence go\u200b", Command("go")),
        ("\u200b/cadence go", Command("go")),
        ("\ufeff/cadence go", Command("go")),
        ("/cad\u00adence\u2060 go\ufe0f", Command("go")),
        ("\u202d/cadence go\u202c", Command("go")),
        ("\u00a0/cadence go\u00a0", Command("go")),
        ("\u3000\uff0fcadence\u3000go", Command("go")),
        ("/cadence \uff47\uff4f", Command("go")),
        ("/cadence go.", Command("go")),
        ("/cadence go!", Command("go")),
        ("/cadence go\u3002", Command("go")),
        ("/cadence go\\\nThanks", Command("go")),
        ("/cadence: go", Command("go")),
        ("/cadence, status?", STATUS),
        ("**/cadence go**", Command("go")),
        ("__/cadence go__", Command("go")),
        ("*/cadence status* ", STATUS),
        ("***/cadence go abcdef***", Command("go", argument="abcdef")),
        ("**/cadence** go", Command("go")),
        ("/cadence go `abc123def`", Command("go", argument="abc123def")),
        ("/cadence go ``abc123def``.", Command("go", argument="abc123def")),
        ("/cadence go 'abc123def'", Command("go", argument="abc123def")),
        ("/cadence go <!-- x -->", Command("go")),
        ("<!-- x -->/cadence go", Command("go")),
        ("an <!-- that opens nothing\n\n/cadence go", Command("go")),
        ("/cadence replan: use a set.", Command("replan", guidance="use a set.")),
        ("/cadence replan \u200bput \U0001f469\u200d\U0001f4bb in", 
         Command("replan", guidance="put \U0001f469\u200d\U0001f4bb in")),
        ("/cadence replan **bold** move", Command("replan", guidance="**bold** move")),
    ],
)  # fmt: skip
def test_what_a_comment_commands(body: str, expected: Command) -> None:
    assert parse_command(body) == expected
    assert has_command(body)


@pytest.mark.parametrize(
    "body",
    [
        "", "Nothing here.", "Try /cadence status", "see `/cadence status`", "/cadencestatus", "/cadence-status",
        "//cadence status", "\\/cadence status",
        "> /cadence status", "> a quote\n/cadence status", "> > /cadence status", ">/cadence status",
        "    /cadence status", "\t/cadence status", "text\n\n    /cadence status",
        "```\n/cadence status\n```", "~~~ text\n/cadence status\n~~~", "```\n/cadence status",
        "<!-- /cadence status -->", "<!--\n/cadence status\n-->", "text <!--\n/cadence status\n--> text",
        "<!--\n/cadence status", "<div><!--\n\n/cadence status",
        "*/cadence status", "~~/cadence status~~", "`one\n/cadence status`", "- /cadence status",
        "<div>\n/cadence status\n</div>", "[x]: y '\n/cadence status\n'",
        "- an item\n  ```\n  /cadence status\n  ```", "1. an item\n\n   ~~~\n   code\n   /cadence status\n   ~~~",
        "<blockquote>\n\n/cadence status\n\n</blockquote>", "<code>\n\n/cadence status\n\n</code>",
        "text <code>\n/cadence status\n</code>", "text <PRE class='x'>\n/cadence status\n</PRE>",
    ],
)  # fmt: skip
def test_what_is_no_command(body: str) -> None:
    assert parse_command(body) is None
    assert not has_command(body)


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ("/cadence", "command.missing", "alone does nothing"),
        ("/cadence   ", "command.missing", "alone does nothing"),
        ("/cadence statsu", "command.unknown", "Did you mean `/cadence status`?"),
        ("/cadence rplan now", "command.unknown", "Did you mean `/cadence replan`?"),
        ("/cadence bake", "command.unknown", "`/cadence bake` is not a command"),
        ("/cadence plan", "command.later", "not available"),
        ("/cadence use", "command.argument", "1 to 20 paths"),
        ("/cadence use ../secret", "command.argument", "1 to 20 paths"),
        ("/cadence use /etc/passwd", "command.argument", "1 to 20 paths"),
        ("/cadence rseume", "command.unknown", "Did you mean `/cadence resume`?"),
        ("/cadence resume now", "command.argument", "takes no arguments"),
        ("/cadence status now", "command.argument", "takes no arguments"),
        ("/cadence help me", "command.argument", "takes no arguments"),
        ("/cadence go ahead", "command.argument", "the hash that is shown"),
        ("/cadence go abc", "command.argument", "the hash that is shown"),
        ("/cadence go abcdef abcdef", "command.argument", "the hash that is shown"),
        ("/cadence replan --force", "command.argument", "`--force`"),
        ("/cadence replan --discarded", "command.argument", "`--discarded`"),
    ],
)
def test_what_is_answered_to_a_wrong_command(body: str, code: str, said: str) -> None:
    error = parse_command(body)
    assert isinstance(error, CommandError)
    assert error.code == code
    assert said in error.answer


def test_the_commands_of_a_comment_are_read_in_order() -> None:
    assert parse_commands("/cadence status\n\n/cadence go\nThanks") == [Command("status"), Command("go")]
    assert parse_commands("/cadence status\n\n> /cadence go\n\n```\n/cadence stop\n```") == [Command("status")]
    assert parse_commands("/cadence replan one\ntwo\n/cadence hold\n/cadence goo") == [
        Command("replan", guidance="one\ntwo"),
        Command("hold"),
        parse_command("/cadence goo"),
    ]


def test_the_same_command_again_counts_once_and_the_sixth_is_refused() -> None:
    assert parse_commands("/cadence go\n/cadence go\n/cadence goo\n/cadence goo")[1:] == [parse_command("/cadence goo")]
    many = parse_commands("/cadence status\n/cadence why\n" * 4)
    assert [type(one) for one in many] == [Command] * 5 + [CommandError]
    assert isinstance(many[-1], CommandError) and many[-1].code == "command.too_many"


@pytest.mark.parametrize(
    ("before", "after", "given"),
    [
        ("/cadence goo", "/cadence go", [Command("go")]),
        ("/cadence go", "/cadence go\n\n/cadence hold", [Command("hold")]),
        ("/cadence go\n\n/cadence hold", "/cadence hold", []),
        ("/cadence go", "/cadence go, please", []),
        ("> /cadence go", "/cadence go", [Command("go")]),
    ],
)
def test_what_an_edit_gives(before: str, after: str, given: list[Command]) -> None:
    found = corrected(before, after)
    assert [one for one in found if isinstance(one, Command)] == given


def test_an_answer_repeats_nothing_that_pings_or_links() -> None:
    error = parse_command("/cadence @octocat/#1<!--x--> ](http://evil)")
    assert isinstance(error, CommandError)
    assert not set("@#<(") & set(error.answer.partition("\n")[0])


def test_help_names_every_command_and_who_may() -> None:
    assert all(f"`/cadence {row.form}`" in help_text() for row in COMMANDS if row.verb in VERBS)
    assert {row.verb for row in COMMANDS if row.who == "anyone"} == {"help", "status", "why"}
    assert {row.verb for row in COMMANDS if row.who == "triage"} == {"stop", "hold"}


def test_every_command_of_the_table_is_read_by_its_own_name() -> None:
    for verb in VERBS:
        found = parse_command(f"/cadence {verb}{' a.py' if verb == 'use' else ''}")
        assert isinstance(found, Command) and found.verb == verb


def test_guidance_is_cut_at_a_length_that_a_prompt_can_bear() -> None:
    command = parse_command("/cadence replan " + "x" * 20_000)
    assert isinstance(command, Command) and len(command.guidance) == 8_000


LINES = st.lists(
    st.sampled_from(
        ["/cadence status", "/cadence", "> q", "```", "~~~", "    /cadence go", "<!--", "-->", "- x", "", "<div>",
         "# h", "`", "*a", "a*", "text /cadence go", "\ue0003\ue000", "---", "[a]: b", "1. /cadence go"]
    ),
    max_size=6,
)  # fmt: skip


@given(LINES)
def test_no_text_raises_and_both_readings_agree(lines: list[str]) -> None:
    body = "\n".join(lines)
    assert has_command(body) == (parse_command(body) is not None)
    if parse_command(body) is not None:
        assert parse_command(f"> {body.replace(chr(10), chr(10) + '> ')}") is None, "a quoted command is nobody's"


SHOWN = st.sampled_from(
    ["/cadence status", "/CADENCE Help", "\u200b/cadence why", "/cadence review \u200b", "\u00a0/cadence resume",
     "**/cadence stop**", "   /cadence retry", "/cadence hold until Monday", "\uff0fcadence go", "/cadence: stop."]
)  # fmt: skip
"""Lines that are a command where they are shown as a line of text of their own."""


def _quoted(line: str) -> str:
    return f"> so he wrote\n> {line}"


def _fenced(line: str) -> str:
    return f"```\n{line}\n```"


def _tildes(line: str) -> str:
    return f"~~~~ text\n{line}\n~~~~"


def _indented(line: str) -> str:
    return f"    {line.strip()}"


def _inline(line: str) -> str:
    return f"`{line}`"


def _commented(line: str) -> str:
    return f"<!-- hidden\n{line}\n-->"


def _lazily_quoted(line: str) -> str:
    return f"> a quote that goes on\n{line}"


def _inside_a_sentence(line: str) -> str:
    return f"Please write {line}"


def _mentioned_before(line: str) -> str:
    return f"@olive: {line}"


def _in_html(line: str) -> str:
    return f"<div>\n{line}\n</div>"


HIDING = st.sampled_from(
    [_quoted, _fenced, _tildes, _indented, _inline, _commented, _lazily_quoted, _inside_a_sentence, _in_html,
     _mentioned_before]
)  # fmt: skip
"""Ways in which GitHub shows a line as something else than a line of its own, or not at all."""
AROUND = st.sampled_from(
    ["I think so.", "Thank you,\n\n@olive", "# A heading", "* * *", "| a | b |\n|---|---|\n| c | d |",
     "<details><summary>more</summary>\n\ntext\n\n</details>"]
)  # fmt: skip


@given(
    st.lists(
        st.one_of(
            SHOWN.map(lambda line: (line, line)),
            st.tuples(HIDING, SHOWN).map(lambda made: (made[0](made[1]), "")),
            AROUND.map(lambda text: (text, "")),
        ),
        max_size=MOST_COMMANDS,
    ),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["", "  ", "\t"]),
)
def test_exactly_the_commands_that_are_shown_are_read_in_order(
    parts: list[tuple[str, str]], line_end: str, trailing: str
) -> None:
    """Paragraphs that people see and others that they do not, in any order, with any line ends."""
    body = "\n\n".join(text for text, _ in parts)
    wanted: list[object] = []
    for _, line in parts:
        if line:
            (one,) = parse_commands(line)
            assert isinstance(one, Command), line
            wanted += [] if wanted[-1:] == [one] else [one]
    body = f"{trailing}\n".join(body.split("\n")) + trailing
    assert parse_commands(body.replace("\n", line_end)) == wanted


def test_what_stands_open_in_details_counts() -> None:
    """People open `<details>`, so its text is shown; in its summary there is only HTML."""
    assert parse_commands("<details>\n\n/cadence stop\n\n</details>") == [Command("stop")]
    assert parse_commands("<details><summary>\n/cadence stop\n</summary></details>") == []


@given(st.lists(SHOWN, min_size=1, max_size=2), st.lists(SHOWN, max_size=2))
def test_an_edit_gives_only_what_it_adds(before: list[str], added: list[str]) -> None:
    old, new = "\n\n".join(before), "\n\n".join([*before, *added])
    assert corrected(old, old) == []
    assert Counter(corrected(old, new)) == Counter(parse_commands(new)) - Counter(parse_commands(old))


def test_a_stop_that_an_edit_puts_behind_a_resume_is_given() -> None:
    old = "/cadence stop\n\n/cadence resume"
    assert corrected(old, f"{old}\n\n/cadence stop") == [Command("stop")]
