"""What a model was shown for a plan, as a table of plain text."""

from __future__ import annotations

import io
import shutil
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.cli.evaluate_text import shown
from bot.plan.context.pack import LeftOut
from bot.plan.shown_files import ShownFile

_PLAIN_WIDTH = 120


def context_table(files: Sequence[ShownFile], missing: Sequence[LeftOut], *, width: int | None = None) -> str:
    """One line for each file: rank, path, lines, reason; below them what was asked for and left out.

    `width` is in columns: by default the terminal's.
    """
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(justify="right", no_wrap=True)
    for _ in ("path", "lines", "reason"):
        table.add_column(overflow="fold")
    for one in files:
        rank = str(one.rank) if one.rank else "-"
        # As Text: rich reads square brackets in a plain string as markup.
        table.add_row(*(Text(shown(cell)) for cell in (rank, one.path, one.lines(), one.reason)))
    columns = width or shutil.get_terminal_size((_PLAIN_WIDTH, 40)).columns
    console = Console(file=io.StringIO(), width=max(columns, 60), color_system=None, legacy_windows=False)
    with console.capture() as captured:
        console.print(table)
    lines = [f"  {line.rstrip()}\n" for line in captured.get().split("\n") if line.strip()]
    left_out = [f"  not shown: {shown(one.path)}: {shown(one.message)} ({one.code})\n" for one in missing]
    return "".join([*lines, *left_out])
