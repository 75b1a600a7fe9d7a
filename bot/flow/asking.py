"""One question of a run to a model: reserved, asked through the effect gateway, its figures recorded."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from functools import cache

from bot.core.errors import CadenceError
from bot.core.json_types import JsonDict
from bot.effects.kinds import EffectActor, EffectKind
from bot.flow.recorded import question_key, question_record, scrubbed_prompt
from bot.flow.services import Services
from bot.ledger.entries import ModelCallEntry
from bot.ledger.spending import Worst
from bot.llm.model import Completion, Prompt


def ask_model(services: Services, actor: EffectActor, prompt: Prompt, attempt: str = "") -> Completion:
    """The model's answer to a prompt, kept in the ledger, so that a crash after it does not pay for it twice.

    The worst case of the call is reserved before it; what it used is recorded after it. Raises BudgetSpent before
    anything is sent, ModelBusy where the server is asked enough already, and what `LanguageModel.complete` raises. It
    asks once: the engine decides about another try, so that no thread waits while it holds the effect's lease.
    """
    budget, run_id = services.budget, actor.run
    prompt = services.model.prepare(scrubbed_prompt(prompt))
    asked = services.model.asked_name(prompt.kind)
    answers: list[Completion] = []
    held: list[int] = []

    @cache
    def worst_case() -> Worst:
        # Counted once, and only for a question that is asked: an answer that the ledger has needs no reservation.
        return budget.worst_case(prompt, asked)

    def settle(started: datetime, used: Worst, outcome: str, answer: Completion | None = None) -> None:
        entry = ModelCallEntry(
            run_id=run_id,
            kind=prompt.kind.value,
            model_asked=asked,
            model_answered=answer.model if answer else "",
            prompt_digest=prompt.digest(),
            input_tokens=used.input_tokens,
            output_tokens=used.output_tokens,
            cost=used.cost,
            duration_ms=answer.duration_ms if answer else 0,
            recorded=answer.recorded if answer else False,
            outcome=outcome,
            at=started,
        )
        services.ledger.settle_call(held.pop() if held else 0, entry)

    def do() -> JsonDict:
        started = services.clock.now()
        try:
            answer = services.model.complete(prompt)
        except CadenceError as error:
            # No figures came: what the server may have worked on counts as the worst case.
            settle(started, worst_case() if error.may_cost else Worst(0, 0), error.code)
            raise
        used = budget.believed(worst_case(), answer, asked)
        settle(started, used, answer.finish, answer)
        answers.append(replace(answer, asked=asked, cost=used.cost))
        return answers[0].as_json()

    key = question_key(prompt, attempt)
    with ExitStack() as place:

        def reserve() -> None:
            # Before the reservation and the lease: a run that gets no place holds neither while it waits.
            place.enter_context(services.model.slot(prompt.kind))
            if run_id is not None:
                held.append(budget.reserve(run_id, worst_case()))
                services.ledger.record_step(run_id, "question", key, question_record(prompt, asked))

        outcome = services.effects.perform(
            actor, EffectKind.MODEL_CALL, key, find=lambda: None, do=do, fresh=True, reserve=reserve
        )
    return answers[0] if answers else Completion.from_json(outcome)
