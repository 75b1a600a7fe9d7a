"""Which ends the ledger knows to be untold, on each kind of database."""

from datetime import timedelta

from bot.core.states import RunState
from bot.ledger.ledger import Ledger
from tests.adapters.ledger_rows import run as entry
from tests.fakes.fake_clock import FakeClock

S = RunState


def test_an_end_is_untold_until_a_comment_shows_exactly_it(ledger_on_each: Ledger, clock: FakeClock) -> None:
    ledger, run = ledger_on_each, entry()
    ledger.start_run(run)
    ledger.move(run.run_id, S.REFUSED, reason="x: y")

    def untold() -> list[str]:
        return [one.run_id for one in ledger.untold_runs(clock.now() - timedelta(days=1), clock.now())]

    def edited(key: str, state: str, error: str | None) -> None:
        effect = ledger.intend(run.run_id, run.run_id, "comment.edit", key, clock.now())
        ledger.settle(effect.id, state, outcome={"id": 1}, error_code=error, now=clock.now())

    move = ledger.last_transition(run.run_id)
    assert untold() == [run.run_id]
    edited(f"status:{move - 1}:abc", "done", None)
    edited(f"status:{move}:abc", "failed", "github.unavailable")
    edited(f"status:{move}0:abc", "done", None)
    assert untold() == [run.run_id]
    edited(f"status:{move}:def", "failed", "github.not_found")
    assert untold() == []
