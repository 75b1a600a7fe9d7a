"""The scripted model's known mistakes in the JSON form. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from bot.plan.selftest.answers import AnswerData, in_json, right_answer
from bot.plan.selftest.mistakes import UNFINISHED, Made, Make, Mistake, comment_for, empty, prose
from bot.plan.selftest.score import Result
from bot.plan.selftest.tasks import Task
from bot.syntax.languages import language_of


def _edited(change: Callable[[Task, AnswerData], bool]) -> Make:
    """A mistake in one edit: the first that `change` can spoil."""

    def make(task: Task, _mark: str) -> Made | None:
        answer = right_answer(task)
        return (in_json(answer), "stop") if any(change(task, edit) for edit in answer["edits"]) else None

    return make


def _wrong_indentation(_task: Task, edit: AnswerData) -> bool:
    pair = (edit["replace"] or [None])[0]
    if pair is None or not re.search(r"(?m)^[ \t]", pair["old"]):
        return False
    pair["old"] = re.sub(r"(?m)^(?=[ \t])", "   ", pair["old"])
    return True


def _ambiguous_old(task: Task, edit: AnswerData) -> bool:
    if edit["mode"] != "modify" or task.base[edit["path"]].count("\n") < 2:
        return False
    edit.update(after=None, replace=[{"old": "\n", "new": "\n\n", "count": None}])
    return True


def _unknown_file(_task: Task, edit: AnswerData) -> bool:
    if edit["mode"] != "modify":
        return False
    edit["path"] = f"unknown/{edit['path']}"
    return True


def _existing_file(task: Task, edit: AnswerData) -> bool:
    if edit["mode"] != "modify":
        return False
    edit.update(mode="add", after=task.wanted[edit["path"]], replace=None)
    return True


def _unfinished_code(task: Task, edit: AnswerData) -> bool:
    """A source file that does not parse: refused, but for its content."""
    if edit["mode"] != "modify" or language_of(edit["path"]) != task.language:
        return False
    edit.update(after=task.wanted[edit["path"]] + UNFINISHED[task.language], replace=None)
    return True


def _line_too_many(task: Task, edit: AnswerData) -> bool:
    comment = comment_for(edit["path"])
    if edit["mode"] != "modify" or comment is None:
        return False
    edit.update(after=f"{task.wanted[edit['path']]}\n{comment}", replace=None)
    return True


def _space_at_the_end(task: Task, edit: AnswerData) -> bool:
    if edit["mode"] != "modify":
        return False
    lines = task.wanted[edit["path"]].split("\n")
    edit.update(after="\n".join([*lines[:-2], f"{lines[-2]} ", ""]), replace=None)
    return True


def _no_last_line_end(task: Task, edit: AnswerData) -> bool:
    if edit["mode"] != "modify":
        return False
    edit.update(after=task.wanted[edit["path"]].removesuffix("\n"), replace=None)
    return True


def _without_mode(_task: Task, edit: AnswerData) -> bool:
    del edit["mode"]
    return True


def _only_the_first_edit(task: Task, _mark: str) -> Made | None:
    answer = right_answer(task)
    if len(answer["edits"]) < 2 or task.operator != "several-files":
        return None
    return in_json({**answer, "edits": answer["edits"][:1]}), "stop"


def _nothing_to_do(task: Task, _mark: str) -> Made:
    return in_json({**right_answer(task), "edits": [], "plan": "I see nothing to change."}), "stop"


def _cut_off(task: Task, _mark: str) -> Made:
    whole = in_json(right_answer(task))
    return whole[: int(len(whole) * 0.6)], "length"


MISTAKES: Mapping[str, Mistake] = {
    "prose": Mistake(prose, Result.FORMAT, "model.prose", always=True, attempts=2),
    "prose-once": Mistake(prose, Result.DONE, attempts=2),
    "truncated": Mistake(_cut_off, Result.FORMAT, "model.truncated", always=True, attempts=2),
    "truncated-once": Mistake(_cut_off, Result.DONE, attempts=2),
    "empty": Mistake(empty, Result.FORMAT, "model.empty", always=True, attempts=2),
    "empty-once": Mistake(empty, Result.DONE, attempts=2),
    "nothing-to-do": Mistake(_nothing_to_do, Result.REFUSED, "plan.empty"),
    "wrong-indentation": Mistake(_edited(_wrong_indentation), Result.DONE, attempts=2),
    "ambiguous-old": Mistake(_edited(_ambiguous_old), Result.FORMAT, "contract.replace_ambiguous", True, attempts=2),
    "unknown-file": Mistake(_edited(_unknown_file), Result.DONE, attempts=2),
    "existing-file": Mistake(_edited(_existing_file), Result.FORMAT, "contract.add_existing_path", True, attempts=2),
    "without-mode": Mistake(_edited(_without_mode), Result.DONE, attempts=2),
    "unfinished-code": Mistake(_edited(_unfinished_code), Result.REFUSED, "syntax.", True, attempts=2),
    "line-too-many": Mistake(_edited(_line_too_many), Result.WRONG),
    "half-of-it": Mistake(_only_the_first_edit, Result.WRONG),
    "space-at-the-end": Mistake(_edited(_space_at_the_end), Result.NEAR),
    "no-last-line-end": Mistake(_edited(_no_last_line_end), Result.NEAR),
}  # fmt: skip
"""The known mistakes of the JSON form, by name."""
