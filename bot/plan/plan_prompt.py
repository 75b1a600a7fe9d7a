"""The planner's prompts: the rules, how to answer, the context, the blueprint; and how an answer is repaired.

What changes least comes first: the system message is the same for every question about a repository, and the context
comes before the blueprint. A server can then use its cache for the beginning of the next question.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from bot.changeset.json_schemas import MODEL_SCHEMA_NAME, model_schema
from bot.core.findings import Finding, sentence
from bot.core.names import sha256
from bot.llm.model import Message, ModelKind, Prompt
from bot.plan.context.pack import ContextPack
from bot.plan.context_text import context_text, context_texts
from bot.plan.prompt_files import prompt_text

REPLY_SHOWN_CHARACTERS = 60_000
"""At most so much of a refused answer goes back to the model."""


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """How a model is asked to answer: what the system message says of it, its schema, and how a repair asks again."""

    instructions: str
    schema_name: str
    schema: Mapping[str, Any]
    again: str


def json_answer() -> AnswerForm:
    """A ChangeSet as one JSON object."""
    return AnswerForm(
        prompt_text("answer_json"), MODEL_SCHEMA_NAME, model_schema(), "Return the complete ChangeSet again"
    )


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
    fence = _fence(list(context_texts(context)), [title, text, guidance])
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


def repair_prompt(before: Prompt, reply: str, findings: Sequence[Finding], form: AnswerForm | None = None) -> Prompt:
    """The first prompt again, with the answer it got and what is wrong with that answer, edit by edit.

    `before` may be a repair prompt itself.
    """
    form = form or json_answer()
    mistakes = [
        f"- {f.code}{_where(f)}: {sentence(f.message)} {f.instruction}".rstrip()
        for f in sorted(findings, key=lambda f: (f.edit is None, f.edit or 0, f.path or "", f.line or 0, f.code))
    ]
    if len(reply) > REPLY_SHOWN_CHARACTERS:
        reply = f"{reply[:REPLY_SHOWN_CHARACTERS]}\n[{len(reply) - REPLY_SHOWN_CHARACTERS} more characters]"
    # Some servers refuse a message without content, so an empty answer is left out.
    answered = (Message("assistant", reply),) if reply.strip() else ()
    message = prompt_text("repair", again=form.again, mistakes="\n".join(mistakes))
    return Prompt(
        kind=before.kind,
        # Only the system message and the question are kept, so that prompts do not grow with each repair.
        messages=(*before.messages[:2], *answered, Message("user", message)),
        schema_name=before.schema_name,
        schema=before.schema,
        max_output_tokens=before.max_output_tokens,
    )


def _where(finding: Finding) -> str:
    edit = "" if finding.edit is None else f" in edits[{finding.edit}]"
    path = f" ({finding.path}" + (f":{finding.line}" if finding.line else "") + ")" if finding.path else ""
    return edit + path


def _fence(shown: Sequence[str], others: Sequence[str]) -> str:
    """A line that is in none of the texts, so that no text can end its own block and give instructions after it.

    It follows from the `shown` texts alone where it can, so that the same context has the same fence and a server's
    cache can be used for it again.
    """
    joined = chr(0).join(shown)
    fences = (f"=====[{sha256(f'{number}{chr(0)}{joined}')[:16]}]=====" for number in count())
    return next(fence for fence in fences if not _in_any(fence, (*shown, *others)))


def _in_any(fence: str, texts: Iterable[str]) -> bool:
    return any(fence in text for text in texts)
