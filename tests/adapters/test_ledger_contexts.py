"""What a model was shown is kept with its run, and a change of it is found by the chain."""

from __future__ import annotations

import sqlalchemy as sa

from bot.ledger.ledger import Ledger
from bot.ledger.tables import contexts
from bot.plan.context.pack import LeftOut, Outline
from bot.plan.shown_files import shown_files
from bot.proof.checklist import LineResult
from bot.proof.ledger_check import ledger_checks
from tests.adapters.ledger_rows import run
from tests.fakes.packs import pack_of

FILES = {"a.py": "x = 1\n" * 50, "b.md": "# b\n", "c.py": "y = 1\n"}
PACK = pack_of(
    FILES,
    {"a.py": [(1, 3), (4, 5), (20, 22)], "b.md": None},
    outlines=[Outline("a.py", "1" * 40, 50, ()), Outline("c.py", "2" * 40, 1, ("  1: y",))],
    left_out=[LeftOut("gone.md", "context.no_match", "No file matches.")],
)


def test_what_was_recorded_is_read_back_and_chained(ledger_on_each: Ledger) -> None:
    ledger = ledger_on_each
    entry = run()
    ledger.start_run(entry)
    assert ledger.contexts_of(entry.run_id) == []
    ledger.record_context(entry.run_id, PACK)
    ledger.record_context(entry.run_id, pack_of(FILES, {"b.md": None}, base="c" * 40))
    first, second = ledger.contexts_of(entry.run_id)
    assert (first.base, first.budget, first.used_tokens) == (PACK.base, 24_000, 1_234)
    assert first.shown() == shown_files(PACK) and first.missing() == PACK.left_out
    assert [(one.path, one.lines()) for one in first.shown()] == [
        ("a.py", "1-5, 20-22 of 50"), ("b.md", "all 1"), ("c.py", "outline of 1"),
    ]  # fmt: skip
    assert [one.path for one in second.shown()] == ["b.md"]
    assert {one.state for one in ledger_checks(ledger, entry.run_id)} == {LineResult.OK}
    with ledger.engine.begin() as connection:
        connection.execute(sa.update(contexts).values(left_out=[]))
    (failure,) = ledger_checks(ledger, entry.run_id)
    assert failure.state is LineResult.FAILED and "contexts" in failure.text
