"""Names that no Windows checkout can hold are refused where they are new, in every component of every path."""

from __future__ import annotations

import pytest

from bot.changeset.check import check
from bot.changeset.guards.guard_config import GuardConfig
from bot.changeset.model import ChangeSet, Edit
from bot.core.findings import Severity
from tests.fakes.dict_tree import DictTree

REFUSED = (
    "docs/aux.md", "src/con", "img/nul.svg", "lib/COM1.py", "notes/a:b.md", "notes/what?.md", "notes/a*.md",
    "notes/a|b.md", 'notes/say "hi".md', "PRN", "aux/x.md", "a/NuL/b/c.md", "Con.tar.gz", "CONIN$", "conout$.txt",
    "com0", "COM9.x", "lpt1", "LPT0.log", "com\u00b9", "LPT\u00b2.txt", "com\u00b3.a", "aux .md", "nul  ", "a/b<c",
    "a/b>c/d", "nul:stream", "x/aux.", "x /y", "x./y", "a\\b", "a\tb", "a\x7fb", " a/b", "a/ b", "con.", "COM1.",
)  # fmt: skip
ALLOWED = (
    "docs/auxiliary.md", "console.py", "src/connect", "null.svg", "com.py", "com10", "lpt", "lpt12.x", "COMA", "a/prnt",
    "my-aux.md", "x.aux", "x.con", "naux", ".nul", "a$b", "a&b", "a'b", "caf\u00e9.md", "com\u2074", "a/(b)[c]{d}.tsx",
)  # fmt: skip


def codes(*edits: Edit, there: tuple[str, ...] = ()) -> set[str]:
    tree = DictTree({"README.md": "x\n", **dict.fromkeys(there, "old\n")})
    change_set = ChangeSet(version=2, message="m", edits=edits)
    return {f.code for f in check(change_set, tree, GuardConfig()).findings if f.severity is Severity.ERROR}


@pytest.mark.parametrize("path", REFUSED)
def test_a_new_name_that_windows_refuses_is_refused(path: str) -> None:
    assert {code.split(".")[0] for code in codes(Edit(path=path, mode="add", after="x\n"))} == {"path"}
    assert "path.git" not in codes(Edit(path=path, mode="add", after="x\n"))


@pytest.mark.parametrize("path", REFUSED)
def test_a_rename_to_such_a_name_is_refused(path: str) -> None:
    found = codes(Edit(path=path, mode="modify", rename_from="old.md"), there=("old.md",))
    assert {code.split(".")[0] for code in found} == {"path"}


@pytest.mark.parametrize("path", ALLOWED)
def test_other_names_are_allowed(path: str) -> None:
    assert codes(Edit(path=path, mode="add", after="x\n")) == set()


@pytest.mark.parametrize("path", REFUSED)
def test_such_a_name_that_is_there_may_be_changed_and_taken_away(path: str) -> None:
    if "\x00" in path:
        return
    assert codes(Edit(path=path, mode="modify", after="new\n"), there=(path,)) == set()
    assert codes(Edit(path=path, mode="delete"), there=(path,)) == set()
    assert codes(Edit(path="better.md", mode="modify", rename_from=path), there=(path,)) == set()


def test_a_folder_that_is_there_takes_new_files() -> None:
    assert codes(Edit(path="aux/new.c", mode="add", after="x\n"), there=("aux/old.c",)) == set()
    assert codes(Edit(path="aux/con.c", mode="add", after="x\n"), there=("aux/old.c",)) == {"path.windows"}
