"""One random case through the whole way: read, pin, resolve, build, read the patch back, let git apply it."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from bot.changeset.edits import resolve
from bot.changeset.normalise import normalise
from bot.changeset.pin import pin
from bot.changeset.rejected import ChangeSetRejected
from bot.changeset.tree import TreeChange
from bot.cli.patch_edits import TreePair, edits_between
from bot.core.names import CommitSha
from bot.git_store.commits import Author
from bot.git_store.process import EMPTY_TREE
from bot.git_store.scratch import Scratch, scratch
from bot.publish.commit import build_commit
from tests.fuzz.change_sets import Case, Tree

DATE = datetime(2026, 1, 1, tzinfo=UTC)
AUTHOR = Author("a", "a@b")


class Builder:
    """Two repositories: `bases` holds the trees that are changed, `mirror` borrows them and holds what is built.

    The patches are applied in `bases`, where git cannot find the built blobs and has to take them from the patch.
    """

    def __init__(self, room: Path) -> None:
        self.path = room / "bases.git"
        self.env = {"PATH": "/usr/bin:/bin:/usr/local/bin", "GIT_DIR": str(self.path), "HOME": str(room)}
        self.git("init", "-q", "--bare", "--template=")
        self.bases = Scratch(self.path)
        self._built = scratch(self.path / "objects")
        self.mirror = self._built.__enter__()
        self.git("hash-object", "-w", "-t", "tree", "--stdin", stdin=b"")
        raw = f"tree {EMPTY_TREE}\nauthor a <a@b> 0 +0000\ncommitter a <a@b> 0 +0000\n\nroot\n".encode()
        self.root = CommitSha(self.git("hash-object", "-w", "-t", "commit", "--stdin", stdin=raw).decode().strip())

    def git(self, *args: str, stdin: bytes | None = None) -> bytes:
        """Run git as anybody would; its words go into the failure."""
        done = subprocess.run(["git", *args], env=self.env, input=stdin, capture_output=True, cwd=self.path.parent)
        assert done.returncode == 0, (args, done.stderr.decode("utf-8", "replace"))
        return done.stdout

    def commit(self, tree: Tree) -> CommitSha:
        """The base."""
        changes = [TreeChange(path, content, mode) for path, (mode, content) in tree.items()]
        return self.bases.write_commit(self.root, changes, message="base", author=AUTHOR, date=DATE)

    def read(self, commit: CommitSha) -> Tree:
        """Every file of a commit."""
        tree = self.mirror.tree(commit)
        return {entry.path: (entry.mode, tree.read(entry.path)) for entry in tree.files()}

    def build(self, base: CommitSha, text: str) -> CommitSha | None:
        """The commit of a ChangeSet, or None when it is refused."""
        tree = self.mirror.tree(base)
        try:
            change_set = pin(normalise(text).change_set, tree).change_set
        except ChangeSetRejected:
            return None
        resolution = resolve(change_set, tree)
        if not resolution.changes:
            return None
        return build_commit(self.mirror, base=base, changes=resolution.changes, message="m", author=AUTHOR, date=DATE)

    def applied(self, base: CommitSha, patch: bytes) -> str:
        """The tree that git makes of the base and the patch, which it must first pass with `--check`."""
        self.git("read-tree", base)
        self.git("apply", "--check", "--cached", "--whitespace=nowarn", "-", stdin=patch)
        self.git("apply", "--cached", "--whitespace=nowarn", "-", stdin=patch)
        return self.git("write-tree").decode().strip()

    def prove(self, case: Case) -> None:
        """Exactly the tree it describes, twice the same commit, a patch that git applies; or nothing at all."""
        base = self.commit(case.before)
        text = json.dumps(case.change_set)
        head = self.build(base, text)
        if case.after is None:
            assert head is None
            return
        assert head is not None, resolve(normalise(text).change_set, self.mirror.tree(base)).findings
        assert self.read(head) == case.after
        patch = self.mirror.patch(base, head)
        tree = self.mirror.tree(head).root
        assert self.applied(base, patch) == tree
        if tree < "4":
            # A quarter of them, by chance: these cost as much again.
            assert self.build(base, text) == head
            self.prove_patch(base, patch, head)

    def prove_patch(self, base: CommitSha, patch: bytes, head: CommitSha) -> None:
        """The patch, handed in as one, is a ChangeSet again that leads to the same tree."""
        made = self.bases.apply_patch(base, patch)
        assert isinstance(made, str), made
        pair = TreePair(self.bases.tree(base), self.bases.tree(made), self.bases.changed(base, made))
        again = self.build(base, edits_between(pair, "m").model_dump_json())
        assert again is not None and self.mirror.tree(again).root == self.mirror.tree(head).root

    def close(self) -> None:
        self.bases.close()
        self._built.__exit__(None, None, None)
