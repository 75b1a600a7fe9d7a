"""What `cadence plan` says on standard error while it works."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from bot.cli.evaluate_text import shown


class PlanProgress:
    """One line for each step. While the model works, a terminal shows the seconds; a pipe gets a line at its start."""

    def __init__(self) -> None:
        # Results go to standard output, so that --json prints only JSON.
        self._console = Console(stderr=True, highlight=False)

    def note(self, step: str, text: str) -> None:
        """Say what a step found."""
        self._console.print(Text(f"{step:<9} {shown(text)}"), soft_wrap=True)

    @contextmanager
    def waiting(self, step: str, text: str) -> Iterator[None]:
        """Show that a step goes on, until the block ends."""
        if not self._console.is_terminal:
            self.note(step, text)
            yield
            return
        columns = (TextColumn("{task.description}", markup=False), TimeElapsedColumn(), SpinnerColumn())
        with Progress(*columns, console=self._console, transient=True, refresh_per_second=4) as progress:
            progress.add_task(f"{step:<9} {shown(text)}", total=None)
            yield
