"""What a run may make and push: the operator's quotas, and `quota` of the base's .github/cadence.yml."""

from __future__ import annotations

from collections.abc import Mapping

from bot.config.model import QuotaConfig
from bot.core.names import RunId
from bot.effects.quotas import Quota
from bot.flow.config_in_force import config_in_force
from bot.git_store.store import GitStore
from bot.ledger.ledger import Ledger


class RunQuotas:
    """Gives the quotas in force for a run; of the operator's and the repository's, the lower one counts."""

    def __init__(self, ledger: Ledger, git: GitStore, quotas: QuotaConfig) -> None:
        """`quotas` are the operator's."""
        self._ledger = ledger
        self._git = git
        self._operators = _amounts(quotas)

    def __call__(self, run_id: RunId) -> tuple[Quota, ...]:
        """Every quota that is set, the operator's last."""
        run = self._ledger.run(run_id)
        own = _amounts(config_in_force(self._git, run).quota) if run is not None else {}
        return (
            *(Quota(name, f"quota.{name}", amount, is_operators=False) for name, amount in own.items()),
            *(
                Quota(name, f"CADENCE_QUOTA_{name.upper()}", n, is_operators=True)
                for name, n in self._operators.items()
            ),
        )


def _amounts(quotas: QuotaConfig) -> Mapping[str, int]:
    """The quotas that are set, by name."""
    amounts = {
        "comments": quotas.comments,
        "pushes": quotas.pushes,
        "pulls": quotas.pulls,
        "files": quotas.files,
        "kilobytes": quotas.kilobytes,
    }
    return {name: amount for name, amount in amounts.items() if amount is not None}
