"""From a blueprint to a ChangeSet that applies: the model's, repaired at most twice, or the blueprint's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from bot.changeset.check import check
from bot.changeset.guards.guard_config import GuardConfig
from bot.changeset.model import ChangeSet, Edit
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
from bot.plan.context.building import build_context
from bot.plan.context.pack import ContextPack, Excerpt
from bot.plan.context.paths import mentioned
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
    recent: tuple[str, ...] = ()
    """Paths that recent commits changed, newest first, each as often as it changed."""
    index_path: Path | None = None
    """The file of the repository's context index; None keeps the index in memory for this plan."""


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

    def __init__(self, *, count_tokens: Callable[[str], int], record_findings: RecordFindings) -> None:
        self._count = count_tokens
        self._record_findings = record_findings

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

    def _from_model(self, request: PlanRequest, ask: Ask) -> Planned:
        blueprint = request.blueprint
        text = f"{blueprint.title}\n{blueprint.text}\n{request.guidance}"
        context = build_context(
            request.tree,
            text,
            budget=request.token_budget,
            count_tokens=self._count,
            always=request.config.plan.context_docs,
            use_paths=request.use_paths,
            base=request.base,
            recent=request.recent,
            index_path=request.index_path,
        )
        prompt = plan_prompt(
            title=blueprint.title,
            text=blueprint.text,
            guidance=request.guidance,
            shown=Shown(
                files=tuple((_heading(one), one.text) for one in (*context.documents, *context.excerpts)),
                listing=context.listing,
                unlisted=context.unlisted,
                left_out=tuple(one.path for one in context.left_out),
            ),
            protected=GuardConfig.from_repo(request.config).protected,
        )
        seen: list[frozenset[tuple[str, int | None, str | None]]] = []
        findings: tuple[Finding, ...] = ()
        question = prompt
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


def _heading(excerpt: Excerpt) -> str:
    """The path; of a part of a file its lines, too."""
    if excerpt.whole:
        return excerpt.path
    return f"{excerpt.path}, lines {excerpt.start_line} to {excerpt.end_line} of {excerpt.total_lines}"


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


def _read(request: PlanRequest, completion: Completion, shown: ContextPack, number: int) -> _Attempt:
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


def _attempt(request: PlanRequest, raw: str | Mapping[str, Any], *, shown: ContextPack | None, number: int) -> _Attempt:
    """Read, pin and check one ChangeSet. `shown` is what the model saw; None: a person wrote it."""
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
        files_read=shown.shown_paths() if shown is not None else (),
        attempts=number,
        notes=(*normal.notes, *pinned.notes),
        origin="blueprint" if shown is None else "model",
        findings=checked.findings,
    )
    return _Attempt(planned, checked.findings)


def _edits_of_files_not_shown(request: PlanRequest, change_set: ChangeSet, shown: ContextPack) -> tuple[Finding, ...]:
    """A finding for each edit of a part of an existing file that the model did not see."""
    text = f"{request.blueprint.title}\n{request.blueprint.text}\n{request.guidance}"
    findings = []
    for index, edit in enumerate(change_set.edits):
        path = edit.rename_from or edit.path
        entry = request.tree.entry(path)
        # A symlink, a submodule and a folder have codes of their own.
        if entry is None or entry.mode not in (MODE_FILE, MODE_EXECUTABLE) or _saw(shown, path, edit):
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


def _saw(shown: ContextPack, path: str, edit: Edit) -> bool:
    """Whether the model saw what the edit replaces; new content for a whole file needs the whole file."""
    if shown.shown_whole(path):
        return True
    return bool(edit.replace) and edit.after is None and all(shown.shows(path, one.old) for one in edit.replace or ())


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
