"""Commit objects read whole, merges made again from objects alone, and a workbench that leaves a clone as it is."""

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.core.errors import CadenceError, GitFailed
from bot.core.names import CommitSha
from bot.git_store.commits import Author
from bot.git_store.mirror import Mirror
from bot.git_store.workbench import workbench
from bot.sandbox.github.bare import Bare, Person

ADA = Person("Ada Ünger", "ada@example.org")
TEXT = "".join(f"line {number}\n" for number in range(30))
DATE = "2026-11-24T12:00:00Z"


@pytest.fixture
def bare(tmp_path: Path) -> Bare:
    return Bare.create(tmp_path / "clone.git", default_branch="main", hooks=tmp_path)


@pytest.fixture
def bench(bare: Bare) -> Iterator[Mirror]:
    with workbench(bare.path) as mirror:
        yield mirror


def commit(bare: Bare, files: dict[str, str | None], *parents: str, message: str = "x", date: str = DATE) -> CommitSha:
    tree = bare.write_files(parents[0] if parents else None, files)
    return CommitSha(bare.commit_tree(tree, parents, message, author=ADA, committer=ADA, date=date))


def test_a_commit_is_read_whole(bare: Bare, bench: Mirror) -> None:
    root = commit(bare, {"a": "1\n"})
    sha = commit(bare, {"a": "2\n"}, root, message="Süß\n\nBody: x\n\nTrailer: y")
    read = bench.history.commit(sha)
    assert read is not None
    assert (read.sha, read.parents, read.tree) == (sha, (root,), bare.info(sha).tree)
    assert read.author == Author("Ada Ünger", "ada@example.org")
    assert read.date == datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert read.message == "Süß\n\nBody: x\n\nTrailer: y\n"


def test_what_is_not_utf8_or_not_utc_is_left_open(bare: Bare, bench: Mirror) -> None:
    tree = bare.write_files(None, {"a": "1\n"})
    raw = (
        b"tree %b\nauthor \xff <a@b> 1 +0200\ncommitter C <c@d> 1 +0000\ngpgsig -----X\n y\n\nm\xfcde\n" % tree.encode()
    )
    sha = bare.text("hash-object", "-t", "commit", "-w", "--stdin", "--literally", stdin=raw)
    read = bench.history.commit(sha)
    assert read is not None
    assert (read.author, read.date, read.message, read.parents) == (None, None, None, ())


@pytest.mark.parametrize("name", ["0" * 40, "HEAD", "main", "nonsense", ""])
def test_only_a_full_id_of_a_commit_is_one(bare: Bare, bench: Mirror, name: str) -> None:
    bare.set_ref("refs/heads/main", commit(bare, {"a": "1\n"}))
    assert bench.history.commit(name) is None


def test_a_tree_is_no_commit(bare: Bare, bench: Mirror) -> None:
    assert bench.history.commit(bare.write_files(None, {"a": "1\n"})) is None


def test_a_merge_gives_the_tree_that_git_gives(bare: Bare, bench: Mirror) -> None:
    root = commit(bare, {"a": TEXT})
    ours, theirs = commit(bare, {"b": "b\n"}, root), commit(bare, {"a": TEXT.replace("line 3\n", "LINE 3\n")}, root)
    assert bench.history.merged_tree(ours, theirs) == bare.merged_tree(ours, theirs)
    assert bench.history.merged_tree(root, theirs) == bare.info(theirs).tree
    assert bench.history.between(root, theirs) == [theirs]


def test_a_conflict_is_none_and_a_missing_commit_an_error(bare: Bare, bench: Mirror) -> None:
    root = commit(bare, {"a": "1\n"})
    ours, theirs = commit(bare, {"a": "2\n"}, root), commit(bare, {"a": "3\n"}, root)
    assert bench.history.merged_tree(ours, theirs) is None
    assert bench.history.replayed_trees(ours, [theirs]) is None
    with pytest.raises(GitFailed):
        bench.history.merged_tree(ours, CommitSha("0" * 40))
    with pytest.raises(GitFailed, match=r"git\.missing_commit"):
        bench.history.replayed_trees(ours, [CommitSha("0" * 40)])


