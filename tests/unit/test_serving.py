"""The start of `cadence serve` while GitHub does not answer."""

from __future__ import annotations

import threading

import pytest
import structlog

from bot.cli.serve import Start, _run_web
from bot.core.errors import GitHubError, Unauthorized, Unavailable


@pytest.fixture(autouse=True)
def logs_of_this_test() -> None:
    """An earlier test of `cadence serve` configured the logs with a stream that is closed now."""
    structlog.reset_defaults()


class Stop(threading.Event):
    """Notes how long it was waited on, and waits no time."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[float] = []
        self.faults: list[str | None] = []
        self.start: Start | None = None

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout or 0.0)
        self.faults.append(self.start.fault if self.start else None)
        return False


def test_github_is_asked_again_with_growing_pauses_and_ready_says_so_meanwhile() -> None:
    start, stop = Start("not asked yet"), Stop()
    stop.start = start
    answers: list[Exception | str] = [Unavailable("500"), GitHubError("502", status=502), Unavailable("x"), "the App"]

    def ask() -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert start.until_answered(ask, stop) == "the App"
    assert stop.waited == [1.0, 2.0, 4.0]
    assert all(fault is not None and fault.startswith("GitHub does not answer") for fault in stop.faults)
    assert start.fault is None


def test_a_key_that_github_does_not_accept_ends_the_start() -> None:
    def ask() -> str:
        raise Unauthorized("no such key")

    with pytest.raises(Unauthorized):
        Start().until_answered(ask, Stop())


def test_a_process_that_is_ended_meanwhile_starts_nothing() -> None:
    stop = threading.Event()
    stop.set()
    assert Start().until_answered(lambda: "never asked", stop) is None


@pytest.mark.parametrize("error", [OSError(9, "Bad file descriptor"), ValueError("file descriptor cannot be negative")])
def test_closing_the_web_side_ends_its_thread_quietly_and_a_fault_before_does_not(error: Exception) -> None:
    stop = threading.Event()

    def run() -> None:
        raise error

    with pytest.raises(type(error)):
        _run_web(run, stop)
    stop.set()
    _run_web(run, stop)
