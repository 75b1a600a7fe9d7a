"""The diff between two states of files in memory, as git writes it. Pure."""

from __future__ import annotations

import difflib

from bot.changeset.files_tree import Files, blob_id
from bot.changeset.tree import MODE_FILE


def git_diff(before: Files, after: Files) -> str:
    """The unified diff with three lines around each change, files in path order, no renames."""
    paths = sorted({*before, *after})
    return "".join(_file(path, before.get(path), after.get(path)) for path in paths)


def _file(path: str, old: str | None, new: str | None) -> str:
    if old == new:
        return ""
    head = f"diff --git a/{path} b/{path}\n"
    ids = f"{_id(old)}..{_id(new)}"
    if old is None:
        head += f"new file mode {MODE_FILE}\nindex {ids}\n"
    elif new is None:
        head += f"deleted file mode {MODE_FILE}\nindex {ids}\n"
    else:
        head += f"index {ids} {MODE_FILE}\n"
    lines = difflib.unified_diff(
        _with_ends(old or ""),
        _with_ends(new or ""),
        "/dev/null" if old is None else f"a/{path}",
        "/dev/null" if new is None else f"b/{path}",
    )
    return head + "".join(lines)


def _with_ends(text: str) -> list[str]:
    # Not `splitlines`: git ends a line only at `\n`, Python also at a form feed and other characters.
    # https://docs.python.org/3/library/stdtypes.html#str.splitlines
    return [f"{line}\n" for line in text.removesuffix("\n").split("\n")] if text else []


def _id(text: str | None) -> str:
    return "0" * 40 if text is None else blob_id(text.encode())
