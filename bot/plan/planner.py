"""From a blueprint to a ChangeSet that applies: the model's, repaired at most twice, or the blueprint's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from bot.changeset.check import check
from bot.changeset.guards.guard_config import GuardConfig
from bot.changeset.model import ChangeSet
from bot.changeset.normalise import normalise
from bot.changeset.pin import pin
from bot.changeset.rejected import ChangeSetRejected
from bot.changeset.tree import MODE_EXECUTABLE, MODE_FILE, TreeChange, TreeReader
from bot.config.model import RepoConfig
from bot.core.codes.lookup import make_finding
from bot.core.errors import ModelAbsent, ModelUnusable, Refused
from bot.core.escape import code_span
from bot.core.findings import Finding, Severity, sentence
from bot.core.globs import matching
from bot.core.names import CommitSha, RunId
from bot.core.text_content import lines_of
from bot.llm.model import Completion, Prompt
from bot.llm.structured import read_json
from bot.plan.blueprint import Blueprint
from bot.plan.context.gathering import GatheredFiles, gather
from bot.plan.context.ranking import mentioned
from bot.plan.estimate import Task
from bot.plan.plan_prompt import Shown, plan_prompt, repair_prompt

REPAIRS = 2
Ask = Callable[[Prompt], Completion]
RecordFindings = Callable[[RunId, int, Sequence[Finding]], None]
"""Keeps what was wrong with one attempt of a run, counted from 1: `Ledger.record_findings`."""


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
class _Question:
    """The first prompt for a request, the files in it, and the globs of the files that it had to show."""

    prompt: Prompt
    context: GatheredFiles
    always: tuple[str, ...]


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

    def __init__(self, *, count_tokens: Callable[[str], int], record_findings: RecordFindings) -> None:
        self._count = count_tokens
        self._record_findings = record_findings
        self._last: tuple[object, _Question] | None = None

    def task(self, request: PlanRequest) -> Task | None:
        """What is known of the plan before any model is asked; None where planning will refuse without asking one."""
        if request.blueprint.problems:
            return None
        raw = request.blueprint.change_set_json
        if raw is None:
            prompt = self._question(request).prompt
            texts = [message.content for message in prompt.messages] + [json.dumps(dict(prompt.schema))]
            return Task(sum(self._count(text) for text in texts), planned=True)
        try:
            edits = normalise(raw).change_set.edits
        except ChangeSetRejected:
            return None
        return Task(self._count(raw), planned=False, files=len(edits))

    def plan(self, request: PlanRequest, ask: Ask) -> Planned:
        """A ChangeSet that applies to the base exactly.

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
            return self._from_model(request, ask)
        attempt = _attempt(request, raw, shown=None, number=1)
        if attempt.planned is None:
            self._record_findings(request.run, 1, attempt.findings)
            raise refusal(attempt.findings, "The issue's own ChangeSet was not accepted.")
        return attempt.planned

    def _question(self, request: PlanRequest) -> _Question:
        """The first prompt. The last one is kept, because it is needed twice: for the estimate and for the plan."""
        # The tree and the config follow from the base commit.
        key = (request.run, request.base, request.blueprint, request.guidance, request.use_paths, request.token_budget)
        last = self._last
        if last is not None and last[0] == key:
            return last[1]
        blueprint = request.blueprint
        text = f"{blueprint.title}\n{blueprint.text}\n{request.guidance}"
        always = (*request.config.plan.context_docs, *request.use_paths)
        context = gather(request.tree, text, budget=request.token_budget, count_tokens=self._count, always=always)
        prompt = plan_prompt(
            title=blueprint.title,
            text=blueprint.text,
            guidance=request.guidance,
            shown=Shown(
                files=tuple((file.path, file.text) for file in context.files),
                listing=context.listing,
                unlisted=context.unlisted,
                left_out=context.left_out,
            ),
            protected=GuardConfig.from_repo(request.config).protected,
        )
        question = _Question(prompt, context, always)
        self._last = (key, question)
        return question

    def _from_model(self, request: PlanRequest, ask: Ask) -> Planned:
        first = self._question(request)
        prompt, context, always = first.prompt, first.context, first.always
        shown = tuple(file.path for file in context.files)
        seen: list[frozenset[tuple[str, int | None, str | None]]] = []
        findings: tuple[Finding, ...] = ()
        question = prompt
        for number in range(1, REPAIRS + 2):
            completion = _completion(ask, question)
            attempt = _read(request, completion, shown, number) if completion else _EMPTY_ANSWER
            if attempt.planned is not None:
                said = [attempt.planned.plan, *_unshown(context, always, request.use_paths)]
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


