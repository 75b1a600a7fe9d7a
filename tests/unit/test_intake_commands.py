"""`/cadence ...`: where it counts, what it says, and what is answered to a command that is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.intake.command_text import (
    VERBS,
    Command,
    CommandError,
    has_command,
    help_text,
    needs_write,
    parse_command,
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
        ("/cadence stop", "command.later", "not available"),
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


def test_further_commands_of_a_comment_are_noticed() -> None:
    found = parse_command("/cadence status\n\n/cadence go")
    assert isinstance(found, Command) and found.more
    found = parse_command("/cadence status\n\n> /cadence go")
    assert isinstance(found, Command) and not found.more


def test_an_answer_repeats_nothing_that_pings_or_links() -> None:
    error = parse_command("/cadence @octocat/#1<!--x--> ](http://evil)")
    assert isinstance(error, CommandError)
    assert not set("@#<(") & set(error.answer.partition("\n")[0])


def test_help_names_every_verb_and_who_may() -> None:
    assert all(f"`/cadence {verb}`" in help_text() for verb in VERBS)
    assert {verb for verb in VERBS if needs_write(Command(verb))} == {"go", "replan", "review"}


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
