"""The answer that a model which knows a task's edit would give, in the form that the prompt asks for. Pure.

The only module of the self test that knows the form of an answer.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from typing import Any

from bot.changeset.files_tree import Files
from bot.plan.selftest.mutation import lines_of_file
from bot.plan.selftest.tasks import Task

LARGEST_SHARE = 0.5
"""A file of which more than this share changes, from the first changed line to the last, is written whole."""

AnswerData = dict[str, Any]


def right_answer(task: Task) -> AnswerData:
    """The JSON object of a right answer."""
    edits = list(_edits(task.base, task.wanted))
    return {
        "summary": f"Restore an edit of {task.name.partition('/')[0]}"[:70],
        "plan": f"{task.title}. {task.body}",
        "message": "The blueprint gives the text.",
        "edits": edits,
    }


def as_text(answer: AnswerData) -> str:
    """The answer as the model writes it."""
    return json.dumps(answer, ensure_ascii=False)


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
    """One pair that makes `new` of `old`; None where most of the file changes."""
    now, then = lines_of_file(old), lines_of_file(new)
    codes = [
        code for code in difflib.SequenceMatcher(None, now, then, autojunk=False).get_opcodes() if code[0] != "equal"
    ]
    first, after = codes[0][1], codes[-1][2]
    end = len(then) - (len(now) - after)
    if after - first > len(now) * LARGEST_SHARE:
        return None
    # Wider until the text occurs once: upwards first, because code is read downwards.
    while True:
        text = "".join(now[first:after])
        if text and old.count(text) == 1:
            return {"old": text, "new": "".join(then[first:end]), "count": None}
        if first > 0:
            first -= 1
        else:
            after, end = after + 1, end + 1