def _unshown(context: GatheredFiles, always: Sequence[str], asked: Sequence[str]) -> Iterator[str]:
    """A note for each file of `plan.context_docs`, and of `/cadence use`, that the model did not get."""
    # Part of the plan and not a mistake of the config: a document may be renamed on the base. The plan is still useful
    # to its readers, who see which documents it was made without.
    for glob in context.unmatched:
        yield f"{'`/cadence use`' if glob in asked else '`plan.context_docs`'}: no file matches {code_span(glob)}."
    for path in context.left_out:
        if matching(always, path):
            by = "`/cadence use`" if matching(asked, path) else "`plan.context_docs`"
            yield f"{by}: {code_span(path)} was not shown: it is too long for the prompt, or not text."


def _read(request: PlanRequest, completion: Completion, shown: tuple[str, ...], number: int) -> _Attempt:
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
    return _attempt(request, data, shown=shown, number=number)


def _attempt(
    request: PlanRequest, raw: str | Mapping[str, Any], *, shown: tuple[str, ...] | None, number: int
) -> _Attempt:
    """Read, pin and check one ChangeSet. `shown` are the paths whose content the model saw; None: a person wrote it."""
    try:
        normal = normalise(raw)
    except ChangeSetRejected as error:
        return _Attempt(None, error.findings)
    blind = () if shown is None else _edits_of_files_not_shown(request, normal.change_set, shown)
    pinned = pin(normal.change_set, request.tree)
    config = GuardConfig.from_repo(request.config)
    # A removal that an edit declares has to be named by a person or in the plan: see the loss guards.
    named = f"{request.blueprint.title}\n{request.blueprint.text}\n{normal.plan}"
    checked = check(pinned.change_set, request.tree, config, mentioned=named)
    if blind or not checked.accepted:
        return _Attempt(None, (*blind, *(f for f in checked.findings if f.severity is Severity.ERROR)))
    message = pinned.change_set.message.strip()
    planned = Planned(
        change_set=pinned.change_set,
        changes=checked.changes,
        summary=(normal.summary or lines_of(message)[0] if message or normal.summary else request.blueprint.title),
        plan=normal.plan or message,
        files_read=shown or (),
        attempts=number,
        notes=(*normal.notes, *pinned.notes),
        origin="blueprint" if shown is None else "model",
        findings=checked.findings,
    )
    return _Attempt(planned, checked.findings)


def _edits_of_files_not_shown(
    request: PlanRequest, change_set: ChangeSet, shown: tuple[str, ...]
) -> tuple[Finding, ...]:
    """A finding for each edit of an existing file that the model did not see."""
    text = f"{request.blueprint.title}\n{request.blueprint.text}\n{request.guidance}"
    findings = []
    for index, edit in enumerate(change_set.edits):
        path = edit.rename_from or edit.path
        entry = request.tree.entry(path)
        # A symlink, a submodule and a folder have codes of their own.
        if entry is None or entry.mode not in (MODE_FILE, MODE_EXECUTABLE) or path in shown:
            continue
        if edit.mode == "add" and edit.rename_from is None:
            continue
        # New content for such a file can only be guessed. Deleting or moving it whole needs no content, so that is
        # accepted where the blueprint or the guidance names the file: an image, for one, is never shown.
        gives_content = any(part is not None for part in (edit.after, edit.after_base64, edit.replace))
        if gives_content or not mentioned([path], text):
            message = f"{path} exists, and its content was not shown"
            findings.append(make_finding("contract.not_shown", message, edit=index, path=path))
    return tuple(findings)


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
