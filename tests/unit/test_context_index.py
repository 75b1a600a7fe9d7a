"""The index: what a new commit costs, several processes at once, damage, and what is in it."""

from __future__ import annotations

import hashlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bot.plan.context.analysis import analyse
from bot.plan.context.index import ContextIndex


def blob(raw: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()


class Files:
    """A tree's files, counting the reads of each."""

    def __init__(self, **texts: bytes) -> None:
        self.texts = {name.replace("_", "."): text for name, text in texts.items()}
        self.read_paths: list[str] = []

    def blobs(self) -> dict[str, str]:
        return {path: blob(raw) for path, raw in self.texts.items()}

    def read(self, path: str) -> bytes:
        self.read_paths.append(path)
        return self.texts[path]


def files() -> Files:
    return Files(a_py=b"def cart_total(items):\n    return items\n", b_py=b"cart = cart + cart\n", c_bin=b"\0\1")


def test_each_blob_is_read_once_and_what_is_no_text_is_known_as_that(tmp_path: Path) -> None:
    index, tree = ContextIndex(tmp_path / "deep" / "index.sqlite"), files()
    found = index.update(tree.blobs(), tree.read)
    assert sorted(tree.read_paths) == ["a.py", "b.py", "c.bin"]
    assert found[tree.blobs()["c.bin"]].terms == -1 and found[tree.blobs()["a.py"]].terms > 3
    tree.texts["b.py"] = b"mail = 1\n"
    ContextIndex(tmp_path / "deep" / "index.sqlite").update(tree.blobs(), tree.read)
    assert tree.read_paths[3:] == ["b.py"], "only the changed blob"


def test_a_file_that_moved_costs_nothing(tmp_path: Path) -> None:
    index, tree = ContextIndex(tmp_path / "index.sqlite"), files()
    index.update(tree.blobs(), tree.read)
    moved = {f"moved/{path}": sha for path, sha in tree.blobs().items()}
    assert set(index.update(moved, tree.read)) == set(tree.blobs().values()) and len(tree.read_paths) == 3


def test_terms_are_found_with_how_often_they_occur() -> None:
    index, tree = ContextIndex(None), files()
    found = index.update(tree.blobs(), tree.read)
    a, b = (found[tree.blobs()[path]].row for path in ("a.py", "b.py"))
    assert sorted(index.postings(["cart", "cart_total", "gone"]).items()) == [
        ("cart", [(a, "once"), (b, "few")]), ("cart_total", [(a, "once")]), ("gone", []),
    ]  # fmt: skip


def test_odd_terms_and_quotes_are_only_data() -> None:
    index = ContextIndex(None)
    index.update({"a.py": "0" * 40}, lambda _: "größe = '\" OR 1 AND NEAR(x)'\n".encode())
    assert index.postings(['"', "größe", "near'; DROP TABLE blobs"])["größe"] != []


@pytest.mark.parametrize("damage", ["rubbish", "cut", "emptied", "other version", "overwritten"])
def test_a_damaged_index_is_made_again(tmp_path: Path, damage: str) -> None:
    path, tree = tmp_path / "index.sqlite", files()
    for number in range(300):
        tree.texts[f"f{number}.py"] = b"name_%d = cart\n" % number
    ContextIndex(path).update(tree.blobs(), tree.read)
    raw = path.read_bytes()
    if damage == "rubbish":
        path.write_bytes(b"not a database, but quite long" * 100)
    elif damage == "cut":
        path.write_bytes(raw[: len(raw) // 2])
    elif damage == "emptied":
        path.write_bytes(b"")
    elif damage == "other version":
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA user_version = 99")
        db.close()
    else:
        path.write_bytes(raw[:4096] + b"\xff" * (len(raw) - 4096))
    index = ContextIndex(path)
    assert set(index.update(tree.blobs(), tree.read)) == set(tree.blobs().values())
    assert len(index.postings(["cart"])["cart"]) == 302


def test_a_damaged_analysis_is_made_again(tmp_path: Path) -> None:
    path, tree = tmp_path / "index.sqlite", files()
    index = ContextIndex(path)
    row = index.update(tree.blobs(), tree.read)[tree.blobs()["a.py"]].row
    text = tree.texts["a.py"].decode()
    first = index.analyses({"a.py": row}, {"a.py": text})
    assert first["a.py"] == analyse(text, "a.py")
    with sqlite3.connect(path) as db:
        assert db.execute("UPDATE analyses SET data = '[[[5,4,[],0]]]'").rowcount == 1
    db.close()
    assert index.analyses({"a.py": row}, {"a.py": text}) == first


def test_an_analysis_belongs_to_the_language_of_its_path(tmp_path: Path) -> None:
    index, text = ContextIndex(tmp_path / "index.sqlite"), "def f():\n    pass\n"
    rows = {
        path: row.row for path in ("a.py", "a.txt") for row in index.update({path: "0" * 40}, lambda _: b"x").values()
    }
    found = index.analyses(rows, {"a.py": text, "a.txt": text})
    assert found["a.py"].definitions and not found["a.txt"].definitions


def test_old_blobs_are_dropped_when_they_are_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.plan.context.index.STALE_AT_LEAST", 10)
    index = ContextIndex(tmp_path / "index.sqlite")
    for number in range(6):
        tree = {f"{n}.py": f"{number}{n}" for n in range(4)}
        index.update(tree, lambda path: path.encode() + b" cart_name")
    assert len(index.postings(["cart_name"])["cart_name"]) < 24


_WRITER = """
import sys
from pathlib import Path
from bot.plan.context.index import ContextIndex
start, end = int(sys.argv[2]), int(sys.argv[3])
index = ContextIndex(Path(sys.argv[1]))
for first in range(start, end, 20):
    tree = {f"{n}.py": f"{n:040}" for n in range(first, first + 20)}
    found = index.update(tree, lambda path: f"cart = name_{path[:-3]}\\n".encode())
    assert len(found) == 20
    rows = {path: found[sha].row for path, sha in tree.items()}
    assert len(index.analyses(rows, {path: "def f(): pass\\n" for path in tree})) == 20
"""


def test_several_processes_write_one_index(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    # Both store the blobs from 100 to 199.
    started = [
        subprocess.Popen([sys.executable, "-c", _WRITER, str(path), first, last], stderr=subprocess.PIPE, text=True)
        for first, last in (("0", "200"), ("100", "300"))
    ]
    for process in started:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    index = ContextIndex(path)
    tree = {f"{n}.py": f"{n:040}" for n in range(300)}
    found = index.update(tree, lambda path: pytest.fail(f"{path} is missing"))
    assert len(found) == 300 and len(index.postings(["cart"])["cart"]) == 300
    assert index.postings(["name_150"])["name_150"] == [(found[f"{150:040}"].row, "once")]
