"""A patch, or one file's old and new text, as a ChangeSet on the tree it is for."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.changeset.guards.path_forms import path_problem
from bot.changeset.model import ChangeSet, Edit
from bot.changeset.rejected import ChangeSetRejected
from bot.changeset.tree import MODE_EXECUTABLE, MODE_FILE, MODE_SUBMODULE, MODE_SYMLINK, TreeReader
from bot.cli.submitted import OneFile
from bot.core.codes.lookup import make_finding
from bot.core.findings import Finding

_SPECIAL = {MODE_SYMLINK: ("path.symlink", "a symlink"), MODE_SUBMODULE: ("path.submodule", "a submodule")}
_COMPLAINTS = (
    (re.compile(r"^patch failed: (?P<path>.+):(?P<line>\d+)$"), "stale"),
    (re.compile(r"^(?P<path>.+): (?:patch does not apply|does not match index)$"), "stale"),
    (re.compile(r"^(?P<path>.+): does not exist in index$"), "contract.modify_missing_path"),
    (re.compile(r"^(?P<path>.+): already exists in (?:index|working directory)$"), "contract.add_existing_path"),
    (re.compile(r"^affected file '(?P<path>.+)' is beyond a symbolic link$"), "path.parent"),
)
_INVALID_PATH = re.compile(r"^(?:invalid path|unable to add cache entry for) '?(?P<path>[^']+)'?$")
PATCH_CODE = "contract.patch"


class Change(Protocol):
    """One path that differs between two trees, as git lists it."""

    @property
    def status(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def old_mode(self) -> str: ...
    @property
    def new_mode(self) -> str: ...
    @property
    def old_blob(self) -> str: ...


def complaint_findings(lines: Sequence[str]) -> tuple[Finding, ...]:
    """git's own words on a patch it would not apply, each line as a finding with the code of what is wrong."""
    told = lines or ("git did not apply the patch",)
    findings = [_complaint(line) for line in told if not line.startswith(("warning:", "hint:"))]
    # `patch failed: a.py:3` and `a.py: patch does not apply` say the same; the first has the line.
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
    """The tree a patch was applied to and the one it made, and what differs."""

    before: TreeReader
    after: TreeReader
    changes: Sequence[Change]


def edits_between(pair: TreePair, message: str) -> ChangeSet:
    """The ChangeSet that leads from one tree to the other: whole contents, pinned, renames as git found them.

    Raises ChangeSetRejected when a symlink or submodule would be made, changed or removed.
    """
    findings: list[Finding] = []
    edits: list[Edit] = []
    for change in pair.changes:
        special = _SPECIAL.get(change.old_mode) or _SPECIAL.get(change.new_mode)
        if special:
            message_text = f"{change.path} is {special[1]}, or would become one"
            findings.append(make_finding(special[0], message_text, edit=len(edits), path=change.path))
        else:
            edits.append(_edit(change, pair))
    if findings:
        raise ChangeSetRejected(findings)
    return ChangeSet(version=2, message=message, edits=tuple(edits))


def _edit(change: Change, pair: TreePair) -> Edit:
    if change.status == "D":
        return Edit(path=change.path, mode="delete", before_sha=change.old_blob)
    adds = change.status == "A"
    old = None if adds else pair.before.read(change.source)
    new = pair.after.read(change.path)
    text, encoded = (None, None) if new == old else _content(new)
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


def _content(raw: bytes) -> tuple[str | None, str | None]:
    try:
        return (raw.decode(), None) if b"\0" not in raw else (None, base64.b64encode(raw).decode())
    except UnicodeDecodeError:
        return None, base64.b64encode(raw).decode()


def one_file_edits(one: OneFile, tree: TreeReader, message: str) -> tuple[ChangeSet, tuple[str, ...]]:
    """The ChangeSet of one file's texts, pinned to `before`, and notes on how it was read.

    The prototype ended both texts with a line end before it compared them; so a missing last line end is forgiven.
    """
    there = tree.entry(one.path)
    if not one.before and one.after and (there is None or there.size):
        return ChangeSet(version=1, message=message, edits=(Edit(path=one.path, mode="add", after=one.after),)), ()
    before, after = one.before, one.after
    notes: tuple[str, ...] = ()
    if there is not None and before and _blob_id(before) != there.sha and _blob_id(before + "\n") == there.sha:
        before += "\n"
        after = after + "\n" if after and not after.endswith("\n") else after
        notes = ("added the last line end that the file has",)
    pin = _blob_id(before)
    edit = (
        Edit(path=one.path, mode="modify", after=after, before_sha=pin)
        if after or not before
        else Edit(path=one.path, mode="delete", before_sha=pin)
    )
    return ChangeSet(version=1, message=message, edits=(edit,)), notes


def _blob_id(text: str) -> str:
    raw = text.encode("utf-8", "surrogatepass")
    return hashlib.sha1(b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()
