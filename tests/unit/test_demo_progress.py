"""What the demo prints."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from rich.console import Console

from bot.sandbox.demo.progress import Lines, LiveLines, open_progress, summary_table


class Ticking:
    """A clock that goes on by a second at every look."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 2, tzinfo=UTC)

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def monotonic(self) -> float:
        self.seconds += 1
        return self.seconds


def console(*, terminal: bool, width: int = 60) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=width, legacy_windows=False)


def output(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_plain_lines_have_the_time_and_are_neither_wrapped_nor_read_as_markup() -> None:
    out = console(terminal=False, width=30)
    with open_progress(out, Ticking(), plain=False) as progress:
        progress.say("ready [bold] at http://127.0.0.1:1/a/very/long/path/that/is/not/cut")
        progress.stage("merges", "planning")
    assert output(out) == (
        "[  1.0s] ready [bold] at http://127.0.0.1:1/a/very/long/path/that/is/not/cut\n[  2.0s] merges    planning\n"
    )


def test_a_terminal_gets_the_same_lines_and_a_spinner() -> None:
    out = console(terminal=True)
    with open_progress(out, Ticking(), plain=False) as progress:
        assert isinstance(progress, LiveLines)
        progress.stage("replanned", "judging [x]", style="green")
    assert "judging [x]" in output(out)
    assert "replanned: judging [x]" in output(out)


def test_plain_is_plain_in_a_terminal_too() -> None:
    assert type(open_progress(console(terminal=True), Ticking(), plain=True)) is Lines


def test_the_table_has_a_column_for_each_story() -> None:
    out = console(terminal=False)
    out.print(summary_table(["merges", "replanned"], {"issue": ["#1 closed", "#3 [closed]"]}))
    assert "#3 [closed]" in output(out)
    assert "merges" in output(out)
