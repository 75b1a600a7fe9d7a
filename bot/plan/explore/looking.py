"""Answers what a planning model looks up in a repository at one commit: it reads, and changes nothing.

Every answer is text for the model, cut at a number of tokens, and says what was cut.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.changeset.tree import MODE_EXECUTABLE, MODE_FILE, TreeEntry, TreeReader
from bot.core.text_content import decoded, lines_of
from bot.plan.answer.assemble import Definitions
from bot.plan.answer.locate import like
from bot.plan.explore.citations import Citation

READ_LINES = 300
"""Lines that one `read` gives at most."""
LISTED = 200
FOUND_LINES = 80
LINE_CHARACTERS = 240
"""A longer line is cut: it is data or minified code."""


class Found(Protocol):
    """A line of a search's result: `bot.git_store.searching.FoundLine`."""

    @property
    def path(self) -> str: ...
    @property
    def line(self) -> int: ...
    @property
    def text(self) -> str: ...


class Past(Protocol):
    """A commit of the history: `bot.git_store.searching.PastCommit`."""

    @property
    def sha(self) -> str: ...
    @property
    def date(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def paths(self) -> tuple[str, ...]: ...


class Search(Protocol):
    """Searches the commit that is looked at: `bot.git_store.searching.CommitSearch`."""

    def lines(
        self, text: str, *, regex: bool = False, word: bool = False, globs: Sequence[str] = (), per_file: int = 20
    ) -> Sequence[Found] | str:
        """The lines that hold the text; a sentence where the search cannot be done."""

    def history(self, path: str = "", *, limit: int = 10) -> Sequence[Past]:
        """The last commits that changed a path, newest first."""


@dataclass(frozen=True, slots=True)
class Looked:
    """An answer: its text, whether it was cut, and the lines of files that it showed as (path, first, last)."""

    text: str
    cut: bool = False
    shown: tuple[tuple[str, int, int], ...] = field(default=())


class RepositoryLook:
    """What can be looked up at one commit. `shown` says which paths a model may see: key files are not among them."""

    def __init__(
        self,
        tree: TreeReader,
        search: Search,
        *,
        may_show: Callable[[str], bool],
        definitions: Definitions,
        count_tokens: Callable[[str], int],
        cap: int,
    ) -> None:
        """`cap` is the most tokens of one answer."""
        self._tree = tree
        self._search = search
        self._may_show = may_show
        self._definitions = definitions
        self._count = count_tokens
        self._cap = cap

    def answer(self, name: str, values: Mapping[str, Any]) -> Looked:
        """The answer to one call. A wrong name or value is answered in words, for the model to correct."""
        calls: dict[str, Callable[[Mapping[str, Any]], Looked]] = {
            "search": self._searched,
            "read": self._read,
            "outline": self._outline,
            "find_references": self._references,
            "list": self._list,
            "history": self._history,
        }
        if name not in calls:
            return Looked(f"There is no tool {name[:60]!r}. The tools are: {', '.join(calls)}.")
        return self._capped(calls[name](values))

    def text_of(self, path: str) -> str | None:
        """A file's text; None where there is no text file at the path, or a model may not see it."""
        entry = self._tree.entry(path)
        if entry is None or entry.mode not in (MODE_FILE, MODE_EXECUTABLE) or not self._may_show(path):
            return None
        text = decoded(self._tree.read(path))
        return text.text if text is not None and text.certain else None

    def defined(self, name: str) -> list[Citation]:
        """Where a name is defined, by its path in the outline (`Reader.parse`) or its last part."""
        word = name.strip("`() ").rpartition(".")[2].rpartition("::")[2]
        found = self._search.lines(word, word=True, per_file=10) if word else []
        places: list[Citation] = []
        for path in dict.fromkeys(one.path for one in found) if not isinstance(found, str) else ():
            text = self.text_of(path)
            for one in self._definitions(path, text) if text is not None else ():
                if one.name in (name, word) or one.name.endswith(f".{word}"):
                    places.append(Citation(path, one.first, one.last, f"defines {word}"))
        exact = [one for one in places if name in one.why]
        return exact or places

    def _searched(self, values: Mapping[str, Any]) -> Looked:
        text, glob = _words(values, "text"), _words(values, "paths")
        if not text:
            return Looked("Give the `text` to search for.")
        found = self._search.lines(text, regex=values.get("regex") is True, globs=[glob] if glob else ())
        if isinstance(found, str):
            return Looked(f"The search failed: {found}.")
        return self._lines(found, f"{text!r} is in no text file{f' of {glob}' if glob else ''}.")

    def _references(self, values: Mapping[str, Any]) -> Looked:
        name = _words(values, "name").rpartition(".")[2]
        if not name:
            return Looked("Give the `name` of a function, class, method or constant.")
        found = self._search.lines(name, word=True, per_file=10)
        if isinstance(found, str):
            return Looked(f"The search failed: {found}.")
        seen: dict[str, set[int]] = {}
        for line in found:
            if line.path not in seen:
                text = self.text_of(line.path)
                named = self._definitions(line.path, text) if text is not None else ()
                seen[line.path] = {one.first for one in named if one.name.rpartition(".")[2] == name}
        # Definitions first: they answer most questions.
        ordered = sorted(found, key=lambda one: one.line not in seen[one.path])
        return self._lines(ordered, f"`{name}` is in no text file.", defined=seen)

    def _lines(self, found: Sequence[Found], none: str, defined: Mapping[str, set[int]] | None = None) -> Looked:
        visible = [one for one in found if self._may_show(one.path)]
        if not visible:
            return Looked(none)
        rows = []
        for one in visible[:FOUND_LINES]:
            mark = " (definition)" if defined and one.line in defined[one.path] else ""
            rows.append(f"{one.path}:{one.line}:{mark} {one.text[:LINE_CHARACTERS]}")
        if len(visible) > FOUND_LINES:
            rows.append(f"[{len(visible) - FOUND_LINES} more lines are not shown: search for something longer.]")
        return Looked("\n".join(rows), cut=len(visible) > FOUND_LINES)

    def _read(self, values: Mapping[str, Any]) -> Looked:
        path = _words(values, "path")
        text = self.text_of(path)
        if text is None:
            return self._no_file(path)
        lines = lines_of(text)
        first = max(1, _number(values, "first", 1))
        last = min(len(lines), _number(values, "last", first + READ_LINES - 1))
        if first > len(lines) or last < first:
            return Looked(f"{path} has {len(lines)} lines.")
        kept = min(last, first + READ_LINES - 1)
        rows = [f"{path}, lines {first}-{kept} of {len(lines)}:"]
        rows += [f"{number}: {lines[number - 1][:LINE_CHARACTERS]}" for number in range(first, kept + 1)]
        rows += [f"[lines {kept + 1}-{last} are not shown: read them separately.]"] if kept < last else []
        return Looked("\n".join(rows), cut=kept < last, shown=((path, first, kept),))

    def _outline(self, values: Mapping[str, Any]) -> Looked:
        path = _words(values, "path")
        text = self.text_of(path)
        if text is None:
            return self._no_file(path)
        lines = lines_of(text)
        rows = [
            f"{one.first}-{one.last}: {one.name}: {lines[one.first - 1].strip()[:LINE_CHARACTERS]}"
            for one in self._definitions(path, text)
            if one.first <= len(lines)
        ]
        head = f"{path} has {len(lines)} lines"
        return Looked(
            "\n".join([f"{head}, with these definitions:", *rows]) if rows else f"{head}, and no definitions."
        )

    def _list(self, values: Mapping[str, Any]) -> Looked:
        folder = _words(values, "folder").strip("/")
        inside = f"{folder}/" if folder not in ("", ".") else ""
        below: dict[str, list[TreeEntry]] = {}
        for entry in self._tree.files():
            if entry.path.startswith(inside) and self._may_show(entry.path):
                name, slash, _ = entry.path[len(inside) :].partition("/")
                below.setdefault(name + slash, []).append(entry)
        if not below:
            return self._no_file(folder) if inside else Looked("The repository has no files.")
        rows = [
            f"{inside}{name} ({_plural(len(group), 'file')})" if name.endswith("/") else f"{inside}{name}"
            for name, group in sorted(below.items(), key=lambda item: (not item[0].endswith("/"), item[0]))
        ]
        cut = len(rows) > LISTED
        rows = [*rows[:LISTED], f"[{len(rows) - LISTED} more are not shown.]"] if cut else rows
        return Looked("\n".join(rows), cut=cut)

    def _history(self, values: Mapping[str, Any]) -> Looked:
        path = _words(values, "path").strip("/")
        commits = self._search.history(path)
        rows = []
        for commit in commits:
            paths = [one for one in commit.paths if self._may_show(one)]
            more = f" and {len(paths) - 5} more" if len(paths) > 5 else ""
            rows.append(f"{commit.sha} {commit.date} {commit.subject[:LINE_CHARACTERS]}")
            rows.append(f"  {', '.join(paths[:5])}{more}")
        return Looked("\n".join(rows) if rows else f"No commit changed {path or 'anything'}.")

    def _no_file(self, path: str) -> Looked:
        known = [entry.path for entry in self._tree.files() if self._may_show(entry.path)]
        same = [one for one in known if path and one.rpartition("/")[2] == path.rpartition("/")[2]]
        near = ", ".join(f"`{one}`" for one in same[:3]) or like(path, known[:5_000])
        return Looked(f"There is no text file at {path[:200]!r}.{f' There is {near}.' if near else ''}")

    def _capped(self, answer: Looked) -> Looked:
        """The answer with as many of its first lines as the cap allows."""
        if len(answer.text) <= self._cap or self._count(answer.text) <= self._cap:
            return answer
        rows = answer.text.split("\n")
        kept, used = 0, 0
        while kept < len(rows) and (used := used + self._count(rows[kept]) + 1) <= self._cap - 20:
            kept += 1
        note = f"[cut: {len(rows) - kept} of {len(rows)} lines are not shown. Ask for less at a time.]"
        # The first line of a `read` is its heading.
        shown = tuple((path, first, min(last, first + kept - 2)) for path, first, last in answer.shown if kept > 1)
        if shown:
            # The heading names lines that were cut: say which, so that they are read and nothing is read twice.
            note = f"[cut: lines {shown[0][2] + 1}-{answer.shown[0][2]} are not shown. Read them separately.]"
        return Looked("\n".join([*rows[:kept], note]), cut=True, shown=shown)


def _words(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key)
    return value.strip() if isinstance(value, str) else ""


def _number(values: Mapping[str, Any], key: str, default: int) -> int:
    value = values.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def _plural(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")
