"""What the content guards look at: the resolved edits as text, and the tree as it will be."""

from __future__ import annotations

import difflib
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from bot.changeset.edits import ResolvedEdit
from bot.changeset.tree import MODE_EXECUTABLE, MODE_FILE, TreeReader, TreeSearcher
from bot.core.codes.lookup import make_finding
from bot.core.findings import Finding, Severity
from bot.core.text_content import decoded, lines_of

MARKDOWN = frozenset({".md", ".markdown", ".mdx"})
DOCUMENTS = MARKDOWN | {".rst", ".txt", ".adoc"}
"""Texts for people. MDX holds code too, but its losses are those of a document."""

_MAX_READ = 1_000_000
# difflib is quadratic at worst: https://docs.python.org/3/library/difflib.html#difflib.SequenceMatcher
_MAX_COMPARED = 20_000
_MAX_EXACT = 1_000


@dataclass(frozen=True)
class FileView:
    """One edited file, before and after, as text (None: absent or binary).

    `elsewhere` holds the lines, stripped, that the same ChangeSet adds to other files: what moves is not lost.
    """

    index: int
    path: str
    before: str | None
    after: str | None
    whole: bool
    removes: frozenset[str]
    source: str
    elsewhere: frozenset[str] = frozenset()

    @classmethod
    def of(cls, edit: ResolvedEdit, removes: frozenset[str]) -> FileView:
        """The view of a resolved edit; `removes` are the declared names that may be gone."""
        whole = edit.edit.after is not None or edit.edit.after_base64 is not None
        source = edit.edit.rename_from or edit.path
        return cls(edit.index, edit.path, _text(edit.before), _text(edit.after), whole, removes, source)

    def finding(self, code: str, message: str, *, line: int | None = None, severity: Severity | None = None) -> Finding:
        """A finding in this file; `line` counts from 1 in the new text. Raises KeyError for an unknown code."""
        return make_finding(code, message, edit=self.index, path=self.path, line=line, severity=severity)

    def still_used(self, what: str, where: str, line: int | None = None) -> Finding:
        """The finding that the file loses a thing which `where`, a line or another file, still uses."""
        message = f"{self.source} loses {what}, which {where} still uses"
        return make_finding("loss.reference", message, edit=self.index, path=self.source, line=line)

    @property
    def suffix(self) -> str:
        """The lower-case extension with its dot, or ""."""
        return suffix_of(self.path)

    @property
    def source_suffix(self) -> str:
        """The extension the file had before a rename."""
        return suffix_of(self.source)

    @cached_property
    def old_lines(self) -> list[str]:
        return lines_of(self.before or "")

    @cached_property
    def new_lines(self) -> list[str]:
        return lines_of(self.after or "")

    @cached_property
    def added(self) -> list[tuple[int, str]]:
        """(line number from 1, line) of every line that the old file did not have, ignoring outer white space."""
        return added_lines(self.old_lines, self.new_lines)

    @cached_property
    def kept(self) -> float:
        """Share of the old file's non-blank lines that the new one, or another edit, still has; 1.0 for a new file."""
        old = Counter(line.strip() for line in self.old_lines if line.strip())
        new = Counter(line.strip() for line in self.new_lines if line.strip())
        moved = sum(n for line, n in (old - new).items() if line in self.elsewhere)
        return ((old & new).total() + moved) / old.total() if old else 1.0

    @cached_property
    def share(self) -> float:
        """Length of the new file as a share of the old one's, in non-blank lines; 1.0 for a new or blank file."""
        old = sum(1 for line in self.old_lines if line.strip())
        return sum(1 for line in self.new_lines if line.strip()) / old if old else 1.0

    @cached_property
    def hunks(self) -> tuple[tuple[int, int, int, int], ...]:
        """(first, end) of the old and (first, end) of the new lines, from 0, of every place that differs."""
        old, new = [line.rstrip() for line in self.old_lines], [line.rstrip() for line in self.new_lines]
        # Equal beginnings and ends are cut first, which leaves little to compare in an ordinary edit.
        head = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
        rest = zip(reversed(old[head:]), reversed(new[head:]), strict=False)
        tail = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], rest))
        old, new = old[head : len(old) - tail], new[head : len(new) - tail]
        if len(old) + len(new) > _MAX_COMPARED:
            return ()
        matcher = difflib.SequenceMatcher(None, old, new, autojunk=len(old) + len(new) > _MAX_EXACT)
        codes = matcher.get_opcodes()
        return tuple((head + a, head + b, head + c, head + d) for tag, a, b, c, d in codes if tag != "equal")

    def replaced_at(self, number: int) -> tuple[int, int]:
        """(lines gone, lines come) of the hunk that holds a line of the new text (from 1); (0, 0) outside any."""
        for a, b, c, d in self.hunks:
            if c < number <= d:
                gone = sum(1 for line in self.old_lines[a:b] if line.strip())
                return gone, sum(1 for line in self.new_lines[c:d] if line.strip())
        return 0, 0


