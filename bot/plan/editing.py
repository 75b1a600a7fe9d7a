"""The editor's part of planning: one question with the code, its answer, and at most a few corrections of it.

What was right in an answer is kept: only the edits that failed are asked for again. An editor that lacks code says so
and gets it, a bounded number of times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.changeset.check import check
from bot.changeset.guards.guard_config import GuardConfig
from bot.changeset.normalise import normalise
from bot.changeset.pin import pin
from bot.changeset.rejected import ChangeSetRejected
from bot.core.codes.lookup import make_finding
from bot.core.errors import ModelAbsent, ModelUnusable, Refused
from bot.core.escape import code_span
from bot.core.findings import Finding, Severity, sentence
from bot.core.text_content import lines_of
from bot.llm.model import Completion, Prompt
from bot.plan.answer.assemble import assemble
from bot.plan.answer.definitions import definitions_of
from bot.plan.answer.envelope import Envelope, Operation
from bot.plan.answer.reading import JsonAnswer, describe, failed_numbers, joined, read_answer
from bot.plan.context.pack import ContextPack
from bot.plan.not_shown import edits_of_unshown_text
from bot.plan.plan_prompt import Question, plan_question, repair_prompt
from bot.plan.request import Ask, Planned, PlanRequest, RecordFindings

REPAIRS = 2
MOST_NEEDS = 20
"""Paths and names that one answer may ask for."""
NEEDS_ROUNDS = 2
"""How often an editor may ask for code that it was not shown."""
MoreContext = Callable[[Sequence[str]], ContextPack]
"""The context with what an editor asks for in it: paths and names."""

_EMPTY = Finding(
    "model.empty", "The model gave an empty answer.", "Answer with the blocks and the JSON object as described."
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One answer's result: a plan, or the findings that refuse it; then `kept` are the operations that were right."""

    planned: Planned | None
    findings: tuple[Finding, ...]
    kept: tuple[Operation, ...] = ()
    words: Envelope | None = None
    failed_paths: frozenset[str] = frozenset()
    """What a correction has to edit."""


class Editing:
    """One change being written. `more` gives the context again with what the editor asks for."""

    def __init__(
        self, request: PlanRequest, context: ContextPack, ask: Ask, more: MoreContext, record: RecordFindings
    ) -> None:
        self._request = request
        self._context = context
        self._ask = ask
        self._more = more
        self._record = record
        self._question: Question = plan_question(request, context)
        self._kept: tuple[Operation, ...] = ()
        self._words: Envelope | None = None
        self._failed_paths: frozenset[str] = frozenset()
        self._asked_for: list[str] = []

    @property
    def context(self) -> ContextPack:
        """What the editor was shown last."""
        return self._context

    def planned(self, first: Completion | None = None) -> Planned:
        """The change. `first` is an answer that is there already.

        Raises Refused with the first finding's code when no answer is accepted after REPAIRS corrections, `plan.empty`
        when the model makes no edits, and `model.absent`.
        """
        prompt = self._question.prompt
        seen: list[frozenset[tuple[str, int | None, str | None]]] = []
        findings: tuple[Finding, ...] = ()
        number = 0
        while number <= REPAIRS:
            completion = first or self._completion(prompt)
            first = None
            answer = self._answer(completion)
            if isinstance(answer, Envelope) and not answer.operations and not self._kept:
                self._show_more(answer)
                prompt = self._question.prompt
                continue
            number += 1
            attempt = answer if isinstance(answer, Attempt) else self._attempt(answer, number)
            if attempt.planned is not None:
                return attempt.planned
            findings = attempt.findings
            self._record(self._request.run, number, findings)
            # A model that repeats a mistake after it was shown the mistake repeats it again: each attempt costs money.
            kinds = frozenset((finding.code, finding.edit, finding.path) for finding in findings)
            if kinds in seen:
                raise refusal(findings, f"Attempt {number} failed exactly like an earlier one, so planning stopped.")
            seen.append(kinds)
            self._kept, self._words = attempt.kept, attempt.words or self._words
            self._failed_paths = attempt.failed_paths if attempt.words else self._failed_paths
            reply = completion.text if completion else ""
            prompt = repair_prompt(self._question, reply, findings, [describe(one) for one in self._kept])
        raise refusal(findings, f"All {REPAIRS + 1} attempts failed.")

    def _completion(self, prompt: Prompt) -> Completion | None:
        """The model's answer; None for an empty one, which is asked for again like any wrong answer."""
        try:
            return self._ask(prompt)
        # Waiting does not help: a person has to configure a model or to give a ChangeSet.
        except ModelAbsent as error:
            raise Refused(error.summary, code=error.code, remedy=error.remedy) from error
        except ModelUnusable as error:
            if error.code == "model.empty":
                return None
            raise Refused(error.summary, code=error.code, remedy=error.remedy, details=error.details) from error

    def _show_more(self, answer: Envelope) -> None:
        """Put what an answer without edits asks for into the next question. Raises Refused `plan.empty`."""
        fresh = [one for one in answer.needs if one not in self._asked_for]
        if not fresh or self._question.rounds >= NEEDS_ROUNDS:
            raise _empty(answer)
        self._asked_for += fresh[:MOST_NEEDS]
        self._context = self._more(tuple(self._asked_for))
        self._question = plan_question(self._request, self._context, rounds=self._question.rounds + 1)

    def _answer(self, completion: Completion | None) -> Envelope | JsonAnswer | Attempt:
        """What an answer says, or the failed attempt that it is where it cannot be read."""
        if completion is None:
            return Attempt(None, (_EMPTY,), self._kept)
        try:
            return read_answer(completion, self._question.mark)
        except ModelUnusable as error:
            message = f"{error.summary[0].upper()}{error.summary[1:]}."
            return Attempt(None, (Finding(code=error.code, message=message, instruction=error.remedy),), self._kept)
        except ChangeSetRejected as error:
            return Attempt(None, error.findings, self._kept)

    def _attempt(self, answer: Envelope | JsonAnswer, number: int) -> Attempt:
        if isinstance(answer, JsonAnswer):
            return change_set_attempt(self._request, answer.data, shown=self._context, number=number)
        return self._assembled(answer, number)

    def _assembled(self, answer: Envelope, number: int) -> Attempt:
        words = answer if self._words is None else _joined_words(self._words, answer)
        missing = self._left_out(answer.operations)
        if missing:
            # Without this a correction that leaves an edit out would make an incomplete change.
            named = ", ".join(missing)
            finding = make_finding("contract.empty", f"the correction has no edit of {named}", path=missing[0])
            return Attempt(None, (finding,), self._kept, words, self._failed_paths)
        operations = joined(self._kept, answer.operations)
        shown = {path: self._context.ranges(path) for path in self._context.shown_paths()}
        made = assemble(operations, self._request.tree, shown=shown, definitions=definitions_of)
        if made.findings:
            kept = tuple(one for one in operations if one.number not in made.failed)
            return Attempt(None, made.findings, kept, words, _paths(operations, kept))
        raw = {"summary": words.summary, "plan": words.plan, "message": words.message, "edits": list(made.edits)}
        attempt = change_set_attempt(self._request, raw, shown=self._context, number=number)
        if attempt.planned is not None:
            return attempt
        failed = failed_numbers(operations, attempt.findings, made.made_from)
        # The model counts its own edits, and a path of the ChangeSet may have several of them.
        findings = tuple(_renumbered(finding, made.made_from) for finding in attempt.findings)
        kept = tuple(one for one in operations if one.number not in failed)
        return Attempt(None, findings, kept, words, _paths(operations, kept) if kept else frozenset())

    def _left_out(self, given: Sequence[Operation]) -> list[str]:
        """Paths that failed and that a correction does not edit."""
        paths = {one.path for one in given}
        missing = sorted(self._failed_paths - paths)
        # In place of a path that does not exist, the right correction names another one.
        others = paths - self._failed_paths - {one.path for one in self._kept}
        corrected = [path for path in missing if self._request.tree.entry(path) is None][: len(others)]
        return [path for path in missing if path not in corrected]


