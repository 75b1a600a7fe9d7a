"""A bounded look around before planning: the model looks code up in a few rounds and ends by citing what matters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.core.errors import ModelAbsent, ModelUnavailable, ModelUnusable
from bot.llm.model import Completion, Message, ModelKind, Prompt, ToolCall
from bot.plan.explore.citations import Citation, fitting, read_citations
from bot.plan.explore.explore_prompt import CITE_NOW, TOOLS
from bot.plan.explore.looking import Looked, RepositoryLook
from bot.plan.explore.values import Limits, Look

ANSWER_TOKENS = 2_000
"""Of one answer to a call."""
Ask = Callable[[Prompt], Completion]


@dataclass(frozen=True, slots=True)
class Explored:
    """The result of looking around.

    `answered` is an answer that is already a plan and not a look around; it is for the planner to read. `notes` say
    what was not usable, and why nothing was looked up.
    """

    citations: tuple[Citation, ...] = ()
    looks: tuple[Look, ...] = ()
    notes: tuple[str, ...] = ()
    answered: Completion | None = None


def explore(messages: tuple[Message, ...], look: RepositoryLook, ask: Ask, limits: Limits) -> Explored:
    """Have the model look around. Where a model cannot, the plan is made from our own choice of code alone.

    At most `limits.rounds` questions with calls, and one more for the citations. Raises BudgetSpent
    from `ask`.
    """
    if limits.calls < 1 or limits.rounds < 1:
        return Explored()
    return _Exploration(messages, look, ask, limits).run()


class _Exploration:
    """One look around."""

    def __init__(self, messages: tuple[Message, ...], look: RepositoryLook, ask: Ask, limits: Limits) -> None:
        self._messages = messages
        self._look = look
        self._ask = ask
        self._limits = limits
        self._looks: list[Look] = []
        self._read: list[Citation] = []
        self._notes: list[str] = []

    def run(self) -> Explored:
        for number in range(1, self._limits.rounds + 1):
            completion = self._answer()
            if completion is None or not completion.calls:
                return self._explored(completion)
            self._answer_calls(number, completion)
            if len(self._looks) >= self._limits.calls:
                break
        self._messages = (*self._messages, Message("user", CITE_NOW))
        return self._explored(self._answer())

    def _answer(self) -> Completion | None:
        # The tools stay in the last question too: some servers refuse turns with calls where no tools are given.
        prompt = Prompt(
            kind=ModelKind.EXPLORE, messages=self._messages, schema_name="cadence_explore", schema={}, tools=TOOLS
        )
        try:
            completion = self._ask(prompt)
        except (ModelAbsent, ModelUnavailable, ModelUnusable) as error:
            # What an explorer would have found is missing, and nothing else: the plan is made without it. The editor is
            # asked next, and a server that is down or a key that is missing is then said in its words.
            self._notes.append(error.summary)
            return None
        if completion.finish != "stop":
            self._notes.append(f"the answer ended with {completion.finish!r}")
            return None
        return completion

    def _answer_calls(self, number: int, completion: Completion) -> None:
        turns = [Message("assistant", completion.text, calls=completion.calls)]
        for call in completion.calls:
            looked = self._looked(call)
            if len(self._looks) < self._limits.calls:
                self._looks.append(Look(number, call.name, call.arguments, looked.text, looked.cut))
                self._read += [Citation(*lines, "read while looking around") for lines in looked.shown]
            turns.append(Message("tool", looked.text, answers=call.id))
        left = self._limits.calls - len(self._looks)
        rounds = self._limits.rounds - number
        note = ""
        if left > 0 and rounds > 0:
            note = f"[Calls left: {left}. Answers with calls left: {rounds}. Then cite.]"
        if note:
            turns[-1] = Message("tool", f"{turns[-1].content}\n{note}", answers=turns[-1].answers)
        self._messages = (*self._messages, *turns)

    def _looked(self, call: ToolCall) -> Looked:
        if len(self._looks) >= self._limits.calls:
            return Looked("Not answered: no calls are left.")
        return Looked(call.problem) if call.problem else self._look.answer(call.name, call.values)

    def _explored(self, completion: Completion | None) -> Explored:
        given: tuple[Citation, ...] = ()
        if completion is not None and not completion.calls:
            given = read_citations(completion.text)
            if not given and '"edits"' in completion.text:
                return Explored(looks=tuple(self._looks), notes=tuple(self._notes), answered=completion)
        # A model that ends without citations has still said by its reading what it found worth reading.
        citations, notes = fitting(given or self._read, self._look.text_of)
        return Explored(citations, tuple(self._looks), (*self._notes, *notes))
