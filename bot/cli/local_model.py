"""The configured model, asked from the command line: within the caps, with what it used in all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.cli.plan_progress import PlanProgress
from bot.config.model import BudgetConfig
from bot.core.clock import Clock
from bot.core.errors import BudgetSpent, ModelAbsent
from bot.core.names import InstallationId, RepositoryId
from bot.effects.kinds import EffectActor, EffectKind
from bot.effects.perform import Effects
from bot.flow.recorded import scrubbed_prompt
from bot.flow.run_budget import caps_from, worst_case
from bot.ledger.spending import Spent
from bot.llm.model import Completion, LanguageModel, ModelKind, Prompt
from bot.llm.prices import Prices
from bot.review.selftest.memory import MemoryEffects

# No repository and no installation: GitHub counts ids from 1.
ACTOR = EffectActor("local", RepositoryId(0), InstallationId(0))


@dataclass(slots=True)
class ModelTotals:
    """What the calls so far used. `cost` is in US dollars; None where a call has no price."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = 0.0
    model: str = ""


class LocalModel:
    """Asks for one plan. `ask` fits `Planner.plan`."""

    def __init__(
        self,
        model: LanguageModel | None,
        *,
        prices: Prices,
        caps: tuple[BudgetConfig, BudgetConfig],
        count_tokens: Callable[[str], int],
        clock: Clock,
        progress: PlanProgress,
    ) -> None:
        """`model` is None without a key. `caps` are the operator's and the repository's."""
        self._model = model
        self._prices = prices
        self._caps = caps_from(*caps)
        self._count = count_tokens
        self._clock = clock
        self._progress = progress
        self._effects = Effects(MemoryEffects(), clock, write_interval_ms=0)
        self.totals = ModelTotals()
        self._plans = 0

    def ask(self, prompt: Prompt) -> Completion:
        """The model's answer.

        Raises ModelAbsent without a key, BudgetSpent before anything is sent, and what `LanguageModel.complete` raises.
        """
        if self._model is None:
            raise ModelAbsent(
                "OPENAI_API_KEY is not set, so there is no model that can plan this.",
                remedy="Set it, and OPENAI_BASE_URL for another server. Without a key, --show-prompt and "
                "--export-context FILE work, and an issue that contains its own ChangeSet in a `json cadence` block.",
            )
        model, name = self._model, self._model.asked_name(prompt.kind)
        prompt = model.prepare(scrubbed_prompt(prompt))
        worst = worst_case(prompt, name, self._prices, self._count)
        spent = Spent(self.totals.input_tokens + self.totals.output_tokens, self.totals.cost or 0.0, 0, 0.0)
        # A day's cap needs the ledger, which this command neither reads nor writes.
        for cap in (one for one in self._caps if one.scope != "day"):
            if why := cap.refusal(spent, worst):
                raise BudgetSpent(why, remedy=f"Raise {cap.setting}, or give a smaller --budget.")

        def do() -> dict[str, Any]:
            with model.slot(prompt.kind):
                return model.complete(prompt).as_json()

        number = self.totals.calls + 1
        explores = prompt.kind is ModelKind.EXPLORE
        self._plans += not explores
        again = f", attempt {self._plans}" if self._plans > 1 and not explores else ""
        tokens = sum(map(self._count, prompt.texts()))
        with self._progress.waiting("looking" if explores else "asking", f"{name}, about {tokens:,} tokens{again}"):
            key = f"{prompt.kind}:{number}:{prompt.digest()}"
            outcome = self._effects.perform(ACTOR, EffectKind.MODEL_CALL, key, find=lambda: None, do=do, fresh=True)
        answer = Completion.from_json(outcome)
        self._count_call(answer, name)
        return answer

    def _count_call(self, answer: Completion, asked: str) -> None:
        totals = self.totals
        cost = self._prices.cost(
            answer.model, asked, input_tokens=answer.input_tokens, output_tokens=answer.output_tokens
        )
        totals.calls += 1
        totals.model = answer.model
        totals.input_tokens += answer.input_tokens
        totals.output_tokens += answer.output_tokens
        totals.cost = None if cost is None or totals.cost is None else totals.cost + cost
        price = "" if cost is None else f", ${cost:.4f}"
        took = f"{answer.duration_ms / 1000:.1f} s"
        self._progress.note("answered", f"in {took}: {answer.input_tokens:,} + {answer.output_tokens:,} tokens{price}")
