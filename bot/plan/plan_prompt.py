"""The planner's prompts: the rules, how to answer, the context, the blueprint; and how an answer is repaired.

What changes least comes first: the system message is the same for every question about a repository, and the context
comes before the blueprint. A server can then use its cache for the beginning of the next question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.changeset.guards.guard_config import GuardConfig
from bot.changeset.json_schemas import MODEL_SCHEMA_NAME, model_schema
from bot.core.findings import Finding, sentence
from bot.llm.model import Message, ModelKind, Prompt
from bot.plan.answer.blocks import mark_for
from bot.plan.context.pack import ContextPack
from bot.plan.context_text import context_text, context_texts
from bot.plan.fences import fence_for
from bot.plan.prompt_files import prompt_text
from bot.plan.request import PlanRequest

REPLY_SHOWN_CHARACTERS = 60_000
"""At most so much of a refused answer goes back to the model."""


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """How a model is asked to answer: what the system message says of it, its schema, and how a repair asks again."""

    instructions: str
    schema_name: str
    schema: Mapping[str, Any]
    again: str
    again_kept: str
    """How a repair asks again where some edits are kept."""


@dataclass(frozen=True, slots=True)
class Question:
    """The editor's question. `mark` is in the lines around its blocks; `rounds` counts how often it was shown more."""

    prompt: Prompt
    form: AnswerForm
    mark: str
    rounds: int = 0


def text_answer(mark: str) -> AnswerForm:
    """Numbered blocks of text between lines with the mark, and one envelope."""
    return AnswerForm(
        prompt_text("answer_text", mark=mark),
        MODEL_SCHEMA_NAME,
        {},
        "Answer again in the same form, with all edits,",
        "Answer again in the same form, with only these edits corrected: those that are not named are right and kept,",
    )


def json_answer() -> AnswerForm:
    """A ChangeSet as one JSON object."""
    return AnswerForm(
        prompt_text("answer_json"),
        MODEL_SCHEMA_NAME,
        model_schema(),
        "Return the complete ChangeSet again",
        "Return the complete ChangeSet again",
    )


def plan_question(request: PlanRequest, context: ContextPack, *, rounds: int = 0) -> Question:
    """The question to the editor for a request, in the request's form."""
    title, text, guidance = request.blueprint.title, request.blueprint.text, request.guidance
    mark = mark_for([*context_texts(context), title, text, guidance])
    form = text_answer(mark) if request.form == "text" else json_answer()
    protected = GuardConfig.from_repo(request.config).protected
    prompt = plan_prompt(title=title, text=text, guidance=guidance, context=context, protected=protected, form=form)
    return Question(prompt, form, mark, rounds)


def plan_prompt(
    *,
    title: str,
    text: str,
    guidance: str,
    context: ContextPack,
    protected: Sequence[str],
    form: AnswerForm | None = None,
) -> Prompt:
    """The first prompt for a blueprint; `protected` are globs of paths that may not change."""
    form = form or json_answer()
    fence = fence_for(list(context_texts(context)), [title, text, guidance])
    # Without a fence: a person with write access wrote the guidance, so the model may follow it.
    last = prompt_text("guidance", guidance=guidance.strip()) if guidance.strip() else ""
    question = prompt_text(
        "question", fence=fence, context=context_text(context, fence), title=title, text=text, guidance=last
    )
    system = f"{prompt_text('system', protected=', '.join(protected) or 'none')}\n\n{form.instructions}"
    return Prompt(
        kind=ModelKind.PLAN,
        messages=(Message("system", system), Message("user", question)),
        schema_name=form.schema_name,
        schema=form.schema,
    )


def repair_prompt(before: Question, reply: str, findings: Sequence[Finding], kept: Sequence[str] = ()) -> Prompt:
    """The first prompt again, with the answer it got and what is wrong with that answer, edit by edit.

    `kept` are the edits that need not be given again, in a few words each.
    """
    form, asked = before.form, before.prompt
    mistakes = [
        f"- {f.code}{_where(f)}: {sentence(f.message)} {f.instruction}".rstrip()
        for f in sorted(findings, key=lambda f: (f.edit is None, f.edit or 0, f.path or "", f.line or 0, f.code))
    ]
    if len(reply) > REPLY_SHOWN_CHARACTERS:
        reply = f"{reply[:REPLY_SHOWN_CHARACTERS]}\n[{len(reply) - REPLY_SHOWN_CHARACTERS} more characters]"
    # Some servers refuse a message without content, so an empty answer is left out.
    answered = (Message("assistant", reply),) if reply.strip() else ()
    again = form.again_kept if kept else form.again
    message = prompt_text("repair", again=again, mistakes="\n".join(mistakes))
    if kept:
        message += f"\nKept: {', '.join(kept)}."
    return Prompt(
        kind=asked.kind,
        # Only the system message and the question are kept, so that prompts do not grow with each repair.
        messages=(*asked.messages[:2], *answered, Message("user", message)),
        schema_name=asked.schema_name,
        schema=asked.schema,
        max_output_tokens=asked.max_output_tokens,
    )


def _where(finding: Finding) -> str:
    edit = "" if finding.edit is None else f" in edits[{finding.edit}]"
    path = f" ({finding.path}" + (f":{finding.line}" if finding.line else "") + ")" if finding.path else ""
    return edit + path
