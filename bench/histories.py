"""False alarms and faithfulness: the last commits of real repositories as ChangeSets, guarded and built again.

    python bench/histories.py [-n 300] [--json FILE] REPO.git ...

Every non-merge commit becomes a version-2 ChangeSet of whole contents (the form the guards are strictest with): renames
as git finds them, binary content as base64, executable bits, every edit pinned to its old blob. It is checked under the
default configuration, and built again with `Mirror.write_commit` when it was accepted; the tree must be the original's.

Refusals that no plan may get round (`protected.*`, `size`) and changes a ChangeSet cannot hold (symlinks, submodules)
are counted in columns of their own; the share accepted is that of all other commits. The repositories are only read:
what is written goes to a scratch repository that borrows their objects.
"""

from __future__ import annotations

import argparse
import base64
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bot.changeset.check import Checked, check
from bot.changeset.guards.guard_config import GuardConfig
from bot.changeset.model import ChangeSet, Edit
from bot.changeset.tree import MODE_EXECUTABLE, MODE_SUBMODULE, MODE_SYMLINK
from bot.config.model import RepoConfig
from bot.core.errors import GitFailed
from bot.core.findings import Severity
from bot.core.names import CommitSha
from bot.core.text_content import decoded
from bot.git_store.commits import Author
from bot.git_store.mirror import Mirror
from bot.git_store.objects import GitTree

DATE = datetime(2026, 1, 1, tzinfo=UTC)
AUTHOR = Author("bench", "bench@example.invalid")
ASIDE = ("protected.", "size")
_SPECIAL = {MODE_SYMLINK: "symlink", MODE_SUBMODULE: "submodule"}


@dataclass(frozen=True)
class RawChange:
    """One line of `git diff-tree --raw`: modes, old blob, status letter, paths."""

    old_mode: str
    new_mode: str
    old_sha: str
    status: str
    source: str
    path: str


@dataclass
class Outcome:
    """What became of one commit: `kind` is accepted, refused, or the column it stands in."""

    commit: str
    subject: str
    kind: str
    codes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    rebuilt: bool | None = None
    seconds: float = 0.0


class History:
    """One repository's commits, read through a scratch mirror that borrows its objects."""

    def __init__(self, source: Path, room: Path) -> None:
        self.name = "/".join(source.resolve().parts[-2:]).removesuffix("/repo").replace("+", "/")
        self.git_dir = room / f"{self.name.replace('/', '+')}.git"
        subprocess.run(["git", "init", "-q", "--bare", self.git_dir], check=True)
        (self.git_dir / "objects/info").mkdir(exist_ok=True)
        (self.git_dir / "objects/info/alternates").write_text(f"{source.resolve()}/objects\n")
        self.head = subprocess.run(
            ["git", "-C", source, "rev-parse", "HEAD"], capture_output=True, text=True, check=True
        ).stdout.strip()
        self.mirror = Mirror(self.git_dir, origin=str(room))

    def git(self, *arguments: str) -> bytes:
        return subprocess.run(["git", "-C", self.git_dir, *arguments], capture_output=True, check=True).stdout

    def commits(self, limit: int) -> list[tuple[str, str]]:
        """(commit, parent) of the last non-merge commits that have a parent here, newest first."""
        rows = self.git("rev-list", "--no-merges", "--parents", f"-n{limit}", self.head).decode().split("\n")
        pairs = [row.split() for row in rows if row]
        return [(row[0], row[1]) for row in pairs if len(row) == 2 and self.mirror.has(row[1])]

    def changes(self, parent: str, commit: str) -> Iterator[RawChange]:
        raw = self.git("diff-tree", "-r", "-z", "-M", "--raw", "--no-commit-id", parent, commit)
        words = iter(raw.split(b"\0"))
        for head in words:
            if not head:
                return
            old_mode, new_mode, old_sha, _, status = head.decode().lstrip(":").split()
            source = _text(next(words))
            path = _text(next(words)) if status[0] in "RC" else source
            yield RawChange(old_mode, new_mode, old_sha, status[0], source, path)

    def message(self, commit: str) -> str:
        return self.git("log", "-1", "--format=%B", commit).decode("utf-8", "replace")


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")


def edit_of(change: RawChange, before: GitTree, after: GitTree) -> Edit:
    """The edit that says what one raw change did."""
    if change.status == "D":
        return Edit(path=change.path, mode="delete", before_sha=change.old_sha)
    mode = {"A": "add"}.get(change.status, "modify")
    values: dict[str, Any] = {"path": change.path, "mode": mode}
    if change.new_mode == MODE_EXECUTABLE and mode == "add":
        values["executable"] = True
    elif mode != "add" and change.old_mode != change.new_mode:
        values["executable"] = change.new_mode == MODE_EXECUTABLE
    if mode != "add":
        values["before_sha"] = change.old_sha
    if change.status == "R":
        values["rename_from"] = change.source
    new = after.read(change.path)
    if mode == "add" or new != before.read(change.source):
        text = decoded(new)
        if text is not None and text.encoding == "utf-8" and not text.mark:
            values["after"] = text.text
        else:
            values["after_base64"] = base64.b64encode(new).decode()
    return Edit(**values)


