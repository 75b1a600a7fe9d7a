"""What a person sees while the demo runs: timestamped lines, and in a terminal a live row for the current story."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Protocol, Self

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from bot.core.clock import Clock

GOOD, BAD, PLAIN = "green", "red", ""


class Progress(Protocol):
    """Where the demo says what happens."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def say(self, text: str, *, style: str = PLAIN) -> None:
        """One line that belongs to no story."""

    def stage(self, story: str, text: str, *, style: str = PLAIN) -> None:
        """The story has come this far."""


class Lines:
    """Plain lines with the seconds since the start: for logs, pipes, and `--plain`."""

    def __init__(self, console: Console, clock: Clock) -> None:
        self._console = console
        self._clock = clock
        self._start = clock.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def say(self, text: str, *, style: str = PLAIN) -> None:
        line = Text(f"[{self._clock.monotonic() - self._start:5.1f}s] ", style="dim")
        self._console.print(line.append(text, style=style or "default"), soft_wrap=True, highlight=False)

    def stage(self, story: str, text: str, *, style: str = PLAIN) -> None:
        self.say(f"{story:<9} {text}", style=style)


class LiveLines(Lines):
    """The same lines, and below them a spinner with the story's latest stage."""

    def __init__(self, console: Console, clock: Clock) -> None:
        super().__init__(console, clock)
        self._spinner = Spinner("dots", text="starting")
        self._live = Live(self._spinner, console=console, refresh_per_second=12, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def stage(self, story: str, text: str, *, style: str = PLAIN) -> None:
        super().stage(story, text, style=style)
        self._spinner.update(text=Text(f"{story}: {text}"[: self._console.width - 4]))


def open_progress(console: Console, clock: Clock, *, plain: bool) -> Lines:
    """Live in a terminal, plain lines everywhere else or when asked for."""
    return Lines(console, clock) if plain or not console.is_terminal else LiveLines(console, clock)


def summary_table(stories: Sequence[str], rows: Mapping[str, Sequence[str]]) -> Table:
    """The closing table: one column for each story, one row for each thing worth knowing."""
    table = Table(title="What happened", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1))
    table.add_column("")
    for name in stories:
        table.add_column(name, overflow="fold")
    for label, cells in rows.items():
        table.add_row(Text(label), *(Text(cell) for cell in cells))
    return table


def claims_table(stories: Sequence[str], claims: Mapping[str, Sequence[bool | None]]) -> Table:
    """What was checked on the embedded GitHub at the end; None where a story does not make the claim."""
    table = Table(title="Checked afterwards", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1))
    table.add_column("")
    for name in stories:
        table.add_column(name)
    words = {True: Text("ok", style=GOOD), False: Text("MISSING", style=BAD), None: Text("")}
    for claim, holds in claims.items():
        table.add_row(Text(claim), *(words[one] for one in holds))
    return table
