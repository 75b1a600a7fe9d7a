"""Which lines of existing files a plan edits: every one of them must have been in front of the model."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from bot.changeset.tree import TreeChange, TreeReader


def edited_lines(tree: TreeReader, changes: Sequence[TreeChange]) -> list[tuple[str, str]]:
    """(path, line) of each line that the changes replace or remove; lines without their ends, blank ones left out.

    A path that is gone because its file was moved counts as unedited where its content goes on elsewhere.
    """
    found = []
    kept = {change.content for change in changes}
    for change in changes:
        entry = tree.entry(change.path)
        old = tree.read(change.path) if entry is not None else b""
        if change.content is None and old in kept:
            continue
        before = old.decode().splitlines()
        after = (change.content or b"").decode().splitlines()
        matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
        for tag, start, end, _, _ in matcher.get_opcodes():
            if tag in ("replace", "delete"):
                found += [(change.path, line) for line in before[start:end] if line.strip()]
    return found
