"""What `cadence plan` prints: for people in colour, for scripts as JSON, and the context for `--export-context`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from bot.cli.context_text import context_table
from bot.cli.evaluate_text import edits_text, shown
from bot.cli.local_model import ModelTotals
from bot.core.errors import CadenceError
from bot.llm.model import Prompt
from bot.plan.context.pack import ContextPack
from bot.plan.request import Planned
from bot.plan.shown_files import shown_files


@dataclass(frozen=True, slots=True)
class PlanOutcome:
    """A plan and what belongs to it. `context` is None where no model was shown anything."""

    base: str
    title: str
    planned: Planned
    patch: str
    context: ContextPack | None
    totals: ModelTotals
    applied_to: str = ""


def print_outcome(outcome: PlanOutcome) -> None:
    """The context, the plan, the edits, the diff and the price, in colour on a terminal."""
    console = Console(highlight=False)
    planned = outcome.planned

    def say(text: str, style: str = "") -> None:
        # As Text: rich reads square brackets in a plain string as markup. Soft wrap: what is copied has no line breaks.
        console.print(Text(shown(text), style=style), soft_wrap=True)

    say(planned.summary, "bold")
    say(f"\n{planned.plan.strip()}\n")
    if outcome.context is not None:
        pack = outcome.context
        say(f"Shown to the model: {pack.used_tokens:,} of {pack.budget:,} tokens", "bold")
        say(context_table(shown_files(pack), pack.left_out))
    say(f"ChangeSet: {edits_text(planned.change_set)}", "bold")
    for edit in planned.change_set.edits:
        moved = f" (renamed from {edit.rename_from})" if edit.rename_from else ""
        say(f"  {edit.mode:<7} {edit.path}{moved}")
    for finding in planned.findings:
        say(f"  {finding.severity.value} {finding.code}: {finding.message}", "yellow")
    say("")
    for line, style in _styled(outcome.patch):
        say(line, style)
    say(f"\n{_price(outcome)}")
    if outcome.applied_to:
        say(f"Written to {outcome.applied_to}. `git diff` shows it; nothing is staged or committed.")
    else:
        say("Nothing was changed. --apply writes this into the work tree.")


def outcome_json(outcome: PlanOutcome) -> str:
    """The same as one JSON object; `change_set` is what `cadence apply` takes."""
    planned, totals = outcome.planned, outcome.totals
    data = {
        "accepted": True,
        "base": outcome.base,
        "title": outcome.title,
        "origin": planned.origin,
        "summary": planned.summary,
        "plan": planned.plan,
        "change_set": planned.change_set.model_dump(mode="json", exclude_none=True),
        "diff": outcome.patch,
        "findings": [finding.as_dict() for finding in planned.findings],
        "notes": list(planned.notes),
        "attempts": planned.attempts,
        "context": None if outcome.context is None else _context(outcome.context),
        "model": asdict(totals),
        "applied": bool(outcome.applied_to),
    }
    return json.dumps(data, indent=2) + "\n"


def refusal_json(error: CadenceError, context: ContextPack | None, totals: ModelTotals) -> str:
    """A plan that was not made, with the reason; what the model was shown belongs to it."""
    data = {
        "accepted": False,
        "code": error.code,
        "message": error.summary,
        "remedy": error.remedy,
        "details": list(error.details),
        "context": None if context is None else _context(context),
        "model": asdict(totals),
    }
    return json.dumps(data, indent=2) + "\n"


def prompt_text(prompt: Prompt) -> str:
    """The turns of a prompt, each below a line with its role, and otherwise exactly as they are sent."""
    return "".join(f"[{turn.role}]\n{turn.content}\n" for turn in prompt.messages)


def prompt_json(prompt: Prompt) -> str:
    """Everything that is sent, but for the model's name."""
    return json.dumps(asdict(prompt), indent=2) + "\n"


def exported(pack: ContextPack) -> str:
    """The whole pack as JSON, with the text of the excerpts."""
    return json.dumps(asdict(pack), indent=2) + "\n"


def _context(pack: ContextPack) -> dict[str, Any]:
    return {
        "base": pack.base,
        "budget": pack.budget,
        "used_tokens": pack.used_tokens,
        "files": [asdict(one) for one in shown_files(pack)],
        "left_out": [asdict(one) for one in pack.left_out],
    }


def _price(outcome: PlanOutcome) -> str:
    totals = outcome.totals
    if not totals.calls:
        return "No model was asked: the issue contains its own ChangeSet."
    price = "no price is known for it (CADENCE_MODEL_PRICES)" if totals.cost is None else f"${totals.cost:.4f}"
    calls = f"{totals.calls} question{'' if totals.calls == 1 else 's'}"
    return f"{totals.model}: {calls}, {totals.input_tokens:,} + {totals.output_tokens:,} tokens, {price}."


def _styled(patch: str) -> Iterator[tuple[str, str]]:
    """Each line of a patch with its colour, as git has them."""
    # https://git-scm.com/docs/git-config#Documentation/git-config.txt-colordiffltslotgt
    heading = True
    # Only at line feeds: a form feed, for one, is a character of the line.
    for line in patch.removesuffix("\n").split("\n"):
        # A removed line may begin like a heading: `--- a comment in SQL`.
        heading = line.startswith("diff --git ") or (heading and not line.startswith("@@"))
        yield line, "bold" if heading else {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
