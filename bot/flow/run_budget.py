"""What a run may ask models: the operator's caps, and `budget` of the base's .github/cadence.yml."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.config.model import BudgetConfig
from bot.core.clock import Clock
from bot.core.errors import BudgetSpent
from bot.core.names import RunId
from bot.effects.quotas import raised_by, shown_setting
from bot.flow.config_in_force import config_in_force
from bot.git_store.store import GitStore
from bot.ledger.entries import RunEntry
from bot.ledger.ledger import Ledger
from bot.ledger.spending import Spent, Worst
from bot.llm.model import Completion, Prompt
from bot.llm.prices import Prices

LEAST_SHARE = 4
"""A server that counts less than a quarter of what Cadence counts is not believed."""
FRAME_TOKENS = 200
"""More than a server adds to the texts of a question: roles, separators, the name of the schema."""


@dataclass(frozen=True, slots=True)
class Cap:
    """One cap in force: `setting` is its name as people write it, `amount` in tokens or US dollars."""

    scope: str
    unit: str
    setting: str
    amount: float
    is_operators: bool

    @property
    def remedy(self) -> str:
        """How it is raised."""
        return raised_by(self.setting, is_operators=self.is_operators)

    def refusal(self, spent: Spent, worst: Worst) -> str | None:
        """Why a call does not fit, with the figures; None where it does."""
        used = 0.0 if self.scope == "call" else float(getattr(spent, f"{self.scope}_{self.unit}"))
        name = shown_setting(self.setting, is_operators=self.is_operators)
        if self.unit == "cost":
            if worst.cost is None:
                # The operator's caps on money leave such a model to the caps on tokens; a repository's is a promise.
                return None if self.is_operators else f"{name} cannot be kept: CADENCE_MODEL_PRICES has no price"
            next_amount, figures = worst.cost, [_dollars(one) for one in (used, worst.cost, self.amount)]
        else:
            next_amount, figures = worst.tokens, [f"{one:,.0f}" for one in (used, worst.tokens, self.amount)]
        if used + next_amount <= self.amount:
            return None
        verb = "cost" if self.unit == "cost" else "used"
        past, future, cap = (one if self.unit == "cost" else f"{one} tokens" for one in figures)
        whose = {"run": "the run has", "day": "in the last 24 hours this repository's runs have"}.get(self.scope)
        before = f"{whose} {verb} {past}, and " if whose and used else ""
        may = "cost" if self.unit == "cost" else "use"
        return f"{before}the next question may {may} up to {future}; {name} allows {cap}"


def worst_case(prompt: Prompt, model: str, prices: Prices, count_tokens: Callable[[str], int]) -> Worst:
    """The most that a question can use: its prompt by our own count, and the whole of its output limit."""
    # Half as much again, because other vocabularies than ours (o200k) cut the same text into more tokens.
    tokens = sum(count_tokens(one) for one in prompt.texts()) * 3 // 2 + FRAME_TOKENS
    cost = prices.cost(model, input_tokens=tokens, output_tokens=prompt.max_output_tokens)
    return Worst(tokens, prompt.max_output_tokens, cost)


def caps_from(operators: BudgetConfig, repositories: BudgetConfig) -> list[Cap]:
    """The repository's caps and the operator's; a call has to fit the lower one of each kind."""
    own = [
        Cap(scope, unit, f"budget.{scope}_{unit}", amount, is_operators=False)
        for (scope, unit), amount in _amounts(repositories)
    ]
    return own + [
        Cap(scope, unit, f"CADENCE_BUDGET_{scope}_{unit}".upper(), amount, is_operators=True)
        for (scope, unit), amount in _amounts(operators)
    ]


class RunBudget:
    """Reserves the worst case of each question before it is asked, so that no cap is ever exceeded."""

    def __init__(
        self,
        ledger: Ledger,
        git: GitStore,
        clock: Clock,
        prices: Prices,
        models: tuple[str, ...],
        caps: BudgetConfig,
        count_tokens: Callable[[str], int],
    ) -> None:
        """`models` are the names that will be asked, none where no model is configured; `caps` are the operator's."""
        self._ledger = ledger
        self._git = git
        self._clock = clock
        self._prices = prices
        self._models = models
        self._caps = caps
        self._count = count_tokens

    def count(self, text: str) -> int:
        """How many tokens a text has, by our own count."""
        return self._count(text)

    def price(self, model: str, input_tokens: int, output_tokens: int) -> float | None:
        """What tokens of a model cost in US dollars; None without a price."""
        return self._prices.cost(model, input_tokens=input_tokens, output_tokens=output_tokens)

    def worst_case(self, prompt: Prompt, model: str) -> Worst:
        """The most that a question can use: its prompt by our own count, and the whole of its output limit."""
        return worst_case(prompt, model, self._prices, self._count)

    def reserve(self, run_id: RunId, worst: Worst) -> int:
        """Reserve a question's worst case, and return the reservation. Raises BudgetSpent where it does not fit."""
        run = self._ledger.run(run_id)
        if run is None:
            raise BudgetSpent(f"run {run_id} is not in the ledger")
        caps = self._caps_of(run)
        made = self._ledger.reserve_call(
            run_id, run.repository_id, worst, self._clock.now(), lambda spent: _reached(caps, spent, worst)
        )
        if isinstance(made, BudgetSpent):
            raise made
        return made

    def believed(self, worst: Worst, answer: Completion, model: str) -> Worst:
        """What a call counts as: the server's figures, or the worst case of each that cannot be true.

        No figure exceeds what was reserved, because the prompt was counted and the server given the output limit.
        """
        written = self._count(answer.written)
        counted = (worst.input_tokens - FRAME_TOKENS) * 2 // 3
        read = _believed(answer.input_tokens, counted, worst.input_tokens)
        wrote = _believed(answer.output_tokens, written, worst.output_tokens)
        cost = self._prices.cost(answer.model, model, input_tokens=read, output_tokens=wrote)
        if cost is not None and worst.cost is not None:
            cost = min(cost, worst.cost)
        return Worst(read, wrote, cost)

    def spent(self, run_id: RunId) -> str | None:
        """Which cap keeps the run from its next question, with the figures; None while there is room."""
        reached = self.reached(run_id)
        return reached.summary if reached is not None else None

    def reached(self, run_id: RunId) -> BudgetSpent | None:
        """What the run's next question would raise; None while there is room.

        The next question is the one that was refused last, else the smallest possible.
        """
        run = self._ledger.run(run_id)
        if run is None or not self._models:
            return None
        priced = all(self._prices.knows(name) for name in self._models)
        worst = self._ledger.refused_call(run_id) or Worst(1, 0, 1e-9 if priced else None)
        spent = self._ledger.spent(run_id, run.repository_id, self._clock.now())
        return _reached(self._caps_of(run), spent, worst)

    def _caps_of(self, run: RunEntry) -> list[Cap]:
        return caps_from(self._caps, config_in_force(self._git, run).budget)


