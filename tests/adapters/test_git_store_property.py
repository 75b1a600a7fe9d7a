"""Any tree with any changes: what is written reads back as expected, and its diff applies to the base."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.changeset.tree import MODE_EXECUTABLE, MODE_FILE, TreeChange
from bot.core.names import CommitSha
from bot.git_store.commits import Author
from bot.git_store.mirror import Mirror
from bot.git_store.process import EMPTY_TREE

Tree = dict[str, tuple[str, bytes]]
DATE = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = st.sampled_from(["a", "b", "ü", "x y", 'q"uote', "t\tab", "back\\slash"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
CONTENT = st.text(st.sampled_from("ab \n\r"), max_size=12).map(str.encode) | st.just(b"\x00bin\xff")
FILES = st.dictionaries(PATHS, st.tuples(st.sampled_from([MODE_FILE, MODE_EXECUTABLE]), CONTENT), max_size=6)


def consistent(tree: Tree) -> Tree:
    """Without the files that stand where another file needs a directory."""
    return {path: file for path, file in tree.items() if not any(other.startswith(f"{path}/") for other in tree)}


@dataclass
class Bench:
    mirror: Mirror
    root: CommitSha

    def commit(self, base: CommitSha, before: Tree, after: Tree) -> CommitSha:
        changes = [TreeChange(path, None) for path in before if path not in after]
        changes += [TreeChange(p, c, m) for p, (m, c) in after.items() if before.get(p) != (m, c)]
        return self.mirror.write_commit(base, changes, message="m", author=Author("a", "a@b"), date=DATE)

    def read(self, commit: CommitSha) -> Tree:
        tree = self.mirror.tree(commit)
        return {entry.path: (entry.mode, tree.read(entry.path)) for entry in tree.files()}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    room = tmp_path_factory.mktemp("property")
    remote = room / "remote.git"
    subprocess.run(["git", "init", "-q", "--bare", remote], check=True)
    mirror = Mirror(room / "m.git", origin=str(room))
    mirror.fetch(str(remote), None)
    mirror._runner.check("hash-object", "-w", "-t", "tree", "--stdin", stdin=b"")
    raw = f"tree {EMPTY_TREE}\nauthor a <a@b> 0 +0000\ncommitter a <a@b> 0 +0000\n\nroot\n".encode()
    root = mirror._runner.check("hash-object", "-w", "-t", "commit", "--stdin", stdin=raw).decode().strip()
    yield Bench(mirror, CommitSha(root))
    mirror.close()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=FILES.map(consistent), after=FILES.map(consistent))
def test_written_is_read_back_and_the_diff_applies(bench: Bench, before: Tree, after: Tree, tmp_path: Path) -> None:
    base = bench.commit(bench.root, {}, before)
    head = bench.commit(base, before, after)
    assert bench.read(base) == before
    assert bench.read(head) == after
    assert bench.commit(base, before, after) == head
    diff = bench.mirror.diff(base, head)
    touched = set(before.items()) ^ set(after.items())
    assert bool(diff) == bool(touched)
    if diff and not any(b"\x00" in content for _, (_, content) in touched):
        assert applied(bench, base, diff, tmp_path) == bench.mirror.tree(head).root


def applied(bench: Bench, base: CommitSha, diff: str, room: Path) -> str:
    """The tree that `git apply` makes of the base, through an index of its own."""
    index = room / "index"
    index.unlink(missing_ok=True)
    env = {"PATH": "/usr/bin:/bin:/usr/local/bin", "GIT_DIR": str(bench.mirror.path), "GIT_INDEX_FILE": str(index)}
    subprocess.run(["git", "read-tree", base], env=env, check=True)
    patch = diff.encode()
    subprocess.run(["git", "apply", "--cached", "--whitespace=nowarn"], env=env, input=patch, check=True)
    return subprocess.run(["git", "write-tree"], env=env, check=True, capture_output=True, text=True).stdout.strip()
