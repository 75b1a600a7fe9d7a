"""Reads one answer of the planning model, and joins a repaired answer with the edits that were kept."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.core.errors import ModelUnusable
from bot.core.findings import Finding
from bot.llm.model import Completion
from bot.llm.structured import read_json
from bot.plan.answer.blocks import read_blocks
from bot.plan.answer.envelope import Envelope, Operation, is_envelope, read_envelope

_OBJECT = re.compile(r"^\{", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class JsonAnswer:
    """An answer that is a ChangeSet as JSON: what servers give that cannot write text beside JSON."""

    data: dict[str, Any]


def read_answer(completion: Completion, mark: str) -> Envelope | JsonAnswer:
    """The answer's envelope with its blocks in place, or the ChangeSet that it gives as JSON.

    Raises ModelUnusable (`model.*`) where there is no JSON object to read, ChangeSetRejected (`contract.*`) where the
    envelope and the blocks do not fit together.
    """
    if completion.finish != "stop":
        # Before anything is parsed: what was cut off may look complete.
        read_json(completion)
    blocks = read_blocks(completion.text, mark)
    rest = blocks.rest.strip()
    if blocks.lines and not rest:
        raise ModelUnusable(
            "the answer has blocks, and no JSON object after them",
            code="model.prose",
            remedy="After the last block, write the JSON object that says what each block is for.",
        )
    data = read_json(replace(completion, text=_without_prose(rest)))
    return read_envelope(data, blocks) if blocks.lines or is_envelope(data) else JsonAnswer(data)


def _without_prose(rest: str) -> str:
    """The text from its only line that begins an object, where no fence says which part is the JSON."""
    starts = list(_OBJECT.finditer(rest))
    if "```" in rest or len(starts) != 1:
        return rest
    return rest[starts[0].start() : rest.rfind("}") + 1] or rest


def joined(kept: Sequence[Operation], given: Sequence[Operation]) -> tuple[Operation, ...]:
    """The kept operations and the new ones, numbered in this order from 1.

    A kept one gives way to a new one for the same text, symbol or whole file: models often repeat edits that they were
    not asked for again.
    """
    whole = {o.path for o in given if o.kind in ("write", "delete")}
    places = {_place(o) for o in given}
    left = [o for o in kept if o.path not in whole and _place(o) not in places]
    return tuple(replace(o, number=number) for number, o in enumerate([*left, *given], start=1))


def failed_numbers(
    operations: Sequence[Operation],
    findings: Sequence[Finding],
    made_from: Sequence[Sequence[int]],
    failed: Collection[int] = (),
) -> frozenset[int]:
    """The operations that have to be given again.

    `findings` are those of the whole ChangeSet, with `edit` as the index in `made_from`; `failed` are operations that
    could not become a part of it. A finding that names no edit concerns all.
    """
    numbers = set(failed)
    for finding in findings:
        if finding.edit is None or finding.edit >= len(made_from):
            return frozenset(o.number for o in operations)
        numbers.update(made_from[finding.edit])
    return frozenset(numbers)


def describe(operation: Operation) -> str:
    """An operation in a few words, for the model that wrote it."""
    what = {"replace_symbol": f"replace_symbol `{operation.symbol}` in", "replace": "replace in"}
    return f"edit {operation.number} ({what.get(operation.kind, operation.kind)} {operation.path})"


def _place(operation: Operation) -> tuple[str, str, object]:
    kind = "whole" if operation.kind in ("write", "delete") else operation.kind
    return operation.path, kind, operation.old or operation.symbol or operation.source
