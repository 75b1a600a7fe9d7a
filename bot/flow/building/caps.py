"""Whether a run that ended at a cap, of its budget or a quota, may go on."""

from __future__ import annotations

from bot.core.errors import BudgetSpent, CadenceError
from bot.core.names import CommitSha
from bot.effects.quotas import KINDS, count_reached, size_reached
from bot.flow.context import RunContext
from bot.publish.change_size import change_size


def must_fit(context: RunContext, commit: CommitSha) -> None:
    """Raise QuotaReached where the quotas of files or kilobytes do not allow the commit to be pushed."""
    quotas = context.services.quotas(context.run.run_id)
    reached = size_reached(quotas, change_size(context.mirror, CommitSha(context.run.base_sha), commit))
    if reached is not None:
        raise reached


def still_at_cap(context: RunContext) -> CadenceError | None:
    """What would end the run again at the cap that it ended at; None where it may go on.

    The mirror is fetched, so that a cap in the newest config counts. The size of a change is not known before it is
    built, so a run that ended for its size goes on and is measured again.
    """
    services, run = context.services, context.run
    context.fetch()
    code = run.reason.partition(":")[0]
    if code == BudgetSpent.code:
        return services.budget.reached(run.run_id)
    name = code.removeprefix("quota.")
    if name not in KINDS:
        return None
    return count_reached(services.quotas(run.run_id), name, services.effects.made(run.run_id, name))
