"""The contract: every edit is complete, means one thing, and fits the tree it is made for (`contract.*`)."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from bot.changeset.guards.path_forms import freed_paths, plain_spelling
from bot.changeset.model import ChangeSet, Edit
from bot.changeset.tree import MODE_DIRECTORY, TreeReader, TreeSearcher
from bot.core.codes.lookup import make_finding
from bot.core.findings import Finding

# 40 digits are SHA-1, 64 SHA-256: https://git-scm.com/docs/hash-function-transition
_SHA = re.compile(r"[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")


def contract_findings(change_set: ChangeSet, tree: TreeReader) -> tuple[Finding, ...]:
    """Everything the edits' own fields and the tree's paths decide; contents are compared later."""
    if not change_set.edits:
        return (make_finding("contract.empty", "the ChangeSet has no edits"),)
    findings: list[Finding] = []
    freed = freed_paths(change_set)
    for index, edit in enumerate(change_set.edits):
        findings += _content(index, edit)
        findings += _presence(index, edit, tree, freed)
    findings += _duplicates(change_set)
    findings += _collisions(change_set, tree, freed)
    return tuple(findings)


def _content(index: int, edit: Edit) -> Iterator[Finding]:
    say = partial(make_finding, edit=index, path=edit.path)
    forms = [n for n in ("after", "after_base64", "replace") if getattr(edit, n) is not None]
    if edit.mode == "delete":
        if any(getattr(edit, n) for n in forms):
            yield make_finding("contract.conflicting_content", f"the delete of {edit.path} gives content", edit=index)
        if edit.rename_from is not None or edit.executable is not None:
            message = f"the delete of {edit.path} also renames or sets a mode"
            yield make_finding("contract.conflicting_content", message, edit=index)
        return
    if len(forms) > 1:
        yield say("contract.conflicting_content", f"{edit.path} brings {' and '.join(forms)}")
    if edit.mode == "add" and edit.replace is not None and edit.rename_from is None:
        yield say("contract.conflicting_content", f"{edit.path} is new: nothing to replace")
    # A rename alone moves the bytes, and a modify may set only the executable bit; both are whole without content.
    bare = edit.rename_from is not None or (edit.mode == "modify" and edit.executable is not None)
    if not forms and not bare:
        yield say("contract.missing_after", f"{edit.mode} of {edit.path} has no content")
    if edit.before_sha is not None:
        if edit.mode == "add" and edit.rename_from is None:
            yield say("contract.before_sha", f"the add of {edit.path} has a before_sha")
        elif not _SHA.fullmatch(edit.before_sha):
            yield say("contract.before_sha", f"the before_sha of {edit.path} is not a hash")


def _presence(index: int, edit: Edit, tree: TreeReader, freed: frozenset[str]) -> Iterator[Finding]:
    there = _is_file(edit.path, tree)
    if edit.rename_from is not None and edit.mode != "delete":
        if not _is_file(edit.rename_from, tree):
            yield _missing("contract.rename_missing_path", index, edit.rename_from, tree)
        if edit.rename_from == edit.path:
            yield make_finding("contract.no_op", f"{edit.path} is renamed to itself", edit=index, path=edit.path)
        elif there and edit.path not in freed:
            yield make_finding("contract.add_existing_path", f"{edit.path} exists already", edit=index, path=edit.path)
    elif edit.mode == "add" and there and edit.path not in freed:
        yield make_finding("contract.add_existing_path", f"{edit.path} exists already", edit=index, path=edit.path)
    elif edit.mode != "add" and tree.entry(edit.path) is None:
        yield _missing(f"contract.{edit.mode}_missing_path", index, edit.path, tree)


def _is_file(path: str, tree: TreeReader) -> bool:
    entry = tree.entry(path)
    return entry is not None and entry.mode != MODE_DIRECTORY


def _missing(code: str, index: int, path: str, tree: TreeReader) -> Finding:
    near = near_paths(path, tree)
    hint = f"; the repository has {', '.join(near)}" if near else ""
    instruction = f"Use {near[0]} if that is the file meant." if near else ""
    return make_finding(
        code, f"{path} does not exist at the base{hint}", edit=index, path=path, instruction=instruction
    )


def near_paths(path: str, tree: TreeReader, limit: int = 3) -> Sequence[str]:
    """Existing paths a wrong one may stand for: longest common tail first, then similar names."""
    files = [entry.path for entry in tree.files()]
    wanted = path.casefold().split("/")

    def tail(candidate: str) -> int:
        parts = candidate.casefold().split("/")
        return next((n for n, (a, b) in enumerate(zip(reversed(parts), reversed(wanted), strict=False)) if a != b), 99)

    # A model most often gets the folder wrong, so an equal file name comes before a similar path.
    same = sorted((f for f in files if f.casefold().rsplit("/", 1)[-1] == wanted[-1]), key=lambda f: (-tail(f), f))
    if same:
        return same[:limit]
    return difflib.get_close_matches(path, files, limit, 0.75) if len(files) <= 5000 else []


def _duplicates(change_set: ChangeSet) -> Iterator[Finding]:
    targets = Counter(edit.path for edit in change_set.edits)
    sources = Counter(edit.rename_from for edit in change_set.edits if edit.rename_from)
    kept = {edit.path for edit in change_set.edits if edit.mode != "add" and edit.rename_from is None}
    for index, edit in enumerate(change_set.edits):
        source = edit.rename_from
        if targets[edit.path] > 1:
            yield make_finding("contract.duplicate_path", f"{edit.path} has several edits", edit=index, path=edit.path)
        if source is not None and source != edit.path and (sources[source] > 1 or source in kept):
            yield make_finding("contract.duplicate_path", f"{source} is renamed and edited", edit=index, path=source)


def _collisions(change_set: ChangeSet, tree: TreeReader, freed: frozenset[str]) -> Iterator[Finding]:
    """New paths that differ from another path, or from a directory of it, only in spelling."""
    written = {prefix for e in change_set.edits if e.mode != "delete" for prefix in _prefixes(e.path)}
    for index, edit in enumerate(change_set.edits):
        # On macOS and Windows two such paths are one file, and a checkout loses one of them.
        # https://git-scm.com/docs/git-config#Documentation/git-config.txt-coreignoreCase
        if edit.mode == "delete" or tree.entry(edit.path) is not None:
            continue
        for prefix in _prefixes(edit.path):
            twins = [t for t in _twins(prefix, written, tree) if t in written or _stays(t, tree, freed)]
            if twins:
                message = f"{prefix} differs from {min(twins)} only in spelling"
                yield make_finding("contract.case_collision", message, edit=index, path=edit.path)
                break


def _twins(path: str, written: set[str], tree: TreeReader) -> set[str]:
    """Other spellings of a path that is not there yet, in the same directory or among what is written."""
    spelling = plain_spelling(path)
    twins = {other for other in written if other != path and plain_spelling(other) == spelling}
    folder = path.rpartition("/")[0]
    if tree.entry(path) is None:
        below = f"{folder}/" if folder else ""
        twins |= {below + n for n in _names(folder, tree) if plain_spelling(below + n) == spelling}
    return twins


def _names(folder: str, tree: TreeReader) -> Iterable[str]:
    if isinstance(tree, TreeSearcher):
        return tree.names(folder)
    start = len(folder) + 1 if folder else 0
    inside = (e.path[start:] for e in tree.files() if not folder or e.path.startswith(f"{folder}/"))
    return {rest.split("/")[0] for rest in inside}


def _stays(path: str, tree: TreeReader, freed: frozenset[str]) -> bool:
    """Whether anything is left at a path once the freed paths are gone."""
    entry = tree.entry(path)
    if entry is None or entry.mode != MODE_DIRECTORY:
        return entry is not None and path not in freed
    return any(e.path not in freed for e in tree.files() if e.path.startswith(f"{path}/"))


def _prefixes(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:n]) for n in range(1, len(parts) + 1)]
