"""From a blueprint to a ChangeSet that applies: the model's, repaired at most twice, or the blueprint's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from bot.changeset.check import check
from bot.changeset.guards.guard_config import GuardConfig
from bot.changeset.model import ChangeSet
from bot.changeset.normalise import normalise
from bot.changeset.pin import pin
from bot.changeset.rejected import ChangeSetRejected
from bot.changeset.tree import TreeChange, TreeReader
from bot.config.model import RepoConfig
from bot.core.errors import ModelAbsent, ModelUnusable, Refused
from bot.core.escape import code_span
from bot.core.findings import Finding, Severity, sentence
from bot.core.globs import matching
from bot.core.names import CommitSha, RunId
from bot.core.text_content import lines_of
from bot.llm.model import Completion, Prompt
from bot.llm.structured import read_json
from bot.plan.blueprint import Blueprint
from bot.plan.context.building import build_context
from bot.plan.context.pack import ContextPack
from bot.plan.estimate import Task
from bot.plan.not_shown import edits_of_unshown_text
from bot.plan.plan_prompt import plan_prompt, repair_prompt

REPAIRS = 2
Ask = Callable[[Prompt], Completion]
RecordFindings = Callable[[RunId, int, Sequence[Finding]], None]
"""Keeps what was wrong with one attempt of a run, counted from 1: `Ledger.record_findings`."""
RecordContext = Callable[[RunId, ContextPack], None]
"""Keeps what the model is shown for a run, before it is asked: `Ledger.record_context`."""


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What to plan, on which commit, under which config; `token_budget` is for the files shown to the model."""

    run: RunId
    blueprint: Blueprint
    guidance: str
    base: CommitSha
    tree: TreeReader
    config: RepoConfig
    token_budget: int = 24_000
    use_paths: tuple[str, ...] = ()
    """Files that a person asked for by `/cadence use`: shown first, after `plan.context_docs`."""
    recent: tuple[str, ...] = ()
    """Paths that recent commits changed, newest first, each as often as it changed."""
    index_path: Path | None = None
    """The file in which the index of the repository is kept; None keeps it in memory."""

    @property
    def text(self) -> str:
        """What people wrote about the change: the blueprint's title and text, and the guidance."""
        return f"{self.blueprint.title}\n{self.blueprint.text}\n{self.guidance}"


@dataclass(frozen=True, slots=True)
class Planned:
    """A ChangeSet that passed the guards, the changes it makes to the tree, and how it was made.

    `files_read` are the paths whose content the model was shown; `attempts` counts the model's answers.
    """

    change_set: ChangeSet
    changes: tuple[TreeChange, ...]
    summary: str
    plan: str
    files_read: tuple[str, ...]
    attempts: int
    notes: tuple[str, ...]
    origin: Literal["model", "blueprint"]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One attempt's result: a plan, or the findings that refuse it."""

    planned: Planned | None
    findings: tuple[Finding, ...]


_EMPTY_ANSWER = _Attempt(
    None,
    (
        Finding(
            "model.empty", "The model gave an empty answer.", "Answer with the JSON object that the schema describes."
        ),
    ),
)


class Planner:
    """Makes plans. Asks the model only through the function it is given, which goes through the effect gateway."""

    def __init__(
        self, *, count_tokens: Callable[[str], int], record_findings: RecordFindings, record_context: RecordContext
    ) -> None:
        self._count = count_tokens
        self._record_findings = record_findings
        self._record_context = record_context
        self._last: tuple[object, ContextPack] | None = None

    def task(self, request: PlanRequest) -> Task | None:
        """What is known of the plan before any model is asked; None where planning will refuse without asking one."""
        if request.blueprint.problems:
            return None
        raw = request.blueprint.change_set_json
        if raw is None:
            prompt = self.question(request, self.context(request))
            return Task(sum(map(self._count, prompt.texts())), planned=True)
        try:
            edits = normalise(raw).change_set.edits
        except ChangeSetRejected:
            return None
        return Task(self._count(raw), planned=False, files=len(edits))

    def plan(self, request: PlanRequest, ask: Ask, context: ContextPack | None = None) -> Planned:
        """A ChangeSet that applies to the base exactly. `context` is the request's own, where it is made already.

        Raises Refused with the first finding's code when the blueprint's own ChangeSet is not accepted or the model's
        is not accepted after two repairs, with `model.absent` when there is neither a model nor a ChangeSet, with
        `plan.empty` when the model returns no edits. ModelUnavailable passes through.
        """
        if request.blueprint.problems:
            raise Refused(
                request.blueprint.problems[0],
                code="contract.block",
                remedy="Keep exactly one fenced `json cadence` block at the top level of the issue's text.",
                details=request.blueprint.problems,
            )
        raw = request.blueprint.change_set_json
        if raw is None:
            return self._from_model(request, ask, context or self.context(request))
        attempt = _attempt(request, raw, shown=None, number=1)
        if attempt.planned is None:
            self._record_findings(request.run, 1, attempt.findings)
            raise refusal(attempt.findings, "The issue's own ChangeSet was not accepted.")
        return attempt.planned

    def context(self, request: PlanRequest) -> ContextPack:
        """What the model is shown of the repository for a request.

        The last one is kept, because it is needed twice: for the estimate and for the plan.
        """
        # The tree and the config follow from the base commit.
        key = (request.run, request.base, request.text, request.use_paths, request.token_budget, request.recent)
        last = self._last
        if last is not None and last[0] == key:
            return last[1]
        made = build_context(
            request.tree,
            request.text,
            budget=request.token_budget,
            count_tokens=self._count,
            always=request.config.plan.context_docs,
            use_paths=request.use_paths,
            base=request.base,
            recent=request.recent,
            index_path=request.index_path,
        )
        self._last = (key, made)
        return made

    def question(self, request: PlanRequest, context: ContextPack) -> Prompt:
        """The first prompt for a request."""
        return plan_prompt(
            title=request.blueprint.title,
            text=request.blueprint.text,
            guidance=request.guidance,
            context=context,
            protected=GuardConfig.from_repo(request.config).protected,
        )

    def _from_model(self, request: PlanRequest, ask: Ask, context: ContextPack) -> Planned:
        # Before the model is asked, so that a plan that is refused or empty shows what it was made from, too.
        self._record_context(request.run, context)
        question = prompt = self.question(request, context)
        seen: list[frozenset[tuple[str, int | None, str | None]]] = []
        findings: tuple[Finding, ...] = ()
        for number in range(1, REPAIRS + 2):
            completion = _completion(ask, question)
            attempt = _read(request, completion, context, number) if completion else _EMPTY_ANSWER
            if attempt.planned is not None:
                said = [attempt.planned.plan, *_unshown(context, request)]
                return replace(attempt.planned, plan="\n".join(said))
            findings = attempt.findings
            self._record_findings(request.run, number, findings)
            # A model that repeats a mistake after it was shown the mistake repeats it again: each attempt costs money.
            kinds = frozenset((finding.code, finding.edit, finding.path) for finding in findings)
            if kinds in seen:
                raise refusal(findings, f"Attempt {number} failed exactly like an earlier one, so planning stopped.")
            seen.append(kinds)
            question = repair_prompt(prompt, completion.text if completion else "", findings)
        raise refusal(findings, f"All {REPAIRS + 1} attempts failed.")


