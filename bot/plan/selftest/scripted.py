"""A model without a server that knows every task's edit and makes known mistakes in a fixed share of the tasks.

With it the self test measures itself: what it reports for each task has to be what the mistake deserves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

from bot.llm.counting import count_tokens
from bot.llm.model import Completion, ModelKind, Prompt
from bot.plan.answer_form import Form
from bot.plan.selftest import mistakes_json, mistakes_text
from bot.plan.selftest.answers import in_blocks, in_json, right_answer, text_answer
from bot.plan.selftest.mistakes import Made, Mistake
from bot.plan.selftest.score import Result, TaskOutcome
from bot.plan.selftest.tasks import Task

NAME = "scripted-planner"
MISTAKES: Mapping[Form, Mapping[str, Mistake]] = {"json": mistakes_json.MISTAKES, "text": mistakes_text.MISTAKES}
"""The known mistakes of each form, by name."""
PERIOD: Mapping[Form, int] = {"json": 30, "text": 48}
"""The mistakes are made in the first tasks of every so many; all other tasks are answered right."""

_TASK_NAME = re.compile(r"\(([\w-]+/[\w-]+/\d+)\)")
_MARK = re.compile(r"`BEGIN number (\w+)`")
_RIGHT = Mistake(lambda _task, _mark: None, Result.DONE)


def mistake_in(task: Task, form: Form) -> str:
    """The mistake that the scripted model makes in a task; empty for none."""
    known = MISTAKES[form]
    names = list(known)
    # Only a task of several edits lends itself to this one.
    if task.operator == "several-files" and task.name.endswith("/1"):
        return "half-of-it"
    at = task.number % PERIOD[form]
    if at >= len(names):
        return ""
    # The next that the task lends itself to, so that tasks which only delete a file have a mistake as well.
    turned = names[at:] + names[:at]
    return next(name for name in turned if known[name].make(task, "mark") is not None)


class ScriptedPlanner:
    """A `LanguageModel` that finds the task by its name in the prompt, and answers in the form that is asked for."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._tasks = {task.name: task for task in tasks}
        self._asked: dict[tuple[str, Form], int] = {}

    def asked_name(self, kind: ModelKind) -> str:  # noqa: ARG002
        return NAME

    def prepare(self, prompt: Prompt) -> Prompt:
        return prompt

    def slot(self, kind: ModelKind) -> AbstractContextManager[None]:  # noqa: ARG002
        return nullcontext()

    def close(self) -> None:
        pass

    def complete(self, prompt: Prompt) -> Completion:
        text = "\n".join(message.content for message in prompt.messages)
        task = next(self._tasks[name] for name in _TASK_NAME.findall(text) if name in self._tasks)
        answer, finish = "There is nothing to look up.", "stop"
        if prompt.kind is ModelKind.PLAN:
            mark = _MARK.search(prompt.messages[0].content)
            answer, finish = self._answer(task, mark[1] if mark else "")
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

    def _answer(self, task: Task, mark: str) -> Made:
        """The next answer to a task: in blocks where the question gives a mark for them, else as JSON."""
        form: Form = "text" if mark else "json"
        number = self._asked[task.name, form] = self._asked.get((task.name, form), 0) + 1
        mistake = MISTAKES[form].get(mistake_in(task, form))
        made = mistake.make(task, mark) if mistake and (number == 1 or mistake.always) else None
        right = in_blocks(text_answer(task), mark) if mark else in_json(right_answer(task))
        return made or (right, "stop")


def misjudged(tasks: Sequence[Task], outcomes: Sequence[TaskOutcome], form: Form) -> list[str]:
    """What the self test reports otherwise than the scripted mistake in that form deserves, in words."""
    by_name = {task.name: task for task in tasks}
    found = []
    for outcome in outcomes:
        name = mistake_in(by_name[outcome.task], form)
        due = MISTAKES[form][name] if name else _RIGHT
        due_code = due.code + (outcome.language if due.code.endswith(".") else "")
        wanted = (due.result, due_code, due.attempts, form)
        if (outcome.result, outcome.code, outcome.attempts, outcome.form) != wanted:
            got = f"{outcome.result} {outcome.code} in {outcome.attempts}".replace("  ", " ")
            said = f"{due.result} {due_code} in {due.attempts}".replace("  ", " ")
            found.append(f"{outcome.task} ({name or 'right answer'}): {got} instead of {said}. {outcome.why}".rstrip())
    return found
