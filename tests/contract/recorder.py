"""A pytest plugin that writes down what the embedded GitHub is asked, answers and delivers.

`python -m pytest -p tests.contract.recorder ...` with CADENCE_CONTRACT_TRAFFIC=<folder>: one JSON object a line, one
file a process. What a test's fault callback answers in the sandbox's place is no answer of the sandbox: it is marked.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Response, g, has_request_context, request

from bot.sandbox.github.hooks import Hooks
from bot.sandbox.github.server import SandboxGitHub
from bot.sandbox.github.world import World

TRAFFIC = "CADENCE_CONTRACT_TRAFFIC"
_writing = threading.Lock()


def _write(entry: dict[str, Any]) -> None:
    test = os.environ.get("PYTEST_CURRENT_TEST", "").partition(" (")[0]
    line = json.dumps({"test": test, **entry})
    with _writing, (Path(os.environ[TRAFFIC]) / f"{os.getpid()}.jsonl").open("a") as file:
        file.write(line + "\n")


def _keep(response: Response) -> Response:
    path = request.path.removeprefix("/api/v3").removeprefix("/api")
    if path != request.path or path == "/graphql":
        _write(
            {
                "kind": "exchange",
                "method": request.method,
                "path": path,
                "query": request.query_string.decode(),
                "agent": request.headers.get("User-Agent", ""),
                "request": request.get_data(as_text=True),
                "status": response.status_code,
                "type": response.mimetype,
                "answer": response.get_data(as_text=True),
                "injected": bool(g.get("injected")),
            }
        )
    return response


@pytest.fixture(autouse=True)
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every sandbox made during a test writes its traffic down."""
    begin, fault, enqueue = SandboxGitHub.__init__, World.fault, Hooks.enqueue

    def begin_recorded(self: SandboxGitHub, *args: Any, **options: Any) -> None:
        begin(self, *args, **options)
        self.app.after_request(_keep)

    def fault_marked(self: World, asked: Any) -> Any:
        given = fault(self, asked)
        if given is not None and has_request_context():
            g.injected = True
        return given

    def enqueue_recorded(self: Hooks, app: Any, event: str, payload: Any, **rest: Any) -> None:
        _write({"kind": "delivery", "event": event, "payload": payload})
        enqueue(self, app, event, payload, **rest)

    monkeypatch.setattr(SandboxGitHub, "__init__", begin_recorded)
    monkeypatch.setattr(World, "fault", fault_marked)
    monkeypatch.setattr(Hooks, "enqueue", enqueue_recorded)
    yield
