"""From a blueprint to a ChangeSet that applies: the model's, repaired at most twice, or the blueprint's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

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
from bot.core.findings import Finding, Severity
from bot.core.globs import matching
from bot.core.names import CommitSha, RunId
from bot.core.text_content import lines_of
from bot.llm.model import Completion, Prompt
from bot.llm.structured import read_json
from bot.plan.blueprint import Blueprint
from bot.plan.context.budget import Context, gather
from bot.plan.prompt import Shown, plan_prompt, repair_prompt

REPAIRS = 2
Ask = Callable[[Prompt], Completion]


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What to plan, on which commit, under which policy; `token_budget` is for the files shown to the model."""

    run: RunId
    blueprint: Blueprint
    guidance: str
    base: CommitSha
    tree: TreeReader
    config: RepoConfig
    token_budget: int = 24_000


@dataclass(frozen=True, slots=True)
class Planned:
    """A ChangeSet that passed the guards, what it makes of the tree, and how it came about."""

    change_set: ChangeSet
    changes: tuple[TreeChange, ...]
    summary: str
    plan: str
    files_read: tuple[str, ...]
    attempts: int
    notes: tuple[str, ...]
    origin: Literal["model", "blueprint"]
    findings: tuple[Finding, ...] = ()


class AttemptRecord(Protocol):
    """Keeps what was wrong with each attempt."""

    def record_findings(self, run_id: RunId, attempt: int, found: Sequence[Finding]) -> None: ...


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One attempt's outcome: a plan, or findings."""

    planned: Planned | None
    findings: tuple[Finding, ...]


_NOTHING = _Attempt(
    None,
    (Finding("model.empty", "The model answered nothing.", "Answer with the JSON object that the schema describes."),),
)


class Planner:
    """Plans. Asks through the function it is handed, and so through the effect gateway."""

    def __init__(self, *, count_tokens: Callable[[str], int], record: AttemptRecord) -> None:
        self._count = count_tokens
        self._record = record

    def plan(self, request: PlanRequest, ask: Ask) -> Planned:
        """A ChangeSet that applies to the base exactly.

        Raises Refused with the first finding's code when the blueprint's own ChangeSet is not accepted or the model's
        is not after two repairs, with `model.absent` when there is neither a model nor a ChangeSet, with `plan.empty`
        when the model returns no edits; ModelUnavailable passes through.
        """
        if request.blueprint.problems:
            raise Refused(
                request.blueprint.problems[0],
                code="contract.block",
                remedy="Keep exactly one fenced `json cadence` block at the top level of the issue's text.",
                details=request.blueprint.problems,
            )
        if request.blueprint.change_set_json is not None:
            return self._from_blueprint(request, request.blueprint.change_set_json)
        return self._from_model(request, ask)

    def _from_blueprint(self, request: PlanRequest, raw: str) -> Planned:
        attempt = self._attempt(request, raw, (), origin="blueprint", number=1)
        if attempt.planned is not None:
            return attempt.planned
        self._record.record_findings(request.run, 1, attempt.findings)
        raise refusal(attempt.findings, "The issue's own ChangeSet was not accepted.")

    def _from_model(self, request: PlanRequest, ask: Ask) -> Planned:
        blueprint = request.blueprint
        words = f"{blueprint.title}\n{blueprint.text}\n{request.guidance}"
        always = request.config.plan.context_docs
        context = gather(request.tree, words, budget=request.token_budget, count_tokens=self._count, always=always)
        prompt = plan_prompt(
            title=blueprint.title,
            text=blueprint.text,
            guidance=request.guidance,
            shown=_shown(context),
            protected=GuardConfig.from_repo(request.config).protected,
        )
        files = tuple(file.path for file in context.files)
        seen: list[frozenset[tuple[str, int | None, str | None]]] = []
        findings: tuple[Finding, ...] = ()
        question = prompt
        for number in range(1, REPAIRS + 2):
            completion = _asked(ask, question)
            attempt = self._read(request, completion, files, number) if completion else _NOTHING
            if attempt.planned is not None:
                said = [attempt.planned.plan, *_unshown(context, always)]
                return replace(attempt.planned, plan="\n".join(said))
            findings = attempt.findings
            self._record.record_findings(request.run, number, findings)
            kinds = frozenset((f.code, f.edit, f.path) for f in findings)
            if kinds in seen:
                raise refusal(findings, f"Attempt {number} failed exactly as one before, so no more was tried.")
            seen.append(kinds)
            question = repair_prompt(prompt, completion.text if completion else "", findings)
        raise refusal(findings, f"{REPAIRS + 1} attempts were made.")

    def _read(self, request: PlanRequest, completion: Completion, files: tuple[str, ...], number: int) -> _Attempt:
        try:
            data = read_json(completion)
        except ModelUnusable as error:
            return _Attempt(None, (_finding_of(error),))
        edits = data.get("edits")
        if isinstance(edits, list) and not edits:
            words = str(data.get("plan") or data.get("summary") or "").strip()
            raise Refused(
                f"the model proposes no change: {words[:600] or 'it gave no reason.'}",
                code="plan.empty",
                remedy="Make the blueprint more definite, or comment `/cadence replan <guidance>`.",
            )
        return self._attempt(request, data, files, origin="model", number=number)

    def _attempt(
        self,
        request: PlanRequest,
        raw: str | Mapping[str, Any],
        files: tuple[str, ...],
        *,
        origin: Literal["model", "blueprint"],
        number: int,
    ) -> _Attempt:
        try:
            normal = normalise(raw)
        except ChangeSetRejected as error:
            return _Attempt(None, error.findings)
        pinned = pin(normal.change_set, request.tree)
        config = GuardConfig.from_repo(request.config)
        mentioned = f"{request.blueprint.title}\n{request.blueprint.text}\n{normal.plan}"
        checked = check(pinned.change_set, request.tree, config, mentioned=mentioned)
        if not checked.accepted:
            return _Attempt(None, tuple(f for f in checked.findings if f.severity is Severity.ERROR))
        message = pinned.change_set.message.strip()
        planned = Planned(
            change_set=pinned.change_set,
            changes=checked.changes,
            summary=(normal.summary or lines_of(message)[0] if message or normal.summary else request.blueprint.title),
            plan=normal.plan or message,
            files_read=files,
            attempts=number,
            notes=(*normal.notes, *pinned.notes),
            origin=origin,
            findings=checked.findings,
        )
        return _Attempt(planned, checked.findings)


