"""A gate check that was created by a process which died before it could record so: it is still finished."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from bot.core.names import CHECK_GATE
from bot.effects.kinds import EffectKind
from bot.ledger.tables import effects
from tests.faults.story import report_success
from tests.journeys.world import BODY, OWNER, TITLE, World


def _lose_the_outcome(world: World) -> None:
    mine = sa.and_(effects.c.kind == EffectKind.CHECK_PUT, effects.c.natural_key.startswith("gate:"))
    with world.ledger.engine.begin() as connection:
        lost = connection.execute(sa.update(effects).where(mine).values(state="intended", outcome=None, ended_at=None))
    assert lost.rowcount == 1


@pytest.mark.parametrize("then", ["merged", "stopped"])
def test_a_gate_check_whose_outcome_was_lost_is_finished(world: World, then: str) -> None:
    world.script_all()
    issue = world.repo.file_issue(TITLE, BODY, by=OWNER)
    world.repo.label(issue, "blueprint", by=OWNER)
    world.later(5)
    _lose_the_outcome(world)
    if then == "merged":
        report_success(world)
    else:
        world.repo.comment(issue, "/cadence stop", by=OWNER)
    world.later()
    gates = [check for check in world.repo.check_runs() if check.name == CHECK_GATE]
    conclusion = "success" if then == "merged" else "cancelled"
    assert [(check.status, check.conclusion) for check in gates] == [("completed", conclusion)]
