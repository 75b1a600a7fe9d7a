"""The envelope of a planner's answer: what each numbered block is for, as one JSON object.

The same envelope may hold the texts themselves in place of block numbers, for servers that allow nothing but JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from bot.changeset.rejected import ChangeSetRejected
from bot.core.codes.lookup import make_finding
from bot.core.findings import Finding
from bot.core.text_content import lines_of
from bot.plan.answer.blocks import Blocks

OperationKind = Literal["replace", "write", "replace_symbol", "delete", "rename"]
KINDS: tuple[OperationKind, ...] = ("replace", "write", "replace_symbol", "delete", "rename")
Lines = tuple[str, ...]

_NEEDS: Mapping[OperationKind, tuple[str, ...]] = {
    "replace": ("old", "new"),
    "write": ("new",),
    "replace_symbol": ("symbol", "new"),
    "delete": (),
    "rename": ("from",),
}
# Other names that models use for the envelope's keys; each means one thing, so nothing is guessed.
_KEYS = {
    "file": "path", "filename": "path", "file_path": "path", "op": "operation", "action": "operation",
    "type": "operation", "old_block": "old", "new_block": "new", "block": "new", "content": "new",
    "search": "old", "name": "symbol", "rename_from": "from", "old_path": "from", "removed": "removes",
}  # fmt: skip
_OPERATIONS: Mapping[str, OperationKind] = {
    "create": "write", "add": "write", "new": "write", "rewrite": "write", "modify": "replace", "edit": "replace",
    "update": "replace", "remove": "delete", "move": "rename", "replace_function": "replace_symbol",
    "replace_definition": "replace_symbol",
}  # fmt: skip
_KNOWN = frozenset({"path", "operation", "old", "new", "symbol", "from", "removes", "count", "executable"})


@dataclass(frozen=True, slots=True)
class Operation:
    """One edit of an answer with its texts as lines. `number` is its place in the envelope's list, counted from 1.

    `old` and `new` are None where the operation has none; an empty `new` deletes the old lines. `source` is the path
    that a rename moves, `count` how often `old` has to occur.
    """

    number: int
    kind: OperationKind
    path: str
    old: Lines | None = None
    new: Lines | None = None
    symbol: str = ""
    source: str = ""
    removes: tuple[str, ...] = ()
    count: int = 1
    executable: bool | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """The words of an answer, its operations, and the paths or symbols that the model asks to be shown."""

    summary: str
    plan: str
    message: str
    operations: tuple[Operation, ...]
    needs: tuple[str, ...] = ()


def is_envelope(data: Mapping[str, Any]) -> bool:
    """Whether an answer's object is an envelope, and not a ChangeSet as JSON (whose edits have a mode)."""
    edits = data.get("edits")
    if not isinstance(edits, list):
        return isinstance(data.get("needs"), list) and "edits" not in data
    keys = {str(key) for edit in edits if isinstance(edit, Mapping) for key in edit}
    return not keys & {"mode", "after", "replace", "after_base64"}


def read_envelope(data: Mapping[str, Any], blocks: Blocks) -> Envelope:
    """The envelope with its blocks put in place.

    Raises ChangeSetRejected with every mistake: an unknown operation, a missing or unknown key, a block that is
    missing, doubled or used by no edit.
    """
    findings = [
        make_finding("contract.block_twice", f"block {number} is in the answer twice") for number in blocks.doubled
    ]
    edits = data.get("edits")
    operations: list[Operation] = []
    used: set[int] = set()
    for index, raw in enumerate(edits if isinstance(edits, list) else []):
        made = _operation(raw, index, blocks, used)
        operations += [made] if isinstance(made, Operation) else []
        findings += [] if isinstance(made, Operation) else made
    findings += [
        make_finding("contract.block_unused", f"block {number} is in the answer, and no edit names it")
        for number in sorted(blocks.lines.keys() - used)
        # With another mistake the edit that names the block may be the one that could not be read.
        if not findings
    ]
    if findings:
        raise ChangeSetRejected(findings)
    needs = data.get("needs")
    return Envelope(
        summary=_words(data.get("summary")),
        plan=_words(data.get("plan")),
        message=_words(data.get("message")),
        operations=tuple(operations),
        needs=tuple(str(name).strip() for name in needs if str(name).strip()) if isinstance(needs, list) else (),
    )


def _operation(raw: object, index: int, blocks: Blocks, used: set[int]) -> Operation | list[Finding]:
    if not isinstance(raw, Mapping):
        return [make_finding("contract.invalid", f"edits[{index}] is not an object", edit=index)]
    edit = {_KEYS.get(str(key), str(key)): value for key, value in raw.items() if value not in (None, "", [])}
    path = str(edit.get("path", ""))
    said = str(edit.get("operation", "")).casefold().strip()
    kind = said if said in KINDS else _OPERATIONS.get(said)
    if kind == "replace" and "old" not in edit and "symbol" in edit:
        kind = "replace_symbol"
    if kind is None:
        message = f"edits[{index}] has {f'the operation {said[:40]!r}' if said else 'no operation'}"
        return [make_finding("contract.operation", message, edit=index, path=path or None)]
    # An empty `new` was dropped above with the other empty values: it is given, and means no lines.
    if "new" not in edit and any(_KEYS.get(str(key), str(key)) == "new" and raw[key] == "" for key in raw):
        edit["new"] = ""
    findings = [
        make_finding("contract.missing_key", f"edits[{index}] ({kind}) has no `{key}`", edit=index, path=path or None)
        for key in ("path", *_NEEDS[kind])
        if key not in edit
    ]
    unknown = sorted(edit.keys() - _KNOWN)
    if unknown:
        names = ", ".join(f"`{name[:40]}`" for name in unknown)
        findings.append(make_finding("contract.unknown_key", f"edits[{index}] has {names}", edit=index, path=path))
    texts = {key: _lines(edit.get(key), index, key, blocks, used) for key in ("old", "new")}
    for value in texts.values():
        findings += [value] if isinstance(value, Finding) else []
    if findings:
        return findings
    return Operation(
        number=index + 1,
        kind=kind,
        path=path,
        old=cast(Lines | None, texts["old"]),
        new=cast(Lines | None, texts["new"]),
        symbol=str(edit.get("symbol", "")),
        source=str(edit.get("from", "")),
        removes=_names(edit.get("removes")),
        count=edit["count"] if type(edit.get("count")) is int and edit["count"] > 0 else 1,
        executable=edit["executable"] if type(edit.get("executable")) is bool else None,
    )


def _lines(value: object, index: int, key: str, blocks: Blocks, used: set[int]) -> Lines | Finding | None:
    """The lines that `old` or `new` stands for: a block's, or those of a text given in its place."""
    # Without any block the answer is in the JSON form, and "42" is a text.
    if isinstance(value, str) and (not blocks.lines or not value.strip().isdecimal()):
        return tuple(lines_of(value))
    if isinstance(value, str | int) and not isinstance(value, bool):
        number = int(value)
        used.add(number)
        if number in blocks.lines:
            return blocks.lines[number]
        have = ", ".join(map(str, sorted(blocks.lines))) or "none"
        message = f"edits[{index}].{key} names block {number}, which is not in the answer (blocks: {have})"
        return make_finding("contract.block_missing", message, edit=index)
    if value is None:
        return None
    return make_finding("contract.invalid", f"edits[{index}].{key} is not the number of a block", edit=index)


def _names(value: object) -> tuple[str, ...]:
    given: Sequence[object] = value if isinstance(value, list) else [value] if isinstance(value, str) else []
    return tuple(str(name) for name in given if str(name).strip())


def _words(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