def added_lines(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, str]]:
    """(line number from 1, line) of every new line that the old ones do not have, ignoring outer white space."""
    left = Counter(line.strip() for line in old)
    out = []
    for number, line in enumerate(new, 1):
        if left[line.strip()] > 0:
            left[line.strip()] -= 1
        else:
            out.append((number, line))
    return out


def suffix_of(path: str) -> str:
    """The lower-case extension of a path with its dot, or ""."""
    name = path.rsplit("/", 1)[-1].casefold()
    return "." + name.rsplit(".", 1)[1] if "." in name[1:] else ""


def with_moves(views: Sequence[FileView]) -> list[FileView]:
    """The views, where a new document that takes a deleted one's place is compared with that one.

    Its place: the same file name, or the same first line. A move that loses content is a loss.
    """
    gone = [view for view in views if view.after is None and view.before and view.suffix in DOCUMENTS]
    return [_moved(view, gone) if view.before is None and view.suffix in DOCUMENTS else view for view in views]


def _moved(view: FileView, gone: Sequence[FileView]) -> FileView:
    name = view.path.rsplit("/", 1)[-1].casefold()
    first = next((line.strip() for line in view.new_lines if line.strip()), "")
    for old in gone:
        opening = next((line.strip() for line in old.old_lines if line.strip()), "")
        if old.path.rsplit("/", 1)[-1].casefold() == name or (first and opening == first):
            return replace(view, before=old.before, source=old.path)
    return view


def with_elsewhere(views: Sequence[FileView]) -> list[FileView]:
    """The views, each knowing which lines the others add."""
    added = [
        frozenset(
            s for line in (view.new_lines if view.path != view.source else _added(view)) if len(s := line.strip()) > 3
        )
        for view in views
    ]
    return [
        replace(view, elsewhere=frozenset().union(*(lines for n, lines in enumerate(added) if n != index)))
        if len(views) > 1 and view.before is not None
        else view
        for index, view in enumerate(views)
    ]


def _added(view: FileView) -> list[str]:
    return [line for _, line in view.added]


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
        if isinstance(self._tree, TreeSearcher):
            old = set(self._tree.paths())
        else:
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
            # A symlink or submodule has an entry and no text.
            return _text(self._tree.read(path))
        except KeyError:
            return None

    def holding(self, suffixes: tuple[str, ...], words: Sequence[str]) -> Iterator[tuple[str, str]]:
        """(path, text), in path order, of every file with one of the extensions that holds one of the words."""
        if isinstance(self._tree, TreeSearcher):
            old = set(self._tree.holding(words, suffixes)) - self._gone
            paths = sorted(old | self._new.keys())
        else:
            paths = sorted(self.paths)
        for path in paths:
            text = self.text(path) if path.endswith(suffixes) else None
            if text is not None and any(word in text for word in words):
                yield path, text
