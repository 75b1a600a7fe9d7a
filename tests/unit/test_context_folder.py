"""A plain folder as a tree: read again only where a file changed, and never through a link."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.plan.context.folder import RACY_NANOSECONDS, FolderTree
from bot.plan.context.index import ContextIndex


def write(root: Path, path: str, text: str, age: int = 100) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    times = (2_000_000_000 - age) * 1_000_000_000
    os.utime(file, ns=(times, times))


def shop(root: Path) -> None:
    write(root, "src/cart.py", "cart = 1\n")
    write(root, "a.txt", "text\n")
    write(root, "newest.txt", "text\n", age=0)
    write(root, ".git/config", "x\n")
    write(root, "node_modules/x.js", "x\n")


def test_files_are_listed_in_path_order_without_git_and_links(tmp_path: Path) -> None:
    shop(tmp_path / "shop")
    (tmp_path / "outside.py").write_text("secret = 1\n")
    (tmp_path / "shop" / "link.py").symlink_to(tmp_path / "outside.py")
    tree = FolderTree(tmp_path / "shop", ContextIndex(None))
    assert [entry.path for entry in tree.files()] == ["a.txt", "newest.txt", "src/cart.py"]
    entry = tree.entry("src/cart.py")
    assert entry is not None and entry.size == 9 and tree.read("src/cart.py") == b"cart = 1\n"
    for path in ("link.py", "../outside.py", "src"):
        with pytest.raises(KeyError):
            tree.read(path)


def test_ids_are_those_of_git(tmp_path: Path) -> None:
    shop(tmp_path)
    entry = FolderTree(tmp_path, ContextIndex(None)).entry("a.txt")
    # `printf 'text\n' | git hash-object --stdin`
    assert entry is not None and entry.sha == "8e27be7d6154a1f68ea9160ef0e18691d20560dc"


def test_a_file_is_read_again_only_when_it_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop(tmp_path / "shop")
    index = ContextIndex(tmp_path / "index.sqlite")
    first = FolderTree(tmp_path / "shop", index)
    read: list[str] = []
    plain = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda self: read.append(self.name) or plain(self))  # type: ignore[func-returns-value]
    assert FolderTree(tmp_path / "shop", index).files() == first.files()
    assert read == ["newest.txt"], "its time is too young to be trusted"
    write(tmp_path / "shop", "src/cart.py", "cart = 2\n", age=50)
    assert FolderTree(tmp_path / "shop", index).entry("src/cart.py") != first.entry("src/cart.py")
    assert RACY_NANOSECONDS < 50 * 10**9
