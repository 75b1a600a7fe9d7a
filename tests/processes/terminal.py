"""Commands as a person starts them in a terminal, and what is left of them afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def until(what: str, reached: Callable[[], Any], *, timeout: float = 60.0) -> Any:
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if value := reached():
            return value
        time.sleep(0.05)
    raise AssertionError(f"never reached: {what}")


class Terminal:
    """Commands as a person starts them: without Cadence's settings in the environment, each with a log."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, *words: str, cwd: Path) -> tuple[subprocess.Popen[bytes], Path]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("CADENCE_", "OPENAI_"))}
        log = self.directory / f"{len(self.processes)}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "bot", *words],
                env={**kept, "PYTHONPATH": str(ROOT), "TMPDIR": str(self.directory)},
                cwd=cwd,
                stdout=out,
                stderr=subprocess.STDOUT,
                # A shell that runs tests in the background ignores SIGINT, and a child inherits that.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            )
        self.processes.append(process)
        return process, log

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()


def left_over(directory: Path, *, but: int = 0) -> list[str]:
    """Command lines and folders of running processes that name the directory; `but` is the id of one to leave out."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            place = os.readlink(process / "cwd")
        except OSError:
            continue
        if int(process.name) not in (os.getpid(), but) and (
            str(directory) in words or place.startswith(str(directory))
        ):
            found.append(f"{words} in {place}")
    return found