def _completion(ask: Ask, prompt: Prompt) -> Completion | None:
    """The model's answer; None for an empty one, after which the caller asks again as after any wrong answer."""
    try:
        return ask(prompt)
    # Waiting does not help: a person has to configure a model or to give a ChangeSet.
    except ModelAbsent as error:
        raise Refused(error.summary, code=error.code, remedy=error.remedy) from error
    except ModelUnusable as error:
        if error.code == "model.empty":
            return None
        raise Refused(error.summary, code=error.code, remedy=error.remedy, details=error.details) from error


def _unshown(context: ContextPack, request: PlanRequest) -> Iterator[str]:
    """A note for each file of `plan.context_docs`, and of `/cadence use`, that the model did not get."""
    # Part of the plan and not a mistake of the config: a document may be renamed on the base. The plan is still useful
    # to its readers, who see which documents it was made without.
    asked, documents = request.use_paths, request.config.plan.context_docs
    for one in context.left_out:
        # `one.path` is the glob itself where no file matches it.
        by_person = one.path in asked or matching(asked, one.path)
        if by_person or one.path in documents or matching(documents, one.path):
            by = "`/cadence use`" if by_person else "`plan.context_docs`"
            yield f"{by}, {code_span(one.path)}: {one.message} (`{one.code}`)"


def _read(request: PlanRequest, completion: Completion, context: ContextPack, number: int) -> _Attempt:
    """One answer of the model. Raises Refused with `plan.empty` when it holds no edits."""
    try:
        data = read_json(completion)
    except ModelUnusable as error:
        message = f"{error.summary[0].upper()}{error.summary[1:]}."
        return _Attempt(None, (Finding(code=error.code, message=message, instruction=error.remedy),))
    edits = data.get("edits")
    # Not repaired: the prompt allows an answer without edits, and a repair would make the model invent some.
    if isinstance(edits, list) and not edits:
        why = str(data.get("plan") or data.get("summary") or "").strip()
        raise Refused(
            f"the model proposes no change: {why[:600] or 'it gave no reason.'}",
            code="plan.empty",
            remedy="Describe the change in more detail in the blueprint, or comment `/cadence replan <guidance>`.",
        )
    return _attempt(request, data, shown=context, number=number)


def _attempt(request: PlanRequest, raw: str | Mapping[str, Any], *, shown: ContextPack | None, number: int) -> _Attempt:
    """Read, pin and check one ChangeSet. `shown` is what the model saw; None: a person wrote the ChangeSet."""
    try:
        normal = normalise(raw)
    except ChangeSetRejected as error:
        return _Attempt(None, error.findings)
    unseen = edits_of_unshown_text(normal.change_set, request.tree, shown, request.text) if shown else ()
    pinned = pin(normal.change_set, request.tree)
    config = GuardConfig.from_repo(request.config)
    # A removal that an edit declares has to be named by a person or in the plan: see the loss guards.
    named = f"{request.blueprint.title}\n{request.blueprint.text}\n{normal.plan}"
    checked = check(pinned.change_set, request.tree, config, mentioned=named)
    if unseen or not checked.accepted:
        return _Attempt(None, (*unseen, *(f for f in checked.findings if f.severity is Severity.ERROR)))
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
    return _Attempt(planned, checked.findings)


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
