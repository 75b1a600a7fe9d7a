"""Writes a change into the checked-out files of a repository: all of it, or nothing."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bot.changeset.tree import MODE_EXECUTABLE, MODE_FILE, TreeChange, TreeReader
from bot.core.errors import Refused

MOST_NAMED = 20


def write_changes(folder: Path, tree: TreeReader, changes: Sequence[TreeChange]) -> None:
    """Write the changes, which were made for `tree`, below `folder`. The index is not changed.

    Raises Refused `worktree.dirty`, and changes nothing, where a path that they touch is not on disk as it is in the
    tree. An OSError takes back what was written.
    """
    dirty = [change.path for change in changes if not _as_in_tree(folder, tree, change.path)]
    if dirty:
        more = f" and {len(dirty) - MOST_NAMED} more" if len(dirty) > MOST_NAMED else ""
        raise Refused(
            f"These files are not as they are in the base commit: {', '.join(dirty[:MOST_NAMED])}{more}.",
            code="worktree.dirty",
            remedy="Commit or stash your changes to them, or plan without --apply.",
        )
    before = {change.path: _read(folder / change.path) for change in changes}
    done: list[str] = []
    try:
        for change in changes:
            done.append(change.path)
            _put(folder / change.path, change.content, executable=change.mode == MODE_EXECUTABLE)
    except BaseException:
        for path in reversed(done):
            content = before[path]
            entry = tree.entry(path)
            _put(folder / path, content, executable=entry is not None and entry.mode == MODE_EXECUTABLE)
        raise


def _as_in_tree(folder: Path, tree: TreeReader, path: str) -> bool:
    """Whether the file on disk has the bytes that the tree has, or is in neither of them.

    Bytes are compared and not what git calls unchanged: a filter or a conversion of line ends on this machine would
    have to be undone for the change.
    """
    place = folder / path
    # A link in place of a folder could lead out of the work tree.
    if any(parent.is_symlink() for parent in place.parents if parent.is_relative_to(folder) and parent != folder):
        return False
    entry = tree.entry(path)
    if entry is None:
        return not os.path.lexists(place)
    if entry.mode not in (MODE_FILE, MODE_EXECUTABLE) or place.is_symlink() or not place.is_file():
        return False
    return place.read_bytes() == tree.read(path)


def _read(place: Path) -> bytes | None:
    return place.read_bytes() if place.is_file() else None


def _put(place: Path, content: bytes | None, *, executable: bool) -> None:
    if content is None:
        place.unlink(missing_ok=True)
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    # A reader, such as an editor or a running test, sees the old file or the new one and nothing in between.
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        mode = place.stat().st_mode & 0o777 if place.is_file() else 0o666 & ~_umask()
        Path(name).chmod(mode | 0o111 if executable else mode & ~0o111)
        Path(name).replace(place)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    """The mask of this process. There is no way to read it but to set it."""
    # https://docs.python.org/3/library/os.html#os.umask
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
