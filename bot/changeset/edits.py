"""From edits to bytes: a ChangeSet on one tree becomes exactly its changes, or findings; never a part of it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.changeset.conversion import Attributes, NotStorable, attributes_of, filter_of, stored
from bot.changeset.encoding import EncodingProblem, replaced_bytes, rewritten
from bot.changeset.guards.contract import contract_findings
from bot.changeset.guards.path_forms import path_findings
from bot.changeset.model import ChangeSet, Edit, Replacement
from bot.changeset.replacing import ReplaceProblem, replaced
from bot.changeset.tree import MODE_EXECUTABLE, MODE_FILE, TreeChange, TreeEntry, TreeReader
from bot.core.codes.lookup import make_finding
from bot.core.findings import Finding, Severity
from bot.core.text_content import decoded, is_text_name

# Files whose presence is their content.
_MAY_BE_EMPTIED = ("__init__.py", ".gitkeep", ".keep", "py.typed")


@dataclass(frozen=True, slots=True)
class ResolvedEdit:
    """One edit with the bytes around it: `before` None for an add, `after` None for a delete."""

    index: int
    edit: Edit
    before: bytes | None
    after: bytes | None
    mode: str = MODE_FILE

    @property
    def path(self) -> str:
        return self.edit.path


@dataclass(frozen=True, slots=True)
class Resolution:
    """`changes` is empty when any finding is an error; `edits` holds those edits that could be resolved, for guards."""

    changes: tuple[TreeChange, ...]
    findings: tuple[Finding, ...]
    edits: tuple[ResolvedEdit, ...]


def resolve(change_set: ChangeSet, tree: TreeReader) -> Resolution:
    """The changes a ChangeSet means on a tree: all of them or none. Checks contract, paths and `before_sha` first."""
    findings = [*contract_findings(change_set, tree), *path_findings(change_set, tree)]
    broken = {f.edit for f in findings}
    edits: list[ResolvedEdit] = []
    for index, edit in enumerate(change_set.edits):
        if index in broken:
            continue
        outcome = _resolved(index, edit, tree)
        if isinstance(outcome, ResolvedEdit):
            edits.append(outcome)
        else:
            findings.append(outcome)
    edits, converted = _as_git_stores(edits, tree)
    findings += converted
    refused = any(f.severity is Severity.ERROR for f in findings)
    return Resolution(() if refused else _changes(edits), tuple(findings), tuple(edits))


def _as_git_stores(edits: Sequence[ResolvedEdit], tree: TreeReader) -> tuple[list[ResolvedEdit], list[Finding]]:
    """The edits with the content that git itself would store under the repository's attributes, and what is amiss."""
    ours = {e.path: e.after for e in edits if e.path.rsplit("/", 1)[-1] == ".gitattributes"}
    paths = sorted({path for e in edits if e.after is not None for path in (e.path, e.edit.rename_from) if path})
    # A ChangeSet may change .gitattributes itself: git then stores the new content under the new rules.
    there = attributes_of(tree, paths, {})
    then = attributes_of(tree, paths, ours) if ours else there
    out, findings = [], []
    for one in edits:
        outcome = one if one.after is None else _stored(one, there, then)
        if isinstance(outcome, ResolvedEdit):
            out.append(outcome)
            if outcome.after != one.after:
                message = f"{one.path} is stored as git stores it under the repository's .gitattributes"
                findings.append(make_finding("contract.converted", message, edit=one.index, path=one.path))
        else:
            findings.append(outcome)
    return out, findings


def _stored(
    one: ResolvedEdit, there: Mapping[str, Attributes], then: Mapping[str, Attributes]
) -> ResolvedEdit | Finding:
    """The edit with its content as git stores it, or why there is none."""
    source = one.edit.rename_from or one.path
    now = then.get(one.path, {})
    filters = {filter_of(now), filter_of(there.get(one.path, {})), filter_of(there.get(source, {}), one.before)}
    if one.after != one.before and filters != {""}:
        name = next(name for name in sorted(filters) if name)
        message = f"{one.path} goes through the filter `{name}` of .gitattributes, which Cadence does not run"
        return make_finding("path.filter", message, edit=one.index, path=one.path)
    if one.after == one.before:
        moved = one.edit.rename_from is not None and filter_of(now) != filter_of(there.get(source, {}), one.before)
        if not moved:
            return one
        message = f"{source} goes through another filter of .gitattributes than {one.path}: its content would change"
        return make_finding("path.filter", message, edit=one.index, path=one.path)
    try:
        after = stored(now, one.after or b"", one.before if one.edit.rename_from is None else None)
    except NotStorable as problem:
        return make_finding("contract.encoding", f"{one.path} {problem}", edit=one.index, path=one.path)
    if after == one.before and one.edit.rename_from is None and one.edit.executable is None:
        message = f"{one.path} would not change: git stores this content as it is there already"
        return make_finding("contract.no_op", message, edit=one.index, path=one.path)
    return replace(one, after=after)


def _changes(edits: Sequence[ResolvedEdit]) -> tuple[TreeChange, ...]:
    written = {edit.path for edit in edits}
    sources = [e.edit.rename_from for e in edits if e.edit.rename_from is not None]
    changes = [TreeChange(edit.path, edit.after, edit.mode) for edit in edits]
    changes += [TreeChange(source, None) for source in sources if source not in written]
    return tuple(sorted(changes, key=lambda change: change.path))


