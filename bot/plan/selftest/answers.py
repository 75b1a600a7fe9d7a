"""The answer that a model which knows a task's edit would give, in each of the forms that a prompt asks for. Pure."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from bot.changeset.files_tree import Files
from bot.core.text_content import lines_of
from bot.plan.answer.assemble import WRITTEN_WHOLE_LINES
from bot.plan.answer.blocks import block_example
from bot.plan.selftest.mutation import lines_of_file
from bot.plan.selftest.tasks import Task

LARGEST_SHARE = 0.5
"""A file of which more than this share changes, from the first changed line to the last, is written whole."""

AnswerData = dict[str, Any]


def right_answer(task: Task) -> AnswerData:
    """A right answer in the JSON form: a ChangeSet."""
    return {**_words(task), "edits": list(_edits(task.base, task.wanted))}


def text_answer(task: Task) -> AnswerData:
    """A right answer in the text form: the envelope with each edit's texts in place of the numbers of their blocks."""
    edits = [_operation(edit) for edit in _edits(task.base, task.wanted)]
    return {**_words(task), "edits": edits, "needs": []}


def in_json(answer: AnswerData) -> str:
    """An answer in the JSON form as the model writes it."""
    return json.dumps(answer, ensure_ascii=False)


def in_blocks(answer: AnswerData, mark: str, *, more: Sequence[str] = ()) -> str:
    """An answer in the text form as the model writes it: the texts as blocks with that mark, then the envelope.

    `more` are texts of blocks that no edit names.
    """
    texts: list[str] = []
    edits = []
    for edit in answer["edits"]:
        named = dict(edit)
        for key in ("old", "new"):
            if isinstance(edit.get(key), str):
                texts.append(edit[key])
                named[key] = len(texts)
        edits.append(named)
    blocks = [block_example(number, mark, lines_of(text)) for number, text in enumerate([*texts, *more], start=1)]
    envelope = json.dumps({**answer, "edits": edits}, ensure_ascii=False, indent=1)
    return "\n".join([*blocks, "```json", envelope, "```"])


def _words(task: Task) -> AnswerData:
    return {
        "summary": f"Restore an edit of {task.name.partition('/')[0]}"[:70],
        "plan": f"{task.title}. {task.body}",
        "message": "The blueprint gives the text.",
    }


def _operation(edit: AnswerData) -> AnswerData:
    """An edit of a ChangeSet as the text form has it."""
    empty = {"old": None, "new": None, "symbol": None, "from": None, "removes": None, "count": None}
    named = {"path": edit["path"], "operation": "delete", **empty}
    if edit["replace"]:
        (pair,) = edit["replace"]
        return named | {"operation": "replace", "old": pair["old"], "new": pair["new"]}
    if edit["rename_from"]:
        return named | {"operation": "rename", "from": edit["rename_from"]}
    return named if edit["mode"] == "delete" else named | {"operation": "write", "new": edit["after"]}


def _edits(base: Files, wanted: Files) -> Iterator[AnswerData]:
    gone = [path for path in base if path not in wanted]
    for path in sorted({*base, *wanted}):
        old, new = base.get(path), wanted.get(path)
        if old is None and new is not None:
            source = next((other for other in gone if base[other] == new), None)
            yield _edit(path, "add", rename_from=source) if source else _edit(path, "add", after=new)
            gone = [other for other in gone if other != source]
        elif old is not None and new is not None and old != new:
            pair = _replacement(old, new)
            yield _edit(path, "modify", replace=[pair]) if pair else _edit(path, "modify", after=new)
    for path in gone:
        yield _edit(path, "delete")


def _edit(path: str, mode: str, **given: Any) -> AnswerData:
    empty = {"after": None, "replace": None, "rename_from": None, "executable": None, "removes": None}
    return {"path": path, "mode": mode, **empty, **given}


def _replacement(old: str, new: str) -> AnswerData | None:
    """One pair that makes `new` of `old`; None where most of a file changes that may be written whole."""
    now, then = lines_of_file(old), lines_of_file(new)
    codes = [
        code for code in difflib.SequenceMatcher(None, now, then, autojunk=False).get_opcodes() if code[0] != "equal"
    ]
    first, after = codes[0][1], codes[-1][2]
    end = len(then) - (len(now) - after)
    if after - first > len(now) * LARGEST_SHARE and len(now) <= WRITTEN_WHOLE_LINES:
        return None
    # Wider until the text occurs once: upwards first, because code is read downwards. Blank lines alone are no `old`.
    while True:
        text = "".join(now[first:after])
        if text.strip() and old.count(text) == 1:
            return {"old": text, "new": "".join(then[first:end]), "count": None}
        if first > 0:
            first -= 1
        else:
            after, end = after + 1, end + 1
