"""Built commits, case by case: git applies the patch that is read back, and gets the same tree."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.changeset.tree import MODE_EXECUTABLE, MODE_FILE
from tests.fuzz.builder import Builder
from tests.fuzz.change_sets import Case, Tree

BASE: Tree = {
    "a.txt": (MODE_FILE, b"one\ntwo\nthree\n"),
    "crlf.txt": (MODE_FILE, b"one\r\ntwo\r\n"),
    "mixed.txt": (MODE_FILE, b"one\r\ntwo\nthree\rfour\n"),
    "cut.txt": (MODE_FILE, b"no last line end"),
    "empty": (MODE_FILE, b""),
    "bin.dat": (MODE_FILE, bytes(range(256)) * 40),
    "tool.sh": (MODE_FILE, b"#!/bin/sh\n"),
    "mark.txt": (MODE_FILE, b"\xef\xbb\xbfwith mark\n"),
    "latin.txt": (MODE_FILE, b"caf\xe9\n"),
    "ü ñ/日本.txt": (MODE_FILE, "grüße\n".encode()),
    'quo"te.txt': (MODE_FILE, b"q\n"),
    "dir/in/deep.txt": (MODE_FILE, b"deep\n"),
    "odd/t\tab": (MODE_FILE, b"nobody touches it\n"),
}


@dataclass(frozen=True)
class Story:
    """Edits, and what they leave: content by path (None: gone), and the paths that end up executable."""

    edits: list[dict[str, Any]]
    leaves: dict[str, bytes | None]
    executable: frozenset[str] = field(default_factory=frozenset)


def text(path: str, after: str, mode: str = "modify", **more: Any) -> dict[str, Any]:
    return {"path": path, "mode": mode, "after": after, **more}


def swap(path: str, *pairs: tuple[str, str]) -> dict[str, Any]:
    return {"path": path, "mode": "modify", "replace": [{"old": old, "new": new} for old, new in pairs]}


def moved(source: str, path: str, **more: Any) -> dict[str, Any]:
    return {"path": path, "mode": "modify", "rename_from": source, **more}


NUL = b"\x00\x01\xff"
STORIES = {
    "modify": Story([text("a.txt", "one\n2\nthree\n")], {"a.txt": b"one\n2\nthree\n"}),
    "replace": Story([swap("a.txt", ("one", "1"), ("three\n", "3\n"))], {"a.txt": b"1\ntwo\n3\n"}),
    "add in new directories": Story([text("x/y/z.txt", "z\n", "add")], {"x/y/z.txt": b"z\n"}),
    "add an empty file": Story([text("x/__init__.py", "", "add")], {"x/__init__.py": b""}),
    "delete a directory's last file": Story([{"path": "dir/in/deep.txt", "mode": "delete"}], {"dir/in/deep.txt": None}),
    "delete an empty file": Story([{"path": "empty", "mode": "delete"}], {"empty": None}),
    "binary add": Story(
        [{"path": "new.bin", "mode": "add", "after_base64": base64.b64encode(NUL).decode()}], {"new.bin": NUL}
    ),
    "binary modify": Story(
        [{"path": "bin.dat", "mode": "modify", "after_base64": base64.b64encode(NUL).decode()}], {"bin.dat": NUL}
    ),
    "binary delete": Story([{"path": "bin.dat", "mode": "delete"}], {"bin.dat": None}),
    "binary rename": Story([moved("bin.dat", "b/bin.dat")], {"bin.dat": None, "b/bin.dat": BASE["bin.dat"][1]}),
    "text becomes binary": Story(
        [{"path": "a.txt", "mode": "modify", "after_base64": base64.b64encode(NUL).decode()}], {"a.txt": NUL}
    ),
    "rename": Story([moved("a.txt", "b.txt")], {"a.txt": None, "b.txt": b"one\ntwo\nthree\n"}),
    "rename with edit": Story(
        [moved("a.txt", "c/b.txt", after="one\ntwo\n3\n")], {"a.txt": None, "c/b.txt": b"one\ntwo\n3\n"}
    ),
    "rename chain": Story(
        [moved("cut.txt", "a.txt"), moved("a.txt", "z.txt")],
        {"cut.txt": None, "a.txt": b"no last line end", "z.txt": b"one\ntwo\nthree\n"},
    ),
    "mode on": Story([{"path": "tool.sh", "mode": "modify", "executable": True}], {}, frozenset({"tool.sh"})),
    "mode on with edit": Story(
        [text("tool.sh", "#!/bin/bash\n", executable=True)], {"tool.sh": b"#!/bin/bash\n"}, frozenset({"tool.sh"})
    ),
    "add executable": Story([text("run", "#!\n", "add", executable=True)], {"run": b"#!\n"}, frozenset({"run"})),
    "CRLF stays by replace": Story([swap("crlf.txt", ("two\n", "2\n"))], {"crlf.txt": b"one\r\n2\r\n"}),
    "CRLF becomes LF": Story([text("crlf.txt", "one\ntwo\n")], {"crlf.txt": b"one\ntwo\n"}),
    "LF becomes CRLF": Story([text("a.txt", "one\r\ntwo\r\nthree\r\n")], {"a.txt": b"one\r\ntwo\r\nthree\r\n"}),
    "mixed line ends": Story([swap("mixed.txt", ("four", "4"))], {"mixed.txt": b"one\r\ntwo\nthree\r4\n"}),
    "last line end comes": Story([text("cut.txt", "no last line end\n")], {"cut.txt": b"no last line end\n"}),
    "last line end goes": Story([text("a.txt", "one\ntwo\nthree")], {"a.txt": b"one\ntwo\nthree"}),
    "still no last line end": Story([text("cut.txt", "still no end")], {"cut.txt": b"still no end"}),
    "empty gets content": Story([text("empty", "x")], {"empty": b"x"}),
    "white space at the end": Story([text("a.txt", "one \ntwo\t\nthree\n")], {"a.txt": b"one \ntwo\t\nthree\n"}),
    "only indentation": Story([text("a.txt", "  one\n\ttwo\nthree\n")], {"a.txt": b"  one\n\ttwo\nthree\n"}),
    "only blank lines": Story([text("a.txt", "\none\n\n\ntwo\nthree\n\n")], {"a.txt": b"\none\n\n\ntwo\nthree\n\n"}),
    "byte order mark stays": Story([swap("mark.txt", ("with", "has"))], {"mark.txt": b"\xef\xbb\xbfhas mark\n"}),
    "Latin-1 stays": Story([swap("latin.txt", ("caf", "th"))], {"latin.txt": b"th\xe9\n"}),
    "Unicode path and content": Story([text("ü ñ/日本.txt", "Grüße 👋\n")], {"ü ñ/日本.txt": "Grüße 👋\n".encode()}),
    "quoted path": Story([text('quo"te.txt', "Q\n")], {'quo"te.txt': b"Q\n"}),
    "a file becomes a directory": Story(
        [{"path": "a.txt", "mode": "delete"}, text("a.txt/new", "n\n", "add")], {"a.txt": None, "a.txt/new": b"n\n"}
    ),
    "a directory becomes a file": Story(
        [{"path": "dir/in/deep.txt", "mode": "delete"}, text("dir", "now a file\n", "add")],
        {"dir/in/deep.txt": None, "dir": b"now a file\n"},
    ),
    "content that looks like a patch": Story(
        [text("a.txt", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n")],
        {"a.txt": b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n"},
    ),
    "all at once": Story(
        [moved("a.txt", "b.txt"), text("n.txt", "n", "add"), {"path": "bin.dat", "mode": "delete"},
         swap("crlf.txt", ("one", "1"))],
        {"a.txt": None, "b.txt": BASE["a.txt"][1], "n.txt": b"n", "bin.dat": None, "crlf.txt": b"1\r\ntwo\r\n"},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    made = Builder(tmp_path_factory.mktemp("builder"))
    yield made
    made.close()


@pytest.mark.parametrize("name", STORIES)
def test_built_commit_and_its_patch(builder: Builder, name: str) -> None:
    story = STORIES[name]
    after = {path: file for path, file in BASE.items() if story.leaves.get(path, b"") is not None}
    for path, content in story.leaves.items():
        if content is not None:
            after[path] = (MODE_FILE, content)
    after |= {path: (MODE_EXECUTABLE, after[path][1]) for path in story.executable}
    case = Case(BASE, after, {"message": "m", "edits": story.edits})
    builder.prove(case)
    base = builder.commit(BASE)
    head = builder.build(base, json.dumps(case.change_set))
    assert head is not None
    builder.prove_patch(base, builder.mirror.patch(base, head), head)


def test_a_refused_change_set_builds_nothing(builder: Builder) -> None:
    edits = [text("a.txt", "x\n"), text("a.txt/under", "y\n", "add")]
    builder.prove(Case(BASE, None, {"message": "m", "edits": edits}))
