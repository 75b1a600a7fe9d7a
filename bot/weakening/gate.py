"""The deterministic gates on two trees: weakened tests and CI, secrets, protected paths, size. No model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.changeset.guards.guard_config import GuardConfig
from bot.changeset.guards.protected import protected_path
from bot.changeset.guards.secret import secret_findings
from bot.changeset.tree import MODE_EXECUTABLE, MODE_FILE, PathChange, TreeReader
from bot.core.codes.lookup import make_finding
from bot.core.errors import GitFailed
from bot.core.findings import Finding, Severity
from bot.syntax.languages import language_of
from bot.weakening.ci.config import concerns_ci
from bot.weakening.ci_gate import ci_findings
from bot.weakening.files import FilePair, pairs
from bot.weakening.model import WeakeningFinding
from bot.weakening.tests_gate import test_findings

MAX_SEARCHED = 5_000_000
"""Bytes of a file in which secrets are searched; `guards.max_file_bytes` refuses larger ones by default."""


@dataclass(frozen=True, slots=True)
class CheckFinding:
    """One finding of `cadence check`; `line` counts from 1 in the head's file. `blocks`: it must not pass unseen."""

    code: str
    path: str | None
    line: int | None
    message: str
    blocks: bool = True


def weakening_findings(
    base: TreeReader, head: TreeReader, changes: Iterable[PathChange]
) -> tuple[WeakeningFinding, ...]:
    """Every way in which the change from `base` to `head` weakens the tests (`tests.*`) or the CI (`ci.*`).

    `changes` are the paths that differ, renames found (`Mirror.changes`, `LocalRepository.changes`). The findings are
    in order of path, line and code, each at most once; an empty tuple means that nothing asks for a person. Files that
    are no text, or above 1.5 MB, are not read. Raises what the tree readers raise (GitFailed), also when the
    repository lacks a file that had to be read.
    """
    read = pairs(base, head, changes)
    found_here = _weakening(read, head)
    lacking = next((pair.path for pair in read if pair.missing), None)
    if lacking is not None:
        raise GitFailed(f"The repository lacks the content of {lacking}.", code="git.missing_object")
    return found_here


def _weakening(read: Sequence[FilePair], head: TreeReader) -> tuple[WeakeningFinding, ...]:
    try:
        found_here = {*test_findings(read, head), *ci_findings(read, head)}
    except RecursionError:
        found_here = set(_too_deep(read))
    return tuple(sorted(found_here, key=lambda one: (one.path, one.line or 0, one.code, one.message)))


def _too_deep(read: Sequence[FilePair]) -> Iterator[WeakeningFinding]:
    """A text that is nested too deeply to be read: nothing is known of any file of the change that is read as code."""
    for pair in read:
        if language_of(pair.path) is not None or concerns_ci(pair.path):
            message = "The change has a text that is nested too deeply to be read: what it weakens is not known."
            code = "ci.unreadable" if concerns_ci(pair.path) else "tests.unreadable"
            yield WeakeningFinding(code, pair.path, None, message)


def check_findings(
    base: TreeReader, head: TreeReader, changes: Sequence[PathChange], config: GuardConfig
) -> tuple[CheckFinding, ...]:
    """All gates on any two trees: weakening, secrets in added lines, protected paths, size.

    `config` is the base's (`GuardConfig.from_repo`). Raises what the tree readers raise (GitFailed).
    """
    read = pairs(base, head, changes)
    out = [CheckFinding(one.code, one.path, one.line, one.message) for one in _weakening(read, head)]
    out += [_of(one) for one in _secrets(read)]
    out += [
        CheckFinding(
            "git.missing_object", pair.path, None, "The repository lacks this file's content: it was not checked."
        )
        for pair in read
        if pair.missing
    ]
    out += [_of(one) for one in _protected(changes, config, out)]
    out += [_of(one) for one in _size(head, changes, config)]
    return tuple(out)


def _of(finding: Finding) -> CheckFinding:
    return CheckFinding(finding.code, finding.path, finding.line, finding.message, finding.severity is Severity.ERROR)


def _secrets(read: Sequence[FilePair]) -> Iterator[Finding]:
    for pair in read:
        after = _raw(pair, pair.head, pair.change.new)
        if after is not None:
            yield from secret_findings(0, pair.path, _raw(pair, pair.base, pair.change.old), after)


def _raw(pair: FilePair, tree: TreeReader, path: str | None) -> bytes | None:
    """A file's bytes; None where it is not a regular file, is above MAX_SEARCHED, or its content is missing.

    That the content is missing is noted on the pair: nothing was searched, so it must not pass.
    """
    try:
        entry = tree.entry(path) if path is not None else None
        if entry is None or entry.mode not in (MODE_FILE, MODE_EXECUTABLE) or entry.size > MAX_SEARCHED:
            return None
        return tree.read(entry.path)
    except GitFailed as error:
        if error.code != "git.missing_object":
            raise
        pair.missing = True
        return None


def _protected(changes: Sequence[PathChange], config: GuardConfig, weaker: Sequence[CheckFinding]) -> Iterator[Finding]:
    """Protected paths, each with what the change weakens there, so that no one approves it blindly.

    One approval covers the path's finding and those of the weakening, and a person may read only the first.
    """
    messages: dict[str | None, list[str]] = defaultdict(list)
    for one in weaker:
        if one.code.startswith(("tests.", "ci.")):
            messages[one.path].append(one.message.rstrip("."))
    sides = {path: change for change in changes for path in (change.new, change.old) if path is not None}
    for path, change in sides.items():
        hit = protected_path(path, config)
        if hit is not None:
            # A file that moved is named twice, and what got weaker is known by its new path only.
            what = dict.fromkeys(message for side in (change.old, change.new) for message in messages[side])
            shown = f"; weaker there: {'; '.join(what)}" if what else ""
            yield make_finding(hit[0], f"{path} is protected ({hit[1]}){shown}", path=path)


def _bytes(head: TreeReader, path: str | None) -> int:
    """The file's size; a file whose content is missing is named by its own finding."""
    try:
        entry = head.entry(path) if path is not None else None
    except GitFailed as error:
        if error.code != "git.missing_object":
            raise
        return 0
    return entry.size if entry is not None else 0


def _size(head: TreeReader, changes: Sequence[PathChange], config: GuardConfig) -> Iterator[Finding]:
    if len(changes) > config.max_files:
        yield make_finding("size", f"{len(changes)} files; {config.max_files} are allowed")
    total = 0
    for change in changes:
        size = _bytes(head, change.new)
        total += size
        if size > config.max_file_bytes:
            yield make_finding(
                "size", f"{change.path} has {size} bytes; {config.max_file_bytes} are allowed", path=change.path
            )
    if total > config.max_total_bytes:
        yield make_finding("size", f"{total} bytes in all; {config.max_total_bytes} are allowed")