def _reached(caps: Sequence[Cap], spent: Spent, worst: Worst) -> BudgetSpent | None:
    """The first cap that a call does not fit, and why; None where it fits all of them."""
    refusals = ((cap, cap.refusal(spent, worst)) for cap in caps)
    return next((BudgetSpent(why, remedy=cap.remedy) for cap, why in refusals if why), None)


def _dollars(amount: float) -> str:
    """Four decimals, because the figures of a refusal are compared; zeros behind the second are left out."""
    whole, decimals = f"{amount:,.4f}".split(".")
    return f"${whole}.{decimals[:2]}{decimals[2:].rstrip('0')}"


def _believed(figure: int, counted: int, worst: int) -> int:
    return figure if counted // LEAST_SHARE <= figure <= worst and figure > 0 else worst


def _amounts(caps: BudgetConfig) -> list[tuple[tuple[str, str], float]]:
    """The caps that are set, as ((scope, unit), amount)."""
    amounts = {
        ("call", "tokens"): caps.call_tokens,
        ("call", "cost"): caps.call_cost,
        ("run", "tokens"): caps.run_tokens,
        ("run", "cost"): caps.run_cost,
        ("day", "tokens"): caps.day_tokens,
        ("day", "cost"): caps.day_cost,
    }
    return [(name, float(amount)) for name, amount in amounts.items() if amount is not None]
