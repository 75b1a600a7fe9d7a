"""Random trees, and random ChangeSets on them whose result is known without the code under test."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from bot.changeset.tree import MODE_EXECUTABLE, MODE_FILE

File = tuple[str, bytes]
Tree = dict[str, File]

NAMES = st.sampled_from(["a", "b", "c.py", "ü.txt", "x y", 'q"uote', "日本", "-dash", "e\u0301", "d", "LICENSE"])
NEW_NAMES = st.sampled_from(["n1", "n2.py", "ñ.md", "two words", "quo'te", "-n", "中.txt", "a", "d"])
ODD_NAMES = st.sampled_from(["t\tab", "back\\slash", "line\nend", "trailing.", "bell\x07"])
LINES = st.sampled_from(
    [b"", b" ", b"\t", b"x", b"same", b"same", b"  same", b"same  ", "ünï".encode(), "日本語".encode(), b"-- ",
     b"+++ b/x", b"--- a/x", b"@@ -1 +1 @@", b"diff --git a/a b/b", b"\\ No newline at end of file",
     b"rename from a", b"\x0c"]
)  # fmt: skip
ENDS = st.sampled_from([b"\n", b"\n", b"\n", b"\r\n", b"\r"])
SPECIAL = st.sampled_from(
    [b"", b"\n", b"\r\n", b"\r", b"\x00", b"bin\x00\xff\n", bytes(range(256)), b"\xef\xbb\xbfmark\n", b"latin \xe9\n",
     "\ufeffx".encode("utf-16-le"), b"\xff\xfeh\x00", b"x" * 5000 + b"\n", b"no end"]
)  # fmt: skip


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    """UTF-8 text: lines that could be taken for a patch's own, any line ends, with and without the last one."""
    end = draw(ENDS)
    mixed = draw(st.booleans())
    lines = draw(st.lists(LINES, max_size=12))
    whole = b"".join(line + (draw(ENDS) if mixed else end) for line in lines)
    return whole + draw(st.sampled_from([b"", b"", b"last"]))


CONTENT = texts() | texts() | texts() | SPECIAL
FILES = st.tuples(st.sampled_from([MODE_FILE, MODE_FILE, MODE_EXECUTABLE]), CONTENT)


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """A consistent tree; some of its names no ChangeSet may use."""
    paths = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
    tree = draw(st.dictionaries(paths, FILES, min_size=1, max_size=7))
    odd = draw(st.dictionaries(st.tuples(NAMES, ODD_NAMES).map("/".join), FILES, max_size=1))
    return consistent({**odd, **tree})


def consistent(tree: Tree) -> Tree:
    """Without the files that stand where another file needs a directory."""
    return {path: file for path, file in tree.items() if not any(other.startswith(f"{path}/") for other in tree)}


def usable(path: str) -> bool:
    """Whether a ChangeSet may name the path at all."""
    return not any(c in path for c in "\t\n\\\x07") and not path.endswith(".")


def blob_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


@dataclass
class Case:
    """`change_set` is JSON; `after` the tree it must lead to, or None when it must be refused."""

    before: Tree
    after: Tree | None
    change_set: dict[str, Any]
    kinds: set[str] = field(default_factory=set)


