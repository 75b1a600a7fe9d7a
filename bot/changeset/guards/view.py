"""What the content guards look at: the resolved edits as text, and the tree as it will be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from bot.changeset.content import decoded
from bot.changeset.edits import ResolvedEdit
from bot.changeset.tree import MODE_EXECUTABLE, MODE_FILE, TreeReader

_MAX_READ = 1_000_000


@dataclass(frozen=True)
class FileView:
    """One edited file, before and after, as text (None: absent or binary)."""

    index: int
    path: str
    before: str | None
    after: str | None
    whole: bool
    removes: frozenset[str]
    source: str

    @classmethod
    def of(cls, edit: ResolvedEdit, removes: frozenset[str]) -> FileView:
        """The view of a resolved edit; `removes` are the declared names that may be gone."""
        whole = edit.edit.after is not None or edit.edit.after_base64 is not None
        source = edit.edit.rename_from or edit.path
        return cls(edit.index, edit.path, _text(edit.before), _text(edit.after), whole, removes, source)

    @property
    def suffix(self) -> str:
        """The lower-case extension with its dot, or ""."""
        name = self.path.rsplit("/", 1)[-1].casefold()
        return "." + name.rsplit(".", 1)[1] if "." in name[1:] else ""

    @cached_property
    def old_lines(self) -> list[str]:
        return (self.before or "").splitlines()

    @cached_property
    def new_lines(self) -> list[str]:
        return (self.after or "").splitlines()

    @cached_property
    def added(self) -> list[tuple[int, str]]:
        """(line number from 1, line) of every line that the old file did not have, ignoring outer white space."""
        left = Counter(line.strip() for line in self.old_lines)
        out = []
        for number, line in enumerate(self.new_lines, 1):
            if left[line.strip()] > 0:
                left[line.strip()] -= 1
            else:
                out.append((number, line))
        return out

    @cached_property
    def kept(self) -> float:
        """Share of the old file's non-blank lines that the new one still has; 1.0 for a new or blank file."""
        old = Counter(line.strip() for line in self.old_lines if line.strip())
        new = Counter(line.strip() for line in self.new_lines if line.strip())
        return (old & new).total() / old.total() if old else 1.0


def _text(raw: bytes | None) -> str | None:
    text = decoded(raw) if raw is not None else None
    return text.text if text is not None else None


class ResultTree:
    """The tree with the edits applied, as the guards on references and imports read it."""

    def __init__(self, tree: TreeReader, edits: Sequence[ResolvedEdit], gone: frozenset[str]) -> None:
        self._tree = tree
        self._new = {edit.path: edit.after for edit in edits if edit.after is not None}
        self._gone = gone - self._new.keys()

    @cached_property
    def paths(self) -> frozenset[str]:
        """Every regular file of the result."""
        old = {e.path for e in self._tree.files() if e.mode in (MODE_FILE, MODE_EXECUTABLE)}
        return frozenset((old - self._gone) | self._new.keys())

    def text(self, path: str) -> str | None:
        """The text of a file of the result; None for binary, very large or absent files."""
        if path in self._new:
            return _text(self._new[path])
        entry = self._tree.entry(path)
        if path in self._gone or entry is None or entry.size > _MAX_READ:
            return None
        try:
            return _text(self._tree.read(path))
        except KeyError:
            return None

    def texts(self, suffixes: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """(path, text) of every file with one of the extensions, in path order."""
        for path in sorted(self.paths):
            if path.endswith(suffixes) and (text := self.text(path)) is not None:
                yield path, text
