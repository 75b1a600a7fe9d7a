"""Git's own diffs of every odd kind, read into files and lines and held against what was really committed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.changeset.tree import MODE_EXECUTABLE, MODE_FILE, TreeChange
from bot.core.errors import CadenceError
from bot.core.names import CommitSha, RepositoryId
from bot.git_store.commits import Author
from bot.git_store.mirror import Mirror
from bot.git_store.store import GitStore
from bot.review.diff import Diff, read_diff
from tests.adapters.test_git_store import Remote

LONG = "".join(f"line {n}\n" for n in range(40)).encode()


@dataclass(frozen=True)
class Repository:
    mirror: Mirror
    root: CommitSha

    def commit(self, base: CommitSha, files: dict[str, bytes | None], mode: str = MODE_FILE) -> CommitSha:
        changes = [TreeChange(path, content, mode) for path, content in files.items()]
        bot, date = Author("b", "b@example.org"), datetime(2026, 5, 1, tzinfo=UTC)
        return self.mirror.write_commit(base, changes, message="m\n", author=bot, date=date)

    def text(self, before: dict[str, bytes], after: dict[str, bytes | None], mode: str = MODE_FILE) -> str:
        base = self.commit(self.root, dict(before)) if before else self.root
        return self.mirror.diff(base, self.commit(base, after, mode))

    def diff(self, before: dict[str, bytes], after: dict[str, bytes | None], mode: str = MODE_FILE) -> Diff:
        return read_diff(self.text(before, after, mode))


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    room: Path = tmp_path_factory.mktemp("diffs")
    remote = Remote(room)
    store = GitStore(room / "mirrors", web=str(room))
    mirror = store.mirror(RepositoryId(7))
    mirror.fetch(str(remote.bare), None)
    yield Repository(mirror, remote.main)
    store.close()


def lines(content: bytes) -> list[tuple[int, str]]:
    """Lines as git counts them: by line feeds alone."""
    parts = content.decode("utf-8", "replace").split("\n")
    return list(enumerate(parts[:-1] if parts[-1] == "" else parts, 1))


CONTENTS = [
    b"one\ntwo\n",
    b"no end",
    b"cr\r\nlf\r\n",
    b"lone\rcarriage\r\rreturns\n",
    b"form\x0cfeed\nvertical\x0btab\nnext\xc2\x85line\nfile\x1csep\n",
    b"u\xe2\x80\xa8sep\nu\xe2\x80\xa9para\n",
    b"latin \xe9\n",
    b"\n\n\n",
    b"--- a/x\n+++ b/y\n@@ -1 +1 @@\ndiff --git a/x b/x\n",
    b"\\ No newline at end of file\n",
    b"-- \n++ \n-\n+\n",
    b"\xef\xbb\xbfbom\n",
    b"trailing  \n\ttabs\t\n",
]


@pytest.mark.parametrize("content", CONTENTS)
def test_a_new_file_is_read_line_by_line(repository: Repository, content: bytes) -> None:
    (file,) = repository.diff({}, {"new.txt": content}).files
    wanted = [(number, text.rstrip("\r")) for number, text in lines(content)]
    assert [(line.line, line.text) for line in file.added] == wanted
    assert (file.path, file.status, file.removed, file.binary) == ("new.txt", "added", 0, False)
    assert file.shown == {number for number, _ in wanted}


@pytest.mark.parametrize("content", CONTENTS)
def test_a_deleted_file_counts_its_lines(repository: Repository, content: bytes) -> None:
    (file,) = repository.diff({"old.txt": content}, {"old.txt": None}).files
    assert (file.path, file.status, file.removed, file.added) == ("old.txt", "deleted", len(lines(content)), ())


@pytest.mark.parametrize("content", CONTENTS)
def test_a_change_in_the_midst_of_odd_lines(repository: Repository, content: bytes) -> None:
    body = content if content.endswith(b"\n") else content + b"\n"
    diff = repository.diff({"a.txt": body + LONG}, {"a.txt": body + b"NEW\n" + LONG})
    (file,) = diff.files
    assert [(line.line, line.text) for line in file.added] == [(len(lines(body)) + 1, "NEW")]
    assert diff.shows("a.txt", len(lines(body)) + 1) and not diff.shows("a.txt", 40)


@pytest.mark.parametrize(
    "path",
    ["plain.txt", "with space.txt", 'quo"te.txt', "back\\slash.txt", "tab\there.txt", "line\nbreak.txt", "größe 鍵.txt",
     "a/b/a/b.txt", "--- a.txt", "@@ -1 +1 @@", "é/\u2028.txt", "trailing .txt "],
)  # fmt: skip
def test_paths_come_back_as_they_are(repository: Repository, path: str) -> None:
    for before, after, status in (
        ({}, {path: LONG}, "added"),
        ({path: LONG}, {path: LONG + b"x\n"}, "modified"),
        ({path: LONG}, {path: None}, "deleted"),
    ):  # fmt: skip
        (file,) = repository.diff(before, after).files  # type: ignore[arg-type]
        assert (file.path, file.status) == (path, status)
    (moved,) = repository.diff({path: LONG}, {path: None, f"to {path}": LONG + b"x\n"}).files
    assert (moved.path, moved.old_path, moved.status) == (f"to {path}", path, "renamed")
    (pure,) = repository.diff({path: LONG}, {path: None, f"to {path}": LONG}).files
    assert (pure.path, pure.old_path, pure.status, pure.added) == (f"to {path}", path, "renamed", ())


def test_binary_files_are_named_and_have_no_lines(repository: Repository) -> None:
    diff = repository.diff({"a.bin": b"\0a", "gone.bin": b"\0"}, {"a.bin": b"\0b", "b.bin": b"\0c", "gone.bin": None})
    assert {file.path: (file.status, file.binary, file.added) for file in diff.files} == {
        "a.bin": ("modified", True, ()), "b.bin": ("added", True, ()), "gone.bin": ("deleted", True, ()),
    }  # fmt: skip


def test_a_mode_alone_and_an_empty_file_are_files_too(repository: Repository) -> None:
    diff = repository.diff({"a.sh": LONG}, {"a.sh": LONG, "empty": b""}, MODE_EXECUTABLE)
    assert [(file.path, file.status, file.added) for file in diff.files] == [
        ("a.sh", "modified", ()), ("empty", "added", ()),
    ]  # fmt: skip
    (gone,) = repository.diff({"empty": b""}, {"empty": None}).files
    assert (gone.path, gone.status) == ("empty", "deleted")
    assert diff.places and all(file.places for file in diff.files), "what changed can be seen to have been read"


def test_whole_and_line_by_line_it_adds_up(repository: Repository) -> None:
    before = {f"f{n}.txt": LONG for n in range(3)}
    after = {"f0.txt": LONG.replace(b"line 7\n", b"seven\n"), "f1.txt": None, "f3.txt": b"a\nb\n"}
    diff = repository.diff(before, after)  # type: ignore[arg-type]
    assert (diff.added, diff.removed) == (3, 41)
    changed = diff.file("f0.txt")
    assert changed is not None and changed.shown == set(range(5, 12))
    assert diff.file("nope") is None and not diff.shows(None, 1) and not diff.shows("f0.txt", None)


@pytest.mark.parametrize("path", [" b/ b.txt", "x b/y.txt"])
def test_a_path_that_the_reading_does_not_understand_is_refused_and_not_misread(
    repository: Repository, path: str
) -> None:
    with pytest.raises(CadenceError) as caught:
        repository.diff({}, {path: LONG})
    assert caught.value.code == "review.unreadable"


def test_an_empty_diff_has_no_files() -> None:
    assert read_diff("").files == ()


@pytest.mark.parametrize("cut", [0.3, 0.45, 0.9])
def test_a_diff_that_was_cut_is_not_read(repository: Repository, cut: float) -> None:
    text = repository.text({}, {"a.txt": LONG, "b.txt": LONG})
    with pytest.raises(CadenceError) as caught:
        read_diff(text[: int(len(text) * cut)])
    assert caught.value.code == "review.unreadable"


@pytest.mark.parametrize("text", ["@@ -1 +1 @@\n-a\n+b\n", "diff --git a/x b/x\n@@ nonsense @@\n+a\n", "prose\n" * 3])
def test_what_is_no_diff_of_gits_is_not_read(text: str) -> None:
    with pytest.raises(CadenceError):
        read_diff(text)
