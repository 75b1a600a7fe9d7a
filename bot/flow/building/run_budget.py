"""What a run may still spend on models, by `budget` of the base's .github/cadence.yml."""

from __future__ import annotations

from datetime import timedelta

from bot.config.load import read_config
from bot.config.model import BudgetConfig
from bot.core.clock import Clock
from bot.core.names import CONFIG_PATH, CommitSha, RunId
from bot.effects.kinds import EffectKind
from bot.git_store.store import GitStore
from bot.ledger.entries import RunEntry
from bot.ledger.ledger import Ledger
from bot.llm.prices import Prices

DAY = timedelta(days=1)


class RunBudget:
    """The gateway's budget. A call is allowed while less than the cap is spent, so the last one may go beyond it."""

    def __init__(self, ledger: Ledger, git: GitStore, clock: Clock, prices: Prices, models: tuple[str, ...]) -> None:
        """`models` are the names that will be asked; none where no model is configured."""
        self._ledger = ledger
        self._git = git
        self._clock = clock
        self._prices = prices
        self._models = models

    def refusal(self, run_id: RunId, kind: EffectKind) -> str | None:
        """Why the run may ask no model any more; other effects cost nothing and are never refused."""
        return self.spent(run_id) if kind is EffectKind.MODEL_CALL else None

    def spent(self, run_id: RunId) -> str | None:
        """Which cap is reached, with the figures; None while there is room, or where the config has no caps."""
        run = self._ledger.run(run_id)
        budget = self._budget(run) if run is not None else None
        if run is None or budget is None:
            return None
        return self._tokens(run, budget) or self._cost(run, budget)

    def _budget(self, run: RunEntry) -> BudgetConfig | None:
        """As the base's tip has it; a config that cannot be read there is a reason of its own at the gate."""
        mirror = self._git.mirror(run.repository_id)
        tip = mirror.tip(run.base_branch) if run.base_branch else None
        at = tip or (CommitSha(run.base_sha) if run.base_sha else None)
        config = read_config(mirror.read_file(at, CONFIG_PATH)).config if at is not None else None
        return config.budget if config is not None else None

    def _tokens(self, run: RunEntry, budget: BudgetConfig) -> str | None:
        if budget.run_tokens is None:
            return None
        counts = self._ledger.counts(run.run_id)
        used = counts.input_tokens + counts.output_tokens
        if used < budget.run_tokens:
            return None
        return f"the run has used {used:,} tokens, `budget.run_tokens` allows {budget.run_tokens:,}"

    def _cost(self, run: RunEntry, budget: BudgetConfig) -> str | None:
        caps = {"budget.run_cost": budget.run_cost, "budget.day_cost": budget.day_cost}
        asked = [name for name, cap in caps.items() if cap is not None]
        if not asked or not self._models:
            return None
        unpriced = [name for name in self._models if not self._prices.knows(name)]
        if unpriced:
            return f"`{asked[0]}` cannot be kept: CADENCE_MODEL_PRICES has no price for `{unpriced[0]}`"
        since = self._clock.now() - DAY
        spent = {
            "budget.run_cost": self._ledger.counts(run.run_id).cost or 0.0,
            "budget.day_cost": self._ledger.cost_since(run.repository_id, since),
        }
        for name in asked:
            cap = caps[name]
            if cap is not None and spent[name] >= cap:
                whose = "the run has" if name == "budget.run_cost" else "in a day this repository's runs have"
                return f"{whose} cost {spent[name]:.4f}, `{name}` allows {cap:.4f}"
        return None
