"""From the operations of an answer to the ChangeSet they describe, against the files as they are at the base.

Every text is looked up exactly; what cannot be found, or was never shown to the model, is a finding for its edit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.changeset.tree import MODE_EXECUTABLE, MODE_FILE, TreeReader
from bot.core.codes.lookup import make_finding
from bot.core.findings import Finding
from bot.core.globs import matching
from bot.core.text_content import decoded
from bot.plan.answer.blocks import without_fence
from bot.plan.answer.envelope import Lines, Operation
from bot.plan.answer.locate import FileText, Miss, Span, like, pairs_of

WRITTEN_WHOLE_LINES = 400
"""An existing file of more lines is not written whole: models leave parts of it out, and every line costs tokens."""
_MARKDOWN = ("**/*.md", "**/*.markdown", "**/*.mdx", "*.md", "*.markdown", "*.mdx")


@dataclass(frozen=True, slots=True)
class Definition:
    """A definition in a file: its path in the outline (`Reader.read`), and its first and last line, from 1."""

    name: str
    first: int
    last: int


Definitions = Callable[[str, str], Sequence[Definition]]
"""The definitions of a file, by its path and text; none where its language is not known."""
ShownLines = Mapping[str, Sequence[tuple[int, int]]]
"""By path the line ranges that the model was shown, both ends included, from 1."""


@dataclass(frozen=True, slots=True)
class Assembled:
    """A ChangeSet as JSON data, and for each of its edits the numbers of the operations that it was made from."""

    edits: tuple[dict[str, Any], ...]
    made_from: tuple[tuple[int, ...], ...]
    findings: tuple[Finding, ...]
    """Mistakes of single operations: `edit` is the index in the envelope's list."""
    failed: frozenset[int]
    """Numbers of the operations with a mistake."""


def assemble(
    operations: Sequence[Operation], tree: TreeReader, *, shown: ShownLines, definitions: Definitions
) -> Assembled:
    """The edits that the operations describe, one for each path, and the mistakes of those that describe none."""
    by_path: dict[str, list[Operation]] = {}
    for operation in operations:
        by_path.setdefault(operation.path, []).append(operation)
    edits, made_from, findings = [], [], []
    failed: set[int] = set()
    for path, group in by_path.items():
        builder = _PathBuilder(path, group, tree, shown, definitions)
        edit = builder.edit()
        findings += builder.findings
        failed |= builder.failed
        if edit is not None:
            edits.append(edit)
            made_from.append(tuple(operation.number for operation in group))
    return Assembled(tuple(edits), tuple(made_from), tuple(findings), frozenset(failed))


