"""A model without a server that knows every task's edit and makes known mistakes in a fixed share of the tasks.

With it the self test measures itself: what it reports for each task has to be what the mistake deserves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import PurePosixPath

from bot.llm.counting import count_tokens
from bot.llm.model import Completion, ModelKind, Prompt
from bot.plan.selftest.answers import AnswerData, as_text, right_answer
from bot.plan.selftest.score import Result, TaskOutcome
from bot.plan.selftest.tasks import Task
from bot.syntax.languages import language_of

NAME = "scripted-planner"
PERIOD = 30
"""The mistakes are made in the first tasks of every so many; all other tasks are answered right."""

_TASK_NAME = re.compile(r"\(([\w-]+/[\w-]+/\d+)\)")


@dataclass(frozen=True, slots=True)
class Mistake:
    """One known mistake, and what the self test has to report for it.

    A `code` that ends with a dot goes on with the task's language. `make` gives the text of the wrong answer and its
    `finish`, or None where the task does not lend itself to it.
    `always` mistakes are repeated after each correction, all others are made once.
    """

    make: Callable[[Task], tuple[str, str] | None]
    result: Result
    code: str = ""
    always: bool = False
    attempts: int = 1


def _edited(change: Callable[[Task, AnswerData], bool]) -> Callable[[Task], tuple[str, str] | None]:
    """A mistake in one edit: the first that `change` can spoil."""

    def make(task: Task) -> tuple[str, str] | None:
        answer = right_answer(task)
        return (as_text(answer), "stop") if any(change(task, edit) for edit in answer["edits"]) else None

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


_UNFINISHED = {
    "python": "\n\ndef unfinished(:\n    pass\n",
    "typescript": "\nfunction unfinished( {\n}\n",
    "go": "\nfunc unfinished( {\n}\n",
}
_COMMENTS = {
    ".py": "# end of the file\n",
    ".ts": "// end of the file\n",
    ".go": "// end of the file\n",
    ".md": "The end.\n",
}


def _unfinished_code(task: Task, edit: AnswerData) -> bool:
    """A source file that does not parse: refused, but for its content."""
    if edit["mode"] != "modify" or language_of(edit["path"]) != task.language:
        return False
    edit.update(after=task.wanted[edit["path"]] + _UNFINISHED[task.language], replace=None)
    return True


def _line_too_many(task: Task, edit: AnswerData) -> bool:
    ending = PurePosixPath(edit["path"]).suffix
    if edit["mode"] != "modify" or ending not in _COMMENTS:
        return False
    edit.update(after=f"{task.wanted[edit['path']]}\n{_COMMENTS[ending]}", replace=None)
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


def _only_the_first_edit(task: Task) -> tuple[str, str] | None:
    answer = right_answer(task)
    if len(answer["edits"]) < 2 or task.operator != "several-files":
        return None
    return as_text({**answer, "edits": answer["edits"][:1]}), "stop"


def _nothing_to_do(task: Task) -> tuple[str, str]:
    return as_text({**right_answer(task), "edits": [], "plan": "I see nothing to change."}), "stop"


def _cut_off(task: Task) -> tuple[str, str]:
    whole = as_text(right_answer(task))
    return whole[: int(len(whole) * 0.6)], "length"


def _prose(_task: Task) -> tuple[str, str]:
    return "I restored the text as the blueprint asks. Tell me if you want the tests changed as well.", "stop"


MISTAKES: Mapping[str, Mistake] = {
    "prose": Mistake(_prose, Result.FORMAT, "model.prose", always=True, attempts=2),
    "prose-once": Mistake(_prose, Result.DONE, attempts=2),
    "truncated": Mistake(_cut_off, Result.FORMAT, "model.truncated", always=True, attempts=2),
    "truncated-once": Mistake(_cut_off, Result.DONE, attempts=2),
    "empty": Mistake(lambda _task: ("", "stop"), Result.FORMAT, "model.empty", always=True, attempts=2),
    "empty-once": Mistake(lambda _task: ("", "stop"), Result.DONE, attempts=2),
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
"""The known mistakes by name."""


def mistake_in(task: Task) -> str:
    """The mistake that the scripted model makes in a task; empty for none."""
    names = list(MISTAKES)
    # Only a task of several edits lends itself to this one.
    if task.operator == "several-files" and task.name.endswith("/1"):
        return "half-of-it"
    at = task.number % PERIOD
    if at >= len(names):
        return ""
    # The next that the task lends itself to, so that tasks which only delete a file have a mistake as well.
    turned = names[at:] + names[:at]
    return next(name for name in turned if MISTAKES[name].make(task) is not None)


class ScriptedPlanner:
    """A `LanguageModel` that finds the task by its name in the prompt."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._tasks = {task.name: task for task in tasks}
        self._asked: dict[str, int] = {}

    def asked_name(self, kind: ModelKind) -> str:  # noqa: ARG002
        return NAME

    def prepare(self, prompt: Prompt) -> Prompt:
        return prompt

    def slot(self, kind: ModelKind) -> AbstractContextManager[None]:  # noqa: ARG002
        return nullcontext()

    def complete(self, prompt: Prompt) -> Completion:
        text = "\n".join(message.content for message in prompt.messages)
        task = next(self._tasks[name] for name in _TASK_NAME.findall(text) if name in self._tasks)
        answer, finish = "There is nothing to look up.", "stop"
        if prompt.kind is ModelKind.PLAN:
            self._asked[task.name] = self._asked.get(task.name, 0) + 1
            answer, finish = self._answer(task, self._asked[task.name])
        return Completion(
            text=answer,
            model=NAME,
            input_tokens=count_tokens(text),
            output_tokens=count_tokens(answer),
            finish=finish,
            duration_ms=0,
            recorded=True,
            asked=NAME,
        )

    def _answer(self, task: Task, number: int) -> tuple[str, str]:
        mistake = MISTAKES.get(mistake_in(task))
        made = mistake.make(task) if mistake and (number == 1 or mistake.always) else None
        return made or (as_text(right_answer(task)), "stop")


def misjudged(tasks: Sequence[Task], outcomes: Sequence[TaskOutcome]) -> list[str]:
    """What the self test reports otherwise than the scripted mistake deserves, in words."""
    by_name = {task.name: task for task in tasks}
    found = []
    for outcome in outcomes:
        name = mistake_in(by_name[outcome.task])
        due = MISTAKES[name] if name else Mistake(lambda _task: None, Result.DONE)
        due_code = due.code + (outcome.language if due.code.endswith(".") else "")
        wanted = (due.result, due_code, due.attempts)
        if (outcome.result, outcome.code, outcome.attempts) != wanted:
            got = f"{outcome.result} {outcome.code} in {outcome.attempts}".replace("  ", " ")
            said = f"{due.result} {due_code} in {due.attempts}".replace("  ", " ")
            found.append(f"{outcome.task} ({name or 'right answer'}): {got} instead of {said}. {outcome.why}".rstrip())
    return found
