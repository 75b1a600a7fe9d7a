"""Pins: every edit of an existing file names the blob it was computed from, so that it can be applied to no other."""

from __future__ import annotations

from dataclasses import dataclass

from bot.changeset.model import ChangeSet, Edit
from bot.changeset.tree import MODE_DIRECTORY, TreeReader


@dataclass(frozen=True, slots=True)
class Pinned:
    """The ChangeSet with every `before_sha` that the tree could fill; a note for each that was filled here."""

    change_set: ChangeSet
    notes: tuple[str, ...]


def pin(change_set: ChangeSet, tree: TreeReader) -> Pinned:
    """Fill `before_sha` of unpinned modifies, deletes and renames from the tree; given pins are kept as they are."""
    edits, notes = [], []
    for index, edit in enumerate(change_set.edits):
        sha = _blob(edit, tree)
        if sha is not None:
            source = edit.rename_from or edit.path
            notes.append(f"edits[{index}]: {source} had no `before_sha`; it is now pinned to blob {sha}")
            edit = edit.model_copy(update={"before_sha": sha})
        edits.append(edit)
    return Pinned(change_set.model_copy(update={"edits": tuple(edits)}), tuple(notes))


def _blob(edit: Edit, tree: TreeReader) -> str | None:
    if edit.before_sha is not None or (edit.mode == "add" and edit.rename_from is None):
        return None
    entry = tree.entry(edit.rename_from or edit.path)
    return None if entry is None or entry.mode == MODE_DIRECTORY else str(entry.sha)