@dataclass
class Draft:
    """A ChangeSet in the making: the tree as the edits so far leave it, and the paths that are spoken for."""

    draw: st.DrawFn
    before: Tree
    after: Tree
    edits: list[dict[str, Any]] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)

    def free(self) -> list[str]:
        """Files that no edit names yet."""
        return sorted(p for p in self.before if p not in self.named and usable(p))

    def pin(self, edit: dict[str, Any], source: str) -> dict[str, Any]:
        """Mostly pinned: by blob id, or by the SHA-1 or SHA-256 of the bytes."""
        raw = self.before[source][1]
        plain = hashlib.sha1(raw, usedforsecurity=False).hexdigest()
        pins = [None, blob_id(raw), blob_id(raw), blob_id(raw).upper(), plain, hashlib.sha256(raw).hexdigest()]
        chosen = self.draw(st.sampled_from(pins))
        return edit if chosen is None else {**edit, "before_sha": chosen}

    def content(self, edit: dict[str, Any], content: bytes, old: bytes = b"") -> dict[str, Any]:
        """Content in a form that can hold it: text where it is UTF-8, base64 otherwise and sometimes anyway.

        A text takes the byte order mark and the encoding of the file that it replaces, so exact bytes for a file that
        is not plain UTF-8 are base64.
        """
        try:
            text = content.decode()
            plain = not old.decode().startswith("\ufeff")
        except UnicodeDecodeError:
            plain = False
        if not plain:
            return {**edit, "after_base64": base64.b64encode(content).decode()}
        if b"\0" in content or self.draw(st.integers(0, 5)) == 0:
            return {**edit, "after_base64": base64.b64encode(content).decode()}
        return {**edit, "after": text}


def modify(draft: Draft, path: str) -> None:
    """Another whole content, often the old one with only white space or the last line end changed."""
    mode, old = draft.before[path]
    variants = [old + b"\n", old.rstrip(b"\r\n"), old.replace(b"\n", b"\r\n"), old.replace(b" ", b"  "), old + b"more"]
    new = draft.draw(CONTENT | st.sampled_from(variants))
    executable = draft.draw(st.sampled_from([None, None, True, False]))
    new_mode = mode if executable is None else MODE_EXECUTABLE if executable else MODE_FILE
    if (new_mode, new) == (mode, old) or (old.strip() and not new.strip()):
        return
    edit = draft.content(draft.pin({"path": path, "mode": "modify"}, path), new, old)
    draft.edits.append(edit if executable is None else {**edit, "executable": executable})
    draft.after[path] = (new_mode, new)
    draft.kinds.add("modify")


def replace(draft: Draft, path: str) -> None:
    """One exact replacement of a piece that occurs as often as is said, in a file of plain UTF-8; else `modify`."""
    mode, old = draft.before[path]
    try:
        text = old.decode()
    except UnicodeDecodeError:
        return modify(draft, path)
    # CRLF files read pairs written with LF as CRLF, and files with marks or NULs are another matter: unit tests.
    if not text.strip() or "\r" in text or "\0" in text or text.startswith("\ufeff"):
        return modify(draft, path)
    start = draft.draw(st.integers(0, len(text) - 1))
    piece = text[start : draft.draw(st.integers(start + 1, len(text)))]
    count = text.count(piece)
    overlapping = sum(text.startswith(piece, at) for at in range(len(text)))
    new = draft.draw(st.sampled_from(["", "new", "neu ü\n", piece + piece, "\n"]))
    result = text.replace(piece, new)
    if overlapping != count or result == text or not result.strip():
        return modify(draft, path)
    pair = {"old": piece, "new": new} if count == 1 else {"old": piece, "new": new, "count": count}
    draft.edits.append(draft.pin({"path": path, "mode": "modify", "replace": [pair]}, path))
    draft.after[path] = (mode, result.encode())
    draft.kinds.add("replace")
    return None


def delete(draft: Draft, path: str) -> None:
    """The file goes, and with it directories that held nothing else."""
    draft.edits.append(draft.pin({"path": path, "mode": "delete"}, path))
    del draft.after[path]
    draft.kinds.add("delete")


def chmod(draft: Draft, path: str) -> None:
    """Only the executable bit."""
    mode, content = draft.before[path]
    executable = mode == MODE_FILE
    draft.edits.append(draft.pin({"path": path, "mode": "modify", "executable": executable}, path))
    draft.after[path] = (MODE_EXECUTABLE if executable else MODE_FILE, content)
    draft.kinds.add("mode")