class _PathBuilder:
    """The edit of one path, from all operations that name it."""

    def __init__(
        self,
        path: str,
        group: Sequence[Operation],
        tree: TreeReader,
        shown: ShownLines,
        definitions: Definitions,
    ) -> None:
        self._path = path
        self._group = group
        self._tree = tree
        self._shown = shown
        self._definitions = definitions
        self.findings: list[Finding] = []
        self.failed: set[int] = set()

    def edit(self) -> dict[str, Any] | None:
        """The edit as JSON data, or None after a mistake."""
        kinds = [operation.kind for operation in self._group]
        alone = [kind for kind in kinds if kind in ("write", "delete")]
        if alone and len(kinds) > 1:
            for operation in self._group:
                self._mistake(operation, "contract.duplicate_path", f"{self._path} has a `{alone[0]}` and other edits")
            return None
        if kinds.count("rename") > 1:
            self._mistake(self._group[-1], "contract.duplicate_path", f"{self._path} is the target of two renames")
            return None
        common = self._common()
        if alone == ["delete"]:
            return {**common, "mode": "delete"}
        if alone == ["write"]:
            return self._written(self._group[0], common)
        return self._replaced(common)

    def _common(self) -> dict[str, Any]:
        removes = list(dict.fromkeys(name for operation in self._group for name in operation.removes))
        executable = next((o.executable for o in self._group if o.executable is not None), None)
        edit: dict[str, Any] = {"path": self._path}
        if removes:
            edit["removes"] = removes
        return edit if executable is None else {**edit, "executable": executable}

    def _written(self, operation: Operation, common: dict[str, Any]) -> dict[str, Any] | None:
        lines = operation.new or ()
        lines = lines if matching(_MARKDOWN, self._path) else without_fence(lines)
        text = _text_at(self._tree, self._path)
        if text is None:
            mode = "add" if self._tree.entry(self._path) is None else "modify"
            return {**common, "mode": mode, "after": "".join(f"{line}\n" for line in lines)}
        file = FileText(text)
        if len(file.lines) > WRITTEN_WHOLE_LINES:
            message = f"{self._path} has {len(file.lines)} lines, too many to write the file whole"
            self._mistake(operation, "contract.write_large", message)
            return None
        if not self._was_shown(operation, 1, len(file.lines)):
            return None
        return {**common, "mode": "modify", "after": "".join(f"{line}{file.end_of_line}" for line in lines)}

    def _replaced(self, common: dict[str, Any]) -> dict[str, Any] | None:
        renames = [operation for operation in self._group if operation.kind == "rename"]
        changes = [operation for operation in self._group if operation.kind != "rename"]
        source = renames[0].source if renames else self._path
        edit = {**common, "mode": "modify"}
        if renames:
            edit["rename_from"] = source
        if not changes:
            return edit
        text = _text_at(self._tree, source)
        if text is None:
            # Whether the path is absent, a folder or binary is for the ChangeSet's own checks to say.
            return {**edit, "replace": [{"old": "\n".join(o.old or (o.symbol,)) or "?", "new": ""} for o in changes]}
        file = FileText(text)
        spans: list[Span] = []
        for operation in changes:
            found = self._spans(file, operation, source)
            if isinstance(found, Miss):
                self._mistake(operation, found.code, found.message, found.line)
            elif all(self._was_shown(operation, span.first, span.last, source) for span in found):
                spans += found
        if self.failed:
            return None
        pairs = pairs_of(file, spans)
        if isinstance(pairs, Miss):
            for operation in changes:
                self._mistake(operation, pairs.code, f"{self._path}: {pairs.message}", pairs.line)
            return None
        return {**edit, "replace": [{"old": pair.old, "new": pair.new} for pair in pairs]}

    def _spans(self, file: FileText, operation: Operation, source: str) -> list[Span] | Miss:
        new = operation.new or ()
        if operation.kind == "replace_symbol":
            return self._symbol(file, operation.symbol, without_fence(new), source)
        old = operation.old or ()
        found = file.spans(old, new, operation.count)
        if isinstance(found, Miss) and without_fence(old) != old:
            bare = file.spans(without_fence(old), without_fence(new), operation.count)
            return found if isinstance(bare, Miss) else bare
        # In a Markdown file a fence around the new lines may be meant.
        if isinstance(found, Miss) or matching(_MARKDOWN, source) or without_fence(new) == new:
            return found
        return file.spans(old, without_fence(new), operation.count)

    def _symbol(self, file: FileText, name: str, new: Lines, source: str) -> list[Span] | Miss:
        known = self._definitions(source, file.text)
        hits = [d for d in known if d.name == name] or [d for d in known if d.name.rpartition(".")[2] == name]
        if not hits:
            near = like(name, [d.name for d in known])
            why = f"; it has {near}" if near else "; its language is not one that Cadence reads" if not known else ""
            return Miss("contract.symbol_missing", f"{source} defines no `{name}`{why}")
        if len(hits) > 1:
            lines = ", ".join(str(hit.first) for hit in hits)
            message = f"{source} defines `{name}` {len(hits)} times (lines {lines})"
            return Miss("contract.symbol_ambiguous", message, hits[0].first)
        hit = hits[0]
        was, is_ = _indent(file.lines[hit.first - 1 : hit.last]), _indent(new)
        if new and was != is_:
            message = f"`{name}` is indented by {len(was)} characters in {source}, and the new text by {len(is_)}"
            return Miss("contract.symbol_indentation", message, hit.first)
        return [file.of_lines(hit.first, hit.last, new)]

    def _was_shown(self, operation: Operation, first: int, last: int, source: str = "") -> bool:
        path = source or self._path
        ranges = sorted(self._shown.get(path, ()))
        line = first
        for begin, end in ranges:
            if begin <= line <= end:
                line = end + 1
        if line > last or first > last:
            return True
        if not ranges:
            message = f"{path} exists, and its content was not shown"
        else:
            message = f"line {line} of {path} was not shown, and the edit changes lines {first}-{last}"
        self._mistake(operation, "contract.not_shown", message, line)
        return False

    def _mistake(self, operation: Operation, code: str, message: str, line: int | None = None) -> None:
        self.failed.add(operation.number)
        self.findings.append(make_finding(code, message, edit=operation.number - 1, path=self._path, line=line))


def _text_at(tree: TreeReader, path: str) -> str | None:
    """The text of a regular file; None where there is no such file, or it is binary."""
    entry = tree.entry(path)
    if entry is None or entry.mode not in (MODE_FILE, MODE_EXECUTABLE):
        return None
    text = decoded(tree.read(path))
    return None if text is None else text.text


def _indent(lines: Sequence[str]) -> str:
    first = next((line for line in lines if line.strip()), "")
    return first[: len(first) - len(first.lstrip())]
