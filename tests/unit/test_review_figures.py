"""Figures of a change: complexity, duplicates, growth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.changeset.tree import MODE_FILE, TreeEntry
from bot.core.names import BlobSha
from bot.review.diff import read_diff
from bot.review.figures import figures

SIMPLE = "def f(a):\n    return a\n"
BRANCHED = (
    "def f(a):\n    if a:\n        return 1\n    for x in a:\n        if x:\n            return x\n    return a\n"
)


class Texts:
    """A tree of texts."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.held = files

    def entry(self, path: str) -> TreeEntry | None:
        text = self.held.get(path)
        return None if text is None else TreeEntry(path, MODE_FILE, BlobSha("0" * 40), len(text))

    def read(self, path: str) -> bytes:
        return self.held[path].encode()

    def files(self) -> Sequence[TreeEntry]:
        return [entry for path in self.held if (entry := self.entry(path))]


def rewritten(path: str, old: str, new: str) -> str:
    minus = "".join(f"-{line}\n" for line in old.splitlines())
    plus = "".join(f"+{line}\n" for line in new.splitlines())
    sizes = f"@@ -1,{len(old.splitlines())} +1,{len(new.splitlines())} @@"
    return f"diff --git a/{path} b/{path}\nindex 1..2 100644\n--- a/{path}\n+++ b/{path}\n{sizes}\n{minus}{plus}"


def measured(path: str, old: str, new: str) -> list[str]:
    found = figures(read_diff(rewritten(path, old, new)), Texts({path: old}), Texts({path: new}))
    return found.lines()


def test_complexity_that_grows_is_named_with_its_function() -> None:
    told = measured("a.py", SIMPLE, BRANCHED)
    assert told[0] == "cyclomatic complexity of the changed files: +3"
    assert "`a.py` `f`: 1 -> 4" in told
    assert "`a.py`: 2 -> 7 lines" in told


def test_complexity_that_shrinks_is_told_too() -> None:
    assert measured("a.py", BRANCHED, SIMPLE)[0].endswith("-3")


def test_a_copied_block_is_found_where_it_is_new() -> None:
    body = "".join(
        f"    v{n} = compute({n}, a) + other(a, {n})\n    if v{n} > {n}:\n        use(v{n})\n" for n in range(12)
    )
    once, twice = f"def f(a):\n{body}", f"def f(a):\n{body}\ndef g(a):\n{body}"
    assert any("the same block is at `a.py:1-" in line for line in measured("a.py", once, twice))
    assert not any("same block" in line for line in measured("a.py", SIMPLE, once))


def test_text_that_is_no_code_has_only_its_growth() -> None:
    assert measured("notes.md", "a\n", "a\nb\n") == [
        "cyclomatic complexity of the changed files: +0",
        "`notes.md`: 1 -> 2 lines",
    ]
