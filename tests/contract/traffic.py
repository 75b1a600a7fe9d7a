"""What the embedded GitHub was asked, answered and delivered while the journeys ran, and faults told by class."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.contract.published import GIVEN
from tests.contract.recorder import TRAFFIC

ROOT = Path(__file__).resolve().parents[2]
DRIVEN = ("tests/journeys", *(str(path.relative_to(ROOT)) for path in ROOT.glob("tests/adapters/test_sandbox_*.py")))
"""Cadence's journeys, and the tests that ask the sandbox for what Cadence does not ask for (yet)."""
DRIVEN_SECONDS = 1700
RECORDED = "CADENCE_CONTRACT_RECORDED"
"""A folder that the recorder wrote into while the whole suite ran: then the journeys need not run again."""
CADENCE = "cadence-bot"
CI = "cadence-sandbox-ci"
"""User agents. What a test's own client asks may be wrong on purpose; what these two ask may not."""


@dataclass(frozen=True)
class Exchange:
    """One request and its answer. `query` and `request` are as sent, `answer` as received."""

    test: str
    method: str
    path: str
    query: str
    agent: str
    request: str
    status: int
    type: str
    answer: str
    injected: bool

    @property
    def is_graphql(self) -> bool:
        return self.path == "/graphql"


@dataclass(frozen=True)
class Delivered:
    """One webhook delivery as it was queued."""

    test: str
    event: str
    payload: dict[str, Any]


@dataclass(frozen=True)
class Traffic:
    """Everything that was recorded."""

    exchanges: tuple[Exchange, ...]
    deliveries: tuple[Delivered, ...]


def record(folder: Path) -> Traffic:
    """Run what drives the sandbox with the recorder, and read what it wrote. Raises AssertionError with its output.

    Where RECORDED names what was written already, that is read.
    """
    if os.environ.get(RECORDED):
        return read(Path(os.environ[RECORDED]))
    command = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "-p", "tests.contract.recorder", *DRIVEN]
    env = {**os.environ, TRAFFIC: str(folder)}
    done = subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=DRIVEN_SECONDS
    )
    assert done.returncode == 0, f"the journeys themselves fail:\n{done.stdout[-4000:]}{done.stderr[-2000:]}"
    return read(folder)


def read(folder: Path) -> Traffic:
    """What the recorder wrote into a folder; the whole suite's other tests say things that are wrong on purpose."""
    exchanges, deliveries = [], []
    for file in sorted(folder.glob("*.jsonl")):
        for line in file.read_text().splitlines():
            entry = json.loads(line)
            if not entry["test"].startswith(DRIVEN):
                continue
            if entry.pop("kind") == "exchange":
                exchanges.append(Exchange(**entry))
            else:
                deliveries.append(Delivered(**entry))
    return Traffic(tuple(exchanges), tuple(deliveries))


def by_class(faults: Iterable[tuple[str, str, str]]) -> str:
    """Faults (what, fault, test) told once a class, with their number and one test that shows it."""
    classes: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for what, fault, test in faults:
        classes.setdefault((what, fault.partition(GIVEN)[0]), []).append((fault, test))
    told = [
        f"{what}: {found[0][0]}\n    {len(found)} times, first in {found[0][1]}"
        for (what, _), found in sorted(classes.items())
    ]
    return "\n".join([f"{len(told)} classes of faults", *told]) if told else ""