def judge(history: History, commit: str, parent: str, config: GuardConfig) -> Outcome:
    """One commit's way through normal check and rebuild."""
    message = history.message(commit)
    outcome = Outcome(commit, message.split("\n")[0][:80], "empty")
    changes = list(history.changes(parent, commit))
    special = {_SPECIAL[m] for c in changes for m in (c.old_mode, c.new_mode) if m in _SPECIAL}
    if special or not changes:
        outcome.kind = min(special, default="empty")
        return outcome
    before, after = history.mirror.tree(CommitSha(parent)), history.mirror.tree(CommitSha(commit))
    change_set = ChangeSet(version=2, message=message, edits=tuple(edit_of(c, before, after) for c in changes))
    started = time.perf_counter()
    checked = check(change_set, before, config)
    outcome.seconds = time.perf_counter() - started
    _tell(outcome, checked)
    if checked.accepted:
        built = history.mirror.write_commit(
            CommitSha(parent), checked.changes, message="again", author=AUTHOR, date=DATE
        )
        outcome.rebuilt = history.mirror.tree(built).root == after.root
    return outcome


def _tell(outcome: Outcome, checked: Checked) -> None:
    errors = [f for f in checked.findings if f.severity is Severity.ERROR]
    outcome.codes = sorted({f.code for f in errors})
    outcome.warnings = sorted({f.code for f in checked.findings if f.severity is Severity.WARNING})
    outcome.messages = [f"{f.code}: {f.message}" for f in errors]
    if checked.accepted:
        outcome.kind = "accepted"
    elif all(code.startswith(ASIDE) for code in outcome.codes):
        outcome.kind = "size" if "size" in outcome.codes else "protected"
    else:
        outcome.kind = "refused"


def run(source: Path, room: Path, limit: int) -> tuple[str, list[Outcome]]:
    history = History(source, room)
    config = GuardConfig.from_repo(RepoConfig())
    commits = history.commits(limit)
    outcomes = []
    for number, (commit, parent) in enumerate(commits, 1):
        try:
            outcomes.append(judge(history, commit, parent, config))
        except GitFailed as failure:
            if failure.code != "git.missing_object":
                raise
            # A snapshot without its largest blobs: this commit cannot be read whole.
            outcomes.append(Outcome(commit, "", "incomplete"))
        if number % 50 == 0 or number == len(commits):
            print(f"{history.name}: {number} of {len(commits)}", file=sys.stderr, flush=True)
    history.mirror.close()
    return history.name, outcomes


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Counts by column, the share accepted of the rest, refusals and warnings by code, rebuilds."""
    kinds = Counter(o.kind for o in outcomes)
    rest = kinds["accepted"] + kinds["refused"]
    seconds = sorted(o.seconds for o in outcomes if o.seconds)
    return {
        "commits": len(outcomes),
        **{
            k: kinds[k]
            for k in ("accepted", "refused", "protected", "size", "symlink", "submodule", "empty", "incomplete")
        },
        "share": kinds["accepted"] / rest if rest else None,
        "by_code": dict(Counter(c for o in outcomes if o.kind == "refused" for c in o.codes).most_common()),
        "warnings": dict(Counter(c for o in outcomes for c in o.warnings).most_common()),
        "rebuilt": sum(o.rebuilt is True for o in outcomes),
        "differs": [o.commit for o in outcomes if o.rebuilt is False],
        "median_ms": round(1000 * seconds[len(seconds) // 2], 1) if seconds else None,
        "slowest_ms": round(1000 * seconds[-1], 1) if seconds else None,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("repositories", nargs="+", type=Path, metavar="REPO.git", help="bare repositories, only read")
    parser.add_argument("-n", type=int, default=300, help="how many commits of each (default 300)")
    parser.add_argument("--json", type=Path, help="write every commit's outcome there")
    arguments = parser.parse_args()
    report: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="histories-") as room:
        for source in arguments.repositories:
            name, outcomes = run(source, Path(room), arguments.n)
            report[name] = {"summary": summary(outcomes), "commits": [vars(o) for o in outcomes]}
            _print(name, report[name]["summary"], outcomes)
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=1))
    return 0


def _print(name: str, figures: dict[str, Any], outcomes: Sequence[Outcome]) -> None:
    share = f"{figures['share']:.1%}" if figures["share"] is not None else "-"
    columns = " ".join(
        f"{k} {figures[k]}" for k in ("protected", "size", "symlink", "submodule", "empty", "incomplete")
    )
    print(
        f"{name}: {figures['commits']} commits, accepted {figures['accepted']} = {share}, refused {figures['refused']}"
    )
    print(
        f"  aside: {columns}; refused by code: {figures['by_code'] or 'none'}; "
        f"warnings: {figures['warnings'] or 'none'}"
    )
    print(f"  rebuilt to the same tree: {figures['rebuilt']} of {figures['rebuilt'] + len(figures['differs'])}", end="")
    print(f"; check: median {figures['median_ms']} ms, slowest {figures['slowest_ms']} ms")
    for outcome in outcomes:
        if outcome.kind == "refused" or outcome.rebuilt is False:
            print(f"  {outcome.commit[:12]} {outcome.subject}")
            for line in outcome.messages[:4] or ["the tree differs"]:
                print(f"    {line[:200]}")


if __name__ == "__main__":
    raise SystemExit(main())