def test_a_rebase_is_made_again_commit_by_commit(bare: Bare, bench: Mirror) -> None:
    root = commit(bare, {"a": TEXT})
    first = commit(bare, {"a": TEXT.replace("line 3\n", "LINE 3\n")}, root)
    second = commit(bare, {"b": "b\n"}, first)
    onto = commit(bare, {"a": TEXT.replace("line 20\n", "LINE 20\n")}, root)
    merge = commit(bare, {"c": "c\n"}, second, onto)
    made = bench.history.replayed_trees(onto, [first, second, merge])
    replayed = bare.replay(onto, [first, second], committer=ADA, date=DATE)
    assert replayed is not None
    assert made == [bare.info(bare.info(replayed).parents[0]).tree, bare.info(replayed).tree], "merges are left out"


def test_the_workbench_writes_nothing_into_the_clone(bare: Bare) -> None:
    root = commit(bare, {"a": TEXT})
    bare.set_ref("refs/heads/main", root)
    ours, theirs = commit(bare, {"b": "b\n"}, root), commit(bare, {"a": "x\n"}, root)
    before = sorted(str(path) for path in bare.path.rglob("*"))
    with workbench(bare.path) as bench:
        bench.history.merged_tree(ours, theirs)
        bench.history.replayed_trees(ours, [theirs])
        made = bench.write_commit(
            root, [], message="x\n", author=Author("a", "b"), date=datetime(2026, 1, 1, tzinfo=UTC)
        )
        assert bench.has(made)
        room = bench.path
    assert sorted(str(path) for path in bare.path.rglob("*")) == before
    assert not room.exists()


def test_a_clone_with_a_work_tree_serves_as_well(bare: Bare, tmp_path: Path) -> None:
    root = commit(bare, {"a": TEXT})
    bare.set_ref("refs/heads/main", root)
    subprocess.run(["git", "clone", "-q", str(bare.path), str(tmp_path / "work")], check=True, capture_output=True)
    with workbench(tmp_path / "work") as bench:
        assert bench.has(root) and bench.history.resolve(root[:8]) == root
        assert bench.history.resolve("--all") is None


def test_a_shallow_clone_and_no_clone_are_refused(bare: Bare, tmp_path: Path) -> None:
    root = commit(bare, {"a": TEXT})
    bare.set_ref("refs/heads/main", commit(bare, {"a": "x\n"}, root))
    where = tmp_path / "shallow"
    url = f"file://{bare.path}"
    subprocess.run(["git", "clone", "-q", "--depth", "1", url, str(where)], check=True, capture_output=True)
    for directory, words in (
        (where, "shallow"),
        (tmp_path, "not a git repository"),
        (tmp_path / "absent", "not a git"),
    ):
        with pytest.raises(CadenceError, match=words) as refused, workbench(directory):
            pass
        assert refused.value.code == "proof.repository"


def test_what_is_kept_survives_its_branch(bare: Bare, tmp_path: Path) -> None:
    root = commit(bare, {"a": TEXT})
    bare.set_ref("refs/heads/main", root)
    bare.set_ref("refs/heads/topic", commit(bare, {"b": "b\n"}, root))
    topic = CommitSha(bare.tip("topic") or "")
    mirror = Mirror(tmp_path / "mirror.git", origin=str(tmp_path))
    mirror.fetch(str(bare.path), None)
    mirror.keep("1-2-x", topic)
    bare.delete_ref("refs/heads/topic")
    mirror.fetch(str(bare.path), None)
    assert mirror.tip("topic") is None
    subprocess.run(["git", "-C", str(mirror.path), "gc", "-q", "--prune=now"], check=True, capture_output=True)
    assert mirror.has(topic)
    mirror.close()
