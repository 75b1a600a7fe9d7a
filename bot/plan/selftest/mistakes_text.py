"""The scripted model's known mistakes in the text form, and other ways to write it that count as right. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping

from bot.plan.answer.assemble import Definition
from bot.plan.answer.definitions import definitions_of
from bot.plan.selftest.answers import AnswerData, in_blocks, in_json, right_answer, text_answer
from bot.plan.selftest.mistakes import UNFINISHED, Made, Make, Mistake, comment_for, empty, prose
from bot.plan.selftest.mutation import lines_of_file
from bot.plan.selftest.score import Result
from bot.plan.selftest.tasks import Task
from bot.syntax.languages import language_of

Change = Callable[[Task, AnswerData], bool]
"""Spoils one edit of an answer; whether it could."""


def _edited(change: Change) -> Make:
    """A mistake in one edit: the first that `change` can spoil."""

    def make(task: Task, mark: str) -> Made | None:
        answer = text_answer(task)
        return (in_blocks(answer, mark), "stop") if any(change(task, edit) for edit in answer["edits"]) else None

    return make


def _respelt(spoil: Callable[[Task, str, str], str | None]) -> Make:
    """A mistake in the new text of an edit.

    `spoil` makes it of the task, the path and the right text; None: it cannot.

    Not in a whole file in place of the edit: a file that is shown in part may not be written whole.
    """

    def change(task: Task, edit: AnswerData) -> bool:
        text = spoil(task, edit["path"], edit["new"]) if edit["new"] else None
        if text is None:
            return False
        edit["new"] = text
        return True

    return _edited(change)


def _wrong_indentation(_task: Task, edit: AnswerData) -> bool:
    if edit["operation"] != "replace" or not re.search(r"(?m)^[ \t]", edit["old"]):
        return False
    edit["old"] = re.sub(r"(?m)^(?=[ \t])", "   ", edit["old"])
    return True


def _ambiguous_old(task: Task, edit: AnswerData) -> bool:
    lines = Counter(lines_of_file(task.base[edit["path"]])) if edit["operation"] == "replace" else Counter[str]()
    line = next((line for line, count in lines.items() if count > 1 and line.strip()), None)
    if line is None:
        return False
    edit.update(old=line, new=f"{line}{line}")
    return True


def _unknown_file(_task: Task, edit: AnswerData) -> bool:
    if edit["operation"] != "replace":
        return False
    edit["path"] = f"unknown/{edit['path']}"
    return True


def _without_operation(_task: Task, edit: AnswerData) -> bool:
    del edit["operation"]
    return True


def _unknown_key(_task: Task, edit: AnswerData) -> bool:
    edit["reason"] = "The blueprint asks for it."
    return True


def _missing_block(_task: Task, edit: AnswerData) -> bool:
    if edit["new"] is None:
        return False
    edit["new"] = 99
    return True


def _fenced(_task: Task, edit: AnswerData) -> bool:
    if edit["operation"] != "replace" or language_of(edit["path"]) is None or not edit["new"]:
        return False
    edit.update(old=f"```\n{edit['old']}```\n", new=f"```\n{edit['new']}```\n")
    return True


def _definition(task: Task, path: str) -> tuple[Definition, str] | None:
    """A definition of the base that is all of the file that changes, and its wanted text; None where there is none."""
    base, wanted = task.base[path], task.wanted[path]
    now, then = lines_of_file(base), lines_of_file(wanted)
    known = definitions_of(path, base)
    names = Counter(one.name for one in known)
    for one in sorted(known, key=lambda one: one.last - one.first):
        after = one.last + len(then) - len(now)
        rest_is_equal = now[: one.first - 1] == then[: one.first - 1] and now[one.last :] == then[after:]
        if names[one.name] == 1 and one.first <= after and rest_is_equal:
            return one, "".join(then[one.first - 1 : after])
    return None


def _whole_symbol(task: Task, edit: AnswerData) -> bool:
    found = _definition(task, edit["path"]) if edit["operation"] == "replace" else None
    if found is None:
        return False
    edit.update(operation="replace_symbol", symbol=found[0].name, old=None, new=found[1])
    return True


def _indented_symbol(task: Task, edit: AnswerData) -> bool:
    if not _whole_symbol(task, edit):
        return False
    edit["new"] = re.sub(r"(?m)^(?=.)", "  ", edit["new"])
    return True


def _unknown_symbol(task: Task, edit: AnswerData) -> bool:
    if not _whole_symbol(task, edit):
        return False
    edit["symbol"] = f"{edit['symbol']}_unknown"
    return True


def _unfinished_code(task: Task, path: str, new: str) -> str | None:
    """A source file that does not parse: refused, but for its content."""
    return new + UNFINISHED[task.language] if language_of(path) == task.language else None


def _line_too_many(_task: Task, path: str, new: str) -> str | None:
    comment = comment_for(path)
    return f"{new}{comment}" if comment else None


def _space_at_the_end(_task: Task, _path: str, new: str) -> str:
    return new.removesuffix("\n") + " \n"


def _only_the_first_edit(task: Task, mark: str) -> Made | None:
    answer = text_answer(task)
    if len(answer["edits"]) < 2 or task.operator != "several-files":
        return None
    return in_blocks({**answer, "edits": answer["edits"][:1]}, mark), "stop"


def _nothing_to_do(task: Task, mark: str) -> Made:
    return in_blocks({**text_answer(task), "edits": [], "plan": "I see nothing to change."}, mark), "stop"


def _asks_to_see(task: Task, mark: str) -> Made:
    path = next(iter(sorted(task.base)))
    return in_blocks({**text_answer(task), "edits": [], "needs": [path]}, mark), "stop"


def _unused_block(task: Task, mark: str) -> Made:
    return in_blocks(text_answer(task), mark, more=["An older thought.\n"]), "stop"


def _cut_off(task: Task, mark: str) -> Made:
    whole = in_blocks(text_answer(task), mark)
    return whole[: int(len(whole) * 0.6)], "length"


def _cut_in_a_block(task: Task, mark: str) -> Made | None:
    """Cut off by a server that does not say so."""
    whole = in_blocks(text_answer(task), mark)
    return (whole[: whole.index(f"\nEND 1 {mark}")], "stop") if f"\nEND 1 {mark}" in whole else None


def _without_envelope(task: Task, mark: str) -> Made | None:
    blocks, _, _ = in_blocks(text_answer(task), mark).partition("```json\n{")
    return (blocks, "stop") if blocks else None


def _without_mark(task: Task, mark: str) -> Made | None:
    whole = in_blocks(text_answer(task), mark)
    return (re.sub(rf"(?m)^(BEGIN|END) (\d+) {mark}$", r"\1 \2", whole), "stop") if whole.startswith("BEGIN") else None


def _block_twice(task: Task, mark: str) -> Made | None:
    whole = in_blocks(text_answer(task), mark)
    first, end, rest = whole.partition(f"END 1 {mark}\n")
    return (f"{first}{end}{first}{end}{rest}", "stop") if end else None


def _change_set(task: Task, _mark: str) -> Made:
    """The answer in the other form, which is read as well."""
    return in_json(right_answer(task)), "stop"


MISTAKES: Mapping[str, Mistake] = {
    "prose": Mistake(prose, Result.FORMAT, "model.prose", always=True, attempts=2),
    "prose-once": Mistake(prose, Result.DONE, attempts=2),
    "truncated": Mistake(_cut_off, Result.FORMAT, "model.truncated", always=True, attempts=2),
    "truncated-once": Mistake(_cut_off, Result.DONE, attempts=2),
    "cut-in-a-block": Mistake(_cut_in_a_block, Result.FORMAT, "model.truncated", always=True, attempts=2),
    "empty": Mistake(empty, Result.FORMAT, "model.empty", always=True, attempts=2),
    "empty-once": Mistake(empty, Result.DONE, attempts=2),
    "nothing-to-do": Mistake(_nothing_to_do, Result.REFUSED, "plan.empty"),
    "asks-to-see": Mistake(_asks_to_see, Result.DONE, attempts=2),
    "without-envelope": Mistake(_without_envelope, Result.FORMAT, "model.prose", always=True, attempts=2),
    "without-mark": Mistake(_without_mark, Result.FORMAT, "contract.block_missing", always=True, attempts=2),
    "missing-block": Mistake(_edited(_missing_block), Result.DONE, attempts=2),
    "unused-block": Mistake(_unused_block, Result.FORMAT, "contract.block_unused", always=True, attempts=2),
    "block-twice": Mistake(_block_twice, Result.DONE, attempts=2),
    "without-operation": Mistake(_edited(_without_operation), Result.FORMAT, "contract.operation", True, attempts=2),
    "unknown-key": Mistake(_edited(_unknown_key), Result.DONE, attempts=2),
    "wrong-indentation": Mistake(_edited(_wrong_indentation), Result.DONE, attempts=2),
    "ambiguous-old": Mistake(_edited(_ambiguous_old), Result.FORMAT, "contract.replace_ambiguous", True, attempts=2),
    "unknown-file": Mistake(_edited(_unknown_file), Result.DONE, attempts=2),
    "whole-symbol": Mistake(_edited(_whole_symbol), Result.DONE),
    "indented-symbol": Mistake(_edited(_indented_symbol), Result.FORMAT, "contract.symbol_indentation", True, 2),
    "unknown-symbol": Mistake(_edited(_unknown_symbol), Result.DONE, attempts=2),
    "fence-in-a-block": Mistake(_edited(_fenced), Result.DONE),
    "change-set": Mistake(_change_set, Result.DONE),
    "unfinished-code": Mistake(_respelt(_unfinished_code), Result.REFUSED, "syntax.", always=True, attempts=2),
    "line-too-many": Mistake(_respelt(_line_too_many), Result.WRONG),
    "half-of-it": Mistake(_only_the_first_edit, Result.WRONG),
    "space-at-the-end": Mistake(_respelt(_space_at_the_end), Result.NEAR),
}  # fmt: skip
"""The known mistakes of the text form, by name."""