def change_set_attempt(
    request: PlanRequest, raw: str | dict[str, Any], *, shown: ContextPack | None, number: int
) -> Attempt:
    """Read, pin and check one ChangeSet. `shown` is what the model saw; None: a person wrote the ChangeSet."""
    try:
        normal = normalise(raw)
    except ChangeSetRejected as error:
        return Attempt(None, error.findings)
    unseen = edits_of_unshown_text(normal.change_set, request.tree, shown, request.text) if shown else ()
    pinned = pin(normal.change_set, request.tree)
    config = GuardConfig.from_repo(request.config)
    # A removal that an edit declares has to be named by a person or in the plan: see the loss guards.
    named = f"{request.blueprint.title}\n{request.blueprint.text}\n{normal.plan}"
    checked = check(pinned.change_set, request.tree, config, mentioned=named)
    if unseen or not checked.accepted:
        return Attempt(None, (*unseen, *(f for f in checked.findings if f.severity is Severity.ERROR)))
    message = pinned.change_set.message.strip()
    planned = Planned(
        change_set=pinned.change_set,
        changes=checked.changes,
        summary=(normal.summary or lines_of(message)[0] if message or normal.summary else request.blueprint.title),
        plan=normal.plan or message,
        files_read=shown.shown_paths() if shown else (),
        attempts=number,
        notes=(*normal.notes, *pinned.notes),
        origin="blueprint" if shown is None else "model",
        findings=checked.findings,
    )
    return Attempt(planned, checked.findings)


def refusal(findings: Sequence[Finding], why: str) -> Refused:
    """The error that ends planning: the first finding and why planning stopped, then every finding."""
    first = findings[0]
    details = [f"`{f.code}`{f' in {code_span(f.path)}' if f.path else ''}: {f.message}" for f in findings]
    return Refused(
        f"{sentence(first.message)} {why}",
        code=first.code,
        remedy="Fix the cause in the blueprint, or comment `/cadence replan <guidance>`.",
        details=details,
    )


def _empty(answer: Envelope) -> Refused:
    """Not repaired: the prompt allows an answer without edits, and a repair would make the model invent some."""
    why = answer.plan or answer.summary
    asked = f" It asked to see {', '.join(code_span(one) for one in answer.needs[:8])}." if answer.needs else ""
    return Refused(
        f"the model proposes no change: {why[:600] or 'it gave no reason.'}{asked}",
        code="plan.empty",
        remedy="Describe the change in more detail in the blueprint, show it more with `/cadence use PATH`, or comment "
        "`/cadence replan <guidance>`.",
    )


def _paths(operations: Sequence[Operation], kept: Sequence[Operation]) -> frozenset[str]:
    """Paths of the operations that are not kept."""
    numbers = {one.number for one in kept}
    return frozenset(one.path for one in operations if one.number not in numbers)


def _joined_words(before: Envelope, now: Envelope) -> Envelope:
    """The words of a correction where it has any: models often leave them out the second time."""
    return replace(
        now,
        summary=now.summary or before.summary,
        plan=now.plan or before.plan,
        message=now.message or before.message,
    )


def _renumbered(finding: Finding, made_from: Sequence[Sequence[int]]) -> Finding:
    if finding.edit is None or finding.edit >= len(made_from):
        return finding
    numbers = made_from[finding.edit]
    return replace(finding, edit=numbers[0] - 1 if len(numbers) == 1 else None)