def rename(draft: Draft, path: str) -> None:
    """To a new name, sometimes with other content and another mode."""
    target = draft.draw(st.lists(NEW_NAMES, min_size=1, max_size=3).map("/".join))
    mode, content = draft.before[path]
    new = draft.draw(st.just(content) | texts())
    if not fits(draft, target, gone=path) or (content.strip() and not new.strip()):
        return
    edit = draft.pin({"path": target, "mode": "modify", "rename_from": path}, path)
    draft.edits.append(edit if new == content else draft.content(edit, new, content))
    del draft.after[path]
    draft.after[target] = (mode, new)
    draft.named.add(target)
    draft.kinds.add("rename")


def add(draft: Draft) -> None:
    """A new file, in a new directory perhaps, perhaps where a deleted file or directory was."""
    target = draft.draw(st.lists(NEW_NAMES, min_size=1, max_size=3).map("/".join))
    if not fits(draft, target):
        return
    content, executable = draft.draw(CONTENT), draft.draw(st.sampled_from([None, True, False]))
    edit = draft.content({"path": target, "mode": "add"}, content)
    draft.edits.append(edit if executable is None else {**edit, "executable": executable})
    draft.after[target] = (MODE_EXECUTABLE if executable else MODE_FILE, content)
    draft.named.add(target)
    draft.kinds.add("add")


def fits(draft: Draft, target: str, gone: str = "") -> bool:
    """Whether the tree so far has room for a new file there, also for careless file systems."""
    left = [path for path in {**draft.before, **draft.after} if path != gone]
    now = [path for path in draft.after if path != gone]
    if target in draft.named or target in left or target == gone:
        return False
    clash = any(path.startswith(f"{target}/") or target.startswith(f"{path}/") for path in now)
    return not clash and not (gone and (target.startswith(f"{gone}/") or gone.startswith(f"{target}/")))


ON_A_FILE: list[Callable[[Draft, str], None]] = [modify, modify, replace, delete, chmod, rename]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A tree and a ChangeSet that must lead to exactly one other tree."""
    before = draw(trees())
    draft = Draft(draw, before, dict(before))
    for way in draw(st.lists(st.sampled_from([*ON_A_FILE, None]), min_size=1, max_size=5)):
        free = draft.free()
        if way is None or not free:
            add(draft)
        else:
            path = draw(st.sampled_from(free))
            draft.named.add(path)
            way(draft, path)
    change_set = {"version": 2, "message": "m", "edits": draft.edits}
    return Case(before, draft.after if draft.edits else None, change_set, draft.kinds)


SPOILERS = [
    {"path": "gone.txt", "mode": "modify", "after": "x\n"},
    {"path": "gone.txt", "mode": "delete"},
    {"path": "n9", "mode": "add", "after": None},
    {"path": "../out", "mode": "add", "after": "x\n"},
    {"path": ".git/config", "mode": "add", "after": "x\n"},
    {"path": "n9", "mode": "add", "after": "x\n", "before_sha": "0" * 40},
    {"path": "n9", "mode": "modify", "rename_from": "gone.txt"},
    {"path": "n9", "mode": "add", "after_base64": "?"},
    {"path": "n9", "mode": "add", "after": "x\n", "after_base64": "eA=="},
]


@st.composite
def spoiled(draw: st.DrawFn) -> Case:
    """A good ChangeSet with one edit that cannot be, or one pin of another content: all of it must be refused."""
    case = draw(cases())
    edits = list(case.change_set["edits"])
    pinned = [i for i, edit in enumerate(edits) if edit["mode"] != "add"]
    if pinned and draw(st.booleans()):
        index = draw(st.sampled_from(pinned))
        edits[index] = {**edits[index], "before_sha": blob_id(b"another content")}
    else:
        edits.insert(draw(st.integers(0, len(edits))), draw(st.sampled_from(SPOILERS)))
    return Case(case.before, None, {**case.change_set, "edits": edits}, {"refused"})
