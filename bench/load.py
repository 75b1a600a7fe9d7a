"""What `cadence serve` costs when idle, how many deliveries it handles a second, and how soon a label starts a run.

    python bench/load.py [--deliveries 2000] [--storm 5000] [--idle 30]

It runs a real `cadence serve` beside the embedded GitHub, with default settings but the port and the database. Every
figure is printed with its limit; the exit code is 1 when one is missed. Other work on the machine makes it slower.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bot.core.names import IssueNumber, RepositoryId  # noqa: E402
from bot.intake.signature import sign  # noqa: E402
from bot.ledger.ledger import Ledger  # noqa: E402
from tests.journeys.world import BODY, OWNER, SECRET, TITLE  # noqa: E402
from tests.processes.stage import Stage  # noqa: E402

SENDERS = 4
MOST_CPU, MOST_STATEMENTS, LEAST_RATE, MOST_SECONDS = 3.0, 20.0, 100.0, 5.0
Row = tuple[str, float, str, bool]


class Serve:
    """One `cadence serve` whose statements and processor time can be read."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.counted = stage.directory / "counted.json"
        environment = stage.environment(COUNTED=str(self.counted))
        for name in ("CADENCE_SWEEP_SECONDS", "CADENCE_WRITE_INTERVAL_MS", "CADENCE_SETTLE_SECONDS"):
            environment.pop(name)
        with (stage.directory / "serve.log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "bench" / "counted.py"), "serve"],
                env={**environment, "PYTHONPATH": str(ROOT)},
                cwd=stage.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        stage.processes.append(self.process)
        stage.wait_ready()

    def seconds_used(self) -> float:
        """Processor seconds of the process so far, of user and system together."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def statements(self) -> tuple[float, Counter[str]]:
        """When they were last counted (monotonic seconds), and how often each statement was sent until then."""
        told = json.loads(self.counted.read_text())
        return told["at"], Counter(told["counts"])


def idle(serve: Serve, seconds: float) -> Iterator[Row]:
    """What the process costs while nothing happens, from 15 s after its start on."""
    time.sleep(15)
    used, (begun, before), started = serve.seconds_used(), serve.statements(), time.monotonic()
    time.sleep(seconds)
    share = 100 * (serve.seconds_used() - used) / (time.monotonic() - started)
    ended, after = serve.statements()
    sent = (after - before).total() / (ended - begun)
    yield "idle: share of one core", share, "%", share <= MOST_CPU
    yield "idle: SQL statements", sent, "/s", sent <= MOST_STATEMENTS
    for statement, count in (after - before).most_common(6):
        print(f"    {count / (ended - begun):5.1f}/s  {statement[:110]}")


def check_event(stage: Stage, number: int) -> bytes:
    """A check run that ended, each on a commit of its own: nothing that could be handled together."""
    payload = {
        "action": "completed",
        "check_run": {
            "name": "tests",
            "head_sha": f"{number:040x}",
            "app": {"id": stage.ci_app.app_id},
            "pull_requests": [],
        },
        "repository": {"id": stage.repo.id, "full_name": stage.repo.full_name},
        "installation": {"id": 1},
        "sender": {"login": OWNER, "id": 1},
    }
    return json.dumps(payload).encode()


def post_all(stage: Stage, bodies: list[bytes], name: str) -> None:
    """Send signed deliveries over a few connections, as fast as they are taken."""

    def send(part: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", stage.port, timeout=60)
        for number in range(part, len(bodies), SENDERS):
            body = bodies[number]
            headers = {
                "Content-Type": "application/json",
                "X-GitHub-Event": "check_run",
                "X-GitHub-Delivery": f"{name}-{number}",
                "X-GitHub-Hook-Installation-Target-Type": "integration",
                "X-GitHub-Hook-Installation-Target-ID": str(stage.app.app_id),
                "X-Hub-Signature-256": sign(SECRET, body),
            }
            connection.request("POST", "/webhooks/github", body, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 202:
                raise SystemExit(f"the receiver answered {answer.status}")

    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(send, range(SENDERS)))


def until(reached: Callable[[], Any], seconds: float = 600.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not reached():
        if time.monotonic() > end:
            raise SystemExit("never reached; see serve.log")
        time.sleep(0.02)


def handled(stage: Stage, ledger: Ledger, count: int) -> Iterator[Row]:
    """From the first POST until the last delivery has its outcome."""
    bodies = [check_event(stage, number) for number in range(count)]
    started = time.monotonic()
    post_all(stage, bodies, "rate")
    taken = time.monotonic() - started
    until(lambda: not any(ledger.delivery_counts().values()))
    rate = count / (time.monotonic() - started)
    yield "deliveries received", count / taken, "/s", True
    yield "deliveries received and handled", rate, "/s", rate >= LEAST_RATE


def label_behind(stage: Stage, ledger: Ledger, count: int) -> Iterator[Row]:
    """From the label, set right behind a storm of check events, until its run is in the ledger."""
    post_all(stage, [check_event(stage, 10**9 + number) for number in range(count)], "storm")
    waiting = ledger.delivery_counts()
    issue = stage.repo.file_issue(TITLE, BODY, by=OWNER)
    started = time.monotonic()
    stage.repo.label(issue, "blueprint", by=OWNER)
    until(lambda: ledger.latest_run(RepositoryId(stage.repo.id), IssueNumber(issue)))
    seconds = time.monotonic() - started
    yield "check events still waiting at the label", waiting["new"] + waiting["taken"], "", True
    yield "label to run behind them", seconds, "s", seconds <= MOST_SECONDS


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--deliveries", type=int, default=2_000)
    options.add_argument("--storm", type=int, default=5_000)
    options.add_argument("--idle", type=float, default=30.0)
    options.add_argument("--database", help="a PostgreSQL URL; SQLite in the data directory by default")
    asked = options.parse_args()
    missed = 0
    with tempfile.TemporaryDirectory() as directory:
        stage = Stage(Path(directory), database=asked.database)
        try:
            serve, ledger = Serve(stage), stage.ledger()
            for rows in (idle(serve, asked.idle), handled(stage, ledger, asked.deliveries),
                         label_behind(stage, ledger, asked.storm)):  # fmt: skip
                for name, value, unit, fine in rows:
                    missed += not fine
                    print(f"{'ok  ' if fine else 'MISS'} {name}: {value:,.1f} {unit}", flush=True)
            ledger.close()
        finally:
            stage.close()
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