def _resolved(index: int, edit: Edit, tree: TreeReader) -> ResolvedEdit | Finding:
    source = edit.rename_from or edit.path
    entry = tree.entry(source) if edit.mode != "add" or edit.rename_from else None
    before: bytes | None = None
    if entry is not None:
        before = tree.read(source)
        if edit.before_sha is not None and not is_pinned_to(edit.before_sha, entry, before):
            message = f"{source} is blob {entry.sha[:12]}, the edit was made for {edit.before_sha[:12]}"
            return make_finding("stale", message, edit=index, path=source)
    if edit.mode == "delete":
        return ResolvedEdit(index, edit, before, None)
    after = _after(index, edit, before)
    if isinstance(after, Finding):
        return after
    lost = _lost_characters(index, edit, before, after)
    if lost is not None:
        return lost
    mode = _mode(edit, entry)
    if edit.rename_from is None and entry is not None and after == before and mode == entry.mode:
        return make_finding("contract.no_op", f"{edit.path} would not change", edit=index, path=edit.path)
    if before is not None and before.strip() and not after.strip() and not edit.path.endswith(_MAY_BE_EMPTIED):
        return make_finding("contract.blank_after", f"{edit.path} would be blank", edit=index, path=edit.path)
    return ResolvedEdit(index, edit, before, after, mode)


def is_pinned_to(before_sha: str, entry: TreeEntry, raw: bytes) -> bool:
    """Whether a pin names this blob: its git id, or the SHA-1 (prototype) or SHA-256 of the raw bytes."""
    pin = before_sha.lower()
    # The first version's callers hashed the raw bytes; a git id hashes a header before them.
    # https://git-scm.com/book/en/v2/Git-Internals-Git-Objects#_object_storage
    plain = hashlib.sha1(raw, usedforsecurity=False).hexdigest()
    return pin in (entry.sha.lower(), plain, hashlib.sha256(raw).hexdigest())


def _mode(edit: Edit, entry: TreeEntry | None) -> str:
    if edit.executable is not None:
        return MODE_EXECUTABLE if edit.executable else MODE_FILE
    return entry.mode if entry is not None else MODE_FILE


def _after(index: int, edit: Edit, before: bytes | None) -> bytes | Finding:
    if edit.after is not None:
        try:
            return rewritten(before, edit.after)
        except EncodingProblem as problem:
            return make_finding("contract.encoding", f"{edit.path} {problem}", edit=index, path=edit.path)
    if edit.after_base64 is not None:
        try:
            # Encoders wrap lines, and validate=True refuses white space, so it goes first.
            return base64.b64decode("".join(edit.after_base64.split()), validate=True)
        except (binascii.Error, ValueError):
            return make_finding("contract.base64", f"{edit.path}: after_base64 is broken", edit=index, path=edit.path)
    if edit.replace is not None:
        return _replaced(index, edit, before or b"")
    return before or b""


def _replaced(index: int, edit: Edit, before: bytes) -> bytes | Finding:
    old = decoded(before)
    if old is None:
        return make_finding("contract.replace_binary", f"{edit.path} is not text", edit=index, path=edit.path)
    new = replaced(old.text, edit.replace or ())
    if isinstance(new, ReplaceProblem):
        return make_finding(new.code, f"{edit.path}: {new.message}", edit=index, path=edit.path, line=new.line)
    try:
        return replaced_bytes(before, old, new, ascii_spans=_ascii_spans(old.text, edit.replace or ()))
    except EncodingProblem as problem:
        return make_finding("contract.encoding", f"{edit.path} {problem}", edit=index, path=edit.path)


def _ascii_spans(text: str, pairs: Sequence[Replacement]) -> bool:
    """Whether only ASCII is replaced by ASCII, and nowhere right behind a byte that may begin a longer character."""
    if not all(pair.old.isascii() and pair.new.isascii() for pair in pairs):
        return False
    starts = (hit.start() for pair in pairs for hit in re.finditer(re.escape(pair.old), text))
    return all(start == 0 or text[start - 1].isascii() for start in starts)


def _lost_characters(index: int, edit: Edit, before: bytes | None, after: bytes) -> Finding | None:
    """A NUL in what is text, or a U+FFFD that was not there: signs that content was decoded wrongly on its way."""
    if after == before:
        return None
    texts = [edit.after or "", *(pair.new for pair in edit.replace or ())]
    old, new = decoded(before or b""), decoded(after)
    was_text = old is not None and "\0" not in old.text
    turned = new is None and bool(before) and was_text
    # `after_base64` is the form for exact bytes: whoever uses it says that the content is not text.
    binary = new is None and (turned or (not before and is_text_name(edit.path))) and edit.after_base64 is None
    if any("\0" in text for text in texts) or binary:
        message = f"the new content of {edit.path} holds a NUL byte, and no text does"
        return make_finding("contract.nul", message, edit=index, path=edit.path)
    there = old.text.count("\ufffd") if old is not None else 0
    if new is not None and new.text.count("\ufffd") > there:
        line = new.text.count("\n", 0, new.text.index("\ufffd")) + 1
        message = f"{edit.path}:{line} holds U+FFFD, which stands for a character that was lost"
        return make_finding("contract.replacement_character", message, edit=index, path=edit.path, line=line)
    return None
