"""Which paths differ between two commits, renames found."""

from __future__ import annotations

from bot.changeset.tree import PathChange
from bot.git_store.process import GitRunner


def path_changes(runner: GitRunner, base: str, head: str) -> tuple[PathChange, ...]:
    """Every path that differs, in git's order. A rename (50 % alike) is one change, a copy an addition."""
    out = runner.check("diff-tree", "-r", "-z", "--raw", "-M", "--no-commit-id", base, head, "--")
    fields = out.decode("utf-8", "surrogateescape").split("\0")
    found = []
    at = 0
    while at < len(fields) - 1:
        status = fields[at].rsplit(" ", 1)[-1][:1]
        if status in ("R", "C"):
            found.append(PathChange(fields[at + 1] if status == "R" else None, fields[at + 2]))
            at += 3
        else:
            path = fields[at + 1]
            found.append(PathChange(None if status == "A" else path, None if status == "D" else path))
            at += 2
    return tuple(found)
