"""Runs tasks through the whole planner, with a model behind the effect gateway."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from bot.changeset.files_tree import Files, FilesTree
from bot.changeset.tree import TreeChange
from bot.config.load import read_config
from bot.core.clock import Clock
from bot.core.errors import ModelUnavailable, Refused
from bot.core.findings import Finding
from bot.core.names import CommitSha, InstallationId, RepositoryId, RunId, sha256
from bot.effects.kinds import EffectActor, EffectKind
from bot.effects.perform import Effects
from bot.llm.counting import count_tokens
from bot.llm.model import Completion, LanguageModel, ModelKind, Prompt
from bot.llm.prices import Prices
from bot.plan.answer_form import Form
from bot.plan.blueprint import read_blueprint
from bot.plan.planner import Planner
from bot.plan.request import Planned, PlanRequest
from bot.plan.selftest.score import Result, TaskOutcome, compared, needed, operations, refusal_result
from bot.plan.selftest.tasks import Task

# No repository and no installation: GitHub counts ids from 1.
ACTOR = EffectActor("selftest", RepositoryId(0), InstallationId(0))
# With these pauses a task waits for a busy server, and a broken one does not keep the test for hours.
TRIES = 4
FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 60.0


@dataclass(slots=True)
class _Asked:
    """What one task's questions cost, and what was wrong with their answers."""

    form: str = ""
    model: str = ""
    calls: int = 0
    attempts: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    seconds: float = 0.0
    mistakes: list[tuple[str, ...]] = field(default_factory=list)


class PlannerSelfTest:
    """Gives tasks to the planner, one at a time; nothing is written anywhere."""

    def __init__(
        self, model: LanguageModel, effects: Effects, clock: Clock, prices: Prices, form: Form = "text"
    ) -> None:
        self._model = model
        self._effects = effects
        self._clock = clock
        self._prices = prices
        self._form = form
        # The defaults, so that results from different installations can be compared.
        self._config = read_config(None).require_config()
        # The same files are counted for every task of a sample.
        self._count = lru_cache(maxsize=4096)(count_tokens)

    def run(self, tasks: Sequence[Task]) -> Iterator[TaskOutcome]:
        """The outcome of each task.

        Raises ModelUnavailable when asking again cannot help: the key, the model's name or the quota is at fault.
        """
        for task in tasks:
            yield self._outcome(task)

    def _outcome(self, task: Task) -> TaskOutcome:
        asked = _Asked()
        pause = FIRST_PAUSE_SECONDS
        for left in reversed(range(TRIES)):
            try:
                return self._planned(task, asked)
            except ModelUnavailable as error:
                if not error.retry:
                    raise
                code, why = error.code, error.summary
                # Planning starts again from its first question, so earlier mistakes do not count; their tokens do.
                asked.mistakes.clear()
                if left:
                    self._clock.sleep(min(error.after or pause, LONGEST_PAUSE_SECONDS))
                    pause *= 2
        # One task without an answer does not end a test that has already cost money.
        return _told(task, asked, Result.UNANSWERED, code=code, why=why)

    def _planned(self, task: Task, asked: _Asked) -> TaskOutcome:
        def record(_run: RunId, _number: int, findings: Sequence[Finding]) -> None:
            asked.mistakes.append(tuple(sorted({finding.code for finding in findings})))

        planner = Planner(count_tokens=self._count, record_findings=record, record_context=lambda _run, _pack: None)
        request = PlanRequest(
            run=RunId("selftest"),
            blueprint=read_blueprint(task.title, task.body),
            guidance="",
            base=CommitSha(sha256(task.name)[:40]),
            tree=FilesTree(task.base),
            config=self._config,
            form=self._form,
        )
        try:
            planned = planner.plan(request, lambda prompt: self._ask(prompt, asked))
        except Refused as error:
            return _told(task, asked, refusal_result(error.code), code=error.code, why=error.summary)
        result, differing = compared(task.wanted, _changed(task.base, planned.changes))
        return _told(task, asked, result, why=differing and f"differs: {differing}", planned=planned)

    def _ask(self, prompt: Prompt, asked: _Asked) -> Completion:
        """One prompt through the effect gateway, its cost added to the task's."""
        prompt = self._model.prepare(prompt)

        def do() -> dict[str, Any]:
            with self._model.slot(prompt.kind):
                return self._model.complete(prompt).as_json()

        asked.calls += 1
        # A look around before the plan costs tokens and time, and is not an attempt to answer.
        if prompt.kind is ModelKind.PLAN:
            asked.attempts += 1
            asked.form = "json" if prompt.schema else "text"
        key = f"{prompt.kind}:{asked.calls}:{prompt.digest()}"
        started = self._clock.monotonic()
        try:
            answer = Completion.from_json(
                self._effects.perform(ACTOR, EffectKind.MODEL_CALL, key, find=lambda: None, do=do, fresh=True)
            )
        finally:
            # Measured here, because an answer that cannot be used took its time as well.
            asked.seconds += self._clock.monotonic() - started
        used = {"input_tokens": answer.input_tokens, "output_tokens": answer.output_tokens}
        asked.input_tokens += answer.input_tokens
        asked.output_tokens += answer.output_tokens
        cost = answer.cost if answer.cost is not None else self._prices.cost(answer.asked, answer.model, **used)
        asked.cost = None if cost is None else (asked.cost or 0.0) + cost
        asked.model = answer.model
        return answer


def _changed(base: Files, changes: Sequence[TreeChange]) -> dict[str, bytes]:
    """The tree after the changes."""
    tree = {path: text.encode() for path, text in base.items()}
    for change in changes:
        if change.content is None:
            tree.pop(change.path, None)
        else:
            tree[change.path] = change.content
    return tree


def _told(
    task: Task, asked: _Asked, result: Result, *, code: str = "", why: str = "", planned: Planned | None = None
) -> TaskOutcome:
    return TaskOutcome(
        task=task.name,
        operator=task.operator,
        language=task.language,
        result=result,
        code=code,
        why=why,
        form=asked.form,
        needs=needed(task.base, task.wanted),
        edits=operations(planned.change_set) if planned else (),
        mistakes=tuple(asked.mistakes),
        attempts=asked.attempts,
        input_tokens=asked.input_tokens,
        output_tokens=asked.output_tokens,
        cost=asked.cost,
        seconds=asked.seconds,
        model=asked.model,
    )