def _asked(ask: Ask, prompt: Prompt) -> Completion | None:
    """The answer, or None for an empty one, which is as good a reason to ask again as a wrong one."""
    try:
        return ask(prompt)
    except ModelAbsent as error:
        raise Refused(error.summary, code=error.code, remedy=error.remedy) from error
    except ModelUnusable as error:
        if error.code == "model.empty":
            return None
        raise Refused(error.summary, code=error.code, remedy=error.remedy, details=error.details) from error


def _unshown(context: Context, always: Sequence[str]) -> Iterator[str]:
    """What of `plan.context_docs` the model was not shown.

    Said in the plan and not a mistake of the config: a document may be renamed on the base, and the plan is then still
    of use to its readers, who see what it was made without.
    """
    for glob in context.unmatched:
        yield f"`plan.context_docs`: no file matches {code_span(glob)}."
    for path in context.left_out:
        if matching(always, path):
            yield f"`plan.context_docs`: {code_span(path)} was not shown: too long for the prompt, or not text."


def _shown(context: Context) -> Shown:
    return Shown(
        files=tuple((file.path, file.text) for file in context.files),
        listing=context.listing,
        unlisted=context.unlisted,
        left_out=context.left_out,
    )


def _finding_of(error: ModelUnusable) -> Finding:
    return Finding(code=error.code, message=f"{error.summary[0].upper()}{error.summary[1:]}.", instruction=error.remedy)


def refusal(findings: Sequence[Finding], why: str) -> Refused:
    """The error that ends planning: the first finding and why no more was tried, then every finding."""
    first = findings[0]
    details = [f"`{f.code}`{f' in {code_span(f.path)}' if f.path else ''}: {f.message}" for f in findings]
    return Refused(
        f"{first.message} {why}",
        code=first.code,
        remedy="Answer the cause in the blueprint or with `/cadence replan <guidance>`.",
        details=details,
    )
