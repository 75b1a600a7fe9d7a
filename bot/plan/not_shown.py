"""Edits of text that the model was never shown: what it wrote in its place can only be guessed."""

from __future__ import annotations

from bot.changeset.model import ChangeSet, Edit
from bot.changeset.replacing import places
from bot.changeset.tree import MODE_EXECUTABLE, MODE_FILE, TreeReader
from bot.core.codes.lookup import make_finding
from bot.core.findings import Finding
from bot.core.text_content import decoded
from bot.plan.context.pack import ContextPack, Ranges, joined
from bot.plan.context.paths import mentioned


def edits_of_unshown_text(change_set: ChangeSet, tree: TreeReader, pack: ContextPack, text: str) -> tuple[Finding, ...]:
    """A finding `contract.not_shown` for each edit of an existing file whose changed lines the model did not see.

    `text` is the blueprint with its guidance: a file that it names may be deleted or moved unseen.
    """
    findings = []
    for index, edit in enumerate(change_set.edits):
        path = edit.rename_from or edit.path
        entry = tree.entry(path)
        # A symlink, a submodule and a folder have codes of their own, and so has an add of what exists.
        if entry is None or entry.mode not in (MODE_FILE, MODE_EXECUTABLE):
            continue
        if edit.mode == "add" and edit.rename_from is None:
            continue
        if pack.shown_whole(path):
            continue
        fault = _fault(edit, path, tree, joined(pack.ranges(path)), named=bool(mentioned([path], text)))
        if fault is not None:
            message, line = fault
            findings.append(make_finding("contract.not_shown", message, edit=index, path=path, line=line))
    return tuple(findings)


def _fault(edit: Edit, path: str, tree: TreeReader, shown: Ranges, *, named: bool) -> tuple[str, int | None] | None:
    """What is wrong with an edit of a file of which only the `shown` lines were seen, and the first line at fault."""
    if edit.after is not None or edit.after_base64 is not None:
        if not shown:
            return f"{path} exists, and its content was not shown", None
        return f"{path} is replaced as a whole, and only {_said(shown)} of it were shown", None
    if edit.replace is not None:
        return _replaced_unseen(edit, path, tree, shown)
    # Without content of its own: a move keeps every line, so it is enough to have seen a part of the file.
    if named or (shown and edit.mode != "delete"):
        return None
    if shown:
        return f"{path} is deleted, and only {_said(shown)} of it were shown", None
    return f"{path} exists, and its content was not shown", None


def _replaced_unseen(edit: Edit, path: str, tree: TreeReader, shown: Ranges) -> tuple[str, int | None] | None:
    if not shown:
        return f"{path} exists, and its content was not shown", None
    content = decoded(tree.read(path))
    text = content.text if content else ""
    for number, pair in enumerate(edit.replace or ()):
        found = places(text, pair)
        # A text that occurs more often than it is meant has a code of its own, which names every line.
        for start, end in found if len(found) == (pair.count or 1) else ():
            first = text.count("\n", 0, start) + 1
            # The line end belongs to the line that it ends.
            last = text.count("\n", 0, max(start, end - 1)) + 1
            if not any(low <= first and last <= high for low, high in shown):
                where = f"line {first}" if first == last else f"lines {first}-{last}"
                message = f"replace[{number}].old is in {where} of {path}, and only {_said(shown)} of it were shown"
                return message, first
    return None


def _said(ranges: Ranges) -> str:
    parts = [str(first) if first == last else f"{first}-{last}" for first, last in ranges]
    return f"lines {', '.join(parts[:8])}" + (" and others" if len(parts) > 8 else "")
