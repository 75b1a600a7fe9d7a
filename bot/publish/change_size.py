"""How large a commit's change is, for the quotas of files and kilobytes."""

from __future__ import annotations

from bot.core.names import CommitSha
from bot.effects.quotas import ChangeSize
from bot.git_store.bare_repository import BareRepository


def change_size(mirror: BareRepository, base: CommitSha, commit: CommitSha) -> ChangeSize:
    """Files that differ from the base, a rename as one, and the bytes of every content that is not the base's."""
    tree, files, content = mirror.tree(commit), 0, 0
    for change in mirror.changed(base, commit):
        files += 1
        entry = tree.entry(change.path) if change.status != "D" else None
        if entry is not None and entry.sha != change.old_blob:
            content += entry.size
    return ChangeSize(files, content)
