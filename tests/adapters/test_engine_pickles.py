"""Whoever can write to the engine's database must not be able to run code in Cadence by it."""

from __future__ import annotations

import base64
import pickle
import sqlite3
from pathlib import Path

import pytest
from dbos._serialization import DefaultSerializer

from bot.core.names import RunId
from tests.adapters.engine_stage import Recorder, engine_on
from tests.fakes.fake_clock import FakeClock


class Payload:
    """Unpickled, it makes a file."""

    def __init__(self, made: Path) -> None:
        self.made = made

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.write_text, (self.made, "code ran"))


def test_a_row_that_calls_itself_a_pickle_is_refused_and_the_queue_goes_on(tmp_path: Path) -> None:
    made = tmp_path / "made"
    pickled = base64.b64encode(pickle.dumps({"args": (Payload(made), 1), "kwargs": {}})).decode()
    handlers = Recorder()
    engine = engine_on(tmp_path, "one", FakeClock())
    engine.launch(handlers)
    try:
        engine.start_build(RunId("1-2-x"), "later", delay=3600)
        with sqlite3.connect(tmp_path / "engine.sqlite", timeout=20) as database:
            inputs = database.execute(
                "update workflow_input set inputs = ? where workflow_uuid = 'build:1-2-x:later'", (pickled,)
            )
            row = database.execute(
                "update workflow_status set serialization = 'py_pickle', status = 'ENQUEUED' "
                "where workflow_uuid = 'build:1-2-x:later'"
            )
            assert (inputs.rowcount, row.rowcount) == (1, 1)
        for name in ("a", "b"):
            engine.start_errand(name, 1, name, ())
            handlers.until("errand", name)
        engine.start_build(RunId("1-3-y"), "now")
        handlers.until("built", "1-3-y")
    finally:
        engine.close(patience=1.0)
    assert not made.exists()


def test_the_engines_library_reads_no_pickle_in_this_process(tmp_path: Path) -> None:
    made = tmp_path / "made"
    serializer = DefaultSerializer()
    with pytest.raises(ValueError, match="pickle"):
        serializer.deserialize(base64.b64encode(pickle.dumps(Payload(made))).decode())
    assert not made.exists()
