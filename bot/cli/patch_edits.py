"""A patch, or one file's old and new text, as a ChangeSet on the tree it is for."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.changeset.encoding import EncodingProblem, rewritten
from bot.changeset.guards.path_forms import path_problem
from bot.changeset.model import ChangeSet, Edit
from bot.changeset.rejected import ChangeSetRejected
from bot.changeset.tree import MODE_EXECUTABLE, MODE_FILE, MODE_SUBMODULE, MODE_SYMLINK, TreeReader
from bot.cli.submitted import OneFile
from bot.core.codes.lookup import make_finding
from bot.core.findings import Finding
from bot.git_store.objects import RawChange

_SPECIAL = {MODE_SYMLINK: ("path.symlink", "a symlink"), MODE_SUBMODULE: ("path.submodule", "a submodule")}
# The texts are from git's apply.c. git has no machine-readable form, and LC_ALL=C keeps them in English.
_COMPLAINTS = (
    (re.compile(r"^patch failed: (?P<path>.+):(?P<line>\d+)$"), "stale"),
    (re.compile(r"^(?P<path>.+): (?:patch does not apply|does not match index)$"), "stale"),
    (re.compile(r"^(?P<path>.+): does not exist in index$"), "contract.modify_missing_path"),
    (re.compile(r"^(?P<path>.+): already exists in (?:index|working directory)$"), "contract.add_existing_path"),
    (re.compile(r"^affected file '(?P<path>.+)' is beyond a symbolic link$"), "path.parent"),
)
_INVALID_PATH = re.compile(r"^(?:invalid path|unable to add cache entry for) '?(?P<path>[^']+)'?$")
PATCH_CODE = "contract.patch"


def complaint_findings(lines: Sequence[str]) -> tuple[Finding, ...]:
    """git's messages about a patch that does not apply, as findings with the code of what is wrong."""
    messages = lines or ("git did not apply the patch",)
    findings = [_complaint(line) for line in messages if not line.startswith(("warning:", "hint:"))]
    # git reports one fault as `patch failed: a.py:3` and as `a.py: patch does not apply`; the first has the line.
    seen: dict[tuple[str, str | None], Finding] = {}
    for finding in findings:
        seen.setdefault((finding.code, finding.path or finding.message), finding)
    return tuple(seen.values())


def _complaint(line: str) -> Finding:
    for pattern, code in _COMPLAINTS:
        match = pattern.match(line)
        if match:
            number = int(match["line"]) if "line" in pattern.groupindex else None
            return make_finding(code, f"git apply: {line}", path=match["path"], line=number)
    invalid = _INVALID_PATH.match(line)
    problem = path_problem(invalid["path"]) if invalid else None
    if invalid and problem:
        return make_finding(problem[0], f"git apply: {line}", path=invalid["path"])
    return Finding(PATCH_CODE, f"git apply: {line}", "Make the patch with `git diff --binary`, or send a ChangeSet.")


@dataclass(frozen=True, slots=True)
class TreePair:
    """The tree before a patch and the tree after it, and the paths that differ."""

    before: TreeReader
    after: TreeReader
    changes: Sequence[RawChange]


def edits_between(pair: TreePair, message: str) -> ChangeSet:
    """The ChangeSet that makes the second tree from the first: whole contents, pinned, renames as git finds them.

    Raises ChangeSetRejected when a symlink or submodule would be made, changed or removed.
    """
    findings: list[Finding] = []
    edits: list[Edit] = []
    for change in pair.changes:
        # A ChangeSet holds contents of files. A symlink has a path as its content, a submodule a commit.
        special = _SPECIAL.get(change.old_mode) or _SPECIAL.get(change.new_mode)
        if special:
            message_text = f"{change.path} is {special[1]}, or would become one"
            findings.append(make_finding(special[0], message_text, edit=len(edits), path=change.path))
        else:
            edits.append(_edit(change, pair))
    if findings:
        raise ChangeSetRejected(findings)
    return ChangeSet(version=2, message=message, edits=tuple(edits))


def _edit(change: RawChange, pair: TreePair) -> Edit:
    if change.status == "D":
        return Edit(path=change.path, mode="delete", before_sha=change.old_blob)
    adds = change.status == "A"
    old = None if adds else pair.before.read(change.source)
    new = pair.after.read(change.path)
    # A rename or a new mode alone needs no content.
    text, encoded = (None, None) if new == old else _content(old, new)
    mode_before = MODE_FILE if adds else change.old_mode
    return Edit(
        path=change.path,
        mode="add" if adds else "modify",
        after=text,
        after_base64=encoded,
        before_sha=None if adds else change.old_blob,
        rename_from=change.source if change.source != change.path else None,
        executable=change.new_mode == MODE_EXECUTABLE if change.new_mode != mode_before else None,
    )


def _content(old: bytes | None, new: bytes) -> tuple[str | None, str | None]:
    """(text, base64) of a file's new bytes: text where it becomes exactly these bytes again, base64 everywhere else.

    `old` is the content that it replaces, None for a new file.
    """
    try:
        text = new.decode()
        # A text takes the byte order mark and the encoding of the file that it replaces, and a patch may change both.
        # A NUL byte is valid UTF-8, but git and editors take a file with one for binary.
        if b"\0" not in new and rewritten(old, text) == new:
            return text, None
    except (UnicodeDecodeError, EncodingProblem):
        pass
    return None, base64.b64encode(new).decode()


def one_file_edits(submitted: OneFile, tree: TreeReader, message: str) -> tuple[ChangeSet, tuple[str, ...]]:
    """The ChangeSet for one file's old and new text, pinned to `before`, and notes on how it was read."""
    entry = tree.entry(submitted.path)
    # An empty `before` adds the file. Where one with content exists, the guards refuse that; an empty one is modified.
    if not submitted.before and submitted.after and (entry is None or entry.size):
        return ChangeSet(
            version=1, message=message, edits=(Edit(path=submitted.path, mode="add", after=submitted.after),)
        ), ()
    before, after = submitted.before, submitted.after
    notes: tuple[str, ...] = ()
    # Old clients drop the last newline of both texts, so a missing last newline is accepted.
    if entry is not None and before and _blob_id(before) != entry.sha and _blob_id(before + "\n") == entry.sha:
        before += "\n"
        after = after + "\n" if after and not after.endswith("\n") else after
        notes = ("added the newline at the end that the file has",)
    pin = _blob_id(before)
    edit = (
        Edit(path=submitted.path, mode="modify", after=after, before_sha=pin)
        if after or not before
        else Edit(path=submitted.path, mode="delete", before_sha=pin)
    )
    return ChangeSet(version=1, message=message, edits=(edit,)), notes


def _blob_id(text: str) -> str:
    # https://git-scm.com/book/en/v2/Git-Internals-Git-Objects#_object_storage
    raw = text.encode("utf-8", "surrogatepass")
    return hashlib.sha1(b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()
