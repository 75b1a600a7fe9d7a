"""The ChangeSet that takes a merged change back, as long as no one has changed its files since."""

from __future__ import annotations

import base64
from collections.abc import Collection
from dataclasses import dataclass

from bot.changeset.model import ChangeSet, Edit
from bot.changeset.tree import MODE_EXECUTABLE, MODE_FILE, TreeEntry, TreeReader


@dataclass(frozen=True, slots=True)
class Inverse:
    """`change_set` is None when `moved` names files that changed after the merge, or that cannot be written."""

    change_set: ChangeSet | None
    moved: tuple[str, ...]


def inverse(
    message: str, paths: Collection[str], *, before: TreeReader, merged: TreeReader, tip: TreeReader
) -> Inverse:
    """Bring `paths` at the tip back to how they stood before the merge; every edit is pinned to the tip's blob."""
    edits, moved = [], []
    for path in sorted(paths):
        old, new, now = before.entry(path), merged.entry(path), tip.entry(path)
        if _identity(new) != _identity(now) or not _writable(old) or not _writable(now):
            moved.append(path)
        elif _identity(old) != _identity(now):
            edits.append(_edit(path, old, now, before))
    if moved or not edits:
        return Inverse(None, tuple(moved))
    return Inverse(ChangeSet(version=2, message=message, edits=tuple(edits)), ())


def _identity(entry: TreeEntry | None) -> tuple[str, str] | None:
    return None if entry is None else (entry.mode, entry.sha)


def _writable(entry: TreeEntry | None) -> bool:
    return entry is None or entry.mode in (MODE_FILE, MODE_EXECUTABLE)


def _edit(path: str, old: TreeEntry | None, now: TreeEntry | None, before: TreeReader) -> Edit:
    if old is None:
        assert now is not None
        return Edit(path=path, mode="delete", before_sha=now.sha)
    raw = before.read(path)
    try:
        text: str | None = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = None
    return Edit(
        path=path,
        mode="add" if now is None else "modify",
        after=text,
        after_base64=None if text is not None else base64.b64encode(raw).decode(),
        before_sha=now.sha if now is not None else None,
        executable=old.mode == MODE_EXECUTABLE,
    )
